/** The few things the file store asks of a file system; tests put failing ones in its place. */
import { link, mkdir, open, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import type { Bytes } from '../protocol/bytes.ts';

export interface NewFile {
  /** Writes some of the bytes from this offset on and gives their number. */
  write(bytes: Bytes, offset: number): Promise<number>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Paths are absolute. All methods reject with Node's errors (`code` ENOENT, EEXIST, ENOSPC, …). */
export interface Disk {
  create(path: string): Promise<NewFile>;
  read(path: string): Promise<Bytes>;
  /** Puts a file in the place of another one, or of none. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; EEXIST if the name is taken. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  list(path: string): Promise<string[]>;
  /** Removes a folder and what is in it; no error if there is none. */
  removeFolder(path: string): Promise<void>;
}

export const nodeDisk: Disk = {
  async create(path) {
    const file = await open(path, 'wx', 0o600);
    return {
      write: async (bytes, offset) => (await file.write(bytes, offset)).bytesWritten,
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async read(path) {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  },
  rename,
  link,
  unlink,
  makeFolder: (path) => mkdir(path, { mode: 0o700 }),
  async syncFolder(path) {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  list: (path) => readdir(path),
  removeFolder: (path) => rm(path, { recursive: true, force: true }),
};
