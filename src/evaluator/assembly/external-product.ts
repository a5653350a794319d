// External product of a GGSW ciphertext of the key with the digits of the accumulator, added to the accumulator:
// one controlled rotation (CMUX) of the blind rotation.
//
// The first pass of the transform reads the accumulator and the last pass of the inverse writes it. What lies between
// goes depth first: a block is taken down to its points, multiplied by the key and put together again while it is in
// the nearest cache. The key is stored in the order of its use: per point, per row, per pair of polynomials.
import { joinAndAdd, splitRotated } from './accumulator';
import {
  firstTwiddles, forwardFour, inverseFour, joinNode, mulConjIm, mulConjRe, mulIm, mulRe, nodeTwiddles, splitNode, splitsInTwo,
} from './fft';
import { blindRotationLevels, bootstrapKey, ggswRows, k, pairs, points, quarterBytes, transform, transformBytes } from './shape';

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

@inline function lower(x: v128): v128 {
  return f64x2.shuffle(x, x, 0, 0);
}
@inline function upper(x: v128): v128 {
  return f64x2.shuffle(x, x, 1, 1);
}

/** Real parts of a point's mask digits times the mask row, plus its body digits times the body row. */
@inline function productRe(mr: v128, mi: v128, br: v128, bi: v128, key: usize): v128 {
  return f64x2.add(
    f64x2.sub(f64x2.mul(mr, v128.load(key)), f64x2.mul(mi, v128.load(key, 16))),
    f64x2.sub(f64x2.mul(br, v128.load(key, 32)), f64x2.mul(bi, v128.load(key, 48))),
  );
}
@inline function productIm(mr: v128, mi: v128, br: v128, bi: v128, key: usize): v128 {
  return f64x2.add(
    f64x2.add(f64x2.mul(mr, v128.load(key, 16)), f64x2.mul(mi, v128.load(key))),
    f64x2.add(f64x2.mul(br, v128.load(key, 48)), f64x2.mul(bi, v128.load(key, 32))),
  );
}

/**
 * The last splits, the products and the first joins of {@link leafPoints} points in one go, for the usual case of one
 * mask polynomial and one level. `w` has the twiddle factors of the four leaves. The key streams in behind the sums.
 */
