/**
 * The log of a community and its head. Everything that must not be changed, taken back or shown to some only is entered
 * in a hash chain; the endpoint signs where it ends. A client follows the chain from the head that it knows and accepts
 * no other.
 */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { bytesUpTo, hash, instantMs, integer } from './fields.ts';
import { sha256 } from './hash.ts';
import type { Community } from './manifest.ts';
import { decodeSigned, encodeSigned, verifySignedBy, type SignedMessage } from './signed.ts';

/** What entries are about; each holds the SHA-256 of such a message's body (a binding's of CBOR `[invite, member]`). */
export const entryKinds = [
  'amendment',
  'binding',
  'leave',
  'announcement',
  'list',
  'corrected-list',
  'seal',
  'opening',
  'norms',
] as const;

export interface LogEntry {
  readonly kind: (typeof entryKinds)[number];
  readonly hash: Bytes;
}

/** Where a chain of so many entries ends. */
export interface Position {
  readonly count: number;
  /** The community's id before the first entry; then SHA-256 of CBOR `[before, kind, hash]`. */
  readonly head: Bytes;
}

export interface Head extends Position {
  readonly community: Bytes;
  readonly atMs: number;
}

const mostEntries = 2 ** 31;
const headSchema = v.strictObject({ community: hash, count: integer(0, mostEntries), head: hash, atMs: instantMs });
const entriesSchema = v.array(v.strictTuple([v.picklist(entryKinds), hash]));

export const encodeHead = (head: Head): Bytes => encodeCbor({ ...head });

/** @throws {ProtocolError} `malformed` */
export const decodeHead = (body: Uint8Array): Head => decodeCbor(headSchema, body, 'The head');

export const encodeEntries = (entries: readonly LogEntry[]): Bytes =>
  encodeCbor(entries.map(({ kind, hash }) => [kind, hash]));

/** @throws {ProtocolError} `malformed` */
export const decodeEntries = (encoded: Uint8Array): LogEntry[] =>
  decodeCbor(entriesSchema, encoded, 'The log').map(([kind, hash]) => ({ kind, hash }));

/** What an endpoint answers to a client that knows the log up to some entry: its head, and the entries since. */
export interface HeadAnswer {
  readonly head: SignedMessage;
  readonly entries: readonly LogEntry[];
}

/** Most bytes of an encoded answer. */
export const mostHeadBytes = 1 << 21;
const answerSchema = v.strictTuple([bytesUpTo(1024), bytesUpTo(mostHeadBytes)]);

export const encodeHeadAnswer = ({ head, entries }: HeadAnswer): Bytes =>
  encodeCbor([encodeSigned(head), encodeEntries(entries)]);

/** @throws {ProtocolError} `malformed` */
export function decodeHeadAnswer(encoded: Uint8Array): HeadAnswer {
  const [head, entries] = decodeCbor(answerSchema, encoded, 'The head');
  return { head: decodeSigned(head), entries: decodeEntries(entries) };
}

/** The hash by which the log names a home's first use of its invite. */
export const bindingHash = (invite: Bytes, member: Bytes): Promise<Bytes> => sha256(encodeCbor([invite, member]));

/** The empty log of a community. */
export const firstPosition = (community: Bytes): Position => ({ count: 0, head: community });

/** Where the chain ends with these entries more. */
export async function extend(from: Position, entries: readonly LogEntry[]): Promise<Position> {
  let { count, head } = from;
  for (const { kind, hash: entry } of entries) {
    head = await sha256(encodeCbor([head, kind, entry]));
    count++;
  }
  return { count, head };
}

/**
 * Checks a head and that it comes of the position that this client knows.
 *
 * @param known - where the client was before; `firstPosition` if it never was there
 * @param entries - what the endpoint says came since
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`, `rolled-back` if the head has
 *   fewer entries than were known, `split-view` if it is the end of another chain
 */
export async function followHead(
  message: SignedMessage,
  community: Community,
  known: Position,
  entries: readonly LogEntry[],
): Promise<Head> {
  const head = decodeHead(message.body);
  if (!equalBytes(head.community, community.id)) {
    throw new ProtocolError('wrong-community', 'The head is of another community');
  }
  await verifySignedBy('head', message, community.manifest.endpointKey);
  if (head.count < known.count) {
    throw new ProtocolError('rolled-back', 'The endpoint shows an older state of the community than it did before');
  }
  const reached = await extend(known, entries);
  if (reached.count !== head.count || !equalBytes(reached.head, head.head)) {
    throw new ProtocolError('split-view', 'The endpoint shows another history of the community than it did before');
  }
  return head;
}
