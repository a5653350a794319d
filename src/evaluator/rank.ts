/**
 * Rank of an encrypted 8-bit code among up to 9 clear thresholds: the number of thresholds t with code ≥ t.
 *
 * With H and L the code's upper and lower four bits, a threshold 16·h + l (l > 0) counts if H > h, or H = h and L ≥ l.
 * - A(H) counts the thresholds that are ≤ 16·H: one table.
 * - Thresholds that share the upper half h and have l > 0 form group h. The j-th of the group of H is l = u_j(H), or 16
 *   where there is none: one table, then [L ≥ u_j] by the sign of L - u_j. All groups share the same steps, so that m
 *   steps of two bootstraps serve groups of up to m.
 * - A crowded group g is taken out: with s = 1 if H = g and else -1, [H = g]·F(L) = F(L)/2 + s·F(L)/2, where F(l) counts
 *   the group's thresholds ≤ l. The first terms of all crowded groups are one table of L. The second term is half of F
 *   at L + 16·[H ≠ g]: 16 is half the ring, where a table is negated. Two bootstraps a group, one for all.
 * The plan depends on the thresholds only, never on the code.
 */
import type { Circuit, Wire } from './circuit.ts';
import { pack } from './comparison.ts';
import { EvaluatorError } from './errors.ts';
import { valuesOf } from './parameters.ts';

const maxThresholds = 9;
const half = 16;

/** How a rank is computed. */
export interface RankPlan {
  readonly thresholds: readonly number[];
  /** Low halves of the thresholds of each group that goes through the shared steps, ascending, by high half. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** The same for the groups that are taken out. */
  readonly crowded: ReadonlyMap<number, readonly number[]>;
  /** Shared steps. */
  readonly steps: number;
  readonly bootstraps: number;
}

/** The cheapest plan for thresholds 1..255, in any order, equal ones allowed. */
export function planRank(thresholds: readonly number[]): RankPlan {
  if (thresholds.length === 0 || thresholds.length > maxThresholds) {
    throw new RangeError(`thresholds: between 1 and ${maxThresholds}`);
  }
  if (thresholds.some((t) => !Number.isInteger(t) || t < 1 || t > 255)) {
    throw new RangeError('thresholds: whole numbers from 1 to 255');
  }
  const groups = new Map<number, number[]>();
  for (const threshold of thresholds.toSorted((a, b) => a - b)) {
    if (threshold % half === 0) continue;
    const high = Math.floor(threshold / half);
    groups.set(high, [...(groups.get(high) ?? []), threshold % half]);
  }
  const bySize = [...groups].toSorted(([h, a], [g, b]) => b.length - a.length || h - g);
  const plans = Array.from({ length: bySize.length + 1 }, (_, taken): RankPlan => {
    const rest = bySize.slice(taken);
    const steps = rest[0]?.[1].length ?? 0;
    return {
      thresholds,
      groups: new Map(rest),
      crowded: new Map(bySize.slice(0, taken)),
      steps,
      bootstraps: 1 + 2 * steps + (taken > 0 ? 1 + 2 * taken : 0),
    };
  });
  return plans.reduce((best, plan) => (plan.bootstraps < best.bootstraps ? plan : best));
}

const countAtMost = (values: readonly number[], limit: number) => values.filter((value) => value <= limit).length;

/**
 * Computes the rank, 0..9, of a code given as four base-4 digits, most significant first.
 * @throws EvaluatorError `circuit` if the parameters have less room than 16 values
 */
export async function rank<T>(circuit: Circuit<T>, digits: readonly Wire<T>[], plan: RankPlan): Promise<Wire<T>> {
  const [d3, d2, d1, d0] = digits;
  if (d3 === undefined || d2 === undefined || d1 === undefined || d0 === undefined || digits.length !== 4) {
    throw new RangeError('digits: four base-4 digits');
  }
  if (valuesOf(circuit.parameters) !== half) throw new EvaluatorError('circuit', 'Rank needs 16 values to a digit.');
  const high = pack(circuit, d3, d2, 4);
  const low = pack(circuit, d1, d0, 4);

  const step = async (j: number) => {
    const u = await circuit.lut(high, (h) => plan.groups.get(h)?.[j] ?? half);
    const difference = circuit.add(low, circuit.scale(u, -1));
    return circuit.geq(difference);
  };
  const crowdedGroup = async ([g, values]: readonly [number, readonly number[]]) => {
    const flag = await circuit.lut(high, (h) => (h === g ? 0 : half));
    const shifted = circuit.add(low, flag);
    return circuit.lut(shifted, (x) => (x < half ? countAtMost(values, x) : -countAtMost(values, x - half)) / 2);
  };
  const crowded = [...plan.crowded];
  const terms = [
    circuit.lut(high, (h) => countAtMost(plan.thresholds, half * h)),
    ...Array.from({ length: plan.steps }, (_, j) => step(j)),
    ...crowded.map(crowdedGroup),
    ...(crowded.length > 0
      ? [circuit.lut(low, (l) => crowded.reduce((sum, [, values]) => sum + countAtMost(values, l), 0) / 2)]
      : []),
  ];
  const sum = (await Promise.all(terms)).reduce((a, b) => circuit.add(a, b));
  return circuit.claim(sum, 0, plan.thresholds.length);
}
