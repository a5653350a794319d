// Key switch: a ciphertext under the big key becomes one under the small key.
//
// Only the upper 32 bits of the key are kept, which halves it and doubles the lanes. The rounding adds a phase error
// below 2^-23 against a key-switch noise of 2^-10.8. The key is stored in the order in which it is read: eight rows
// a group, within a group four columns of each of the eight rows (128 bytes), then the next four columns.
import { decompose } from './decomposition';
import { bigDimension, ciphertext, digits, keySwitchBaseLog, keySwitchKey, keySwitchLevels, n, smallLwe, smallVectors } from './shape';

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

/** Switches the ciphertext in `ciphertext` and leaves n + 1 words of 64 bits in `smallLwe`. */
export function keySwitch(): void {
  const groups = keySwitchGroups();
  const vectors = smallVectors();
  for (let i = 0; i < bigDimension; i++) {
    decompose(load<u64>(ciphertext + (<usize>i << 3)), keySwitchBaseLog, keySwitchLevels, digits + (<usize>(i * keySwitchLevels) << 2));
  }
  for (let row = bigDimension * keySwitchLevels; row < groups * rowsPerGroup; row++) store<i32>(digits + (<usize>row << 2), 0);

  // The sum is taken with 32-bit words in the upper half of the area, and widened from its start afterwards.
  const sums = smallLwe + (<usize>vectors << 4);
  memory.fill(sums, 0, <usize>vectors << 4);
  const end = sums + (<usize>vectors << 4);
  let key = keySwitchKey;
  for (let group = 0; group < groups; group++) {
    const d = digits + (<usize>group << 5);
    const d0 = digit(d, 0);
    const d1 = digit(d, 1);
    const d2 = digit(d, 2);
    const d3 = digit(d, 3);
    const d4 = digit(d, 4);
    const d5 = digit(d, 5);
    const d6 = digit(d, 6);
    const d7 = digit(d, 7);
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
  for (let i = 0; i <= n; i++) {
    store<u64>(smallLwe + (<usize>i << 3), <u64>load<u32>(sums + (<usize>i << 2)) << 32);
  }
  const body = smallLwe + (<usize>n << 3);
  store<u64>(body, load<u64>(body) + load<u64>(ciphertext + (<usize>bigDimension << 3)));
}
