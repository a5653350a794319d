/** Receipts: the endpoint's word that it keeps a contribution, which its home can hold against the closed list. */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { versionSchema } from './contribution.ts';
import { ProtocolError } from './error.ts';
import { hash, instantMs, key, month } from './fields.ts';
import { sha256 } from './hash.ts';
import type { Community } from './manifest.ts';
import { verifySignedBy, type SignedMessage } from './signed.ts';

export interface Receipt {
  readonly community: Bytes;
  readonly month: string;
  readonly member: Bytes;
  readonly version: number;
  /** SHA-256 of the contribution's signed body. */
  readonly contribution: Bytes;
  readonly receivedMs: number;
}

const receiptSchema = v.strictObject({
  community: hash,
  month,
  member: key,
  version: versionSchema,
  contribution: hash,
  receivedMs: instantMs,
});

export const encodeReceipt = (receipt: Receipt): Bytes => encodeCbor({ ...receipt });

/** @throws {ProtocolError} `malformed` */
export const decodeReceipt = (body: Uint8Array): Receipt => decodeCbor(receiptSchema, body, 'The receipt');

/**
 * Checks that a receipt is the endpoint's for this very contribution.
 *
 * @throws {ProtocolError} `malformed`, `wrong-signer`, `bad-signature`, `wrong-community`, `wrong-round`
 */
export async function checkReceipt(
  message: SignedMessage,
  community: Community,
  contribution: SignedMessage,
): Promise<Receipt> {
  const receipt = decodeReceipt(message.body);
  await verifySignedBy('receipt', message, community.manifest.endpointKey);
  if (!equalBytes(receipt.community, community.id)) {
    throw new ProtocolError('wrong-community', 'The receipt belongs to another community');
  }
  if (!equalBytes(receipt.contribution, await sha256(contribution.body))) {
    throw new ProtocolError('wrong-round', 'The receipt is for another contribution than the one sent');
  }
  return receipt;
}
