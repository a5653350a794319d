// External product of a GGSW ciphertext of the key with the digits of the accumulator, added to the accumulator:
// one controlled rotation (CMUX) of the blind rotation.
//
// The first pass of the transform reads the accumulator and the last pass of the inverse writes it. What lies between
// goes depth first: a block is taken down to its points, multiplied by the key and put together again while it is in
// the nearest cache. The key is stored in the order of its use: per point, per row, per pair of polynomials.
import { joinAndAdd, splitRotated } from './accumulator';
import { firstTwiddles, forwardFour, inverseFour, joinNode, nodeTwiddles, splitNode, splitsInTwo } from './fft';
import { blindRotationLevels, bootstrapKey, ggswRows, k, pairs, points, transform, transformBytes } from './shape';

/** Points that are taken to their ends in one go. */
const leafPoints: i32 = 16;

/** Bytes of the key for one point. */
@inline export function keyPointBytes(): usize {
  return <usize>(ggswRows() * pairs) << 5;
}

/** Multiplies `count` points of the digits by the key and leaves the sums in the transforms of the least level. */
function multiplyPoints(data: usize, count: i32, key: usize): void {
  const bytes = transformBytes();
  const pairBytes = <usize>pairs << 5;
  const scratch = transform + <usize>(blindRotationLevels * pairs) * bytes;
  for (let end = data + (<usize>count << 5); data < end; data += 32) {
    for (let pair = 0; pair < pairs; pair++) {
      let row = key + (<usize>pair << 5);
      let re = f64x2.splat(0);
      let im = f64x2.splat(0);
      for (let level = 0; level < blindRotationLevels; level++) {
        for (let polynomial = 0; polynomial <= k; polynomial++) {
          const x = data + <usize>(level * pairs + (polynomial >> 1)) * bytes + (<usize>(polynomial & 1) << 3);
          const xr = v128.load64_splat(x);
          const xi = v128.load64_splat(x, 16);
          const kr = v128.load(row);
          const ki = v128.load(row, 16);
          re = f64x2.add(re, f64x2.sub(f64x2.mul(xr, kr), f64x2.mul(xi, ki)));
          im = f64x2.add(im, f64x2.add(f64x2.mul(xr, ki), f64x2.mul(xi, kr)));
          row += pairBytes;
        }
      }
      v128.store(scratch + (<usize>pair << 5), re);
      v128.store(scratch + (<usize>pair << 5), im, 16);
    }
    for (let pair = 0; pair < pairs; pair++) {
      v128.store(data + <usize>pair * bytes, v128.load(scratch + (<usize>pair << 5)));
      v128.store(data + <usize>pair * bytes, v128.load(scratch + (<usize>pair << 5), 16), 16);
    }
    key += keyPointBytes();
  }
}

/** {@link multiplyPoints} for one mask polynomial and one level: two rows, one pair. */
function multiplyPointsOfOne(data: usize, count: i32, key: usize): void {
  for (let end = data + (<usize>count << 5); data < end; data += 32) {
    const mr = v128.load64_splat(data);
    const mi = v128.load64_splat(data, 16);
    const br = v128.load64_splat(data, 8);
    const bi = v128.load64_splat(data, 24);
    const kmr = v128.load(key);
    const kmi = v128.load(key, 16);
    const kbr = v128.load(key, 32);
    const kbi = v128.load(key, 48);
    v128.store(data, f64x2.add(
      f64x2.sub(f64x2.mul(mr, kmr), f64x2.mul(mi, kmi)),
      f64x2.sub(f64x2.mul(br, kbr), f64x2.mul(bi, kbi)),
    ));
    v128.store(data, f64x2.add(
      f64x2.add(f64x2.mul(mr, kmi), f64x2.mul(mi, kmr)),
      f64x2.add(f64x2.mul(br, kbi), f64x2.mul(bi, kbr)),
    ), 16);
    key += 64;
  }
}

/** Node `node` of the level with nodes of `length` points, whose twiddle factors are at `w`: down, times key, up. */
function multiplyNode(node: i32, length: i32, nodes: i32, w: usize, key: usize): void {
  const bytes = transformBytes();
  const data = transform + (<usize>(node * length) << 5);
  const own = nodeTwiddles(w, node);
  const digits = blindRotationLevels * pairs;
  for (let t = 0; t < digits; t++) splitNode(data + <usize>t * bytes, length, own);
  const below = nodeTwiddles(w, nodes);
  if (length == leafPoints) {
    for (let t = 0; t < digits; t++) {
      for (let leaf = 0; leaf < 4; leaf++) {
        forwardFour(data + <usize>t * bytes + (<usize>leaf << 7), 4, nodeTwiddles(below, 4 * node + leaf));
      }
    }
    const pointKey = key + <usize>(node * leafPoints) * keyPointBytes();
    if (digits == 1) multiplyPointsOfOne(data, leafPoints, pointKey);
    else multiplyPoints(data, leafPoints, pointKey);
    for (let t = 0; t < pairs; t++) {
      for (let leaf = 0; leaf < 4; leaf++) {
        inverseFour(data + <usize>t * bytes + (<usize>leaf << 7), 4, nodeTwiddles(below, 4 * node + leaf));
      }
    }
  } else {
    const log = splitsInTwo(length) ? 1 : 2;
    for (let child = 0; child < 1 << log; child++) {
      multiplyNode((node << log) + child, length >> log, nodes << log, below, key);
    }
  }
  for (let t = 0; t < pairs; t++) joinNode(data + <usize>t * bytes, length, own);
}

/** acc += GGSW(s_index) ⊡ (X^a·acc - acc): multiplies the accumulator by X^(a·s_index). */
export function rotateBy(index: i32, a: i32): void {
  const bytes = transformBytes();
  for (let level = 0; level < blindRotationLevels; level++) {
    for (let pair = 0; pair < pairs; pair++) {
      splitRotated(pair, a, level, transform + <usize>(level * pairs + pair) * bytes);
    }
  }
  const key = bootstrapKey + <usize>index * <usize>points * keyPointBytes();
  for (let node = 0; node < 4; node++) multiplyNode(node, points >> 2, 4, firstTwiddles() + 48, key);
  for (let pair = 0; pair < pairs; pair++) joinAndAdd(pair, transform + <usize>pair * bytes);
}
