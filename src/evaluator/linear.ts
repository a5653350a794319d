/** Linear operations on ciphertexts, word by word modulo 2^64. They need no key. */
import type { Ciphertext } from './ciphertext.ts';
import { EvaluatorError } from './errors.ts';
import { type Parameters, valuesOf } from './parameters.ts';

const base = 2 ** 32;

/** Sum of two ciphertexts under one key. */
export function addCiphertexts(a: Ciphertext, b: Ciphertext): Ciphertext {
  if (a.words.length !== b.words.length) throw new EvaluatorError('malformed', 'Ciphertexts of different dimensions.');
  const words = new Uint32Array(a.words.length);
  for (let i = 0; i < words.length; i += 2) {
    const low = (a.words[i] ?? 0) + (b.words[i] ?? 0);
    words[i] = low;
    words[i + 1] = (a.words[i + 1] ?? 0) + (b.words[i + 1] ?? 0) + (low >= base ? 1 : 0);
  }
  return { words, degree: a.degree + b.degree, noiseLevel: a.noiseLevel + b.noiseLevel };
}

/** A ciphertext times an integer of at most 20 bits. */
export function scaleCiphertext(a: Ciphertext, factor: number): Ciphertext {
  if (!Number.isInteger(factor) || Math.abs(factor) >= 2 ** 20) throw new RangeError('factor: an integer below 2^20');
  const words = new Uint32Array(a.words.length);
  for (let i = 0; i < words.length; i += 2) {
    // Exact: 32 bits times 20 bits.
    const low = (a.words[i] ?? 0) * factor;
    const carry = Math.floor(low / base);
    words[i] = low - carry * base;
    words[i + 1] = Math.imul(a.words[i + 1] ?? 0, factor) + carry;
  }
  const size = Math.abs(factor);
  return { words, degree: a.degree * size, noiseLevel: a.noiseLevel * size };
}

/** A ciphertext plus a known value, a multiple of 1/2. */
export function addConstant(a: Ciphertext, value: number, parameters: Parameters): Ciphertext {
  const words = a.words.slice();
  const body = words.length - 1;
  words[body] = (words[body] ?? 0) + value * (2 ** 31 / valuesOf(parameters));
  return { words, degree: a.degree + Math.max(0, Math.ceil(value)), noiseLevel: a.noiseLevel };
}
