/**
 * Rounds the n + 1 torus words of 64 bits at `lwe` to multiples of 1/2N, written to `out` as 32-bit numbers in [0, 2N).
 * With `centred`, half the sum of the mask's rounding errors is taken from the body first, together with half a step:
 * each key bit is 1 half of the time, so that this is the mean of the error that the rounding brings into the phase.
 */
export function modulusSwitch(lwe: usize, dimension: i32, polynomialSize: i32, centred: i32, out: usize): void {
  const shift = <u64>(63 - ctz(polynomialSize));
  const half = <u64>1 << (shift - 1);
  let errors: i64 = 0;
  for (let i = 0; i < dimension; i++) {
    const word = load<u64>(lwe + (<usize>i << 3));
    const rounded = (word + half) >> shift;
    errors += <i64>((rounded << shift) - word);
    store<u32>(out + (<usize>i << 2), <u32>rounded);
  }
  let body = load<u64>(lwe + (<usize>dimension << 3));
  if (centred) body += <u64>(errors >> 1) - half;
  store<u32>(out + (<usize>dimension << 2), <u32>((body + half) >> shift));
}
