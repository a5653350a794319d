/** Openings: a steward's share sums, modulo the prime, for every opened group. Only stewards and endpoint see them. */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { fieldVector, hash, month, mostCohorts, stewardIndex } from './fields.ts';
import type { Community } from './manifest.ts';
import { verifySignedBy, type SignedMessage } from './signed.ts';

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
