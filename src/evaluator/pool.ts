/**
 * Bootstraps on worker threads. A key is expanded once by one worker and, where memory can be shared, used by all of
 * them; else by that one alone. Keys stay expanded under a memory cap, the longest unused going first.
 */
import type { ByteSource } from './byte-source.ts';
import type { Ciphertext, CompressedCiphertext } from './ciphertext.ts';
import { Crew } from './crew.ts';
import type { Bootstrapper } from './encrypted-backend.ts';
import { EvaluatorError } from './errors.ts';
import { type KeyMemory, keyMemoryBytes } from './machine.ts';
import { batchPlaces } from './memory-layout.ts';
import { message2Carry2, type Parameters } from './parameters.ts';
import type { Request, WorkerPort } from './pool-messages.ts';
import { readServerKeyHeader } from './server-key.ts';

export interface PoolOptions {
  /** The evaluator's compiled module. */
  readonly module: WebAssembly.Module;
  /** Starts one worker that calls `serveEvaluator`. */
  readonly spawn: () => WorkerPort;
  readonly workers: number;
  /** Memory that expanded keys may take together. */
  readonly maxBytes: number;
  /** Parameter sets to accept; by default {@link message2Carry2} alone. */
  readonly accept?: readonly Parameters[];
}

export interface UseOptions {
  readonly signal?: AbortSignal;
  /** Called with the part of the key's expansion that is done, 0 to 1. */
  readonly onProgress?: (done: number) => void;
}

/** A key that is kept expanded for the time of its use. */
export interface PooledKey extends Bootstrapper {
  /** Expands the masks of a seeded ciphertext. */
  decompress(compressed: CompressedCiphertext): Promise<Ciphertext>;
}

/** Where an expanded key is: in a memory that every worker can open, or with one worker. */
type Place = { readonly memory: KeyMemory } | { readonly member: number };

interface Entry {
  readonly parameters: Parameters;
  readonly bytes: number;
  readonly place: Promise<Place>;
  users: number;
  lastUse: number;
}

export class EvaluatorPool {
  readonly #crew: Crew;
  readonly #maxBytes: number;
  readonly #accept: readonly Parameters[];
  readonly #entries = new Map<string, Entry>();
  #uses = 0;
  #wakeWaiting: (() => void)[] = [];

  constructor(options: PoolOptions) {
    if (!Number.isInteger(options.workers) || options.workers < 1) throw new RangeError('workers: at least one');
    this.#maxBytes = options.maxBytes;
    this.#accept = options.accept ?? [message2Carry2];
    this.#crew = new Crew(options.module, options.workers, options.spawn, (member) => void this.#dropKeysOf(member));
  }

  /** Bytes that expanded keys take now, those being expanded included. */
  get bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Identities of the keys that are expanded or being expanded. */
  get keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Runs `task` with a key, which is expanded from `source` unless it is still there from before. Tasks with different
   * keys wait for each other where the cap has no room for both.
   * @param id identifies the key's bytes, such as their SHA-256
   * @throws EvaluatorError for a key that is malformed, unsupported or larger than the cap; the signal's reason
   */
  async use<R>(
    id: string,
    source: ByteSource,
    task: (key: PooledKey) => Promise<R>,
    options: UseOptions = {},
  ): Promise<R> {
    const { signal } = options;
    const entry = await this.#acquire(id, source, options);
    try {
      const place = await entry.place;
      const run = async (request: Request) => (await this.#crew.run(request, { signal, ...place })).ciphertexts;
      return await task({
        parameters: entry.parameters,
        bootstrapAll: async (jobs) => {
          // As much to each worker at a time as shares the way through the key, and no worker idle.
          const workers = 'member' in place ? 1 : this.#crew.size;
          const size = Math.max(1, Math.min(batchPlaces, Math.ceil(jobs.length / workers)));
          const parts = Array.from({ length: Math.ceil(jobs.length / size) }, (_, i) =>
            jobs.slice(i * size, (i + 1) * size),
          );
          return (await Promise.all(parts.map((part) => run({ type: 'bootstrap', key: id, jobs: part })))).flat();
        },
        decompress: async (compressed) => {
          const [ciphertext] = await run({ type: 'decompress', key: id, compressed });
          if (ciphertext === undefined) throw new Error('a decompression gave no result');
          return ciphertext;
        },
      });
    } finally {
      entry.users--;
      this.#wake();
    }
  }

  /** Ends all workers; what is under way rejects. */
  close(): void {
    this.#crew.close();
    this.#entries.clear();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#wakeWaiting;
    this.#wakeWaiting = [];
    for (const wake of waiting) wake();
  }

  /** The key's entry with one more user, expanded. */
  async #acquire(id: string, source: ByteSource, { signal, onProgress }: UseOptions): Promise<Entry> {
    for (;;) {
      signal?.throwIfAborted();
      const known = this.#entries.get(id);
      if (known !== undefined) {
        known.users++;
        known.lastUse = ++this.#uses;
        try {
          await known.place;
          return known;
        } catch {
          // The one who expanded it gave up or failed; the next round tries with this caller's source and signal.
          known.users--;
          continue;
        }
      }
      const { parameters } = await readServerKeyHeader(source);
      const instances = this.#crew.size;
      const bytes = keyMemoryBytes(parameters, instances);
      if (bytes > this.#maxBytes) {
        throw new EvaluatorError('too-large', `The expanded key takes ${bytes} bytes; the limit is ${this.#maxBytes}.`);
      }
      // From the last look at the room to the new entry nothing is awaited, lest two keys take the same room.
      while (!this.#entries.has(id) && !this.#hasRoom(bytes)) await this.#change(signal);
      if (this.#entries.has(id)) continue;
      signal?.throwIfAborted();
      const { size } = source;
      const request = {
        type: 'expand',
        key: id,
        size,
        instances,
        slot: 0,
        maxBytes: bytes,
        accept: this.#accept,
      } as const;
      const place = this.#crew
        .run(request, { signal, onProgress, source })
        .then(({ memory, member }): Place => (memory === undefined ? { member } : { memory }));
      const entry: Entry = { parameters, bytes, place, users: 1, lastUse: ++this.#uses };
      this.#entries.set(id, entry);
      try {
        await place;
        return entry;
      } catch (error) {
        this.#remove(id, entry);
        throw error;
      }
    }
  }

  /** Whether `bytes` more fit under the cap, after dropping unused keys as needed, the longest unused first. */
  #hasRoom(bytes: number): boolean {
    const unused = [...this.#entries].filter(([, { users }]) => users === 0);
    for (const entry of unused.toSorted(([, a], [, b]) => a.lastUse - b.lastUse)) {
      if (this.bytes + bytes <= this.#maxBytes) break;
      this.#remove(...entry);
    }
    return this.bytes + bytes <= this.#maxBytes;
  }

  /** Resolves when a key was given back, dropped or expanded by another. */
  async #change(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakeWaiting.push(wake);
      signal?.addEventListener('abort', wake);
    });
    signal?.throwIfAborted();
  }

  #remove(id: string, entry: Entry): void {
    if (this.#entries.get(id) !== entry) return;
    this.#entries.delete(id);
    this.#crew.forget(id);
    this.#wake();
  }

  /** A worker died: keys that only it had must be expanded anew. */
  async #dropKeysOf(member: number): Promise<void> {
    for (const [id, entry] of this.#entries) {
      const place = await entry.place.catch(() => undefined);
      if (place !== undefined && 'member' in place && place.member === member) this.#remove(id, entry);
    }
  }
}
