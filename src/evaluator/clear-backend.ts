import type { Backend } from './circuit.ts';
import { EvaluatorError } from './errors.ts';
import { type Parameters, valuesOf } from './parameters.ts';

/**
 * Circuits on plain numbers: the oracle for the encrypted back ends. It computes with the very tables that a bootstrap
 * would use, negacyclic ring included, and checks every range that the circuit layer believes in.
 */
export function clearBackend(parameters: Parameters): Backend<number> {
  const p = valuesOf(parameters);
  const unit = 2 ** 31 / p;
  return {
    parameters,
    add: (a, b) => a + b,
    addConstant: (a, value) => a + value,
    scale: (a, factor) => a * factor,
    lut(a, { words }) {
      const position = ((a % (2 * p)) + 2 * p) % (2 * p);
      const value = (words[position % p] ?? 0) / unit;
      // p itself wraps to -p in the ring; tables mean the positive one.
      const whole = Math.abs(value) === p ? p : value;
      return position < p || whole === p ? whole : -whole;
    },
    check(value, minimum, maximum) {
      if (value < minimum || value > maximum) {
        throw new EvaluatorError('circuit', `A wire believed to be in ${minimum}..${maximum} is ${value}.`);
      }
    },
  };
}
