/** One instance of the WebAssembly module on the memory of one key. */
import { EvaluatorError } from './errors.ts';
import { layOut, type MemoryLayout, type OwnAreas } from './memory-layout.ts';
import type { Parameters } from './parameters.ts';
import { twiddlesFor } from './twiddles.ts';

/** What assembly/index.ts exports. */
export interface Exports {
  setShape: (...sizes: number[]) => void;
  setSharedAreas: (aes: number, twiddles: number, keySwitchKey: number, bootstrapKey: number) => void;
  setOwnAreas: (...areas: number[]) => void;
  buildAesTables: () => void;
  setAesKey: (key: number) => void;
  fillMask: (out: number, first: number, count: number) => void;
  decompose: (x: bigint, baseLog: number, levels: number, out: number) => void;
  modulusSwitch: (lwe: number, dimension: number, polynomialSize: number, centred: number, out: number) => void;
  keySwitch: (places: number) => void;
  bootstrap: (places: number, count: number) => void;
  expandBootstrapRows: (first: number, count: number, bodies: number) => void;
  expandKeySwitchRows: (first: number, count: number, bodies: number) => void;
}

/** The memory of one key with all that is needed to attach an instance to it; can be posted to workers. */
export interface KeyMemory {
  readonly parameters: Parameters;
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
}

/** Bytes that {@link makeKeyMemory} takes. */
export const keyMemoryBytes = (parameters: Parameters, instances: number): number =>
  layOut(parameters, instances).bytes;

/**
 * Makes a memory for an expanded key.
 * @throws EvaluatorError `too-large` if it would take more than `maxBytes`
 */
export function makeKeyMemory(parameters: Parameters, instances: number, maxBytes: number): KeyMemory {
  const layout = layOut(parameters, instances);
  if (layout.bytes > maxBytes) {
    throw new EvaluatorError('too-large', `The expanded key takes ${layout.bytes} bytes; the limit is ${maxBytes}.`);
  }
  const pages = layout.bytes / 65536;
  return { parameters, layout, memory: new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) };
}

export interface Machine {
  readonly exports: Exports;
  readonly own: OwnAreas;
}

const isExports = (exports: object): exports is Exports => 'bootstrap' in exports && 'setShape' in exports;

/** Attaches an instance with working area `slot` to the memory of a key. */
export async function attach(module: WebAssembly.Module, key: KeyMemory, slot: number): Promise<Machine> {
  const { parameters, layout } = key;
  const own = layout.own[slot];
  if (own === undefined) throw new RangeError(`slot: the memory has ${layout.own.length} working areas`);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory: key.memory } });
  if (!isExports(exports)) throw new TypeError('module: this is not the evaluator’s WebAssembly module');
  exports.setShape(
    parameters.lweDimension,
    parameters.glweDimension,
    parameters.polynomialSize,
    parameters.pbsBaseLog,
    parameters.pbsLevel,
    parameters.ksBaseLog,
    parameters.ksLevel,
    parameters.modulusSwitch === 'centred-mean' ? 1 : 0,
  );
  const { aes, twiddles, keySwitchKey, bootstrapKey } = layout.shared;
  exports.setSharedAreas(aes, twiddles, keySwitchKey, bootstrapKey);
  exports.setOwnAreas(
    own.roundKeys,
    own.transform,
    own.ciphertext,
    own.table,
    own.digits,
    own.smallLwe,
    own.switched,
    own.accumulator,
    own.placeBytes,
  );
  return { exports, own };
}

/** Fills the tables that all instances read. To be done once per memory, before a key is expanded into it. */
export function fillTables(machine: Machine, key: KeyMemory): void {
  machine.exports.buildAesTables();
  const table = twiddlesFor(key.parameters.polynomialSize / 2);
  new Float64Array(key.memory.buffer, key.layout.shared.twiddles, table.length).set(table);
}
