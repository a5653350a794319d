/** Bytes in pieces: whole arrays cut up, streams peeked into, gzip unpacked, sizes kept in bounds. */

import { Gunzip } from 'fflate';
import { MeterFileError } from './errors.ts';

/** A file's bytes, whole or as they come. */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

const pieceBytes = 1 << 18;

/** An array in pieces that share its memory. */
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** The first bytes of a source, and the whole source again. */
export const peek = async (
  source: ByteSource,
  count: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> => {
  const pieces = source instanceof Uint8Array ? piecesOf(source) : source;
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  const taken: Uint8Array[] = [];
  let length = 0;
  while (length < count) {
    const next = await iterator.next();
    if (next.done === true) break;
    taken.push(next.value);
    length += next.value.length;
  }
  async function* all() {
    yield* taken;
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  return { head: concat(taken).subarray(0, count), all: all() };
};

/** Pieces joined to one array. */
export const concat = (pieces: readonly Uint8Array[]): Uint8Array => {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
};

/** A source as one array. @throws MeterFileError `too-large` beyond `limit` bytes */
export const readAll = async (source: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of limited(source, limit)) pieces.push(piece);
  return concat(pieces);
};

/** The source, as long as it stays within `limit` bytes. @throws MeterFileError `too-large` beyond */
export async function* limited(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of source) {
    length += piece.length;
    if (length > limit)
      throw new MeterFileError(
        'too-large',
        `The file is larger than ${Math.round(limit / 2 ** 20)} MB. Ask your supplier for a shorter period, for example a year at a time.`,
      );
    yield piece;
  }
}

/**
 * Unpacks gzip as it comes. A member ends with the length of its content (RFC 1952, ISIZE), by which a cut file is told.
 * @throws MeterFileError `damaged` or `truncated` when it is not whole
 */
export async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let memberBytes = 0;
  const unpacker = new Gunzip((piece) => {
    memberBytes += piece.length;
    ready.push(piece);
  });
  unpacker.onmember = () => {
    memberBytes = 0;
  };
  const push = (piece: Uint8Array, final: boolean) => {
    try {
      unpacker.push(piece, final);
    } catch {
      throw new MeterFileError('damaged', 'The packed file (gzip) is damaged or incomplete. Download it again.');
    }
  };
  let tail = new Uint8Array(0);
  for await (const piece of source) {
    tail = concat([tail, piece.subarray(-4)]).slice(-4);
    // Small bites: a few packed bytes can unpack to very many.
    for (let at = 0; at < piece.length; at += 1 << 14) {
      push(piece.subarray(at, at + (1 << 14)), false);
      yield* ready.splice(0);
    }
  }
  push(new Uint8Array(0), true);
  yield* ready.splice(0);
  const told = tail.reduce((sum, byte, place) => sum + byte * 256 ** place, 0);
  if (told !== memberBytes % 2 ** 32)
    throw new MeterFileError('truncated', 'The packed file (gzip) ends too early. Download it again.');
}
