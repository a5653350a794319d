/** Trains the advice model and says how good it is on homes it has not seen, in the clear and under encryption. */
import { sourceOf } from '../evaluator/byte-source.ts';
import { evaluateComparison, expandDigits } from '../evaluator/evaluate-comparison.ts';
import { openEvaluator } from '../evaluator/evaluator.ts';
import { expandServerKey } from '../evaluator/key-expansion.ts';
import { decryptAnswers, encryptCodes, makeClientKey, makeServerKey } from '../lib/fhe/comparison.ts';
import { nodeTfhe } from '../lib/fhe/node.ts';
import {
  parseAdviceModel,
  scoredAdvice,
  scoreInClear,
  type AdviceModel,
  type AdviceTree,
  type ScoredAdvice,
} from '../protocol/advice-model.ts';
import { digitsPerCode, splitDigits } from '../protocol/comparison-digits.ts';
import { features } from '../protocol/features.ts';
import {
  examplesOf,
  normsByMonth,
  quartersOf,
  type AdviceHome,
  type CodedExample,
  type MonthNorms,
} from './advice-homes.ts';
import { accuracyOf, majorityLevel, trainTree } from './advice-training.ts';

/** Homes that compare with one another, parted into those that are learned from and those that are not. */
interface Community {
  readonly name: string;
  readonly training: readonly AdviceHome[];
  readonly heldOut: readonly AdviceHome[];
  /** Of the training homes alone: what is held out has no part in anything. */
  readonly norms: ReadonlyMap<string, MonthNorms>;
}

/** Examples of some of a community's homes; none where it cannot tell. */
function examplesFrom(id: ScoredAdvice, { training, norms }: Community, homes: readonly AdviceHome[]): CodedExample[] {
  const quarters = quartersOf(id, training);
  return quarters === undefined ? [] : examplesOf(id, homes, norms, quarters);
}

/** Every fourth home is held out. */
export function communityOf(name: string, homes: readonly AdviceHome[]): Community {
  const training = homes.filter((_, i) => i % 4 !== 3);
  return { name, training, heldOut: homes.filter((_, i) => i % 4 === 3), norms: normsByMonth(training) };
}

export interface AdviceQuality {
  /** Names of the features that the tree looks at. */
  readonly features: readonly string[];
  readonly examples: number;
  /** Share of the held-out home-months whose score is exactly their level. */
  readonly accuracy: number;
  /** The same if each were said to be of the level that most training examples have. */
  readonly baseline: number;
  /** Level by level, how many held-out home-months have it. */
  readonly levels: readonly number[];
}

export interface TrainedModel {
  readonly model: AdviceModel;
  /** By community, by advice; advice without examples is left out. */
  readonly quality: Readonly<Record<string, Partial<Record<ScoredAdvice, AdviceQuality>>>>;
}

const rounded = (share: number): number => Math.round(share * 1000) / 1000;

const leavesOf = (tree: AdviceTree): number[] =>
  'rank' in tree ? [tree.rank] : [...leavesOf(tree.left), ...leavesOf(tree.right)];

/** Trains one tree for each advice on the training homes of all communities together. */
export function trainModel(version: number, communities: readonly Community[]): TrainedModel {
  const training = (id: ScoredAdvice): CodedExample[] => {
    const parts = communities.map((community) => examplesFrom(id, community, community.training));
    const most = Math.max(...parts.map(({ length }) => length));
    // Communities count alike, however few homes they have: a few real homes must not drown among many simulated ones.
    return parts.flatMap((part) => Array.from({ length: Math.round(most / (part.length || most)) }, () => part).flat());
  };
  const train = (id: ScoredAdvice): AdviceTree => trainTree(training(id));
  const model = parseAdviceModel({
    version,
    advice: {
      baseload: train('baseload'),
      evening: train('evening'),
      night: train('night'),
      heating: train('heating'),
    },
  });
  const quality = communities.map((community) => {
    const ofAdvice = scoredAdvice.flatMap((id): [ScoredAdvice, AdviceQuality][] => {
      const examples = examplesFrom(id, community, community.heldOut);
      if (examples.length === 0) return [];
      const usual = majorityLevel(training(id));
      const counts = [0, 1, 2, 3].map((level) => examples.filter((example) => example.level === level).length);
      return [
        [
          id,
          {
            features: leavesOf(model.advice[id]).map((feature) => features[feature]?.name ?? ''),
            examples: examples.length,
            accuracy: rounded(accuracyOf(model.advice[id], examples)),
            baseline: rounded((counts[usual] ?? 0) / examples.length),
            levels: counts,
          },
        ],
      ];
    });
    return [community.name, Object.fromEntries(ofAdvice)] as const;
  });
  return { model, quality: Object.fromEntries(quality) };
}

export interface EncryptedQuality {
  readonly homeMonths: number;
  readonly scores: number;
  /** Scores that decrypt to anything else than in the clear. */
  readonly unequal: number;
  /** Share of these scores that are exactly their level. */
  readonly accuracyInClear: number;
  readonly accuracyEncrypted: number;
}

/**
 * Scores held-out home-months under encryption, from their encrypted codes, by the very code that the endpoint runs, with
 * a real key made for it.
 *
 * @param module - the evaluator's, compiled
 */
export async function scoreUnderEncryption(
  module: WebAssembly.Module,
  { advice }: AdviceModel,
  community: Community,
  homeMonths: number,
  say: (line: string) => void,
): Promise<EncryptedQuality> {
  const clientKey = makeClientKey(nodeTfhe);
  const memory = await expandServerKey(module, sourceOf(makeServerKey(nodeTfhe, clientKey)));
  const evaluator = await openEvaluator(module, memory);
  const trees = scoredAdvice.map((id) => advice[id]);
  const perAdvice = scoredAdvice.map((id) => examplesFrom(id, community, community.heldOut));
  const all = perAdvice[0] ?? [];
  // Spread over homes and months alike.
  const chosen = Array.from({ length: Math.min(homeMonths, all.length) }, (_, i) =>
    Math.floor((i * all.length) / Math.min(homeMonths, all.length)),
  );
  let [scores, unequal, clear, encrypted] = [0, 0, 0, 0];
  for (const [done, at] of chosen.entries()) {
    const example = all[at];
    const ofMonth = example && community.norms.get(example.month);
    if (example === undefined || ofMonth === undefined) continue;
    const digits = splitDigits(encryptCodes(nodeTfhe, clientKey, example.codes));
    const byFeature = features.map((_, i) => digits.slice(i * digitsPerCode, (i + 1) * digitsPerCode));
    const expanded = await expandDigits(evaluator, byFeature);
    const result = await evaluateComparison(evaluator, expanded, [ofMonth], trees);
    const values = decryptAnswers(nodeTfhe, clientKey, result.scores);
    trees.forEach((tree, i) => {
      const inClear = scoreInClear(tree, example.ranks);
      const level = perAdvice[i]?.[at]?.level;
      scores++;
      if (values[i] !== inClear) unequal++;
      if (inClear === level) clear++;
      if (values[i] === level) encrypted++;
    });
    say(`${done + 1} of ${chosen.length} home-months scored under encryption, ${unequal} of ${scores} unequal`);
  }
  const [accuracyInClear, accuracyEncrypted] = [rounded(clear / scores), rounded(encrypted / scores)];
  return { homeMonths: chosen.length, scores, unequal, accuracyInClear, accuracyEncrypted };
}
