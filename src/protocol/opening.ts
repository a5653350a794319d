/** Openings: a steward's share sums, modulo the prime, for every opened group. Only stewards and endpoint see them. */
import * as v from 'valibot';
import { equalBytes, fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { fieldVector, hash, instantMs, month, mostCohorts, stewardIndex } from './fields.ts';
import { verifyBySteward, type Community } from './manifest.ts';
import { decodeSigned, encodeSigned, signMessage, verifySignedBy, type SignedMessage } from './signed.ts';

export interface Opening {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the sealed list's body. */
  readonly list: Bytes;
  /** Index of the steward. */
  readonly steward: number;
  /** Missing stewards (by index, ascending) whose word on the list's phrase this steward took for their seal. */
  readonly words: readonly number[];
  /** Per group of the list, in its order, one share sum per slot. */
  readonly sums: readonly (readonly number[])[];
}

const openingSchema = v.strictObject({
  community: hash,
  month,
  list: hash,
  steward: stewardIndex,
  words: v.pipe(
    v.array(stewardIndex),
    v.check(
      (words: number[]) => words.every((word, i) => i === 0 || word > (words[i - 1] ?? word)),
      'must be ascending',
    ),
  ),
  sums: v.pipe(v.array(fieldVector), v.minLength(1), v.maxLength(1 + mostCohorts)),
});

export const encodeOpening = (opening: Opening): Bytes =>
  encodeCbor({ ...opening, words: [...opening.words].sort((a, b) => a - b) });

/** @throws {ProtocolError} `malformed` */
export const decodeOpening = (body: Uint8Array): Opening => decodeCbor(openingSchema, body, 'The opening');

/**
 * Checks that an opening is its steward's, for this list and all its groups.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-list`, `wrong-signer`, `bad-signature`
 */
export async function checkOpening(
  message: SignedMessage,
  { id, manifest }: Community,
  sealed: { readonly month: string; readonly list: Bytes; readonly groups: number },
): Promise<Opening> {
  const opening = decodeOpening(message.body);
  if (!equalBytes(opening.community, id)) {
    throw new ProtocolError('wrong-community', 'The opening is for another community');
  }
  if (
    opening.month !== sealed.month ||
    !equalBytes(opening.list, sealed.list) ||
    opening.sums.length !== sealed.groups
  ) {
    throw new ProtocolError('wrong-list', 'The opening is for another list than the sealed one');
  }
  const steward = manifest.stewards[opening.steward];
  if (steward === undefined) throw new ProtocolError('wrong-signer', 'The opening names a steward who does not exist');
  if (opening.words.some((word) => word === opening.steward || word >= manifest.stewards.length))
    throw new ProtocolError('malformed', 'The opening relies on the word of a steward who cannot have given it');
  await verifySignedBy('opening', message, steward.key);
  return opening;
}

const readSchema = v.strictTuple([hash, month, instantMs]);
/** How far the clocks of a steward and the endpoint may differ, and how long a header can be used again. */
const readWindowMs = 5 * 60_000;
/** A header with one signature is far shorter. */
const mostAuthorization = 1024;

/** The Authorization header by which a steward reads openings: `Steward <base64url of a signed "read" message>`. */
export async function authorizeRead(community: Bytes, month: string, nowMs: number, reader: Signer): Promise<string> {
  const proof = await signMessage('read', encodeCbor([community, month, nowMs]), [reader]);
  return /* @wc-ignore */ `Steward ${toBase64Url(encodeSigned(proof))}`;
}

/**
 * Checks what such a header carries: that a steward of the community asks, for this month, and just now.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-round`, `wrong-signer`, `bad-signature`, `stale`
 */
export async function checkRead(
  message: SignedMessage,
  { id, manifest }: Community,
  month: string,
  nowMs: number,
): Promise<void> {
  const [community, ofMonth, atMs] = decodeCbor(readSchema, message.body, 'The authorization');
  if (!equalBytes(community, id)) throw new ProtocolError('wrong-community', 'The reader is of another community');
  if (ofMonth !== month) throw new ProtocolError('wrong-round', `The reader asked for ${ofMonth}, not for ${month}`);
  await verifyBySteward('read', message, manifest);
  if (Math.abs(nowMs - atMs) > readWindowMs)
    throw new ProtocolError('stale', 'The authorization is too old, or from the future');
}

/** Whether such a header holds, see {@link checkRead}. */
export async function mayRead(
  community: Community,
  month: string,
  nowMs: number,
  authorization: string,
): Promise<boolean> {
  const encoded = /^Steward ([A-Za-z0-9_-]+)$/.exec(authorization.slice(0, mostAuthorization))?.[1];
  const bytes = fromBase64Url(encoded ?? '');
  if (bytes === null || bytes.length === 0) return false;
  try {
    await checkRead(decodeSigned(bytes), community, month, nowMs);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
