// From a seeded server key to the forms that the evaluator reads. The host hands over the bodies chunk by chunk; the
// masks come from the seed (setAesKey).
import { keyPointBytes } from './external-product';
import { forward } from './fft';
import { keySwitchWord } from './key-switch';
import { fillMask } from './mask-stream';
import { blindRotationBaseLog, blindRotationLevels, bootstrapKey, k, n, N, pairs, points, transform } from './shape';

/** The upper half of a word, rounded. */
@inline function upperHalf(word: u64): u32 {
  return <u32>((word + 0x80000000) >> 32);
}

/** Expands `count` rows of the key-switching key from `first` on, bodies (64-bit words) at `bodies`. */
export function expandKeySwitchRows(first: i32, count: i32, bodies: usize): void {
  const mask = transform;
  for (let row = first; row < first + count; row++) {
    fillMask(mask, <u32>row * <u32>n, n);
    for (let i = 0; i < n; i++) store<u32>(keySwitchWord(row, i), upperHalf(load<u64>(mask + (<usize>i << 3))));
    store<u32>(keySwitchWord(row, n), upperHalf(load<u64>(bodies)));
    bodies += 8;
  }
}

/** Folds polynomial `words` into lane `lane` of a transform's input, as torus values divided by the inverse's factor M and the digits'. */
function fold(words: usize, out: usize, lane: usize): void {
  const scale = 1.0 / 18446744073709551616.0 / <f64>points / <f64>(1 << (32 - blindRotationBaseLog));
  const half = <usize>points << 3;
  out += lane << 3;
  for (let end = words + half; words < end; words += 8) {
    store<f64>(out, <f64>load<i64>(words) * scale);
    store<f64>(out, <f64>load<i64>(words + half) * scale, 16);
    out += 32;
  }
}

/** Expands `count` GLWE rows of the bootstrapping key from `first` on, body polynomials at `bodies`. */
export function expandBootstrapRows(first: i32, count: i32, bodies: usize): void {
  const rows = (k + 1) * blindRotationLevels;
  const polynomialBytes = <usize>N << 3;
  const masks = transform + (<usize>points << 5);
  for (let index = first; index < first + count; index++) {
    fillMask(masks, <u32>index * <u32>(k * N), k * N);
    memory.copy(masks + <usize>k * polynomialBytes, bodies, polynomialBytes);
    bodies += polynomialBytes;
    const ggsw = index / rows;
    const row = index % rows;
    for (let pair = 0; pair < pairs; pair++) {
      const even = masks + <usize>(2 * pair) * polynomialBytes;
      fold(even, transform, 0);
      if (2 * pair < k) fold(even + polynomialBytes, transform, 1);
      // The last polynomial has no partner where k is even; it fills both lanes, of which one is never read.
      else fold(even, transform, 1);
      forward(transform);
      let out = bootstrapKey + <usize>ggsw * <usize>points * keyPointBytes() + (<usize>(row * pairs + pair) << 5);
      for (let point = 0; point < points; point++) {
        const from = transform + (<usize>point << 5);
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
        out += keyPointBytes();
      }
    }
  }
}
