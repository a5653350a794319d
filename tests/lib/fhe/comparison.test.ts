import { describe, expect, test } from 'vitest';
import { evaluateComparison, expandDigits } from '../../../src/evaluator/evaluate-comparison.ts';
import { bigDimensionOf, message2Carry2 } from '../../../src/evaluator/parameters.ts';
import { readServerKeyHeader } from '../../../src/evaluator/server-key.ts';
import { sourceOf } from '../../../src/evaluator/byte-source.ts';
import {
  decryptAnswers,
  encryptCodes,
  makeClientKey,
  makeServerKey,
  measureServerKeyMs,
} from '../../../src/lib/fhe/comparison.ts';
import { nodeTfhe } from '../../../src/lib/fhe/node.ts';
import { concatBytes, toHex, type Bytes } from '../../../src/protocol/bytes.ts';
import adviceModel from '../../../src/endpoint/advice-model.json' with { type: 'json' };
import { parseAdviceModel, scoredAdvice, scoreInClear } from '../../../src/protocol/advice-model.ts';
import { answersPerGroup, placesOf, serverKeyBytes } from '../../../src/protocol/comparison.ts';
import {
  answerBytes,
  checkSeeds,
  digitBytes,
  digitsPerCode,
  splitDigits,
} from '../../../src/protocol/comparison-digits.ts';
import { features } from '../../../src/protocol/features.ts';
import { rankOf } from '../../../src/protocol/norms.ts';
import { Random } from '../../../src/simulation/random.ts';
import { open, type OpenKey, realKey, toyKey } from '../../evaluator/keys.ts';

/** Repeatable random numbers in [0, 1). */
const numbers = (seed: number): (() => number) => {
  const source = new Random(seed);
  return () => source.unit();
};

const { advice } = parseAdviceModel(adviceModel);
const trees = scoredAdvice.map((id) => advice[id]);

const codesOf = (next: () => number): number[] => features.map(() => Math.floor(next() * 256));

/** Norms of all kinds: spread, crowded, with few distinct thresholds, and with means at both ends. */
function randomNorms(next: () => number) {
  const deciles = features.map(() => {
    const [centre, width] = [next() * 255, [255, 64, 24, 6][Math.floor(next() * 4)] ?? 255];
    return Array.from({ length: 9 }, () =>
      Math.min(255, Math.max(1, Math.round(centre + (next() - 0.5) * 2 * width))),
    ).toSorted((a, b) => a - b);
  });
  const means = features.map(
    () => [0, 255, Math.floor(next() * 256), Math.floor(next() * 256)][Math.floor(next() * 4)] ?? 0,
  );
  return { means, deciles };
}

/** A code at random, one on a threshold, one just below, or one at the mean. */
function codesNear({ means, deciles }: ReturnType<typeof randomNorms>, next: () => number): number[] {
  return features.map((_, i) => {
    const threshold = deciles[i]?.[Math.floor(next() * 9)] ?? 1;
    const all = [Math.floor(next() * 256), threshold, threshold - 1, means[i] ?? 0, Math.min(255, (means[i] ?? 0) + 1)];
    return all[Math.floor(next() * all.length)] ?? 0;
  });
}

/** Digits of codes as the evaluator takes them. */
function expanded(key: OpenKey, codes: readonly number[]) {
  const all = splitDigits(encryptCodes(nodeTfhe, key.clientKeyBytes, codes));
  const digits = codes.map((_, i) => all.slice(i * digitsPerCode, (i + 1) * digitsPerCode));
  return expandDigits(key.evaluator, digits);
}

