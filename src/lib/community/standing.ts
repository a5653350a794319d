/** The comparison in the words of a neighbourhood: you, all homes, the efficient fifth, and the next rung down. */
import type { Comparison } from './comparison.ts';
import { meanDayWh } from './day-against-profiles.ts';

/** The lowest two tenths of the homes. */
const fifthRanks = 2;

export interface Standing {
  /** Energy a day, kWh. */
  readonly youKwh: number;
  /** Mean of the homes; null where neither means nor load profiles are published. */
  readonly allHomesKwh: number | null;
  /** Whether this home is in the fifth with the lowest use; null where its place is not known. */
  readonly inFifth: boolean | null;
  /** Energy a day below which the efficient fifth lies; null where the limits are hidden. */
  readonly fifthKwh: number | null;
  /** Rungs down to the efficient fifth, tenths of homes each; 0 within it. */
  readonly rungsToFifth: number | null;
  /** Energy a day below which the next rung begins; null where the limits are hidden, or on the lowest rung. */
  readonly nextRungKwh: number | null;
  /** 0 lowest to 9 highest; null where it is not known. */
  readonly rank: number | null;
}

/** Where a home stands by its energy a day; undefined for a comparison without that figure. */
export function standingOf({ figures, profiles }: Comparison): Standing | undefined {
  const figure = figures.find(({ name }) => name === 'meanDailyKwh');
  if (figure === undefined) return undefined;
  const { value, mean, rank, limits = null } = figure;
  return {
    youKwh: value,
    allHomesKwh: mean ?? (profiles === null ? null : meanDayWh(profiles) / 1000),
    inFifth: rank === null ? null : rank < fifthRanks,
    fifthKwh: limits?.[fifthRanks - 1] ?? null,
    rungsToFifth: rank === null ? null : Math.max(0, rank - fifthRanks + 1),
    nextRungKwh: rank === null || rank === 0 ? null : (limits?.[rank - 1] ?? null),
    rank,
  };
}
