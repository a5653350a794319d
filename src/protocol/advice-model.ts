/**
 * The model behind encrypted advice: for each advice a tree of small tables over decile ranks, so small that it runs under
 * encryption. Each rank is reduced to two bits by a table of ten entries, and two-bit values are joined in pairs by tables
 * of sixteen, 4a + b. The result is a score 0..3. Weights stay at the endpoint, scores with the home
 * (docs/protocol.md, "Comparison"; docs/analysis.md, "Advice model").
 */
import * as v from 'valibot';
import { ProtocolError } from './error.ts';
import { features } from './features.ts';
import { integer } from './fields.ts';

/** Advice that a model scores, in the order of a result's scores. */
export const scoredAdvice = ['baseload', 'evening', 'night', 'heating'] as const;
export type ScoredAdvice = (typeof scoredAdvice)[number];

/** Per advice 0..3: in which quarter of the homes this one is by what there is to save; 3 has most to gain. */
export type AdviceScores = Readonly<Record<ScoredAdvice, number>>;

export const highestScore = 3;
/** Different features that one advice may look at. */
export const mostAdviceFeatures = 4;
const ranks = 10;

/** Part of a model: a rank's two bits, or the join of two parts. All table values are 0..3. */
export type AdviceTree =
  | {
      /** Index of the feature, in schema order. */
      readonly rank: number;
      /** Value for each rank 0..9. */
      readonly table: readonly number[];
    }
  | {
      readonly left: AdviceTree;
      readonly right: AdviceTree;
      /** Value for each 4·left + right. */
      readonly table: readonly number[];
    };

export interface AdviceModel {
  /** Number of this model; it stands in every result. */
  readonly version: number;
  readonly advice: Readonly<Record<ScoredAdvice, AdviceTree>>;
}

const tableOf = (length: number) => v.pipe(v.array(integer(0, highestScore)), v.length(length));
const treeSchema: v.GenericSchema<unknown, AdviceTree> = v.union([
  v.strictObject({ rank: integer(0, features.length - 1), table: tableOf(ranks) }),
  v.strictObject({
    left: v.lazy(() => treeSchema),
    right: v.lazy(() => treeSchema),
    table: tableOf((highestScore + 1) ** 2),
  }),
]);
const modelSchema = v.strictObject({
  version: integer(1, 0xffff),
  advice: v.strictObject({ baseload: treeSchema, evening: treeSchema, night: treeSchema, heating: treeSchema }),
});

const leavesOf = (tree: AdviceTree): number[] =>
  'rank' in tree ? [tree.rank] : [...leavesOf(tree.left), ...leavesOf(tree.right)];

/**
 * Reads a model.
 *
 * @throws {ProtocolError} `malformed`, also for an advice over more than {@link mostAdviceFeatures} features
 */
export function parseAdviceModel(json: unknown): AdviceModel {
  const parsed = v.safeParse(modelSchema, json, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new ProtocolError('malformed', `The advice model: ${v.getDotPath(issue) ?? 'its top'}: ${issue.message}`);
  }
  for (const id of scoredAdvice) {
    if (leavesOf(parsed.output.advice[id]).length > mostAdviceFeatures) {
      throw new ProtocolError('malformed', `The advice model: ${id} looks at more than ${mostAdviceFeatures} ranks`);
    }
  }
  return parsed.output;
}

/** A tree's score in the clear: what its evaluation under encryption must come to. */
export const scoreInClear = (tree: AdviceTree, ranksOfHome: readonly number[]): number =>
  tree.table[
    'rank' in tree
      ? (ranksOfHome[tree.rank] ?? -1)
      : (highestScore + 1) * scoreInClear(tree.left, ranksOfHome) + scoreInClear(tree.right, ranksOfHome)
  ] ?? 0;
