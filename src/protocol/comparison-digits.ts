/**
 * Bytes of an encrypted comparison: a code's digits on the way up and answers on the way down, as `tfhe` 1.6 serializes
 * them for `V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128` (docs/protocol.md, "Comparison").
 */
import { concatBytes, toHex, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { codeCount } from './features.ts';

/** Base-4 digits of a code. */
export const digitsPerCode = 4;
/** Bytes of one digit: a seeded compressed ciphertext. */
export const digitBytes = 124;
/** Words of a mask under the big key. */
export const answerDimension = 2048;
/** Bytes of one answer: a whole ciphertext. */
export const answerBytes = 8 * (answerDimension + 1) + 72;

/**
 * Digits of a code, most significant first.
 *
 * @throws {ProtocolError} `bad-value`
 */
export function digitsOf(code: number): number[] {
  if (!Number.isInteger(code) || code < 0 || code >= codeCount) {
    throw new ProtocolError('bad-value', `A code must be a whole number 0..${codeCount - 1}, not ${code}`);
  }
  return Array.from({ length: digitsPerCode }, (_, i) => (code >> (2 * (digitsPerCode - 1 - i))) & 3);
}

/** The ciphertexts of a request's codes, one per digit. */
export const splitDigits = (codes: Bytes): Bytes[] =>
  Array.from({ length: codes.length / digitBytes }, (_, i) => codes.slice(i * digitBytes, (i + 1) * digitBytes));

const seedAt = 20;
const seedBytes = 16;

/**
 * Checks that every digit has a seed of its own: two ciphertexts of one seed have equal masks, and the difference of their
 * bodies is the difference of the digits.
 *
 * @throws {ProtocolError} `bad-ciphertext`
 */
export function checkSeeds(digits: readonly Bytes[]): void {
  const seeds = digits.map((digit) => toHex(digit.subarray(seedAt, seedAt + seedBytes)));
  if (new Set(seeds).size !== seeds.length) {
    throw new ProtocolError('bad-ciphertext', 'Two digits of the request were encrypted with the same seed');
  }
}

const u64 = (value: number): Bytes => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
};
/** The native modulus: 128 bits of zeros, and 64. */
const modulus = concatBytes(new Uint8Array(16), u64(64));

/**
 * Checks that bytes are one answer: everything around the words is as the evaluator writes it, so that `tfhe` reads it.
 *
 * @throws {ProtocolError} `bad-answer`
 */
export function checkAnswer(bytes: Uint8Array, dimension = answerDimension): void {
  const words = 8 * (dimension + 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const is = (at: number, expected: Uint8Array): boolean => expected.every((byte, i) => bytes[at + i] === byte);
  const atMost = (at: number, most: number): boolean => view.getBigUint64(at, true) <= BigInt(most);
  const fits =
    bytes.length === words + 72 &&
    is(0, u64(dimension + 1)) &&
    is(8 + words, modulus) &&
    atMost(32 + words, 15) &&
    atMost(40 + words, 255) &&
    is(48 + words, concatBytes(u64(16), u64(1), new Uint8Array(8)));
  if (!fits) throw new ProtocolError('bad-answer', 'An answer is no ciphertext of the comparison’s parameters');
}
