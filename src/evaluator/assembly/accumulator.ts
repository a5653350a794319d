// The accumulator of a blind rotation and the passes between it and the transform.
//
// Coefficients are kept to 32 bits of the torus. Rounding them there in every step adds a phase error of about 2^-25 in
// all, against 2^-16 of the transform. Column t of a pair holds coefficient t of both its polynomials; two more columns
// hold the negated first ones. So X^a·c is the run of columns that starts at -a and begins anew, negated, at each end.
import { accumulatorBytes, blindRotationBaseLog, blindRotationLevels, k, accumulator, N, points, quarterBytes } from './shape';
import { firstTwiddles, mulConjIm, mulConjRe, splitInFour } from './fft';

/** Column `column` of pair `pair`. */
@inline function columnOf(pair: i32, column: i32): usize {
  return accumulator + <usize>pair * accumulatorBytes() + (<usize>column << 3);
}

/** Coefficient `index` of polynomial `polynomial` (masks first, then the body) as a 32-bit torus word. */
@inline export function coefficient(polynomial: i32, index: i32): u32 {
  return load<u32>(columnOf(polynomial >> 1, index) + (<usize>(polynomial & 1) << 2));
}

/**
 * Sets the accumulator to X^-rotation·(0, …, 0, test polynomial). Value m of the look-up table fills the box of
 * N/values coefficients around m·N/values; half a box of value 0, negated, closes the ring.
 */
export function setTestPolynomial(values: usize, count: i32, rotation: i32): void {
  const bytes = accumulatorBytes() * <usize>((k + 2) >> 1);
  memory.fill(accumulator, 0, bytes);
  const box = N / count;
  const lane = <usize>(k & 1) << 2;
  for (let column = 0; column < N + 2; column++) {
    const position = (column + rotation) & (2 * N - 1);
    const index = position & (N - 1);
    let negative = position >= N;
    let m = (index + (box >> 1)) / box;
    if (m == count) {
      m = 0;
      negative = !negative;
    }
    const value = load<i32>(values + (<usize>m << 2));
    store<i32>(columnOf(k >> 1, column) + lane, negative ? -value : value);
  }
}

/**
 * Offset for the digits of one level: rounds to the decomposition's precision, carries from the levels below, and puts
 * the sign where a word has its own.
 */
@inline function decompositionOffset(left: i32): i32 {
  const bits = blindRotationBaseLog * blindRotationLevels;
  let offset: u32 = <u32>1 << (31 - bits);
  for (let level = 1; level <= blindRotationLevels; level++) offset += <u32>1 << (31 - (level - 1) * blindRotationBaseLog);
  return <i32>(offset - (<u32>1 << (31 - left)));
}

/**
 * Digits of X^a·c - c for two columns of a pair, in the upper bits of each word: times 2^(32 - base log), which the key
 * makes good (key-expansion.ts). A tie may go the other way than tfhe-rs sends it: the same mod 1.
 */
@inline function digitsOf(rotated: usize, sign: v128, plain: usize, offset: v128, left: i32, mask: v128): v128 {
  // With sign -1, x ^ sign is -x - 1; the offset has the missing 1.
  const difference = i32x4.sub(i32x4.add(v128.xor(v128.load(rotated), sign), offset), v128.load(plain));
  return v128.and(left == 0 ? difference : i32x4.shl(difference, left), mask);
}

@inline function firstColumn(words: v128): v128 {
  return f64x2.convert_low_i32x4_s(words);
}
@inline function secondColumn(words: v128): v128 {
  return f64x2.convert_low_i32x4_s(i32x4.shuffle(words, words, 2, 3, 2, 3));
}

/** -1 in all lanes where position `position` of the ring lies in its negated half, else 0. */
@inline function signAt(position: i32): v128 {
  return i32x4.splat(-((position / N) & 1));
}

