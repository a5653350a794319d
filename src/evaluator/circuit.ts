/**
 * The circuit layer: circuits are written once over `add`, `scale`, `lut` and `geq`, and run on any back end. Whatever
 * the back end, this layer knows for every wire what values it may have and how much noise, and refuses a circuit whose
 * bootstraps might fail more often than the parameter set declares.
 *
 * Noise is the 2-norm of the wire as a combination of fresh ciphertexts (inputs and outputs of bootstraps, each of
 * norm 1). Sources are told apart, so that x + x counts as 2x. A bootstrap fails with the declared probability as
 * long as that norm is at most the parameter set's maximum noise level.
 */
import { EvaluatorError } from './errors.ts';
import { type LookupTable, lookupTable } from './lookup-table.ts';
import { type Parameters, valuesOf } from './parameters.ts';

/** What a circuit is run on. `T` is a back end's representation of a value. */
export interface Backend<T> {
  readonly parameters: Parameters;
  add(a: T, b: T): T;
  addConstant(a: T, value: number): T;
  scale(a: T, factor: number): T;
  /** One bootstrap. */
  lut(a: T, table: LookupTable): T | Promise<T>;
  /** Told what the layer believes about a value; the clear back end checks it. */
  check?(value: T, minimum: number, maximum: number): void;
}

/** A value on its way through a circuit, with what is known about it. */
export interface Wire<T> {
  readonly value: T;
  readonly minimum: number;
  readonly maximum: number;
  /** False if it may be an odd multiple of 1/2. */
  readonly integral: boolean;
  /** Weight of each fresh ciphertext in it. */
  readonly weights: ReadonlyMap<number, number>;
}

export const normOf = (wire: Wire<unknown>): number =>
  Math.sqrt([...wire.weights.values()].reduce((sum, weight) => sum + weight * weight, 0));

export interface CircuitOptions {
  readonly signal?: AbortSignal;
  /** Called after every bootstrap with how many are done. */
  readonly onBootstrap?: (done: number) => void;
}

/** One run of a circuit on a back end. All operations throw an EvaluatorError `circuit` for what must not be. */
export class Circuit<T> {
  readonly #backend: Backend<T>;
  readonly #options: CircuitOptions;
  #sources = 0;
  #done = 0;

  constructor(backend: Backend<T>, options: CircuitOptions = {}) {
    this.#backend = backend;
    this.#options = options;
  }

  get parameters(): Parameters {
    return this.#backend.parameters;
  }

  /** Bootstraps done so far. */
  get bootstraps(): number {
    return this.#done;
  }

  #fresh(value: T, minimum: number, maximum: number, integral: boolean): Wire<T> {
    this.#backend.check?.(value, minimum, maximum);
    return { value, minimum, maximum, integral, weights: new Map([[this.#sources++, 1]]) };
  }

  /** A fresh ciphertext, encrypted by the key's owner with a value in `minimum`..`maximum`. */
  input(value: T, minimum: number, maximum: number): Wire<T> {
    return this.#fresh(value, minimum, maximum, true);
  }

  /** The sum of two wires, or of a wire and a known multiple of 1/2. */
  add(a: Wire<T>, b: Wire<T> | number): Wire<T> {
    if (typeof b === 'number') {
      return {
        value: this.#backend.addConstant(a.value, b),
        minimum: a.minimum + b,
        maximum: a.maximum + b,
        integral: a.integral && Number.isInteger(b),
        weights: a.weights,
      };
    }
    const weights = new Map(a.weights);
    for (const [source, weight] of b.weights) weights.set(source, (weights.get(source) ?? 0) + weight);
    return {
      value: this.#backend.add(a.value, b.value),
      minimum: a.minimum + b.minimum,
      maximum: a.maximum + b.maximum,
      integral: a.integral && b.integral,
      weights,
    };
  }

  /** A wire times a known integer, which may be negative. */
  scale(a: Wire<T>, factor: number): Wire<T> {
    const ends = [a.minimum * factor, a.maximum * factor];
    return {
      value: this.#backend.scale(a.value, factor),
      minimum: Math.min(...ends),
      maximum: Math.max(...ends),
      integral: a.integral,
      weights: new Map([...a.weights].map(([source, weight]) => [source, weight * factor])),
    };
  }

  /**
   * f of the wire, by one bootstrap; values are multiples of 1/2. Where the wire's range is wider than 0..p-1, f must
   * be negacyclic: f(x ± p) = -f(x) (see lookup-table.ts).
   */
  async lut(a: Wire<T>, f: (input: number) => number): Promise<Wire<T>> {
    this.#options.signal?.throwIfAborted();
    if (!a.integral) {
      throw new EvaluatorError('circuit', 'A wire with halves cannot be bootstrapped: claim that it is whole first.');
    }
    this.#refuseNoise(a);
    const table = lookupTable(this.parameters, f, a.minimum, a.maximum);
    const values = Array.from({ length: a.maximum - a.minimum + 1 }, (_, i) => f(a.minimum + i));
    this.#backend.check?.(a.value, a.minimum, a.maximum);
    const value = await this.#backend.lut(a.value, table);
    this.#options.signal?.throwIfAborted();
    this.#done++;
    this.#options.onBootstrap?.(this.#done);
    return this.#fresh(value, Math.min(...values), Math.max(...values), values.every(Number.isInteger));
  }

  /**
   * 1 if the wire is at least 0, else 0, by one bootstrap: a table of 1/2 everywhere gives -1/2 in the negative half
   * of the ring. The range may be as wide as -p..p-1.
   */
  async geq(a: Wire<T>): Promise<Wire<T>> {
    const sign = await this.lut(a, (x) => (x >= 0 ? 1 / 2 : -1 / 2));
    return this.claim(this.add(sign, 1 / 2), 0, 1);
  }

  /** The author's word that the wire is whole and within a narrower range, where the layer cannot see it. */
  claim(a: Wire<T>, minimum: number, maximum: number): Wire<T> {
    this.#backend.check?.(a.value, minimum, maximum);
    return { ...a, minimum, maximum, integral: true };
  }

  /** A result, checked to be readable by its owner: within 0..p-1, whole, and with noise as before a bootstrap. */
  output(a: Wire<T>): T {
    if (!a.integral || a.minimum < 0 || a.maximum >= valuesOf(this.parameters)) {
      throw new EvaluatorError('circuit', `An output in ${a.minimum}..${a.maximum} cannot be read.`);
    }
    this.#refuseNoise(a);
    this.#backend.check?.(a.value, a.minimum, a.maximum);
    return a.value;
  }

  #refuseNoise(a: Wire<T>): void {
    const { maxNoiseLevel } = this.parameters;
    // Squares of whole weights are exact, so that the bound itself passes.
    if (normOf(a) ** 2 > maxNoiseLevel ** 2 + 1e-9) {
      throw new EvaluatorError(
        'circuit',
        `A wire has noise of norm ${normOf(a).toFixed(2)}; beyond ${maxNoiseLevel} the declared failure probability does not hold.`,
      );
    }
  }
}
