/** The serialised `ShortintCiphertext` and `ShortintCompressedCiphertext` of `tfhe` 1.6. */
import { Reader, Writer } from './bytes.ts';
import { bigDimensionOf, type Parameters, valuesOf } from './parameters.ts';

/** An LWE ciphertext under the big key. */
export interface Ciphertext {
  /** K mask words and the body, each 64 bits as two 32-bit halves, the lower first. */
  readonly words: Uint32Array;
  /** Largest value that may be inside. */
  readonly degree: number;
  /** Sum of the weights of fresh ciphertexts that were added up, as tfhe counts it. */
  readonly noiseLevel: number;
}

/** A seeded ciphertext: masks as their seed. */
export interface CompressedCiphertext {
  readonly seed: Uint8Array;
  /** Lower and upper half of the body. */
  readonly body: Uint32Array;
  readonly degree: number;
  readonly noiseLevel: number;
}

/** Bytes of a serialised ciphertext for the parameters. */
export const ciphertextBytes = (parameters: Parameters): number => 8 * (bigDimensionOf(parameters) + 1) + 72;
export const compressedCiphertextBytes = 124;

const maxNoise = 2 ** 16;

function readWords(reader: Reader, count: number): Uint32Array {
  const bytes = reader.take(8 * count).slice();
  return new Uint32Array(bytes.buffer);
}

/** Reads the dimension and requires that of the key. */
function readDimension(reader: Reader, parameters: Parameters): number {
  const expected = bigDimensionOf(parameters) + 1;
  const size = reader.size('the dimension', expected);
  if (size !== expected) throw reader.malformed(`the dimension is ${size}, the key's is ${expected}`);
  return size;
}

function readModuli(reader: Reader, parameters: Parameters): void {
  const message = reader.size('the message modulus', valuesOf(parameters));
  const carry = reader.size('the carry modulus', valuesOf(parameters));
  if (message !== parameters.messageModulus || carry !== parameters.carryModulus) {
    throw reader.malformed('its message and carry moduli are not the key’s');
  }
}

/** @throws EvaluatorError `malformed` or `unsupported`, never for what `tfhe` 1.6 serialised under these parameters. */
export function parseCiphertext(bytes: Uint8Array, parameters: Parameters): Ciphertext {
  const reader = new Reader(bytes, 'Ciphertext');
  const words = readWords(reader, readDimension(reader, parameters));
  reader.nativeModulus();
  const degree = reader.size('the degree', valuesOf(parameters) - 1);
  const noiseLevel = reader.size('the noise level', maxNoise);
  readModuli(reader, parameters);
  reader.keySwitchFirst();
  reader.end();
  return { words, degree, noiseLevel };
}

/** Like {@link parseCiphertext}, for the 124 bytes of a seeded ciphertext. */
export function parseCompressedCiphertext(bytes: Uint8Array, parameters: Parameters): CompressedCiphertext {
  const reader = new Reader(bytes, 'Compressed ciphertext');
  const body = readWords(reader, 1);
  readDimension(reader, parameters);
  const seed = reader.seed();
  reader.nativeModulus();
  const degree = reader.size('the degree', valuesOf(parameters) - 1);
  readModuli(reader, parameters);
  reader.keySwitchFirst();
  const noiseLevel = reader.size('the noise level', maxNoise);
  reader.end();
  return { seed, body, degree, noiseLevel };
}

/**
 * Serialises a ciphertext for `tfhe`. `Shortint.decrypt` reduces the value modulo the message modulus in the header:
 * with `whole`, that is the whole plaintext space, so that it returns message and carry together.
 */
export function writeCiphertext(ciphertext: Ciphertext, parameters: Parameters, whole = true): Uint8Array {
  const writer = new Writer(ciphertextBytes(parameters));
  writer.u64(ciphertext.words.length / 2);
  writer.put(new Uint8Array(ciphertext.words.buffer, ciphertext.words.byteOffset, ciphertext.words.byteLength));
  writer.nativeModulus();
  writer.u64(Math.min(ciphertext.degree, valuesOf(parameters) - 1));
  writer.u64(ciphertext.noiseLevel);
  writer.u64(whole ? valuesOf(parameters) : parameters.messageModulus);
  writer.u64(whole ? 1 : parameters.carryModulus);
  writer.keySwitchFirst();
  return writer.bytes;
}
