import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../src/evaluator/circuit.ts';
import { clearBackend } from '../../src/evaluator/clear-backend.ts';
import { compareWithNorms, type ComparisonNorms } from '../../src/evaluator/compare-with-norms.ts';
import { encryptedBackend } from '../../src/evaluator/encrypted-backend.ts';
import { message2Carry2 } from '../../src/evaluator/parameters.ts';
import type { ScoreTree } from '../../src/evaluator/score.ts';
import { isAboveMean, rankOf } from '../../src/protocol/norms.ts';
import { decrypt, encrypt, type OpenKey, open, realKey, toyKey } from './keys.ts';

const digitsOf = (code: number) => [code >> 6, (code >> 4) & 3, (code >> 2) & 3, code & 3];

/** A model's score by its definition. */
const scoreOf = (tree: ScoreTree, ranks: readonly number[]): number =>
  tree.table['rank' in tree ? (ranks[tree.rank] ?? 0) : 4 * scoreOf(tree.left, ranks) + scoreOf(tree.right, ranks)] ??
  0;

const twoBits = fc.nat(3);
const leaf = (features: number): fc.Arbitrary<ScoreTree> =>
  fc.record({ rank: fc.nat(features - 1), table: fc.array(twoBits, { minLength: 10, maxLength: 10 }) });
const node = (left: fc.Arbitrary<ScoreTree>, right: fc.Arbitrary<ScoreTree>): fc.Arbitrary<ScoreTree> =>
  fc.record({ left, right, table: fc.array(twoBits, { minLength: 16, maxLength: 16 }) });

/** A home's month beside a community's norms, and models of one to four ranks. */
const cases = (features: number, models: number) => {
  const one = leaf(features);
  const two = node(one, one);
  return fc.record({
    codes: fc.array(fc.nat(255), { minLength: features, maxLength: features }),
    deciles: fc.array(fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 9, maxLength: 9 }), {
      minLength: features,
      maxLength: features,
    }),
    means: fc.array(fc.nat(255), { minLength: features, maxLength: features }),
    models: fc.array(fc.oneof(one, two, node(two, one), node(two, two)), { maxLength: models }),
  });
};

interface Case extends ComparisonNorms {
  readonly codes: readonly number[];
  readonly models: readonly ScoreTree[];
}

async function answersOf<T>(
  backend: Backend<T>,
  { codes, models, ...norms }: Case,
  encode: (digit: number) => T,
  read: (value: T) => number,
) {
  const digits = codes.map((code) => digitsOf(code).map(encode));
  const { ranks, above, scores } = await compareWithNorms(backend, digits, norms, models);
  return { ranks: ranks.map(read), above: above.map(read), scores: scores.map(read) };
}

/** What the protocol's own words say. */
const oracle = ({ codes, deciles, means, models }: Case) => {
  const ranks = codes.map((code, i) => rankOf(code, deciles[i] ?? []));
  return {
    ranks,
    above: codes.map((code, i) => Number(isAboveMean(code, means[i] ?? 0))),
    scores: models.map((model) => scoreOf(model, ranks)),
  };
};

async function agrees(key: OpenKey, features: number, models: number, numRuns: number) {
  const backend = encryptedBackend(key.evaluator);
  await fc.assert(
    fc.asyncProperty(cases(features, models), async (example) => {
      const answers = await answersOf(
        backend,
        example,
        (digit) => encrypt(key, digit),
        (ciphertext) => decrypt(key, ciphertext),
      );
      expect(answers).toEqual(oracle(example));
    }),
    { numRuns },
  );
}

const same = (x: number) => x;

describe('a home beside its community', () => {
  test('in the clear: 500 home-months are what the protocol says', async () => {
    await fc.assert(
      fc.asyncProperty(cases(8, 6), async (example) => {
        expect(await answersOf(clearBackend(message2Carry2), example, same, same)).toEqual(oracle(example));
      }),
      { numRuns: 500 },
    );
  });

  test('under a toy key', async () => agrees(await open(toyKey('toyA')), 8, 4, 20));
  test('under a real key', async () => agrees(await open(await realKey()), 2, 2, 3));

  test('takes as many bootstraps whatever the codes, and shares what models have in common', async () => {
    const shared: ScoreTree = { rank: 0, table: [0, 0, 0, 1, 1, 1, 2, 2, 3, 3] };
    const table = Array.from({ length: 16 }, (_, i) => i % 4);
    const models = [
      shared,
      { left: shared, right: shared, table },
      { left: { left: shared, right: shared, table }, right: shared, table },
    ];
    const norms = { deciles: [[36, 44, 58, 75, 90, 101, 108, 128, 150]], means: [84] };
    const counts = new Set<number>();
    for (const code of [0, 44, 84, 85, 150, 255]) {
      const { bootstraps } = await compareWithNorms(clearBackend(message2Carry2), [digitsOf(code)], norms, models);
      counts.add(bootstraps);
    }
    // Rank 5, mean 3, one leaf and two nodes.
    expect([...counts]).toEqual([5 + 3 + 1 + 2]);
  });

  test('refuses models with other tables, and norms of other features', async () => {
    const backend = clearBackend(message2Carry2);
    const norms = { deciles: [[1, 2, 3, 4, 5, 6, 7, 8, 9]], means: [4] };
    const compare = (models: ScoreTree[]) => compareWithNorms(backend, [digitsOf(7)], norms, models);
    await expect(compare([{ rank: 1, table: Array<number>(10).fill(0) }])).rejects.toThrow('no rank 1');
    await expect(compare([{ rank: 0, table: [0, 1] }])).rejects.toThrow('entry 2');
    await expect(compare([{ rank: 0, table: Array<number>(10).fill(4) }])).rejects.toThrow('0..3');
    await expect(compareWithNorms(backend, [], norms, [])).rejects.toThrow('one for each feature');
  });
});
