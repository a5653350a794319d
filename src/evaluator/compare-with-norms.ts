/**
 * The whole comparison of one home with one group: per feature the rank among nine deciles and, as an output of its own,
 * whether it is above the mean; then the scores of models over the ranks. Its shape depends on the norms and models only.
 */
import { type Backend, Circuit, type CircuitOptions, type Wire } from './circuit.ts';
import { atLeast } from './comparison.ts';
import { planRank, rank } from './rank.ts';
import { scores, type ScoreTree } from './score.ts';

/** What a home is compared with; one entry per feature. */
export interface ComparisonNorms {
  /** Nine thresholds 1..255 each; the rank is how many of them the code reaches. */
  readonly deciles: readonly (readonly number[])[];
  /** Mean code, rounded down; a code is above it from the next one on. */
  readonly means: readonly number[];
}

export interface ComparisonOutputs<T> {
  /** Per feature, 0..9. */
  readonly ranks: readonly T[];
  /** Per feature, 1 if above the mean, else 0. */
  readonly above: readonly T[];
  /** Per model, 0..3. */
  readonly scores: readonly T[];
  readonly bootstraps: number;
}

/**
 * Compares codes, given as four base-4 digits each (most significant first), with norms.
 *
 * @throws EvaluatorError `circuit`; the signal's reason if cancelled
 */
export async function compareWithNorms<T>(
  backend: Backend<T>,
  codes: readonly (readonly T[])[],
  { deciles, means }: ComparisonNorms,
  models: readonly ScoreTree[],
  options: CircuitOptions = {},
): Promise<ComparisonOutputs<T>> {
  if (codes.length !== deciles.length || codes.length !== means.length) {
    throw new RangeError('codes: one for each feature of the norms');
  }
  const circuit = new Circuit(backend, options);
  const features = codes.map((digits, i) => ({
    digits: digits.map((digit) => circuit.input(digit, 0, backend.parameters.messageModulus - 1)),
    plan: planRank(deciles[i] ?? []),
    aboveFrom: (means[i] ?? 0) + 1,
  }));
  const [ranks, above] = await Promise.all([
    Promise.all(features.map(({ digits, plan }) => rank(circuit, digits, plan))),
    Promise.all(features.map(({ digits, aboveFrom }) => atLeast(circuit, digits, aboveFrom))),
  ]);
  const output = (wires: readonly Wire<T>[]) => wires.map((wire) => circuit.output(wire));
  const scored = await scores(circuit, ranks, models);
  return {
    ranks: output(ranks),
    above: output(above),
    scores: output(scored),
    bootstraps: circuit.bootstraps,
  };
}
