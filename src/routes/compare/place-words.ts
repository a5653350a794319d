/** A home's place in words, the same on every screen. */
import type { Comparison } from '$lib/community/comparison.ts';
import { dayAgainstProfiles } from '$lib/community/day-against-profiles.ts';
import { formatCount, formatShare } from '$lib/ui/format.ts';

/** A rank 0..9 in words that follow “You are” and “You would be”. */
export function placeWords(rank: number): string {
  if (rank === 0) return 'among the lowest tenth of homes';
  if (rank === 9) return 'among the highest tenth of homes';
  return rank < 5
    ? `lower than about ${formatShare((9 - rank) / 10)} of homes`
    : `higher than about ${formatShare(rank / 10)} of homes`;
}

/** A difference of less than this is not worth a word. */
const same = 0.03;

/**
 * How far the home's energy a day is from the mean of the homes, else on which side of it; undefined where neither means
 * nor load profiles are published and nothing was compared under encryption.
 */
export function meanWords(comparison: Comparison): string | undefined {
  const figure = comparison.figures.find(({ name }) => name === 'meanDailyKwh');
  if (figure === undefined) return undefined;
  const homes = formatCount(comparison.homes);
  const change = figure.mean === null ? dayAgainstProfiles(comparison) : figure.value / figure.mean - 1;
  if (change !== null) {
    if (Math.abs(change) < same) return `About the mean of ${homes} homes`;
    const share = formatShare(Math.abs(change));
    return change > 0
      ? `${share} more than the mean of ${homes} homes`
      : `${share} less than the mean of ${homes} homes`;
  }
  if (figure.aboveMean === null) return undefined;
  return figure.aboveMean ? `Above the mean of ${homes} homes` : `At or below the mean of ${homes} homes`;
}
