import { describe, expect, test } from 'vitest';
import adviceModel from '../../src/endpoint/advice-model.json' with { type: 'json' };
import { parseAdviceModel, scoredAdvice } from '../../src/protocol/advice-model.ts';
import { examplesOf, normsByMonth, quartersOf, simulatedAdviceHomes } from '../../src/simulation/advice-homes.ts';
import {
  accuracyOf,
  featureChoices,
  majorityLevel,
  trainTree,
  type Example,
} from '../../src/simulation/advice-training.ts';
import { Random } from '../../src/simulation/random.ts';

/** Homes with random ranks and a level by a rule. */
function examplesBy(rule: (ranks: readonly number[]) => number, count: number, seed: number): Example[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const ranks = Array.from({ length: 8 }, () => Math.floor(random.unit() * 10));
    return { ranks, level: rule(ranks) };
  });
}

describe('training', () => {
  test('every way to pair four of eight features is tried once', () => {
    const choices = featureChoices();
    // C(8, 4) sets, three ways to pair each.
    expect(choices).toHaveLength(70 * 3);
    expect(new Set(choices.map((choice) => choice.join()))).toHaveLength(70 * 3);
    expect(choices.every((choice) => new Set(choice).size === 4)).toBe(true);
  });

  test('finds a rule of two ranks that it can express, and holds on homes not seen', () => {
    const rule = (ranks: readonly number[]): number => Number((ranks[1] ?? 0) >= 5) + 2 * Number((ranks[4] ?? 0) >= 7);
    const tree = trainTree(examplesBy(rule, 1500, 1));
    expect(accuracyOf(tree, examplesBy(rule, 500, 2))).toBeGreaterThan(0.97);
  });

  test('learns nothing from noise', () => {
    const random = new Random(3);
    const noise = () => Math.floor(random.unit() * 4);
    const tree = trainTree(examplesBy(noise, 1500, 4));
    expect(accuracyOf(tree, examplesBy(noise, 1000, 5))).toBeLessThan(0.32);
  });
});

describe('the model that endpoints run', () => {
  const { advice } = parseAdviceModel(adviceModel);
  // A seed that no model was trained with: another community, of homes that nobody has seen.
  const homes = simulatedAdviceHomes(99, 160);
  const norms = normsByMonth(homes);

  test.each(scoredAdvice)('beats the most frequent level on a community of its own: %s', (id) => {
    const examples = examplesOf(id, homes, norms, quartersOf(id, homes) ?? []);
    expect(examples).toHaveLength(4 * homes.length);
    const usual = majorityLevel(examples);
    const baseline = examples.filter(({ level }) => level === usual).length / examples.length;
    expect(accuracyOf(advice[id], examples)).toBeGreaterThan(baseline);
  });
});
