/** Leave: a home ends its membership. Its later contributions are refused, and what is in no closed round is deleted. */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { verifyCertificates, type Certificate } from './certificate.ts';
import { certificatesSchema, memberOf } from './contribution.ts';
import { ProtocolError } from './error.ts';
import { hash, instantMs, key } from './fields.ts';
import { findInvite, type Community } from './manifest.ts';
import { verifySignedBy, type SignedMessage } from './signed.ts';

export interface Leave {
  readonly community: Bytes;
  /** Public key of the home's invite. */
  readonly invite: Bytes;
  /** From the invite to the member key that signs. */
  readonly certificates: readonly Certificate[];
  readonly atMs: number;
}

const leaveSchema = v.strictObject({ community: hash, invite: key, certificates: certificatesSchema, atMs: instantMs });

export const encodeLeave = (leave: Leave): Bytes =>
  encodeCbor({ ...leave, certificates: leave.certificates.map(({ member, signature }) => [member, signature]) });

/** @throws {ProtocolError} `malformed` */
export function decodeLeave(body: Uint8Array): Leave {
  const { certificates, ...fields } = decodeCbor(leaveSchema, body, 'The leave');
  return { ...fields, certificates: certificates.map(([member, signature]) => ({ member, signature })) };
}

/**
 * Checks that a home of the community wants to leave.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `unknown-invite`, `bad-certificate`, `wrong-signer`,
 *   `bad-signature`
 */
export async function checkLeave(message: SignedMessage, { id, manifest }: Community): Promise<Leave> {
  const leave = decodeLeave(message.body);
  if (!equalBytes(leave.community, id)) throw new ProtocolError('wrong-community', 'The leave is of another community');
  if (findInvite(manifest, leave.invite) === -1) {
    throw new ProtocolError('unknown-invite', 'The leave’s invite is not one of this community');
  }
  await verifyCertificates(id, leave.invite, leave.certificates);
  await verifySignedBy('leave', message, memberOf(leave));
  return leave;
}
