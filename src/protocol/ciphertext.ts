/**
 * The bytes of the ciphertexts and public keys of contributions, and their sum. These are `tfhe` 1.6 compact ciphertext
 * lists in plain bincode, all numbers little endian: a word count, the words (2048 of mask, then one body per slot),
 * and a footer that is the same for every home. Everything but the words is compared byte for byte, because scale,
 * noise and sizes live there and `tfhe` would believe whatever stands there. Words can be anything: any words are a
 * well-formed ciphertext, so adding needs no `tfhe`.
 */
import { addWords } from './add-words.ts';
import type { Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { vectorLength } from './features.ts';
import { mostHomes } from './fields.ts';
import { prime } from './shamir.ts';

/** Dimension n of the RLWE masks. */
export const polynomialSize = 2048;
/** Bits of one slot's plaintext; 1,000 shares below the prime fit. */
export const plaintextBits = 30;
/** Slots that one 240-bit integer of the list carries. */
export const slotsPerPush = 8;
export const pushCount = Math.ceil(vectorLength / slotsPerPush);
/** Slots of a ciphertext: the vector's, filled up with zeros to whole pushes. */
export const slotCount = pushCount * slotsPerPush;

if (mostHomes * (prime - 1) >= 2 ** plaintextBits)
  throw new RangeError('The sum of the most homes leaves the plaintext space');

const wordCount = polynomialSize + slotCount;
const headBytes = 8;
const wordsEnd = headBytes + 8 * wordCount;

/** Little-endian bytes of [value, width in bytes] pairs. */
const littleEndian = (...fields: readonly (readonly [value: number, width: number])[]): Bytes =>
  Uint8Array.from(
    fields.flatMap(([value, width]) => Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256)),
  );

/** Of the ciphertext modulus: 0 stands for 2^64, and 64 bits of scalar. */
const nativeModulus = [
  [0, 16],
  [64, 8],
] as const;
const messageModulus = 2 ** plaintextBits;

const ciphertextHead = littleEndian([wordCount, 8]);
const ciphertextFooter = littleEndian(
  [polynomialSize + 1, 8],
  [slotCount, 8],
  ...nativeModulus,
  // Degree, message modulus, carry modulus.
  [messageModulus - 1, 8],
  [messageModulus, 8],
  [1, 8],
  // No casting needed; standard atomic pattern; key switch before bootstrap.
  [1, 4],
  [0, 4],
  [0, 4],
  // Each push: unsigned integer of eight blocks.
  [pushCount, 8],
  ...Array.from({ length: pushCount }, () => [[0, 4] as const, [slotsPerPush, 8] as const]).flat(),
  // Empty tag.
  [0, 8],
);

const publicKeyHead = littleEndian([2 * polynomialSize, 8]);
const publicKeyWordsEnd = headBytes + 16 * polynomialSize;
const publicKeyFooter = littleEndian(
  [polynomialSize, 8],
  ...nativeModulus,
  // Encryption parameters: dimension, noise TUniform(17), message and carry modulus, ciphertext modulus, kinds, no proof.
  [polynomialSize, 8],
  [1, 4],
  [17, 4],
  [messageModulus, 8],
  [1, 8],
  ...nativeModulus,
  [1, 4],
  [0, 4],
  [0, 4],
  [0, 4],
  // Empty tag.
  [0, 8],
);

/** Bytes of a home's ciphertext for one steward, and of a total. */
export const ciphertextBytes = wordsEnd + ciphertextFooter.length;
/** Bytes of a round's public key. */
export const publicKeyBytes = publicKeyWordsEnd + publicKeyFooter.length;

const wordsIn = (template: Bytes): Uint32Array => new Uint32Array(template.buffer);
const [headWords, footerWords] = [wordsIn(ciphertextHead), wordsIn(ciphertextFooter)];

const startsWith = (words: Uint32Array, at: number, template: Uint32Array): boolean => {
  for (let i = 0; i < template.length; i++) if (words[at + i] !== template[i]) return false;
  return true;
};

/** Whether all but the words is as it must be; by 32 bits at a time, which a sum of many homes feels. */
function hasTemplate(bytes: Uint8Array, head: Uint32Array, footer: Uint32Array, footerAt: number): boolean {
  if (bytes.length !== footerAt + footer.byteLength) return false;
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  return startsWith(words, 0, head) && startsWith(words, footerAt / 4, footer);
}

/**
 * Checks that bytes are a ciphertext of this round format.
 *
 * @throws {ProtocolError} `bad-ciphertext`
 */
