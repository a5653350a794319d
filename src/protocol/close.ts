/** Close: t stewards end a round before its date. */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { hash, month } from './fields.ts';
import type { Community } from './manifest.ts';
import type { Announcement } from './round-key.ts';
import { verifySignedByMany, type SignedMessage } from './signed.ts';

export interface Close {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the round's announcement. */
  readonly announcement: Bytes;
}

const closeSchema = v.strictObject({ community: hash, month, announcement: hash });

export const encodeClose = (close: Close): Bytes => encodeCbor({ ...close });

/** @throws {ProtocolError} `malformed` */
export const decodeClose = (body: Uint8Array): Close => decodeCbor(closeSchema, body, 'The close');

/**
 * Checks that stewards of the community, t of them or as many as `least` says, want this round closed.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-announcement`, `wrong-signer`, `bad-signature`
 */
export async function checkClose(
  message: SignedMessage,
  { id, manifest }: Community,
  announcement: Pick<Announcement, 'hash' | 'month'>,
  least = manifest.threshold,
): Promise<Close> {
  const close = decodeClose(message.body);
  if (!equalBytes(close.community, id))
    throw new ProtocolError('wrong-community', 'The close is for another community');
  if (close.month !== announcement.month || !equalBytes(close.announcement, announcement.hash)) {
    throw new ProtocolError('wrong-announcement', 'The close is for another round');
  }
  await verifySignedByMany(
    'close',
    message,
    manifest.stewards.map(({ key }) => key),
    least,
  );
  return close;
}