/** Columns `first` to `last - 1` of each eighth, none of which passes the end of the ring on the way. */
@inline function splitRun(pair: i32, rotation: i32, left: i32, out: usize, first: i32, last: i32): void {
  const eighth = N >> 3;
  const ring = N - 1;
  const start = first + rotation;
  const offset = i32x4.splat(decompositionOffset(left));
  const mask = i32x4.splat(-1 << (32 - blindRotationBaseLog));
  const r0 = columnOf(pair, start & ring) - (<usize>first << 3);
  const s0 = signAt(start);
  const o0 = i32x4.sub(offset, s0);
  const r1 = columnOf(pair, (start + eighth) & ring) - (<usize>first << 3);
  const s1 = signAt(start + eighth);
  const o1 = i32x4.sub(offset, s1);
  const r2 = columnOf(pair, (start + 2 * eighth) & ring) - (<usize>first << 3);
  const s2 = signAt(start + 2 * eighth);
  const o2 = i32x4.sub(offset, s2);
  const r3 = columnOf(pair, (start + 3 * eighth) & ring) - (<usize>first << 3);
  const s3 = signAt(start + 3 * eighth);
  const o3 = i32x4.sub(offset, s3);
  const r4 = columnOf(pair, (start + 4 * eighth) & ring) - (<usize>first << 3);
  const s4 = signAt(start + 4 * eighth);
  const o4 = i32x4.sub(offset, s4);
  const r5 = columnOf(pair, (start + 5 * eighth) & ring) - (<usize>first << 3);
  const s5 = signAt(start + 5 * eighth);
  const o5 = i32x4.sub(offset, s5);
  const r6 = columnOf(pair, (start + 6 * eighth) & ring) - (<usize>first << 3);
  const s6 = signAt(start + 6 * eighth);
  const o6 = i32x4.sub(offset, s6);
  const r7 = columnOf(pair, (start + 7 * eighth) & ring) - (<usize>first << 3);
  const s7 = signAt(start + 7 * eighth);
  const o7 = i32x4.sub(offset, s7);
  const plain = columnOf(pair, 0);
  const w = firstTwiddles();
  const w1r = v128.load64_splat(w);
  const w1i = v128.load64_splat(w, 8);
  const w2r = v128.load64_splat(w, 16);
  const w2i = v128.load64_splat(w, 24);
  const w3r = v128.load64_splat(w, 32);
  const w3i = v128.load64_splat(w, 40);
  const step = <usize>eighth << 3;
  const quarter = quarterBytes();
  const end = <usize>last << 3;
  for (let at = <usize>first << 3; at < end; at += 16) {
    const p = plain + at;
    const d0 = digitsOf(r0 + at, s0, p, o0, left, mask);
    const d1 = digitsOf(r1 + at, s1, p + step, o1, left, mask);
    const d2 = digitsOf(r2 + at, s2, p + 2 * step, o2, left, mask);
    const d3 = digitsOf(r3 + at, s3, p + 3 * step, o3, left, mask);
    const d4 = digitsOf(r4 + at, s4, p + 4 * step, o4, left, mask);
    const d5 = digitsOf(r5 + at, s5, p + 5 * step, o5, left, mask);
    const d6 = digitsOf(r6 + at, s6, p + 6 * step, o6, left, mask);
    const d7 = digitsOf(r7 + at, s7, p + 7 * step, o7, left, mask);
    splitInFour(
      out + (at << 2), quarter, w1r, w1i, w2r, w2i, w3r, w3i,
      firstColumn(d0), firstColumn(d4), firstColumn(d1), firstColumn(d5),
      firstColumn(d2), firstColumn(d6), firstColumn(d3), firstColumn(d7),
    );
    splitInFour(
      out + (at << 2) + 32, quarter, w1r, w1i, w2r, w2i, w3r, w3i,
      secondColumn(d0), secondColumn(d4), secondColumn(d1), secondColumn(d5),
      secondColumn(d2), secondColumn(d6), secondColumn(d3), secondColumn(d7),
    );
  }
}

/** The most significant digit, which is the only one of many keys, is where it belongs without a shift. */
function splitHighest(pair: i32, rotation: i32, out: usize, first: i32, last: i32): void {
  splitRun(pair, rotation, 0, out, first, last);
}
function splitLower(pair: i32, rotation: i32, left: i32, out: usize, first: i32, last: i32): void {
  splitRun(pair, rotation, left, out, first, last);
}

/**
 * First pass of the transform of one digit of X^a·c - c, fused with rotation, subtraction and decomposition.
 * All eight runs that are read at once meet the end of the ring after the same number of columns, if at all.
 */
export function splitRotated(pair: i32, a: i32, level: i32, out: usize): void {
  const eighth = N >> 3;
  const rotation = 2 * N - a;
  const crossing = ((a & (eighth - 1)) + 1) & ~1;
  const left = (blindRotationLevels - 1 - level) * blindRotationBaseLog;
  if (left == 0) {
    splitHighest(pair, rotation, out, 0, crossing);
    splitHighest(pair, rotation, out, crossing, eighth);
  } else {
    splitLower(pair, rotation, left, out, 0, crossing);
    splitLower(pair, rotation, left, out, crossing, eighth);
  }
}

/** 32-bit torus words, in the low halves of the lanes: the fraction is put where a double keeps its last 32 bits. */
@inline function torusWords(y: v128): v128 {
  return f64x2.add(f64x2.sub(y, f64x2.nearest(y)), f64x2.splat(1572864.0));
}

