/**
 * Certificates: an invite's key signs a home's member key, and a member key that of the home's next device. The chain
 * stands in every contribution; its last key signs.
 */
import * as v from 'valibot';
import type { Bytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { key, signature } from './fields.ts';
import { signMessage, verifySignatures } from './signed.ts';

/** One link of the chain: a member key, signed by the key before it (the invite's for the first). */
export interface Certificate {
  readonly member: Bytes;
  readonly signature: Bytes;
}

export const certificateSchema = v.strictTuple([key, signature]);
/** Most devices a home can have had. */
export const mostCertificates = 8;

const certificateBody = (community: Uint8Array, member: Uint8Array): Bytes => encodeCbor({ community, member });

/** Certifies a member key of a community with the invite's key or the older device's. */
export async function certify(community: Uint8Array, member: Bytes, by: Signer): Promise<Certificate> {
  const { signatures } = await signMessage('certificate', certificateBody(community, member), [by]);
  return { member, signature: signatures[0]?.signature ?? new Uint8Array() };
}

/**
 * Checks a chain from the invite's key to the member key that it ends with.
 *
 * @throws {ProtocolError} `bad-certificate`
 */
export async function verifyCertificates(
  community: Uint8Array,
  invite: Bytes,
  chain: readonly Certificate[],
): Promise<void> {
  try {
    await Promise.all(
      chain.map(({ member, signature }, i) =>
        verifySignatures('certificate', {
          body: certificateBody(community, member),
          signatures: [{ signer: chain[i - 1]?.member ?? invite, signature }],
        }),
      ),
    );
  } catch (cause) {
    throw new ProtocolError('bad-certificate', 'A member key is not certified by its invite', { cause });
  }
}
