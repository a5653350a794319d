/**
 * The store on a file system. A file is written under a temporary name, synced, given its name and its folder synced,
 * and only then acknowledged. Blobs get their name by `rename`; ledger entries by `link`, which fails if the name is
 * taken and so decides who was first, also between processes.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { concatBytes, equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { sha256 } from '../protocol/hash.ts';
import { codeOf, instead, nodeDisk, writeFirst, type Disk } from './disk.ts';
import { bucketPattern, entryPattern, StoreError, type Store } from './store.ts';

/** A ledger entry's file: SHA-256 of the content, then the content. */
const checksumBytes = 32;

export class FileStore implements Store {
  readonly #disk: Disk;
  readonly #temp: string;
  readonly #blobs: string;
  readonly #ledger: string;
  /** Folders that are there and durable. */
  readonly #folders = new Set<string>();
  /**
   * Folders whose names are durable. Of the others, what an earlier process left may go with the power: see `#settle`.
   */
  readonly #settled = new Set<string>();
  #failure: StoreError | undefined;
  /** Whether this process is the one that writes. */
  #isOpen = false;

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
    store.#isOpen = true;
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
      await this.#ensureFolder(dirname(path));
      await this.#changed(path, async () => {
        if (old !== undefined && equalBytes(old, bytes)) return;
        await this.#written(bytes, (temp) => this.#disk.rename(temp, path));
      });
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
    return this.#removed(this.#blobPath(bucket, hash));
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
      const giveName = async (temp: string): Promise<void> => {
        const link = this.#disk.link(temp, path).then(() => true);
        created = await link.catch(instead(false, 'EEXIST'));
        await this.#disk.unlink(temp);
      };
      // Synced also if another was first: it may not have come to that yet, and the answer may rest on its entry.
      await this.#changed(path, () => this.#written(content, giveName));
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
    return this.#removed(this.#entryPath(name));
  }

  probe(): Promise<void> {
    return this.#guard(() => this.#written(new Uint8Array(1), (temp) => this.#disk.unlink(temp)));
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
    const bytes = await this.#disk.read(path).catch(instead(undefined, 'ENOENT', 'EISDIR', 'ENOTDIR'));
    if (bytes !== undefined) await this.#settle(dirname(path));
    return bytes;
  }

  async #names(path: string): Promise<string[]> {
    const names = await this.#disk.list(path).catch(instead(undefined, 'ENOENT', 'ENOTDIR'));
    if (names !== undefined) await this.#settle(path);
    return names?.sort() ?? [];
  }

  /** Also what is gone already is synced: whoever took it away may not have come to that. */
  #removed(path: string): Promise<void> {
    const unlink = () => this.#disk.unlink(path).catch(instead(undefined, 'ENOENT'));
    return this.#guard(() => this.#changed(path, unlink));
  }

  /**
   * Has a name changed and makes that durable. If that fails on the way, whoever looks at the folder next makes it so.
   */
  async #changed(path: string, change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      this.#settled.delete(dirname(path));
      throw error;
    }
    await this.#syncFolder(dirname(path));
  }

  /** Writes a file under a temporary name and has it given its name. */
  #written(bytes: Bytes, giveName: (temp: string) => Promise<void>): Promise<void> {
    return writeFirst(this.#disk, join(this.#temp, randomUUID()), bytes, giveName);
  }

  async #ensureFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#ensureFolder(dirname(path));
    await this.#disk.makeFolder(path).catch(instead(undefined, 'EEXIST'));
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
      // What has no folder has no names.
      if (['ENOENT', 'ENOTDIR'].includes(codeOf(cause))) return;
      this.#settled.delete(path);
      this.#failure = new StoreError('failed', 'The disk failed to make a change durable', { cause });
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#settled.add(path);
  }

  /**
   * Makes durable what is found in a folder for the first time: a process that died may have named it and not come to
   * the sync, and what is shown once, or relied on, must not go with the power afterwards.
   */
  async #settle(path: string): Promise<void> {
    if (this.#isOpen && !this.#settled.has(path)) await this.#syncFolder(path);
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
      const code = codeOf(cause);
      const full = ['ENOSPC', 'EDQUOT'].includes(code);
      const what = code === 'EROFS' ? 'The disk is read-only' : `The disk failed (${code || 'unknown error'})`;
      const message = full ? 'There is no room on the disk' : what;
      throw new StoreError(full ? 'full' : 'failed', message, { cause });
    }
  }
}
