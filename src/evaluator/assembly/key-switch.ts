// Key switch: ciphertexts under the big key become such under the small key.
//
// Only the upper 32 bits of the key are kept, which halves it and doubles the lanes. The rounding adds a phase error
// below 2^-23 against a key-switch noise of 2^-10.8. The key is stored in the order in which it is read: eight rows
// a group, within a group four columns of each of the eight rows (128 bytes), then the next four columns.
import { decompose } from './decomposition';
import { bigDimension, ciphertext, digits, keySwitchBaseLog, keySwitchKey, keySwitchLevels, n, selectPlace, smallLwe, smallVectors } from './shape';

export const rowsPerGroup: i32 = 8;

@inline export function keySwitchGroups(): i32 {
  return (bigDimension * keySwitchLevels + rowsPerGroup - 1) / rowsPerGroup;
}

/** Where column `column` of row `row` is kept. */
@inline export function keySwitchWord(row: i32, column: i32): usize {
  const vector = (row >> 3) * smallVectors() + (column >> 2);
  return keySwitchKey + (<usize>vector << 7) + (<usize>(row & 7) << 4) + (<usize>(column & 3) << 2);
}

@inline function digit(group: usize, row: usize): v128 {
  return v128.load32_splat(group + (row << 2));
}

/** Where the sum is taken with 32-bit words: the upper half of the area that is filled with 64-bit words in the end. */
@inline function sumsOf(lwe: usize): usize {
  return lwe + (<usize>smallVectors() << 4);
}

/** Subtracts eight rows of the key at `key`, times the digits at `group`, from the sums. */
@inline function subtractGroup(group: usize, key: usize): void {
  const d0 = digit(group, 0);
  const d1 = digit(group, 1);
  const d2 = digit(group, 2);
  const d3 = digit(group, 3);
  const d4 = digit(group, 4);
  const d5 = digit(group, 5);
  const d6 = digit(group, 6);
  const d7 = digit(group, 7);
  const sums = sumsOf(smallLwe);
  const end = sums + (<usize>smallVectors() << 4);
  for (let sum = sums; sum < end; sum += 16) {
    const even = i32x4.add(
      i32x4.add(i32x4.mul(d0, v128.load(key)), i32x4.mul(d1, v128.load(key, 16))),
      i32x4.add(i32x4.mul(d2, v128.load(key, 32)), i32x4.mul(d3, v128.load(key, 48))),
    );
    const odd = i32x4.add(
      i32x4.add(i32x4.mul(d4, v128.load(key, 64)), i32x4.mul(d5, v128.load(key, 80))),
      i32x4.add(i32x4.mul(d6, v128.load(key, 96)), i32x4.mul(d7, v128.load(key, 112))),
    );
    v128.store(sum, i32x4.sub(v128.load(sum), i32x4.add(even, odd)));
    key += 128;
  }
}

/**
 * Switches the ciphertexts in `ciphertext` of the first `places` places and leaves n + 1 words of 64 bits of each in
 * `smallLwe`. The key is gone through once.
 */
export function keySwitch(places: i32): void {
  const groups = keySwitchGroups();
  const rows = bigDimension * keySwitchLevels;
  for (let place = 0; place < places; place++) {
    selectPlace(place);
    for (let i = 0; i < bigDimension; i++) {
      const out = digits + (<usize>(i * keySwitchLevels) << 2);
      decompose(load<u64>(ciphertext + (<usize>i << 3)), keySwitchBaseLog, keySwitchLevels, out);
    }
    for (let row = rows; row < groups * rowsPerGroup; row++) store<i32>(digits + (<usize>row << 2), 0);
    memory.fill(sumsOf(smallLwe), 0, <usize>smallVectors() << 4);
  }
  for (let group = 0; group < groups; group++) {
    const key = keySwitchKey + (<usize>(group * smallVectors()) << 7);
    for (let place = 0; place < places; place++) {
      selectPlace(place);
      subtractGroup(digits + (<usize>group << 5), key);
    }
  }
  for (let place = 0; place < places; place++) {
    selectPlace(place);
    for (let i = 0; i <= n; i++) {
      store<u64>(smallLwe + (<usize>i << 3), <u64>load<u32>(sumsOf(smallLwe) + (<usize>i << 2)) << 32);
    }
    const body = smallLwe + (<usize>n << 3);
    store<u64>(body, load<u64>(body) + load<u64>(ciphertext + (<usize>bigDimension << 3)));
  }
  selectPlace(0);
}
