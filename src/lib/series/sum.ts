/** Series of one register that measure different things added up: channels of a meter, meters of a home. */

import { overlapGroups, type Run } from './overlap.ts';
import { Quality, type ReadingSeries } from './types.ts';

/** Seconds a run covers with known values, their sum, and the worst quality among them. */
const weigh = ({ lengthSeconds, energyWh, quality }: ReadingSeries, { from, until }: Run) => {
  let seconds = 0;
  let energy = 0;
  let worst: number = Quality.measured;
  for (let i = from; i < until; i++) {
    if (quality[i] === Quality.missing) continue;
    seconds += lengthSeconds[i] ?? 0;
    energy += energyWh[i] ?? 0;
    worst = Math.max(worst, quality[i] ?? 0);
  }
  return { seconds, energy, worst };
};

/**
 * Sum of two series. Where only one has an interval it stands alone. Where intervals coincide their energies are
 * added; where they are cut differently the whole stretch becomes one interval. A stretch that one of them knows only
 * in part is missing, as its sum is not known. The label is the first's.
 * @throws RangeError when the two are of different registers or units
 */
export const addSeries = (a: ReadingSeries, b: ReadingSeries): ReadingSeries => {
  if (a.register !== b.register || a.unit !== b.unit) throw new RangeError('b: of another register or unit than a');
  const size = a.startMs.length + b.startMs.length;
  const startMs = new Float64Array(size);
  const lengthSeconds = new Uint32Array(size);
  const energyWh = new Int32Array(size);
  const quality = new Uint8Array(size);
  let at = 0;
  for (const group of overlapGroups(a, b)) {
    const alone = group.a.from === group.a.until ? b : group.b.from === group.b.until ? a : undefined;
    if (alone !== undefined) {
      const { from, until } = alone === a ? group.a : group.b;
      for (let i = from; i < until; i++, at++) {
        startMs[at] = alone.startMs[i] ?? 0;
        lengthSeconds[at] = alone.lengthSeconds[i] ?? 0;
        energyWh[at] = alone.energyWh[i] ?? 0;
        quality[at] = alone.quality[i] ?? 0;
      }
      continue;
    }
    const seconds = Math.round((group.endMs - group.startMs) / 1000);
    const left = weigh(a, group.a);
    const right = weigh(b, group.b);
    const known = left.seconds === seconds && right.seconds === seconds;
    startMs[at] = group.startMs;
    lengthSeconds[at] = seconds;
    energyWh[at] = known ? left.energy + right.energy : 0;
    quality[at] = known ? Math.max(left.worst, right.worst) : Quality.missing;
    at++;
  }
  return {
    ...a,
    startMs: startMs.slice(0, at),
    lengthSeconds: lengthSeconds.slice(0, at),
    energyWh: energyWh.slice(0, at),
    quality: quality.slice(0, at),
  };
};