function multiplyLeavesOfOne(data: usize, key: usize, w: usize): void {
  for (let end = data + (leafPoints << 5); data < end; data += 128) {
    const w1r = v128.load64_splat(w);
    const w1i = v128.load64_splat(w, 8);
    const w2r = v128.load64_splat(w, 16);
    const w2i = v128.load64_splat(w, 24);
    const w3r = v128.load64_splat(w, 32);
    const w3i = v128.load64_splat(w, 40);
    w += 48;
    let xr = v128.load(data, 32);
    let xi = v128.load(data, 48);
    const ar = mulRe(xr, xi, w1r, w1i);
    const ai = mulIm(xr, xi, w1r, w1i);
    xr = v128.load(data, 96);
    xi = v128.load(data, 112);
    const cr = mulRe(xr, xi, w3r, w3i);
    const ci = mulIm(xr, xi, w3r, w3i);
    const tr = f64x2.add(ar, cr);
    const ti = f64x2.add(ai, ci);
    const ur = f64x2.sub(ar, cr);
    const ui = f64x2.sub(ai, ci);
    xr = v128.load(data, 64);
    xi = v128.load(data, 80);
    const br = mulRe(xr, xi, w2r, w2i);
    const bi = mulIm(xr, xi, w2r, w2i);
    xr = v128.load(data);
    xi = v128.load(data, 16);
    const sr = f64x2.add(xr, br);
    const si = f64x2.add(xi, bi);
    const vr = f64x2.sub(xr, br);
    const vi = f64x2.sub(xi, bi);

    let pr = f64x2.add(sr, tr);
    let pi = f64x2.add(si, ti);
    let mr = lower(pr);
    let mi = lower(pi);
    let nr = upper(pr);
    let ni = upper(pi);
    const y0r = productRe(mr, mi, nr, ni, key);
    const y0i = productIm(mr, mi, nr, ni, key);
    pr = f64x2.sub(sr, tr);
    pi = f64x2.sub(si, ti);
    mr = lower(pr);
    mi = lower(pi);
    nr = upper(pr);
    ni = upper(pi);
    const y1r = productRe(mr, mi, nr, ni, key + 64);
    const y1i = productIm(mr, mi, nr, ni, key + 64);
    pr = f64x2.sub(vr, ui);
    pi = f64x2.add(vi, ur);
    mr = lower(pr);
    mi = lower(pi);
    nr = upper(pr);
    ni = upper(pi);
    const y2r = productRe(mr, mi, nr, ni, key + 128);
    const y2i = productIm(mr, mi, nr, ni, key + 128);
    pr = f64x2.add(vr, ui);
    pi = f64x2.sub(vi, ur);
    mr = lower(pr);
    mi = lower(pi);
    nr = upper(pr);
    ni = upper(pi);
    const y3r = productRe(mr, mi, nr, ni, key + 192);
    const y3i = productIm(mr, mi, nr, ni, key + 192);
    key += 256;

    const er = f64x2.add(y0r, y1r);
    const ei = f64x2.add(y0i, y1i);
    const fr = f64x2.add(y2r, y3r);
    const fi = f64x2.add(y2i, y3i);
    v128.store(data, f64x2.add(er, fr));
    v128.store(data, f64x2.add(ei, fi), 16);
    const gr = f64x2.sub(er, fr);
    const gi = f64x2.sub(ei, fi);
    v128.store(data, mulConjRe(gr, gi, w2r, w2i), 64);
    v128.store(data, mulConjIm(gr, gi, w2r, w2i), 80);
    const hr = f64x2.sub(y0r, y1r);
    const hi = f64x2.sub(y0i, y1i);
    const jr = f64x2.sub(y2r, y3r);
    const ji = f64x2.sub(y2i, y3i);
    const kr = f64x2.add(hr, ji);
    const ki = f64x2.sub(hi, jr);
    v128.store(data, mulConjRe(kr, ki, w1r, w1i), 32);
    v128.store(data, mulConjIm(kr, ki, w1r, w1i), 48);
    const lr = f64x2.sub(hr, ji);
    const li = f64x2.add(hi, jr);
    v128.store(data, mulConjRe(lr, li, w3r, w3i), 96);
    v128.store(data, mulConjIm(lr, li, w3r, w3i), 112);
  }
}

/** The same for any number of polynomials and levels, step by step. */
function multiplyLeaves(data: usize, key: usize, w: usize): void {
  const bytes = transformBytes();
  for (let t = 0; t < blindRotationLevels * pairs; t++) {
    for (let leaf = 0; leaf < 4; leaf++) {
      forwardFour(data + <usize>t * bytes + (<usize>leaf << 7), 4, nodeTwiddles(w, leaf));
    }
  }
  multiplyPoints(data, leafPoints, key);
  for (let t = 0; t < pairs; t++) {
    for (let leaf = 0; leaf < 4; leaf++) {
      inverseFour(data + <usize>t * bytes + (<usize>leaf << 7), 4, nodeTwiddles(w, leaf));
    }
  }
}

/**
 * Node `node` of the level with nodes of `length` points, whose twiddle factors are at `w` and whose points at `data`:
 * down, times key, up.
 */
function multiplyNode(data: usize, node: i32, length: i32, nodes: i32, w: usize, key: usize): void {
  const bytes = transformBytes();
  const own = nodeTwiddles(w, node);
  const digits = blindRotationLevels * pairs;
  for (let t = 0; t < digits; t++) splitNode(data + <usize>t * bytes, length, own);
  const below = nodeTwiddles(w, nodes);
  if (length == leafPoints) {
    const leaves = nodeTwiddles(below, 4 * node);
    const pointKey = key + <usize>(node * leafPoints) * keyPointBytes();
    if (digits == 1) multiplyLeavesOfOne(data, pointKey, leaves);
    else multiplyLeaves(data, pointKey, leaves);
  } else {
    const log = splitsInTwo(length) ? 1 : 2;
    for (let child = 0; child < 1 << log; child++) {
      multiplyNode(data + (<usize>(child * (length >> log)) << 5), (node << log) + child, length >> log, nodes << log, below, key);
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
  for (let node = 0; node < 4; node++) {
    multiplyNode(transform + <usize>node * quarterBytes(), node, points >> 2, 4, firstTwiddles() + 48, key);
  }
  for (let pair = 0; pair < pairs; pair++) joinAndAdd(pair, transform + <usize>pair * bytes);
}