export function checkCiphertext(bytes: Uint8Array): void {
  if (!hasTemplate(bytes, headWords, footerWords, wordsEnd)) {
    throw new ProtocolError(
      'bad-ciphertext',
      `A ciphertext must have ${ciphertextBytes} bytes with the head and footer of the round`,
    );
  }
}

/**
 * Checks that bytes are a public key with this protocol's dimension, noise and scale.
 *
 * @throws {ProtocolError} `bad-announcement`
 */
export function checkPublicKey(bytes: Uint8Array): void {
  if (!hasTemplate(bytes, wordsIn(publicKeyHead), wordsIn(publicKeyFooter), publicKeyWordsEnd)) {
    throw new ProtocolError(
      'bad-announcement',
      'A round’s public key has not the size, noise and scale of the protocol',
    );
  }
}

const wordsOf = (bytes: Uint8Array, count: number): BigUint64Array => {
  const end = headBytes + 8 * count;
  if (bytes.byteOffset % 8 !== 0) return new BigUint64Array(bytes.slice(headBytes, end).buffer);
  return new BigUint64Array(bytes.buffer, bytes.byteOffset + headBytes, count);
};

/**
 * The encryption of zero with randomness r = (1, …, 1) and no noise under a public key. Every encryption's r is binary
 * with mean 1/2, so subtracting half of this per home brings the sum's mean randomness to zero and its noise from
 * growing with the number of homes to growing with its square root. It needs the public key only.
 */
function onesEncryption(publicKey: Uint8Array): BigUint64Array {
  const key = wordsOf(publicKey, 2 * polynomialSize);
  // Σ_{i ≤ k} c_i − Σ_{i > k} c_i: the product with 1 + X + … + X^(n−1) modulo X^n + 1.
  const timesOnes = (at: number): BigUint64Array => {
    const coefficients = key.subarray(at, at + polynomialSize);
    const running = new BigUint64Array(polynomialSize);
    let sum = 0n;
    coefficients.forEach((coefficient, k) => {
      sum += coefficient;
      running[k] = sum;
    });
    return running.map((upTo) => 2n * upTo - sum);
  };
  const words = new BigUint64Array(wordCount);
  words.set(timesOnes(0));
  words.set(timesOnes(polynomialSize).reverse().subarray(0, slotCount), polynomialSize);
  return words;
}

function written(words: BigUint64Array): Bytes {
  const bytes = new Uint8Array(ciphertextBytes);
  bytes.set(ciphertextHead);
  wordsOf(bytes, wordCount).set(words);
  bytes.set(ciphertextFooter, wordsEnd);
  return bytes;
}

/** So many ciphertexts are added at a time. */
const batch = 8;

/** Adds ciphertexts of one steward's round key and centres the sum. */
export class CiphertextSum {
  readonly #words = new BigUint64Array(wordCount);
  /** Ciphertexts that wait for a whole {@link batch}. */
  #waiting: BigUint64Array[] = [];
  #homes = 0;

  /**
   * @param ciphertext - not to be changed before the total is made
   * @param homes - how many ciphertexts this one is the {@link sum} of
   * @throws {ProtocolError} `bad-ciphertext` for bytes that are no ciphertext, or one too many for the plaintext space
   */
  add(ciphertext: Uint8Array, homes = 1): void {
    checkCiphertext(ciphertext);
    if (this.#homes + homes > mostHomes)
      throw new ProtocolError('bad-ciphertext', `A sum has at most ${mostHomes} ciphertexts`);
    this.#homes += homes;
    this.#waiting.push(wordsOf(ciphertext, wordCount));
    if (this.#waiting.length === batch) this.#addWaiting();
  }

  #addWaiting(): void {
    addWords(this.#words, this.#waiting);
    this.#waiting = [];
  }

  /**
   * The centred sum so far, as a ciphertext that `tfhe` decrypts.
   *
   * @param publicKey - the round key that all were encrypted under
   */
  total(publicKey: Uint8Array): Bytes {
    checkPublicKey(publicKey);
    this.#addWaiting();
    const half = BigInt(Math.floor(this.#homes / 2));
    const ones = onesEncryption(publicKey);
    return written(this.#words.map((word, i) => word - half * (ones[i] ?? 0n)));
  }

  /** The sum so far, not centred: itself a ciphertext, to be added up with others. */
  sum(): Bytes {
    this.#addWaiting();
    return written(this.#words);
  }
}
