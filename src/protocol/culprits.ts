/** Culprits: a steward's word on which contributions of a closed list are not what their fingerprints say. */
import * as v from 'valibot';
import { compareBytes, equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { hash, key, month } from './fields.ts';
import { verifyBySteward, type Community } from './manifest.ts';
import type { SignedMessage } from './signed.ts';

/** Most contributions that one steward may name; a round with more is given up. */
export const mostCulprits = 10;

export interface Culprits {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the first list of the round. */
  readonly list: Bytes;
  /** Invites of the named contributions, ascending. */
  readonly invites: readonly Bytes[];
}

const culpritsSchema = v.strictObject({
  community: hash,
  month,
  list: hash,
  invites: v.pipe(
    v.array(key),
    v.minLength(1),
    v.maxLength(mostCulprits),
    v.check(
      (invites: Bytes[]) => invites.every((invite, i) => i === 0 || compareBytes(invites[i - 1] ?? invite, invite) < 0),
      'must be ascending',
    ),
  ),
});

export const encodeCulprits = (culprits: Culprits): Bytes =>
  encodeCbor({ ...culprits, invites: [...culprits.invites].sort(compareBytes) });

/** @throws {ProtocolError} `malformed` */
export const decodeCulprits = (body: Uint8Array): Culprits => decodeCbor(culpritsSchema, body, 'The culprits');

/**
 * Checks that one steward of the community names these culprits.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function checkCulprits(
  message: SignedMessage,
  { id, manifest }: Community,
): Promise<Culprits & { readonly steward: number }> {
  const culprits = decodeCulprits(message.body);
  if (!equalBytes(culprits.community, id)) {
    throw new ProtocolError('wrong-community', 'The culprits are of another community');
  }
  return { ...culprits, steward: await verifyBySteward('culprits', message, manifest) };
}
