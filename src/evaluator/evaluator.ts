/** Bootstraps under one expanded key, in the calling thread. */
import type { Ciphertext, CompressedCiphertext } from './ciphertext.ts';
import { EvaluatorError } from './errors.ts';
import type { LookupTable } from './lookup-table.ts';
import { attach, type KeyMemory, type Machine } from './machine.ts';
import { bigDimensionOf, type Parameters, valuesOf } from './parameters.ts';

/** Makes an evaluator that uses working area `slot` of the key's memory. Two must not use one slot at a time. */
export async function openEvaluator(module: WebAssembly.Module, key: KeyMemory, slot = 0): Promise<Evaluator> {
  return new Evaluator(key, await attach(module, key, slot));
}

export class Evaluator {
  readonly #key: KeyMemory;
  readonly #machine: Machine;
  readonly #words: Uint32Array;
  readonly #table: Int32Array;

  constructor(key: KeyMemory, machine: Machine) {
    this.#key = key;
    this.#machine = machine;
    const { buffer } = key.memory;
    this.#words = new Uint32Array(buffer, machine.own.ciphertext, 2 * (bigDimensionOf(key.parameters) + 1));
    this.#table = new Int32Array(buffer, machine.own.table, valuesOf(key.parameters));
  }

  get parameters(): Parameters {
    return this.#key.parameters;
  }

  #load(ciphertext: Ciphertext): void {
    if (ciphertext.words.length !== this.#words.length) {
      throw new EvaluatorError('malformed', 'Ciphertext: its dimension is not the key’s.');
    }
    this.#words.set(ciphertext.words);
  }

  /**
   * One key switch, then one bootstrap per table: a fresh ciphertext of each table's value. The input's value must lie
   * in 0..p-1, or the table must be made for more (lookup-table.ts), and its noise within the key's bound: the circuit
   * layer sees to both.
   */
  bootstrap(ciphertext: Ciphertext, tables: readonly LookupTable[]): Ciphertext[] {
    this.#load(ciphertext);
    this.#machine.exports.keySwitch();
    return tables.map(({ words, degree }) => {
      if (words.length !== this.#table.length) throw new RangeError(`table: it must have ${this.#table.length} values`);
      this.#table.set(words);
      this.#machine.exports.bootstrap(words.length);
      return { words: this.#words.slice(), degree, noiseLevel: 1 };
    });
  }

  /** The ciphertext under the small key, n + 1 words of 64 bits of which the upper 32 matter. */
  keySwitch(ciphertext: Ciphertext): BigUint64Array {
    this.#load(ciphertext);
    this.#machine.exports.keySwitch();
    const { lweDimension } = this.parameters;
    return new BigUint64Array(this.#key.memory.buffer, this.#machine.own.smallLwe, lweDimension + 1).slice();
  }

  /** Expands the masks of a seeded ciphertext. */
  decompress(compressed: CompressedCiphertext): Ciphertext {
    const { exports, own } = this.#machine;
    const dimension = bigDimensionOf(this.parameters);
    new Uint8Array(this.#key.memory.buffer, own.digits, 16).set(compressed.seed);
    exports.setAesKey(own.digits);
    exports.fillMask(own.ciphertext, 0, dimension);
    this.#words.set(compressed.body, 2 * dimension);
    return { words: this.#words.slice(), degree: compressed.degree, noiseLevel: compressed.noiseLevel };
  }
}
