/** The comparison circuits: a home's encrypted codes against a group's norms, in the clear to nobody but the home. */
import {
  parseCompressedCiphertext,
  writeCiphertext,
  type Ciphertext,
  type CompressedCiphertext,
} from '../evaluator/ciphertext.ts';
import type { CircuitOptions } from '../evaluator/circuit.ts';
import { compareWithNorms } from '../evaluator/compare-with-norms.ts';
import { encryptedBackend, type Bootstrapper } from '../evaluator/encrypted-backend.ts';
import { EvaluatorError } from '../evaluator/errors.ts';
import type { Parameters } from '../evaluator/parameters.ts';
import { ownBytes, type Bytes } from '../protocol/bytes.ts';
import type { Norms } from '../protocol/norms.ts';

/**
 * Reads the digits of a request.
 *
 * @throws {EvaluatorError} `malformed` for what is no fresh ciphertext of a digit
 */
export const parseDigits = (digits: readonly (readonly Bytes[])[], parameters: Parameters): CompressedCiphertext[][] =>
  digits.map((ofFeature) =>
    ofFeature.map((bytes) => {
      const digit = parseCompressedCiphertext(bytes, parameters);
      if (digit.degree !== parameters.messageModulus - 1 || digit.noiseLevel !== 1) {
        throw new EvaluatorError('malformed', 'Compressed ciphertext: it is not freshly encrypted.');
      }
      return digit;
    }),
  );

export interface Evaluation {
  /** Per group, per feature: the rank, then whether above the mean; as `tfhe` reads them. */
  readonly answers: readonly (readonly Bytes[])[];
  readonly bootstraps: number;
}

/**
 * Evaluates rank and mean of every feature for every group. The same input gives the same bytes, and what is done depends
 * on the norms alone.
 *
 * @param digits - per feature four digits, expanded
 */
export async function evaluateComparison(
  key: Bootstrapper,
  digits: readonly (readonly Ciphertext[])[],
  groups: readonly Pick<Norms, 'means' | 'deciles'>[],
  options: CircuitOptions = {},
): Promise<Evaluation> {
  const write = (ciphertext: Ciphertext): Bytes => ownBytes(writeCiphertext(ciphertext, key.parameters));
  const answers: Bytes[][] = [];
  let bootstraps = 0;
  for (const norms of groups) {
    const outputs = await compareWithNorms(encryptedBackend(key), digits, norms, [], options);
    const inPairs = outputs.ranks.flatMap((place, i) => [place, outputs.above[i] ?? place]);
    answers.push(inPairs.map(write));
    bootstraps += outputs.bootstraps;
  }
  return { answers, bootstraps };
}
