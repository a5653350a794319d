// Negacyclic Fourier transform: a real polynomial c mod X^N + 1, folded to z_j = c_j + i·c_{j+M} with M = N/2, is a
// polynomial mod x^M - i. A node x^L - e^{iθ} splits into four nodes x^{L/4} - e^{iφ} with φ = θ/4 + {0, π, π/2, 3π/2},
// down to single points, whose values multiply point by point. No twist pass, no bit reversal: the order of the points
// never leaves this module. Where log2 M is odd, the level below the root splits in two.
//
// Two polynomials are transformed at a time, one in each lane of a vector, so that a twiddle factor serves both lanes
// and nothing is ever shuffled. A point takes 32 bytes: both real parts, then both imaginary parts.
import { points, twiddles } from './shape';

@inline export function mulRe(xr: v128, xi: v128, wr: v128, wi: v128): v128 {
  return f64x2.sub(f64x2.mul(xr, wr), f64x2.mul(xi, wi));
}
@inline export function mulIm(xr: v128, xi: v128, wr: v128, wi: v128): v128 {
  return f64x2.add(f64x2.mul(xr, wi), f64x2.mul(xi, wr));
}
/** Products with the conjugate of w. */
@inline export function mulConjRe(xr: v128, xi: v128, wr: v128, wi: v128): v128 {
  return f64x2.add(f64x2.mul(xr, wr), f64x2.mul(xi, wi));
}
@inline export function mulConjIm(xr: v128, xi: v128, wr: v128, wi: v128): v128 {
  return f64x2.sub(f64x2.mul(xi, wr), f64x2.mul(xr, wi));
}

/** Splits one point of each quarter; w, w² and w³ are at `w`. Results go `quarter` bytes apart from `out` on. */
@inline export function splitInFour(
  out: usize, quarter: usize, w1r: v128, w1i: v128, w2r: v128, w2i: v128, w3r: v128, w3i: v128,
  x0r: v128, x0i: v128, x1r: v128, x1i: v128, x2r: v128, x2i: v128, x3r: v128, x3i: v128,
): void {
  const ar = mulRe(x1r, x1i, w1r, w1i);
  const ai = mulIm(x1r, x1i, w1r, w1i);
  const br = mulRe(x2r, x2i, w2r, w2i);
  const bi = mulIm(x2r, x2i, w2r, w2i);
  const cr = mulRe(x3r, x3i, w3r, w3i);
  const ci = mulIm(x3r, x3i, w3r, w3i);
  const sr = f64x2.add(x0r, br);
  const si = f64x2.add(x0i, bi);
  const tr = f64x2.add(ar, cr);
  const ti = f64x2.add(ai, ci);
  v128.store(out, f64x2.add(sr, tr));
  v128.store(out, f64x2.add(si, ti), 16);
  v128.store(out + quarter, f64x2.sub(sr, tr));
  v128.store(out + quarter, f64x2.sub(si, ti), 16);
  const dr = f64x2.sub(x0r, br);
  const di = f64x2.sub(x0i, bi);
  const er = f64x2.sub(ar, cr);
  const ei = f64x2.sub(ai, ci);
  v128.store(out + 2 * quarter, f64x2.sub(dr, ei));
  v128.store(out + 2 * quarter, f64x2.add(di, er), 16);
  v128.store(out + 3 * quarter, f64x2.add(dr, ei));
  v128.store(out + 3 * quarter, f64x2.sub(di, er), 16);
}

/** Splits a node of `length` points at `data` in four. */
export function forwardFour(data: usize, length: i32, w: usize): void {
  const quarter = <usize>length << 3;
  const w1r = v128.load64_splat(w);
  const w1i = v128.load64_splat(w, 8);
  const w2r = v128.load64_splat(w, 16);
  const w2i = v128.load64_splat(w, 24);
  const w3r = v128.load64_splat(w, 32);
  const w3i = v128.load64_splat(w, 40);
  for (let end = data + quarter; data < end; data += 32) {
    const p1 = data + quarter;
    const p2 = p1 + quarter;
    const p3 = p2 + quarter;
    splitInFour(
      data, quarter, w1r, w1i, w2r, w2i, w3r, w3i,
      v128.load(data), v128.load(data, 16), v128.load(p1), v128.load(p1, 16),
      v128.load(p2), v128.load(p2, 16), v128.load(p3), v128.load(p3, 16),
    );
  }
}

