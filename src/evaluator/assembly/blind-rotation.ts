// Programmable bootstrap: modulus switch, blind rotation and sample extraction.
import { coefficient, setTestPolynomial } from './accumulator';
import { rotateBy } from './external-product';
import { modulusSwitch } from './modulus-switch';
import { bigDimension, centredMean, ciphertext, k, N, n, selectPlace, smallLwe, switched, table } from './shape';

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
 * Bootstraps the key-switched ciphertexts in `smallLwe` of the first `places` places, each with the `count` values of its
 * look-up table in `table` (32-bit torus words), and leaves the results in `ciphertext`. Each part of the key is used for
 * all of them before the next one: it comes from afar once and then from the nearest caches.
 */
export function bootstrap(places: i32, count: i32): void {
  for (let place = 0; place < places; place++) {
    selectPlace(place);
    modulusSwitch(smallLwe, n, N, centredMean, switched);
    setTestPolynomial(table, count, load<i32>(switched + (<usize>n << 2)));
  }
  for (let i = 0; i < n; i++) {
    for (let place = 0; place < places; place++) {
      selectPlace(place);
      const a = load<i32>(switched + (<usize>i << 2));
      if (a != 0) rotateBy(i, a);
    }
  }
  for (let place = 0; place < places; place++) {
    selectPlace(place);
    extractSample();
  }
  selectPlace(0);
}