async function wrongAnswers(key: OpenKey, homes: number, seed: number): Promise<{ wrong: number; answers: number }> {
  const next = numbers(seed);
  let [wrong, answers] = [0, 0];
  for (let home = 0; home < homes; home++) {
    const norms = randomNorms(next);
    const codes = codesNear(norms, next);
    const { answers: bytes, scores } = await evaluateComparison(
      key.evaluator,
      await expanded(key, codes),
      [norms],
      trees,
    );
    const values = decryptAnswers(nodeTfhe, key.clientKeyBytes, bytes[0] ?? [], bigDimensionOf(key.parameters));
    const places = placesOf(values) ?? [];
    const scored = decryptAnswers(nodeTfhe, key.clientKeyBytes, scores, bigDimensionOf(key.parameters));
    const ranks = codes.map((code, i) => rankOf(code, norms.deciles[i] ?? []));
    trees.forEach((tree, i) => {
      answers++;
      if (scored[i] !== scoreInClear(tree, ranks)) wrong++;
    });
    codes.forEach((code, i) => {
      answers += 2;
      if (places[i]?.rank !== (norms.deciles[i] ?? []).filter((threshold) => code >= threshold).length) wrong++;
      if (places[i]?.aboveMean !== code > (norms.means[i] ?? 0)) wrong++;
    });
  }
  return { wrong, answers };
}

describe('a comparison equals the one in the clear', () => {
  test('in 500 months of random figures and norms under a small key', async () => {
    expect(await wrongAnswers(await open(toyKey('toyA')), 500, 1)).toEqual({ wrong: 0, answers: 500 * (16 + 4) });
  });

  test('in 5 months under a real key', async () => {
    expect(await wrongAnswers(await open(await realKey()), 5, 2)).toEqual({ wrong: 0, answers: 5 * (16 + 4) });
  });
});

describe('keys', () => {
  test('are of the declared parameters and sizes, and the time to make one is foretold', async () => {
    const clientKey = makeClientKey(nodeTfhe);
    expect(clientKey).toHaveLength(23_505);
    const foretoldMs = measureServerKeyMs(nodeTfhe, () => performance.now());
    expect(foretoldMs).toBeGreaterThan(100);
    const serverKey = makeServerKey(nodeTfhe, clientKey);
    expect(serverKey).toHaveLength(serverKeyBytes);
    expect((await readServerKeyHeader(sourceOf(serverKey))).parameters).toEqual(message2Carry2);
  });
});

describe('ciphertexts', () => {
  const clientKey = makeClientKey(nodeTfhe);

  test('have the documented sizes, and seeds of their own', () => {
    const codes = encryptCodes(nodeTfhe, clientKey, [0, 255, 77, 77, 77, 77, 77, 77]);
    expect(codes).toHaveLength(features.length * digitsPerCode * digitBytes);
    const digits = splitDigits(codes);
    expect(() => checkSeeds(digits)).not.toThrow();
    expect(() => checkSeeds([...digits.slice(1), digits[1] ?? new Uint8Array()])).toThrow('same seed');
  });

  test.each([[-1], [256], [1.5], [NaN]])('are not made of the code %d', (code) => {
    expect(() => encryptCodes(nodeTfhe, clientKey, [code])).toThrow('0..255');
  });

  test('of another home read as none of this one’s, and only for this home’s key', async () => {
    const key = await open(await realKey());
    const norms = randomNorms(numbers(3));
    const codes = codesOf(numbers(4));
    const digits = await expanded(key, codes);
    const first = await evaluateComparison(key.evaluator, digits, [norms], trees);
    const again = await evaluateComparison(key.evaluator, digits, [norms], trees);
    const hex = (answers: readonly (readonly Bytes[])[]): string => toHex(concatBytes(...answers.flat()));
    expect(hex(again.answers)).toBe(hex(first.answers));
    const [answers = []] = first.answers;
    expect(answers).toHaveLength(answersPerGroup);
    expect(answers.every(({ length }) => length === answerBytes)).toBe(true);
    expect(placesOf(decryptAnswers(nodeTfhe, key.clientKeyBytes, answers))).toBeDefined();
    // 16 values at random: that all are possible ones has a chance of (10/16 · 2/16)^8, below 10^-8.
    expect(placesOf(decryptAnswers(nodeTfhe, clientKey, answers))).toBeUndefined();
  });

  test('that are garbage around the words are refused before tfhe sees them', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(answerBytes), new Uint8Array(answerBytes - 1)]) {
      expect(() => decryptAnswers(nodeTfhe, clientKey, [bytes])).toThrow('no ciphertext');
    }
  });
});
