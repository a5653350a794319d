/** Comparisons on the bytes of requests and results: encrypted codes against norms, in the clear to the home alone. */
import {
  parseCompressedCiphertext,
  writeCiphertext,
  type Ciphertext,
  type CompressedCiphertext,
} from './ciphertext.ts';
import type { CircuitOptions } from './circuit.ts';
import { compareWithNorms, type ComparisonNorms } from './compare-with-norms.ts';
import { encryptedBackend, type Bootstrapper } from './encrypted-backend.ts';
import { EvaluatorError } from './errors.ts';
import type { Parameters } from './parameters.ts';
import type { ScoreTree } from './score.ts';

type Bytes = Uint8Array<ArrayBuffer>;

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

/** A key under which seeded ciphertexts can be expanded, here or by a pool. */
interface Expander {
  readonly parameters: Parameters;
  decompress(compressed: CompressedCiphertext): Ciphertext | Promise<Ciphertext>;
}

/** The digits of a request, read and expanded. @throws {EvaluatorError} `malformed`, see {@link parseDigits} */
export const expandDigits = (key: Expander, digits: readonly (readonly Bytes[])[]): Promise<Ciphertext[][]> =>
  Promise.all(
    parseDigits(digits, key.parameters).map((ofFeature) =>
      Promise.all(ofFeature.map(async (digit) => key.decompress(digit))),
    ),
  );

export interface Evaluation {
  /** Per group, per feature: the rank, then whether above the mean; as `tfhe` reads them. */
  readonly answers: readonly (readonly Bytes[])[];
  /** One for each model. */
  readonly scores: readonly Bytes[];
  readonly bootstraps: number;
}

/**
 * Evaluates rank and mean of every feature for every group, and the models over the ranks in the first group. The same
 * input gives the same bytes, and what is done depends on norms and models alone.
 *
 * @param digits - per feature four digits, see {@link expandDigits}
 */
export async function evaluateComparison(
  key: Bootstrapper,
  digits: readonly (readonly Ciphertext[])[],
  groups: readonly ComparisonNorms[],
  models: readonly ScoreTree[],
  options: CircuitOptions = {},
): Promise<Evaluation> {
  const write = (ciphertext: Ciphertext): Bytes => new Uint8Array(writeCiphertext(ciphertext, key.parameters));
  const answers: Bytes[][] = [];
  const scores: Bytes[] = [];
  let bootstraps = 0;
  for (const [i, norms] of groups.entries()) {
    const outputs = await compareWithNorms(encryptedBackend(key), digits, norms, i === 0 ? models : [], options);
    const inPairs = outputs.ranks.flatMap((place, feature) => [place, outputs.above[feature] ?? place]);
    answers.push(inPairs.map(write));
    scores.push(...outputs.scores.map(write));
    bootstraps += outputs.bootstraps;
  }
  return { answers, scores, bootstraps };
}
