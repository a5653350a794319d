/**
 * Norms: what a group's total says about its homes, and where one home stands among them. All in whole numbers, so
 * that every party computes the same bytes.
 */
import { ProtocolError } from './error.ts';
import { codesPerBin, profileCap, profileUnitWh, vectorParts, type LoadProfiles } from './features.ts';

export interface Norms {
  readonly homes: number;
  /** Mean load by local hour, Wh, rounded. */
  readonly profiles: LoadProfiles;
  /** Per feature, the mean code rounded down. */
  readonly means: readonly number[];
  /** Per feature, nine thresholds 1..255, see {@link decileThresholds}. */
  readonly deciles: readonly (readonly number[])[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/**
 * Nine thresholds t_i, i = 1..9: the i/10 quantile of the code, interpolated linearly within its histogram bin, rounded
 * up, between 1 and 255.
 *
 * @param bins - 32 counts of homes by code >> 3, at least one home in all
 */
export function decileThresholds(bins: readonly number[]): number[] {
  const homes = sum(bins);
  return Array.from({ length: 9 }, (_, index) => {
    // In tenths of a home: the quantile is where the count below it reaches i · homes.
    const wanted = (index + 1) * homes;
    let below = 0;
    const bin = bins.findIndex((count) => {
      if (below + 10 * count >= wanted) return true;
      below += 10 * count;
      return false;
    });
    const threshold = codesPerBin * bin + Math.ceil((codesPerBin * (wanted - below)) / (10 * (bins[bin] ?? 1)));
    return Math.min(255, Math.max(1, threshold));
  });
}

/**
 * Checks that a total can be one of so many honest vectors.
 *
 * @throws {ProtocolError} `spoiled` if the count, a histogram, a code sum or a profile cannot be
 */
export function checkTotal(total: readonly number[], homes: number): void {
  const { count, histograms, codeSums, weekday, weekend } = vectorParts(total);
  const binsFit = histograms.every((bins) => sum(bins) === homes);
  const sumsFit = histograms.every((bins, feature) => {
    const least = sum(bins.map((inBin, bin) => inBin * codesPerBin * bin));
    const codeSum = codeSums[feature] ?? -1;
    return least <= codeSum && codeSum <= least + homes * (codesPerBin - 1);
  });
  const profilesFit = [...weekday, ...weekend].every((units) => units <= homes * profileCap);
  if (count !== homes || !binsFit || !sumsFit || !profilesFit) {
    throw new ProtocolError(
      'spoiled',
      'The total cannot be a sum of honest contributions: at least one home sent nonsense',
    );
  }
}

/**
 * Norms of a group from its total.
 *
 * @throws {ProtocolError} `spoiled`, see {@link checkTotal}
 */
export function normsOf(total: readonly number[], homes: number): Norms {
  checkTotal(total, homes);
  const { histograms, codeSums, weekday, weekend } = vectorParts(total);
  const meanWh = (units: number): number => Math.floor((2 * units * profileUnitWh + homes) / (2 * homes));
  return {
    homes,
    profiles: { weekdayWh: weekday.map(meanWh), weekendWh: weekend.map(meanWh) },
    means: codeSums.map((codeSum) => Math.floor(codeSum / homes)),
    deciles: histograms.map(decileThresholds),
  };
}

/** Rank 0..9: how many of the nine thresholds the code reaches; equal thresholds each count. */
export function rankOf(code: number, deciles: readonly number[]): number {
  return deciles.filter((threshold) => code >= threshold).length;
}

/** Whether a code is above the mean: at least the mean code (rounded down) + 1. */
export function isAboveMean(code: number, meanCode: number): boolean {
  return code >= meanCode + 1;
}
