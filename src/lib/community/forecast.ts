/**
 * How much of a piece of work is behind that tells nothing until it is done: by the time that it is expected to take, and
 * slower and slower once nine tenths of that are over, so that it always moves and never says it is done.
 *
 * @returns 0 to less than 1
 */
export function forecast(elapsedMs: number, expectedMs: number): number {
  const share = elapsedMs / expectedMs;
  const steady = 0.9;
  return share <= steady ? share : 1 - (1 - steady) ** 2 / (share - steady + 1 - steady);
}