/** Undoes {@link forwardFour} times 4. */
export function inverseFour(data: usize, length: i32, w: usize): void {
  const quarter = <usize>length << 3;
  const w1r = v128.load64_splat(w);
  const w1i = v128.load64_splat(w, 8);
  const w2r = v128.load64_splat(w, 16);
  const w2i = v128.load64_splat(w, 24);
  const w3r = v128.load64_splat(w, 32);
  const w3i = v128.load64_splat(w, 40);
  for (let end = data + quarter; data < end; data += 32) {
    const p1 = data + quarter;
    const p2 = p1 + quarter;
    const p3 = p2 + quarter;
    const y0r = v128.load(data);
    const y0i = v128.load(data, 16);
    const y1r = v128.load(p1);
    const y1i = v128.load(p1, 16);
    const y2r = v128.load(p2);
    const y2i = v128.load(p2, 16);
    const y3r = v128.load(p3);
    const y3i = v128.load(p3, 16);
    const sr = f64x2.add(y0r, y1r);
    const si = f64x2.add(y0i, y1i);
    const er = f64x2.add(y2r, y3r);
    const ei = f64x2.add(y2i, y3i);
    v128.store(data, f64x2.add(sr, er));
    v128.store(data, f64x2.add(si, ei), 16);
    const br = f64x2.sub(sr, er);
    const bi = f64x2.sub(si, ei);
    v128.store(p2, mulConjRe(br, bi, w2r, w2i));
    v128.store(p2, mulConjIm(br, bi, w2r, w2i), 16);
    const dr = f64x2.sub(y0r, y1r);
    const di = f64x2.sub(y0i, y1i);
    const fr = f64x2.sub(y2r, y3r);
    const fi = f64x2.sub(y2i, y3i);
    const ar = f64x2.add(dr, fi);
    const ai = f64x2.sub(di, fr);
    v128.store(p1, mulConjRe(ar, ai, w1r, w1i));
    v128.store(p1, mulConjIm(ar, ai, w1r, w1i), 16);
    const cr = f64x2.sub(dr, fi);
    const ci = f64x2.add(di, fr);
    v128.store(p3, mulConjRe(cr, ci, w3r, w3i));
    v128.store(p3, mulConjIm(cr, ci, w3r, w3i), 16);
  }
}

function forwardTwo(data: usize, length: i32, w: usize): void {
  const half = <usize>length << 4;
  const wr = v128.load64_splat(w);
  const wi = v128.load64_splat(w, 8);
  for (let end = data + half; data < end; data += 32) {
    const p1 = data + half;
    const x0r = v128.load(data);
    const x0i = v128.load(data, 16);
    const x1r = v128.load(p1);
    const x1i = v128.load(p1, 16);
    const ar = mulRe(x1r, x1i, wr, wi);
    const ai = mulIm(x1r, x1i, wr, wi);
    v128.store(data, f64x2.add(x0r, ar));
    v128.store(data, f64x2.add(x0i, ai), 16);
    v128.store(p1, f64x2.sub(x0r, ar));
    v128.store(p1, f64x2.sub(x0i, ai), 16);
  }
}

/** Undoes {@link forwardTwo} times 2. */
function inverseTwo(data: usize, length: i32, w: usize): void {
  const half = <usize>length << 4;
  const wr = v128.load64_splat(w);
  const wi = v128.load64_splat(w, 8);
  for (let end = data + half; data < end; data += 32) {
    const p1 = data + half;
    const y0r = v128.load(data);
    const y0i = v128.load(data, 16);
    const y1r = v128.load(p1);
    const y1i = v128.load(p1, 16);
    v128.store(data, f64x2.add(y0r, y1r));
    v128.store(data, f64x2.add(y0i, y1i), 16);
    const ar = f64x2.sub(y0r, y1r);
    const ai = f64x2.sub(y0i, y1i);
    v128.store(p1, mulConjRe(ar, ai, wr, wi));
    v128.store(p1, mulConjIm(ar, ai, wr, wi), 16);
  }
}

/** Is the level with nodes of `length` points, below the root, the one that splits in two? */
@inline export function splitsInTwo(length: i32): bool {
  return (ctz(length) & 1) == 1;
}

/** Twiddle factors take 48 bytes a node, level by level from the root. */
@inline export function firstTwiddles(): usize {
  return twiddles;
}

/** The twiddle factors of node `node` among the `nodes` of its level, whose table is at `w`. */
@inline export function nodeTwiddles(w: usize, node: i32): usize {
  return w + <usize>node * 48;
}

/** Splits one node in as many as its level does; {@link joinNode} undoes it. */
@inline export function splitNode(data: usize, length: i32, w: usize): void {
  if (splitsInTwo(length)) forwardTwo(data, length, w);
  else forwardFour(data, length, w);
}

@inline export function joinNode(data: usize, length: i32, w: usize): void {
  if (splitsInTwo(length)) inverseTwo(data, length, w);
  else inverseFour(data, length, w);
}

/** Transforms the two polynomials at `data`, all levels. */
export function forward(data: usize): void {
  let w = firstTwiddles();
  // The root always splits in four: the fused first pass of accumulator.ts counts on it.
  forwardFour(data, points, w);
  w += 48;
  for (let length = points >> 2, nodes = 4; length > 1; ) {
    for (let node = 0; node < nodes; node++) {
      splitNode(data + (<usize>(node * length) << 5), length, nodeTwiddles(w, node));
    }
    w = nodeTwiddles(w, nodes);
    const log = splitsInTwo(length) ? 1 : 2;
    length >>= log;
    nodes <<= log;
  }
}
