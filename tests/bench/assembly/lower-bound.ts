// What the machine can do at best: multiplications and additions of doubles on registers alone, two lanes a vector,
// in twelve chains that do not wait for each other. No loads, no stores, no shuffles.

/** `count` multiplications, each with one addition. */
export function multiplyAdd(count: i32): f64 {
  const factor = f64x2.splat(0.999);
  const term = f64x2.splat(0.001);
  let a = f64x2.splat(1.0);
  let b = f64x2.splat(1.1);
  let c = f64x2.splat(1.2);
  let d = f64x2.splat(1.3);
  let e = f64x2.splat(1.4);
  let f = f64x2.splat(1.5);
  let g = f64x2.splat(1.6);
  let h = f64x2.splat(1.7);
  let i = f64x2.splat(1.8);
  let j = f64x2.splat(1.9);
  let k = f64x2.splat(2.0);
  let l = f64x2.splat(2.1);
  for (; count > 0; count -= 12) {
    a = f64x2.add(f64x2.mul(a, factor), term);
    b = f64x2.add(f64x2.mul(b, factor), term);
    c = f64x2.add(f64x2.mul(c, factor), term);
    d = f64x2.add(f64x2.mul(d, factor), term);
    e = f64x2.add(f64x2.mul(e, factor), term);
    f = f64x2.add(f64x2.mul(f, factor), term);
    g = f64x2.add(f64x2.mul(g, factor), term);
    h = f64x2.add(f64x2.mul(h, factor), term);
    i = f64x2.add(f64x2.mul(i, factor), term);
    j = f64x2.add(f64x2.mul(j, factor), term);
    k = f64x2.add(f64x2.mul(k, factor), term);
    l = f64x2.add(f64x2.mul(l, factor), term);
  }
  return sum(a, b, c, d, e, f, g, h, i, j, k, l);
}

/** `count` additions. */
export function add(count: i32): f64 {
  const term = f64x2.splat(0.001);
  let a = f64x2.splat(1.0);
  let b = f64x2.splat(1.1);
  let c = f64x2.splat(1.2);
  let d = f64x2.splat(1.3);
  let e = f64x2.splat(1.4);
  let f = f64x2.splat(1.5);
  let g = f64x2.splat(1.6);
  let h = f64x2.splat(1.7);
  let i = f64x2.splat(1.8);
  let j = f64x2.splat(1.9);
  let k = f64x2.splat(2.0);
  let l = f64x2.splat(2.1);
  for (; count > 0; count -= 12) {
    a = f64x2.add(a, term);
    b = f64x2.add(b, term);
    c = f64x2.add(c, term);
    d = f64x2.add(d, term);
    e = f64x2.add(e, term);
    f = f64x2.add(f, term);
    g = f64x2.add(g, term);
    h = f64x2.add(h, term);
    i = f64x2.add(i, term);
    j = f64x2.add(j, term);
    k = f64x2.add(k, term);
    l = f64x2.add(l, term);
  }
  return sum(a, b, c, d, e, f, g, h, i, j, k, l);
}

/** All chains are part of the result, so that none is left out. */
function sum(
  a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, g: v128, h: v128, i: v128, j: v128, k: v128, l: v128,
): f64 {
  const left = f64x2.add(f64x2.add(f64x2.add(a, b), f64x2.add(c, d)), f64x2.add(e, f));
  const right = f64x2.add(f64x2.add(f64x2.add(g, h), f64x2.add(i, j)), f64x2.add(k, l));
  const total = f64x2.add(left, right);
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}
