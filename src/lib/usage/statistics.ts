/** Order statistics and the normal distribution, as numbers in, number out. */

const ascending = (values: Iterable<number>): Float64Array => Float64Array.from(values).sort();

/** Quantile of ascending values, 0 ≤ q ≤ 1, by linear interpolation (Hyndman & Fan 1996, type 7); NaN when empty. */
export const quantileOfSorted = (sorted: ArrayLike<number>, q: number): number => {
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const from = sorted[low] ?? Number.NaN;
  const to = sorted[Math.min(low + 1, sorted.length - 1)] ?? Number.NaN;
  return from + (to - from) * (position - low);
};

/** Quantile of values in any order. */
export const quantile = (values: Iterable<number>, q: number): number => quantileOfSorted(ascending(values), q);

export const median = (values: Iterable<number>): number => quantile(values, 0.5);

/** Mean; NaN when empty. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Median of the distances from the median. */
export const medianAbsoluteDeviation = (values: readonly number[]): number => {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
};
