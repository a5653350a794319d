/** Look-up tables of programmable bootstraps. */
import { EvaluatorError } from './errors.ts';
import { type Parameters, valuesOf } from './parameters.ts';

export interface LookupTable {
  /** Value of each input 0..p-1, as the upper 32 bits of its torus encoding. */
  readonly words: Int32Array;
  /** Largest value, rounded up. */
  readonly degree: number;
}

/**
 * The table of f over the inputs `minimum` to `maximum`. Values are multiples of 1/2.
 *
 * A blind rotation turns in a ring of 2p values in which the second half is the first negated. Inputs outside 0..p-1,
 * also negative ones, are therefore possible as long as f(x ± p) = -f(x) wherever both are inputs.
 * @throws EvaluatorError `circuit` if f breaks that rule, or has values that are no multiple of 1/2
 */
export function lookupTable(
  parameters: Parameters,
  f: (input: number) => number,
  minimum = 0,
  maximum = valuesOf(parameters) - 1,
): LookupTable {
  const p = valuesOf(parameters);
  const values = new Array<number | undefined>(p).fill(undefined);
  let degree = 0;
  if (!Number.isInteger(minimum) || !Number.isInteger(maximum) || maximum - minimum >= 2 * p) {
    throw new EvaluatorError('circuit', `Table: inputs ${minimum}..${maximum} do not fit ${2 * p} values.`);
  }
  for (let input = minimum; input <= maximum; input++) {
    const position = ((input % (2 * p)) + 2 * p) % (2 * p);
    const value = f(input);
    if (!Number.isInteger(2 * value) || Math.abs(value) > p) {
      throw new EvaluatorError('circuit', `Table: the value ${value} of ${input} is no multiple of 1/2 within ±${p}.`);
    }
    degree = Math.max(degree, Math.ceil(value));
    const folded = position < p ? value : -value;
    const before = values[position % p];
    // p and -p are the same: half a turn either way.
    if (before !== undefined && (before - folded) % (2 * p) !== 0) {
      throw new EvaluatorError(
        'circuit',
        `Table: ${input} shares its place with an input ${p} away and needs the negated value.`,
      );
    }
    values[position % p] = folded;
  }
  const unit = 2 ** 31 / p;
  return { words: Int32Array.from(values, (value) => ((value ?? 0) * unit) | 0), degree };
}
