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
      write: async (bytes, offset) => (await file.write(bytes, offset, undefined, offset)).bytesWritten,
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

/** The code of an error of a disk; empty if it is another error. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** For `catch`: a value in the place of errors of these codes; any other error goes on. */
export const instead =
  <T>(value: T, ...codes: readonly string[]) =>
  (error: unknown): T => {
    if (codes.includes(codeOf(error))) return value;
    throw error;
  };

/** Writes and syncs a temporary file and has it given its name; nothing is left of it if any of that fails. */
export async function writeFirst(
  disk: Disk,
  temp: string,
  bytes: Bytes,
  giveName: (temp: string) => Promise<void>,
): Promise<void> {
  try {
    const file = await disk.create(temp);
    try {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes, at);
      await file.sync();
    } finally {
      await file.close();
    }
    await giveName(temp);
  } catch (error) {
    await disk.unlink(temp).catch(() => undefined);
    throw error;
  }
}
