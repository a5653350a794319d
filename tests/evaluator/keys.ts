/**
 * Keys for tests: small insecure ones from known answers, and one real pair made with node-tfhe once and kept in the
 * build folder.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Shortint, ShortintParameters, ShortintParametersName, type ShortintClientKey } from 'node-tfhe';
import type { Ciphertext } from '../../src/evaluator/ciphertext.ts';
import { parseCiphertext, writeCiphertext } from '../../src/evaluator/ciphertext.ts';
import { sourceOf } from '../../src/evaluator/byte-source.ts';
import { expandServerKey } from '../../src/evaluator/key-expansion.ts';
import { Evaluator } from '../../src/evaluator/evaluator.ts';
import { attach, type KeyMemory, type Machine } from '../../src/evaluator/machine.ts';
import { bigDimensionOf, message2Carry2, type Parameters, valuesOf } from '../../src/evaluator/parameters.ts';
import { readServerKeyHeader } from '../../src/evaluator/server-key.ts';

const here = process.cwd();
const vectors = join(here, 'tests', 'vectors', 'evaluator');

export const vector = (name: string): Uint8Array => new Uint8Array(readFileSync(join(vectors, name)));

export const evaluatorModulePath = (): string => join(here, 'build', 'evaluator', 'evaluator.wasm');

let compiled: Promise<WebAssembly.Module> | undefined;

/** The evaluator's module, compiled once. */
export const evaluatorModule = (): Promise<WebAssembly.Module> =>
  (compiled ??= WebAssembly.compile(readFileSync(evaluatorModulePath())));

export interface TestKey {
  readonly clientKey: ShortintClientKey;
  readonly clientKeyBytes: Uint8Array;
  readonly serverKeyBytes: Uint8Array;
}

/** One of the small keys, toyA, toyB (two mask polynomials) or toyC (two levels). INSECURE. */
export function toyKey(name: 'toyA' | 'toyB' | 'toyC'): TestKey {
  const clientKeyBytes = vector(`${name}.client_key.bin`);
  const clientKey = Shortint.deserialize_client_key(clientKeyBytes);
  return { clientKey, clientKeyBytes, serverKeyBytes: vector(`${name}.server_key.bin`) };
}

const realKeyFolder = join(here, 'build', 'test-keys');

/** Where {@link realKey} keeps its pair. */
export const realKeyFile = (kind: 'client-key' | 'server-key'): string =>
  join(realKeyFolder, `message-2-carry-2.${kind}.bin`);

/** Makes the real pair with node-tfhe, or reads the one made before; about ten seconds the first time. */
export async function realKey(): Promise<TestKey> {
  if (!existsSync(realKeyFile('server-key'))) {
    await mkdir(realKeyFolder, { recursive: true });
    const parameters = new ShortintParameters(
      ShortintParametersName.V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128,
    );
    const clientKey = Shortint.new_client_key(parameters);
    const serverKey = Shortint.new_compressed_server_key(clientKey);
    // The client key goes first: who finds the server key finds both. Written aside and renamed, so that two test
    // processes at once agree on whole files; the second to finish takes the first one's pair.
    const save = async (kind: 'client-key' | 'server-key', bytes: Uint8Array) => {
      const aside = `${realKeyFile(kind)}.${randomUUID()}`;
      await writeFile(aside, bytes);
      await rename(aside, realKeyFile(kind));
    };
    if (!existsSync(realKeyFile('server-key'))) {
      await save('client-key', Shortint.serialize_client_key(clientKey));
      await save('server-key', Shortint.serialize_compressed_server_key(serverKey));
    }
  }
  const clientKeyBytes = new Uint8Array(readFileSync(realKeyFile('client-key')));
  const serverKeyBytes = new Uint8Array(readFileSync(realKeyFile('server-key')));
  return { clientKey: Shortint.deserialize_client_key(clientKeyBytes), clientKeyBytes, serverKeyBytes };
}

export interface OpenKey extends TestKey {
  readonly evaluator: Evaluator;
  readonly memory: KeyMemory;
  /** The evaluator's own, for a look at its stages. */
  readonly machine: Machine;
  readonly parameters: Parameters;
}

/** Expands a test key whatever its parameters. */
export async function open(key: TestKey): Promise<OpenKey> {
  const module = await evaluatorModule();
  const source = sourceOf(key.serverKeyBytes);
  const { parameters } = await readServerKeyHeader(source);
  const memory = await expandServerKey(module, source, { accept: [parameters, message2Carry2] });
  const machine = await attach(module, memory, 0);
  return { ...key, parameters, memory, machine, evaluator: new Evaluator(memory, machine) };
}

const cutoff = (parameters: Parameters) => 2 ** 32 / (2 * valuesOf(parameters));

/** A fresh ciphertext of 0..p-1; the carry goes into the body. */
export function encrypt(key: OpenKey, value: number): Ciphertext {
  const { messageModulus } = key.parameters;
  const message = value % messageModulus;
  const bytes = Shortint.serialize_ciphertext(Shortint.encrypt(key.clientKey, BigInt(message)));
  const ciphertext = parseCiphertext(bytes, key.parameters);
  const body = 2 * bigDimensionOf(key.parameters) + 1;
  const words = ciphertext.words;
  words[body] = ((words[body] ?? 0) + (value - message) * cutoff(key.parameters)) >>> 0;
  return { ...ciphertext, degree: valuesOf(key.parameters) - 1 };
}

/** What `tfhe` reads, message and carry together. */
export const decrypt = (key: OpenKey, ciphertext: Ciphertext): number =>
  Number(Shortint.decrypt(key.clientKey, Shortint.deserialize_ciphertext(writeCiphertext(ciphertext, key.parameters))));

/** The GLWE key's bits, which are the big LWE key, from the serialised client key. */
export function bigKeyBits(key: TestKey): Uint8Array {
  const view = new DataView(key.clientKeyBytes.buffer, key.clientKeyBytes.byteOffset);
  const length = Number(view.getBigUint64(4, true));
  return Uint8Array.from({ length }, (_, i) => Number(view.getBigUint64(12 + 8 * i, true)));
}

/** The small LWE key's bits. */
export function smallKeyBits(key: TestKey): Uint8Array {
  const view = new DataView(key.clientKeyBytes.buffer, key.clientKeyBytes.byteOffset);
  const start = 12 + 8 * Number(view.getBigUint64(4, true)) + 8;
  const length = Number(view.getBigUint64(start, true));
  return Uint8Array.from({ length }, (_, i) => Number(view.getBigUint64(start + 8 + 8 * i, true)));
}

/** b - Σ a·s as a fraction of the torus in [-1/2, 1/2). */
export function phaseOf(words: Uint32Array, bits: Uint8Array): number {
  let high = words[2 * bits.length + 1] ?? 0;
  let low = words[2 * bits.length] ?? 0;
  bits.forEach((bit, i) => {
    if (bit === 0) return;
    low -= words[2 * i] ?? 0;
    high -= words[2 * i + 1] ?? 0;
  });
  const phase = high / 2 ** 32 + low / 2 ** 64;
  return phase - Math.round(phase);
}

/** Difference of a ciphertext's phase from that of `value`, as a fraction of the torus. */
export function errorOf(key: OpenKey, ciphertext: Ciphertext, value: number, bits = bigKeyBits(key)): number {
  const error = phaseOf(ciphertext.words, bits) - value / (2 * valuesOf(key.parameters));
  return error - Math.round(error);
}

/** Folder of the `tfhe` web package. */
export const tfheFolder = (): string => dirname(createRequire(import.meta.url).resolve('tfhe/package.json'));
