/**
 * Training of the advice model in the clear. The shape is fixed by what runs under encryption: four leaves that reduce one
 * rank each to two bits, two tables that join them in pairs, and one on top. All tables are found by coordinate descent:
 * each entry takes the value with which most training examples come out right, over and over until none changes.
 */
import { features } from '../protocol/features.ts';
import { scoreInClear, type AdviceTree } from '../protocol/advice-model.ts';

export interface Example {
  /** One per feature, 0..9. */
  readonly ranks: readonly number[];
  /** What the score should be, 0..3. */
  readonly level: number;
}

const levels = 4;
const ranks = 10;
const leafCount = 4;
/** Rounds of descent at most; it ends earlier as a rule. */
const mostRounds = 12;
/** How many of the feature choices, after a short descent, are trained to the end. */
const finalists = 6;

/** Four leaves, the two tables above them, and the top; one array each. */
interface Tables {
  readonly chosen: readonly number[];
  readonly leaves: Uint8Array[];
  readonly pairs: Uint8Array[];
  readonly top: Uint8Array;
}

/** Examples as columns: ranks of the chosen features, and levels. */
interface Columns {
  readonly ranks: readonly Uint8Array[];
  readonly levels: Uint8Array;
}

const columnsOf = (examples: readonly Example[], chosen: readonly number[]): Columns => ({
  ranks: chosen.map((feature) => Uint8Array.from(examples, (example) => example.ranks[feature] ?? 0)),
  levels: Uint8Array.from(examples, ({ level }) => level),
});

const at = (table: Uint8Array, index: number): number => table[index] ?? 0;

/** Rank to two bits by even parts: 0..2, 3..4, 5..6, 7..9. */
const evenLeaf = (): Uint8Array =>
  Uint8Array.from({ length: ranks }, (_, rank) => Math.min(3, Math.floor((rank * 2) / 5)));

/** Value 0..3 with the most hits, by a table of counts; of equals the one nearest to the present. */
function bestOf(counts: Float64Array, offset: number, present: number): number {
  let best = present;
  for (let value = 0; value < levels; value++) {
    if ((counts[offset + value] ?? 0) > (counts[offset + best] ?? 0)) best = value;
  }
  return best;
}

/** An exact hit counts one; a neighbouring level a little, so that what is wrong is not far off. */
const worth = (score: number, level: number): number => (score === level ? 1 : Math.abs(score - level) === 1 ? 0.2 : 0);

/**
 * One round: each table's entries at their best, the others as they are.
 * @returns whether anything changed
 */
function improve({ leaves, pairs, top }: Tables, { ranks: columns, levels: wanted }: Columns): boolean {
  let changed = false;
  const value = (leaf: number, i: number): number => at(leaves[leaf] ?? top, columns[leaf]?.[i] ?? 0);
  const pair = (side: number, a: number, b: number): number => at(pairs[side] ?? top, 4 * a + b);
  const settle = (table: Uint8Array, counts: Float64Array): void => {
    table.forEach((present, entry) => {
      const best = bestOf(counts, levels * entry, present);
      if (best === present) return;
      table[entry] = best;
      changed = true;
    });
  };
  /** Sums, over all examples, what each value at each entry of a table would be worth. */
  const optimise = (
    table: Uint8Array,
    entryOf: (i: number) => number,
    scoreWith: (i: number, value: number) => number,
  ) => {
    const counts = new Float64Array(levels * table.length);
    for (let i = 0; i < wanted.length; i++) {
      const entry = entryOf(i);
      for (let candidate = 0; candidate < levels; candidate++) {
        const index = levels * entry + candidate;
        counts[index] = (counts[index] ?? 0) + worth(scoreWith(i, candidate), at(wanted, i));
      }
    }
    settle(table, counts);
  };
  const sideOf = (side: number, i: number): number => pair(side, value(2 * side, i), value(2 * side + 1, i));
  const joined = (side: number, own: number, i: number): number =>
    at(top, side === 0 ? 4 * own + sideOf(1, i) : 4 * sideOf(0, i) + own);
  optimise(
    top,
    (i) => 4 * sideOf(0, i) + sideOf(1, i),
    (_, candidate) => candidate,
  );
  for (const [side, table] of pairs.entries()) {
    optimise(
      table,
      (i) => 4 * value(2 * side, i) + value(2 * side + 1, i),
      (i, candidate) => joined(side, candidate, i),
    );
  }
  for (const [leaf, table] of leaves.entries()) {
    const side = leaf >> 1;
    optimise(
      table,
      (i) => columns[leaf]?.[i] ?? 0,
      (i, candidate) =>
        joined(
          side,
          leaf % 2 === 0 ? pair(side, candidate, value(leaf + 1, i)) : pair(side, value(leaf - 1, i), candidate),
          i,
        ),
    );
  }
  return changed;
}

/** Tables to begin with: each pair's is what most examples of its cell are. */
function startWith(chosen: readonly number[]): Tables {
  const mean = (): Uint8Array => Uint8Array.from({ length: 16 }, (_, x) => Math.round(((x >> 2) + (x & 3)) / 2));
  return { chosen, leaves: Array.from({ length: leafCount }, evenLeaf), pairs: [mean(), mean()], top: mean() };
}

function descend(tables: Tables, columns: Columns, rounds: number): void {
  for (let round = 0; round < rounds && improve(tables, columns); round++);
}

function treeOf({ chosen, leaves, pairs, top }: Tables): AdviceTree {
  const leaf = (i: number): AdviceTree => ({ rank: chosen[i] ?? 0, table: [...(leaves[i] ?? [])] });
  const side = (i: number): AdviceTree => ({ left: leaf(2 * i), right: leaf(2 * i + 1), table: [...(pairs[i] ?? [])] });
  return { left: side(0), right: side(1), table: [...top] };
}

/** All ways to pair four of the features: the order within a pair and of the pairs makes no difference. */
export function featureChoices(): number[][] {
  const all = features.map((_, i) => i);
  const pairs = all.flatMap((a) => all.filter((b) => b > a).map((b) => [a, b]));
  return pairs.flatMap(([a = 0, b = 0]) =>
    pairs.flatMap(([c = 0, d = 0]) => (c > a && c !== b && d !== b ? [[a, b, c, d]] : [])),
  );
}

/** Share of the examples whose score is exactly their level, 0..1. */
export const accuracyOf = (tree: AdviceTree, examples: readonly Example[]): number =>
  examples.filter(({ ranks: ofHome, level }) => scoreInClear(tree, ofHome) === level).length / examples.length;

/** The level that most examples have. */
export function majorityLevel(examples: readonly Example[]): number {
  const counts = new Float64Array(levels);
  for (const { level } of examples) counts[level] = (counts[level] ?? 0) + 1;
  return bestOf(counts, 0, 0);
}

/** Trains one advice's tree: all choices of features are tried briefly, the best ones to the end. */
export function trainTree(examples: readonly Example[]): AdviceTree {
  const tried = featureChoices().map((chosen) => {
    const columns = columnsOf(examples, chosen);
    const tables = startWith(chosen);
    descend(tables, columns, 2);
    return { tables, columns, accuracy: accuracyOf(treeOf(tables), examples) };
  });
  const best = tried.toSorted((a, b) => b.accuracy - a.accuracy).slice(0, finalists);
  const trees = best.map(({ tables, columns }) => {
    descend(tables, columns, mostRounds);
    return treeOf(tables);
  });
  return trees.reduce((winner, tree) => (accuracyOf(tree, examples) > accuracyOf(winner, examples) ? tree : winner));
}
