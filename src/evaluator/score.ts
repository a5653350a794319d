/**
 * Small decision models over ranks: each rank is reduced to two bits by one table, and two-bit values are combined in
 * pairs by tables 4a + b. The result of each model is a score 0..3.
 */
import type { Circuit, Wire } from './circuit.ts';
import { pairTable } from './comparison.ts';

/** A model, or a part of one. All table values are 0..3. */
export type ScoreTree =
  | {
      /** Which rank. */
      readonly rank: number;
      /** Value for each rank 0..9. */
      readonly table: readonly number[];
    }
  | {
      readonly left: ScoreTree;
      readonly right: ScoreTree;
      /** Value for each 4·left + right. */
      readonly table: readonly number[];
    };

const valueOf = (table: readonly number[], index: number): number => {
  const value = table[index];
  if (value === undefined || !Number.isInteger(value) || value < 0 || value > 3) {
    throw new RangeError(`table: entry ${index} must be 0..3`);
  }
  return value;
};

/**
 * Scores of all models, by one bootstrap for each leaf and node. Parts that models have in common are computed once.
 *
 * @param ranks - wires in 0..9
 */
export async function scores<T>(
  circuit: Circuit<T>,
  ranks: readonly Wire<T>[],
  models: readonly ScoreTree[],
): Promise<Wire<T>[]> {
  const known = new Map<string, Promise<Wire<T>>>();
  const compute = async (tree: ScoreTree): Promise<Wire<T>> => {
    const { table } = tree;
    if ('rank' in tree) {
      const wire = ranks[tree.rank];
      if (wire === undefined) throw new RangeError(`rank: there is no rank ${tree.rank}`);
      return circuit.lut(wire, (rank) => valueOf(table, rank));
    }
    const [left, right] = await Promise.all([score(tree.left), score(tree.right)]);
    return pairTable(circuit, left, right, (a, b) => valueOf(table, 4 * a + b));
  };
  const score = (tree: ScoreTree): Promise<Wire<T>> => {
    const id = JSON.stringify(tree);
    const before = known.get(id);
    if (before !== undefined) return before;
    const result = compute(tree);
    known.set(id, result);
    return result;
  };
  return Promise.all(models.map(score));
}
