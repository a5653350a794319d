/**
 * The store on a file system. A file is written under a temporary name, synced, given its name and its folder synced,
 * and only then acknowledged. Blobs get their name by `rename`; ledger entries by `link`, which fails if the name is
 * taken and so decides who was first, also between processes.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { concatBytes, equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { sha256 } from '../protocol/hash.ts';
import { nodeDisk, type Disk } from './disk.ts';
import { bucketPattern, entryPattern, StoreError, type Store } from './store.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** A ledger entry's file: SHA-256 of the content, then the content. */
const checksumBytes = 32;

export class FileStore implements Store {
  readonly #disk: Disk;
  readonly #temp: string;
  readonly #blobs: string;
  readonly #ledger: string;
  /** Folders that are there and durable. */
  readonly #folders = new Set<string>();
  #failure: StoreError | undefined;

  private constructor(root: string, disk: Disk) {
    this.#disk = disk;
    this.#temp = join(root, 'temp');
    this.#blobs = join(root, 'blobs');
    this.#ledger = join(root, 'ledger');
  }

  /** The store in a folder, for reading, also while another process writes. */
  static look(root: string): FileStore {
    return new FileStore(root, nodeDisk);
  }

  /** Opens the store in a folder that exists, and clears what an earlier process left half done. */
  static async open(root: string, disk: Disk = nodeDisk): Promise<FileStore> {
    const store = new FileStore(root, disk);
    store.#folders.add(root);
    await store.#guard(async () => {
      await disk.removeFolder(store.#temp);
      for (const folder of [store.#temp, store.#blobs, store.#ledger]) await store.#ensureFolder(folder);
    });
    return store;
  }

  get failure(): StoreError | undefined {
    return this.#failure;
  }

  async putBlob(bucket: string, bytes: Bytes): Promise<Bytes> {
    const hash = await sha256(bytes);
    const path = this.#blobPath(bucket, hash);
    await this.#guard(async () => {
      const old = await this.#readFile(path);
      if (old === undefined || !equalBytes(old, bytes)) {
        await this.#ensureFolder(dirname(path));
        await this.#written(bytes, (temp) => this.#disk.rename(temp, path));
      }
      await this.#syncFolder(dirname(path));
    });
    return hash;
  }

  async readBlob(bucket: string, hash: Bytes): Promise<Bytes | undefined> {
    const bytes = await this.#guardRead(() => this.#readFile(this.#blobPath(bucket, hash)));
    if (bytes !== undefined && !equalBytes(await sha256(bytes), hash)) {
      throw new StoreError('damaged', `The blob ${toHex(hash)} of ${bucket} is not what was stored`);
    }
    return bytes;
  }

  removeBlob(bucket: string, hash: Bytes): Promise<void> {
    return this.#guard(() => this.#unlink(this.#blobPath(bucket, hash)));
  }

  async blobs(bucket: string): Promise<Bytes[]> {
    const names = await this.#guardRead(() => this.#names(this.#bucketPath(bucket)));
    return names.map(fromHex).filter((hash) => hash !== null);
  }

  buckets(): Promise<string[]> {
    return this.#guardRead(() => this.#names(this.#blobs));
  }

  async create(name: string, bytes: Bytes): Promise<boolean> {
    const path = this.#entryPath(name);
    const content = concatBytes(await sha256(bytes), bytes);
    return this.#guard(async () => {
      await this.#ensureFolder(dirname(path));
      let created = true;
      await this.#written(content, async (temp) => {
        try {
          await this.#disk.link(temp, path);
        } catch (error) {
          if (codeOf(error) !== 'EEXIST') throw error;
          created = false;
        }
        await this.#disk.unlink(temp);
      });
      // Also if another was first: it may not have come to this yet, and the answer may rest on its entry.
      await this.#syncFolder(dirname(path));
      return created;
    });
  }

  async read(name: string): Promise<Bytes | undefined> {
    const content = await this.#guardRead(() => this.#readFile(this.#entryPath(name)));
    if (content === undefined) return undefined;
    const bytes = content.slice(checksumBytes);
    if (!equalBytes(await sha256(bytes), content.subarray(0, checksumBytes))) {
      throw new StoreError('damaged', `The entry ${name} is not what was stored`);
    }
    return bytes;
  }

  remove(name: string): Promise<void> {
    return this.#guard(() => this.#unlink(this.#entryPath(name)));
  }

  list(name: string): Promise<string[]> {
    return this.#guardRead(() => this.#names(this.#entryPath(name)));
  }

  #bucketPath(bucket: string): string {
    if (!bucketPattern.test(bucket)) throw new RangeError('not a bucket name');
    return join(this.#blobs, bucket);
  }

  #blobPath(bucket: string, hash: Bytes): string {
    if (hash.length !== 32) throw new RangeError('not a SHA-256');
    return join(this.#bucketPath(bucket), toHex(hash));
  }

  #entryPath(name: string): string {
    if (!entryPattern.test(name)) throw new RangeError('not an entry name');
    return join(this.#ledger, name);
  }

  async #readFile(path: string): Promise<Bytes | undefined> {
    try {
      return await this.#disk.read(path);
    } catch (error) {
      if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  async #names(path: string): Promise<string[]> {
    try {
      return (await this.#disk.list(path)).sort();
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return [];
      throw error;
    }
  }

  async #unlink(path: string): Promise<void> {
    try {
      await this.#disk.unlink(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Writes and syncs a temporary file and has it given its name; nothing is left of it if any of that fails. */
  async #written(bytes: Bytes, giveName: (temp: string) => Promise<void>): Promise<void> {
    const temp = join(this.#temp, randomUUID());
    try {
      const file = await this.#disk.create(temp);
      try {
        for (let at = 0; at < bytes.length;) at += await file.write(bytes, at);
        await file.sync();
      } finally {
        await file.close();
      }
      await giveName(temp);
    } catch (error) {
      await this.#unlink(temp).catch(() => undefined);
      throw error;
    }
  }

  async #ensureFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#ensureFolder(dirname(path));
    try {
      await this.#disk.makeFolder(path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    await this.#syncFolder(dirname(path));
    this.#folders.add(path);
  }

  /**
   * Makes the names in a folder durable. A system reports a failed sync once, to one of those who wait for it, and then
   * forgets: after a failure nothing is acknowledged any more until the process starts anew.
   */
  async #syncFolder(path: string): Promise<void> {
    try {
      await this.#disk.syncFolder(path);
    } catch (cause) {
      this.#failure = new StoreError('failed', 'The disk failed to make a change durable', { cause });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #guard<T>(change: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#guardRead(change);
  }

  async #guardRead<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof StoreError || cause instanceof RangeError) throw cause;
      const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));
      const message = full ? 'There is no room on the disk' : `The disk failed (${codeOf(cause) || 'unknown error'})`;
      throw new StoreError(full ? 'full' : 'failed', message, { cause });
    }
  }
}