/** Adds the words of two neighbouring points to the two columns at `column`. */
@inline function addTo(column: usize, first: v128, second: v128): void {
  const sum = i32x4.add(v128.load(column), i32x4.shuffle(torusWords(first), torusWords(second), 0, 2, 4, 6));
  v128.store(column, sum);
}

/** Last pass of the inverse transform of pair `pair` at `data`, fused with rounding and addition to the accumulator. */
export function joinAndAdd(pair: i32, data: usize): void {
  const quarter = quarterBytes();
  const eighth = <usize>N;
  const w = firstTwiddles();
  const w1r = v128.load64_splat(w);
  const w1i = v128.load64_splat(w, 8);
  const w2r = v128.load64_splat(w, 16);
  const w2i = v128.load64_splat(w, 24);
  const w3r = v128.load64_splat(w, 32);
  const w3i = v128.load64_splat(w, 40);
  const start = columnOf(pair, 0);
  let column = start;
  for (let end = data + (<usize>points << 3); data < end; data += 64) {
    const p1 = data + quarter;
    const p2 = p1 + quarter;
    const p3 = p2 + quarter;

    let y0r = v128.load(data);
    let y0i = v128.load(data, 16);
    let y1r = v128.load(p1);
    let y1i = v128.load(p1, 16);
    let y2r = v128.load(p2);
    let y2i = v128.load(p2, 16);
    let y3r = v128.load(p3);
    let y3i = v128.load(p3, 16);
    let sr = f64x2.add(y0r, y1r);
    let si = f64x2.add(y0i, y1i);
    let er = f64x2.add(y2r, y3r);
    let ei = f64x2.add(y2i, y3i);
    let dr = f64x2.sub(y0r, y1r);
    let di = f64x2.sub(y0i, y1i);
    let fr = f64x2.sub(y2r, y3r);
    let fi = f64x2.sub(y2i, y3i);
    const a0r = f64x2.add(sr, er);
    const a0i = f64x2.add(si, ei);
    let br = f64x2.sub(sr, er);
    let bi = f64x2.sub(si, ei);
    const a2r = mulConjRe(br, bi, w2r, w2i);
    const a2i = mulConjIm(br, bi, w2r, w2i);
    let ar = f64x2.add(dr, fi);
    let ai = f64x2.sub(di, fr);
    const a1r = mulConjRe(ar, ai, w1r, w1i);
    const a1i = mulConjIm(ar, ai, w1r, w1i);
    let cr = f64x2.sub(dr, fi);
    let ci = f64x2.add(di, fr);
    const a3r = mulConjRe(cr, ci, w3r, w3i);
    const a3i = mulConjIm(cr, ci, w3r, w3i);

    y0r = v128.load(data, 32);
    y0i = v128.load(data, 48);
    y1r = v128.load(p1, 32);
    y1i = v128.load(p1, 48);
    y2r = v128.load(p2, 32);
    y2i = v128.load(p2, 48);
    y3r = v128.load(p3, 32);
    y3i = v128.load(p3, 48);
    sr = f64x2.add(y0r, y1r);
    si = f64x2.add(y0i, y1i);
    er = f64x2.add(y2r, y3r);
    ei = f64x2.add(y2i, y3i);
    dr = f64x2.sub(y0r, y1r);
    di = f64x2.sub(y0i, y1i);
    fr = f64x2.sub(y2r, y3r);
    fi = f64x2.sub(y2i, y3i);
    addTo(column, a0r, f64x2.add(sr, er));
    addTo(column + 4 * eighth, a0i, f64x2.add(si, ei));
    br = f64x2.sub(sr, er);
    bi = f64x2.sub(si, ei);
    addTo(column + 2 * eighth, a2r, mulConjRe(br, bi, w2r, w2i));
    addTo(column + 6 * eighth, a2i, mulConjIm(br, bi, w2r, w2i));
    ar = f64x2.add(dr, fi);
    ai = f64x2.sub(di, fr);
    addTo(column + eighth, a1r, mulConjRe(ar, ai, w1r, w1i));
    addTo(column + 5 * eighth, a1i, mulConjIm(ar, ai, w1r, w1i));
    cr = f64x2.sub(dr, fi);
    ci = f64x2.add(di, fr);
    addTo(column + 3 * eighth, a3r, mulConjRe(cr, ci, w3r, w3i));
    addTo(column + 7 * eighth, a3i, mulConjIm(cr, ci, w3r, w3i));
    column += 16;
  }
  v128.store(columnOf(pair, N), i32x4.neg(v128.load(start)));
}
