/**
 * Withdrawals: a steward takes back its signature under an amendment that is not in force yet. Whoever has kept the
 * signature could still use it until another amendment of the same number is in force: the endpoint is asked, not bound.
 */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { hash } from './fields.ts';
import { verifyBySteward, type Community } from './manifest.ts';
import { signMessage, type SignedMessage } from './signed.ts';

export interface Withdrawal {
  readonly community: Bytes;
  /** SHA-256 of the amendment's body. */
  readonly amendment: Bytes;
}

const withdrawalSchema = v.strictObject({ community: hash, amendment: hash });

export const signWithdrawal = (withdrawal: Withdrawal, steward: Signer): Promise<SignedMessage> =>
  signMessage('withdrawal', encodeCbor({ ...withdrawal }), [steward]);

/** @throws {ProtocolError} `malformed` */
export const decodeWithdrawal = (body: Uint8Array): Withdrawal =>
  decodeCbor(withdrawalSchema, body, 'The withdrawal of a signature');

/**
 * Checks that one steward of the community withdraws.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function checkWithdrawal(
  message: SignedMessage,
  { id, manifest }: Community,
): Promise<Withdrawal & { readonly steward: number }> {
  const withdrawal = decodeWithdrawal(message.body);
  if (!equalBytes(withdrawal.community, id)) {
    throw new ProtocolError('wrong-community', 'The withdrawal is for another community');
  }
  return { ...withdrawal, steward: await verifyBySteward('withdrawal', message, manifest) };
}
