import { fromHex, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import type { Store } from '../../src/endpoint/store.ts';

/** A store in memory: the shortest thing that does what the interface says. */
export class MemoryStore implements Store {
  readonly failure = undefined;
  readonly #blobs = new Map<string, Map<string, Bytes>>();
  readonly #entries = new Map<string, Bytes>();

  probe(): Promise<void> {
    return Promise.resolve();
  }

  async putBlob(bucket: string, bytes: Bytes): Promise<Bytes> {
    const hash = await sha256(bytes);
    const blobs = this.#blobs.get(bucket) ?? new Map<string, Bytes>();
    this.#blobs.set(bucket, blobs.set(toHex(hash), bytes.slice()));
    return hash;
  }

  readBlob(bucket: string, hash: Bytes): Promise<Bytes | undefined> {
    return Promise.resolve(this.#blobs.get(bucket)?.get(toHex(hash))?.slice());
  }

  removeBlob(bucket: string, hash: Bytes): Promise<void> {
    this.#blobs.get(bucket)?.delete(toHex(hash));
    return Promise.resolve();
  }

  blobs(bucket: string): Promise<Bytes[]> {
    const names = [...(this.#blobs.get(bucket)?.keys() ?? [])];
    return Promise.resolve(names.map(fromHex).filter((hash) => hash !== null));
  }

  buckets(): Promise<string[]> {
    return Promise.resolve([...this.#blobs.keys()].sort());
  }

  create(name: string, bytes: Bytes): Promise<boolean> {
    if (this.#entries.has(name)) return Promise.resolve(false);
    this.#entries.set(name, bytes.slice());
    return Promise.resolve(true);
  }

  read(name: string): Promise<Bytes | undefined> {
    return Promise.resolve(this.#entries.get(name)?.slice());
  }

  remove(name: string): Promise<void> {
    this.#entries.delete(name);
    return Promise.resolve();
  }

  list(name: string): Promise<string[]> {
    const below = [...this.#entries.keys()].filter((other) => other.startsWith(`${name}/`));
    return Promise.resolve([...new Set(below.map((other) => other.slice(name.length + 1).split('/')[0] ?? ''))].sort());
  }
}
