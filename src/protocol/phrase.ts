/**
 * The short phrase of a hash, for people to compare by voice: six groups of five digits, the hash's first 16 bytes (big
 * endian) modulo 10^30. About 100 bits: finding two lists with one phrase takes 2^50 tries.
 */
export function phraseOf(hash: Uint8Array): string {
  const number = hash.slice(0, 16).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** 30n;
  return number
    .toString()
    .padStart(30, '0')
    .replace(/(.{5})(?!$)/g, '$1 ');
}
