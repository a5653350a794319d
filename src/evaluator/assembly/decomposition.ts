/**
 * Signed digits of a torus element: x is rounded to `levels` digits of `baseLog` bits and balanced to
 * -B/2..B/2. Ties go the way tfhe-rs sends them. Writes `levels` 32-bit digits, the least significant first.
 */
export function decompose(x: u64, baseLog: i32, levels: i32, out: usize): void {
  const bits = <u64>(baseLog * levels);
  const base: i64 = 1 << <i64>baseLog;
  const half = base >> 1;
  const s = x >> (63 - bits);
  let state = <i64>(((s + 1) >> 1) & ((<u64>1 << bits) - 1));
  const middle = <i64>(<u64>1 << (bits - 1));
  if (state > middle || (state == middle && (s & 1) == 1)) state -= middle << 1;
  for (let level = 0; level < levels; level++) {
    let digit = state & (base - 1);
    state >>= <i64>baseLog;
    if (digit > half || (digit == half && ((state >> <i64>(baseLog - 1)) & 1) == 1)) {
      digit -= base;
      state += 1;
    }
    store<i32>(out + (<usize>level << 2), <i32>digit);
  }
}
