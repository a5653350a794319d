// Masks of seeded ciphertexts: AES-128 in counter mode with a little-endian counter, eight bytes a word.
import { encryptCounter } from './aes';

/**
 * Writes words `first` to `first + count - 1` of the mask stream to `out`. A run may begin or end in the middle of
 * a block, as the rows of a key-switching key do when the small dimension is odd. `out` needs 8 bytes to spare.
 */
export function fillMask(out: usize, first: u32, count: u32): void {
  const end = out + (<usize>count << 3);
  let block = first >> 1;
  if (first & 1) {
    encryptCounter(block++, out);
    store<u64>(out, load<u64>(out, 8));
    out += 8;
  }
  for (; out < end; out += 16) encryptCounter(block++, out);
}
