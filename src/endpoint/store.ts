/**
 * Where the endpoint keeps things: immutable blobs named by their SHA-256, and a ledger of small entries that are
 * written once, where exclusive creation decides who was first. Whatever a method has acknowledged survives a power
 * cut.
 */
import type { Bytes } from '../protocol/bytes.ts';

export interface Store {
  /**
   * Keeps a blob; the same bytes again are no error, and mend a damaged copy.
   *
   * @param bucket - what it is deleted with, see {@link bucketPattern}
   * @returns its SHA-256
   */
  putBlob(bucket: string, bytes: Bytes): Promise<Bytes>;
  /** A blob whose SHA-256 was verified just now; undefined if it is not there. */
  readBlob(bucket: string, hash: Bytes): Promise<Bytes | undefined>;
  removeBlob(bucket: string, hash: Bytes): Promise<void>;
  /** Hashes of all blobs of a bucket. */
  blobs(bucket: string): Promise<Bytes[]>;
  buckets(): Promise<string[]>;

  /** Writes a ledger entry that is not there yet; false if one is there (it stays, and is durable too). */
  create(name: string, bytes: Bytes): Promise<boolean>;
  /** An entry whose checksum was verified just now; undefined if it is not there. */
  read(name: string): Promise<Bytes | undefined>;
  remove(name: string): Promise<void>;
  /** Names one level below a name, ascending; maybe also of levels from which all has been removed. */
  list(name: string): Promise<string[]>;

  /** Why nothing can be written any more, until the process starts anew. */
  readonly failure: StoreError | undefined;
  /**
   * Tries whether something can be written now, and leaves nothing behind.
   *
   * @throws {StoreError} why not
   */
  probe(): Promise<void>;
}

export const bucketPattern = /^[0-9a-f]{64}\.[0-9]{4}-[0-9]{2}$/;
/** Names of entries: parts of lower-case letters, digits and hyphens between slashes. */
export const entryPattern = /^[a-z0-9-]{1,80}(?:\/[a-z0-9-]{1,80}){0,9}$/;

export type StoreErrorCode =
  /** What is stored is not what was stored. */
  | 'damaged'
  /** There is no room; nothing was changed. */
  | 'full'
  /** The disk failed; whether the last change is there is unknown. */
  | 'failed';

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
