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

/** Sample variance (n − 1 in the denominator); NaN with fewer than two values. */
export const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
};

/** Correlation of neighbours in a row of values; 0 with fewer than four values or no variance. */
export const lagOneCorrelation = (values: readonly number[]): number => {
  if (values.length < 4) return 0;
  const middle = mean(values);
  let [products, squares] = [0, 0];
  values.forEach((value, i) => {
    squares += (value - middle) ** 2;
    if (i > 0) products += (value - middle) * ((values[i - 1] ?? 0) - middle);
  });
  return squares === 0 ? 0 : products / squares;
};

/**
 * Quantile of the standard normal distribution, 0 < p < 1, by Acklam's rational approximation (relative error below
 * 1.2e-9).
 */
export const normalQuantile = (p: number): number => {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const polynomial = (coefficients: readonly number[], x: number): number =>
    coefficients.reduce((value, coefficient) => value * x + coefficient, 0);
  const tail = (q: number): number => {
    const r = Math.sqrt(-2 * Math.log(q));
    return polynomial(c, r) / polynomial([...d, 1], r);
  };
  if (p < 0.02425) return tail(p);
  if (p > 1 - 0.02425) return -tail(1 - p);
  const q = p - 0.5;
  return (q * polynomial(a, q * q)) / polynomial([...b, 1], q * q);
};

/**
 * Quantile of Student's t with `freedom` degrees of freedom, by the Cornish–Fisher expansion about the normal
 * (Abramowitz & Stegun 26.7.5); within 1 % from 4 degrees on.
 */
export const studentQuantile = (p: number, freedom: number): number => {
  const z = normalQuantile(p);
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return (
    z +
    (z3 + z) / (4 * freedom) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom ** 3)
  );
};
