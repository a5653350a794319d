/** From a compressed server key to an expanded one in a WebAssembly memory, chunk by chunk. */
import type { ByteSource } from './byte-source.ts';
import { EvaluatorError } from './errors.ts';
import { attach, fillTables, type KeyMemory, type Machine, makeKeyMemory } from './machine.ts';
import { chunkBytes } from './memory-layout.ts';
import { message2Carry2, type Parameters, sameParameters } from './parameters.ts';
import { readServerKeyHeader, type SeededPart } from './server-key.ts';

export interface ExpandOptions {
  /** Parameter sets to accept; by default {@link message2Carry2} alone. */
  readonly accept?: readonly Parameters[];
  /** Working areas to provide, one for each thread that will use the key at a time. */
  readonly instances?: number;
  /** Refuse keys that take more memory; 128 MiB by default. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Called with the part done, 0 to 1, after every chunk. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Expands a compressed server key. Only one chunk of the source is held beside the result.
 * @throws EvaluatorError `malformed`, `unsupported` or `too-large`; the signal's reason if cancelled
 */
export async function expandServerKey(
  module: WebAssembly.Module,
  source: ByteSource,
  options: ExpandOptions = {},
): Promise<KeyMemory> {
  const { accept = [message2Carry2], instances = 1, maxBytes = 2 ** 27, signal, onProgress } = options;
  const header = await readServerKeyHeader(source);
  const { parameters } = header;
  if (!accept.some((accepted) => sameParameters(accepted, parameters))) {
    throw new EvaluatorError(
      'unsupported',
      'Compressed server key: its parameters are not among the accepted ones. Make the client key with ' +
        'V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128.',
    );
  }
  const key = makeKeyMemory(parameters, instances, maxBytes);
  const machine = await attach(module, key, 0);
  fillTables(machine, key);

  const total = header.keySwitchKey.bodiesLength + header.bootstrapKey.bodiesLength;
  let done = 0;
  const expand = async (part: SeededPart, wordsPerRow: number, rows: Machine['exports']['expandBootstrapRows']) => {
    const rowBytes = 8 * wordsPerRow;
    const rowsPerChunk = Math.max(1, Math.floor(chunkBytes / rowBytes));
    const count = part.bodiesLength / wordsPerRow;
    const { chunk } = key.layout.shared;
    const area = new Uint8Array(key.memory.buffer, chunk, Math.max(chunkBytes, rowBytes));
    area.set(part.seed);
    machine.exports.setAesKey(chunk);
    for (let first = 0; first < count; first += rowsPerChunk) {
      signal?.throwIfAborted();
      const now = Math.min(rowsPerChunk, count - first);
      const bytes = await source.read(part.bodiesOffset + first * rowBytes, now * rowBytes);
      if (bytes.length !== now * rowBytes) {
        throw new EvaluatorError('malformed', 'Compressed server key: it could not be read in full.');
      }
      area.set(bytes);
      rows(first, now, chunk);
      done += now * wordsPerRow;
      onProgress?.(done / total);
    }
  };
  await expand(header.keySwitchKey, 1, machine.exports.expandKeySwitchRows);
  await expand(header.bootstrapKey, parameters.polynomialSize, machine.exports.expandBootstrapRows);
  return key;
}
