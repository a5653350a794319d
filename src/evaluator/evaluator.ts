/** Bootstraps under one expanded key, in the calling thread. */
import type { Ciphertext, CompressedCiphertext } from './ciphertext.ts';
import { EvaluatorError } from './errors.ts';
import type { LookupTable } from './lookup-table.ts';
import { attach, type KeyMemory, type Machine } from './machine.ts';
import { batchPlaces } from './memory-layout.ts';
import { bigDimensionOf, type Parameters, valuesOf } from './parameters.ts';

/** Makes an evaluator that uses working area `slot` of the key's memory. Two must not use one slot at a time. */
export async function openEvaluator(module: WebAssembly.Module, key: KeyMemory, slot = 0): Promise<Evaluator> {
  return new Evaluator(key, await attach(module, key, slot));
}

/** One bootstrap to do. */
export interface BootstrapJob {
  readonly ciphertext: Ciphertext;
  readonly table: LookupTable;
}

/** What the evaluator sees of one place of its batch. */
interface Place {
  readonly words: Uint32Array;
  readonly table: Int32Array;
  /** n + 1 words under the small key. */
  readonly small: BigUint64Array;
}

const inBatches = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / batchPlaces) }, (_, i) =>
    items.slice(i * batchPlaces, (i + 1) * batchPlaces),
  );

export class Evaluator {
  readonly #key: KeyMemory;
  readonly #machine: Machine;
  readonly #places: readonly Place[];

  constructor(key: KeyMemory, machine: Machine) {
    this.#key = key;
    this.#machine = machine;
    const { buffer } = key.memory;
    const { parameters } = key;
    const { own } = machine;
    this.#places = Array.from({ length: batchPlaces }, (_, i) => {
      const by = i * own.placeBytes;
      return {
        words: new Uint32Array(buffer, own.ciphertext + by, 2 * (bigDimensionOf(parameters) + 1)),
        table: new Int32Array(buffer, own.table + by, valuesOf(parameters)),
        small: new BigUint64Array(buffer, own.smallLwe + by, parameters.lweDimension + 1),
      };
    });
  }

  get parameters(): Parameters {
    return this.#key.parameters;
  }

  /** Goes through at most {@link batchPlaces} items, each with the place that it has. */
  #eachPlace<T>(items: readonly T[], visit: (place: Place, item: T) => void): void {
    items.forEach((item, i) => {
      const place = this.#places[i];
      if (place === undefined) throw new RangeError(`items: at most ${batchPlaces}`);
      visit(place, item);
    });
  }

  /** Each ciphertext under the small key: n + 1 words of 64 bits of which the upper 32 matter. */
  #keySwitch(ciphertexts: readonly Ciphertext[]): Map<Ciphertext, BigUint64Array> {
    const switched = new Map<Ciphertext, BigUint64Array>();
    for (const batch of inBatches(ciphertexts)) {
      this.#eachPlace(batch, ({ words }, ciphertext) => {
        if (ciphertext.words.length !== words.length) {
          throw new EvaluatorError('malformed', 'Ciphertext: its dimension is not the key’s.');
        }
        words.set(ciphertext.words);
      });
      this.#machine.exports.keySwitch(batch.length);
      this.#eachPlace(batch, ({ small }, ciphertext) => switched.set(ciphertext, small.slice()));
    }
    return switched;
  }

  /**
   * A fresh ciphertext of each job's table at its input: one bootstrap a job, and one key switch for jobs with the same
   * input. Several at a time share the way through the key, so that many jobs take less time than each on its own. An
   * input's value must lie in 0..p-1, or its table must be made for more (lookup-table.ts), and its noise within the
   * key's bound: the circuit layer sees to both.
   *
   * @throws EvaluatorError `malformed` for a ciphertext of another dimension
   */
  bootstrapAll(jobs: readonly BootstrapJob[]): Ciphertext[] {
    const switched = this.#keySwitch([...new Set(jobs.map(({ ciphertext }) => ciphertext))]);
    const results: Ciphertext[] = [];
    for (const batch of inBatches(jobs)) {
      this.#eachPlace(batch, ({ table, small }, job) => {
        const { words } = job.table;
        if (words.length !== table.length) throw new RangeError(`table: it must have ${table.length} values`);
        table.set(words);
        small.set(switched.get(job.ciphertext) ?? []);
      });
      this.#machine.exports.bootstrap(batch.length, valuesOf(this.parameters));
      this.#eachPlace(batch, ({ words }, { table: { degree } }) => {
        results.push({ words: words.slice(), degree, noiseLevel: 1 });
      });
    }
    return results;
  }

  /** {@link bootstrapAll} of one ciphertext with several tables. */
  bootstrap(ciphertext: Ciphertext, tables: readonly LookupTable[]): Ciphertext[] {
    return this.bootstrapAll(tables.map((table) => ({ ciphertext, table })));
  }

  /** The ciphertext under the small key, n + 1 words of 64 bits of which the upper 32 matter. */
  keySwitch(ciphertext: Ciphertext): BigUint64Array {
    return this.#keySwitch([ciphertext]).get(ciphertext) ?? new BigUint64Array();
  }

  /** Expands the masks of a seeded ciphertext. */
  decompress({ seed, body, degree, noiseLevel }: CompressedCiphertext): Ciphertext {
    const { exports, own } = this.#machine;
    const { buffer } = this.#key.memory;
    const dimension = bigDimensionOf(this.parameters);
    new Uint8Array(buffer, own.digits, 16).set(seed);
    exports.setAesKey(own.digits);
    exports.fillMask(own.ciphertext, 0, dimension);
    const words = new Uint32Array(2 * (dimension + 1));
    words.set(new Uint32Array(buffer, own.ciphertext, 2 * dimension));
    words.set(body, 2 * dimension);
    return { words, degree, noiseLevel };
  }
}
