// Programmable bootstrap: modulus switch, blind rotation and sample extraction.
import { coefficient, setTestPolynomial } from './accumulator';
import { rotateBy } from './external-product';
import { modulusSwitch } from './modulus-switch';
import { bigDimension, centredMean, ciphertext, k, N, n, smallLwe, switched, table } from './shape';

/** Coefficient 0 of the accumulator as a ciphertext under the big key, in `ciphertext`. */
function extractSample(): void {
  for (let polynomial = 0; polynomial < k; polynomial++) {
    const out = ciphertext + (<usize>(polynomial * N) << 3);
    store<u64>(out, <u64>coefficient(polynomial, 0) << 32);
    for (let i = 1; i < N; i++) store<u64>(out + (<usize>i << 3), <u64>(0 - coefficient(polynomial, N - i)) << 32);
  }
  store<u64>(ciphertext + (<usize>bigDimension << 3), <u64>coefficient(k, 0) << 32);
}

/**
 * Bootstraps the key-switched ciphertext in `smallLwe` with the `count` values of the look-up table in `table`
 * (32-bit torus words) and leaves the result in `ciphertext`.
 */
export function bootstrap(count: i32): void {
  modulusSwitch(smallLwe, n, N, centredMean, switched);
  setTestPolynomial(table, count, load<i32>(switched + (<usize>n << 2)));
  for (let i = 0; i < n; i++) {
    const a = load<i32>(switched + (<usize>i << 2));
    if (a != 0) rotateBy(i, a);
  }
  extractSample();
}
