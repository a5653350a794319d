/** Bytes that need not be in memory as a whole: a file, a Blob, a stored upload. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset` on; both are within `size`. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** Bytes in memory as a source. */
export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, offset + length),
});
