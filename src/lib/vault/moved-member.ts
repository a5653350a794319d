/**
 * A home's member key on the device to which a backup brings it. It is another one than before, certified by the one
 * before, and is derived from it: so the device that the backup came from can tell from the community's log that the home
 * takes part from elsewhere now, and nobody else can.
 */

import { fromHex, ownBytes, utf8, type Bytes } from '../../protocol/bytes.ts';
import { certify, mostCertificates } from '../../protocol/certificate.ts';
import { signerFromSeed } from '../../protocol/ed25519.ts';
import type { JoinedCommunity } from './schema.ts';
import { readSecret, secretId } from './secrets.ts';

/** The seed after a restore: HKDF-SHA-256 (RFC 5869) of the one before. */
export async function seedAfterRestore(seed: Uint8Array): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', ownBytes(seed), 'HKDF', false, ['deriveBits']);
  const info = utf8('private-energy restored member v1');
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info },
    key,
    256,
  );
  return new Uint8Array(bits);
}

/** A membership and its member's seed as a restored device has them; a home that had too many devices stays as it is. */
export async function afterRestore(
  community: JoinedCommunity,
  seed: Uint8Array,
): Promise<{ readonly community: JoinedCommunity; readonly seed: Uint8Array }> {
  const isLast = community.certificates.length >= mostCertificates;
  // A device that another has followed brings nothing back but what it was.
  if (isLast || community.elsewhereMs !== undefined) return { community, seed };
  const next = await seedAfterRestore(seed);
  const { publicKey } = await signerFromSeed(next);
  const id = fromHex(community.id) ?? new Uint8Array();
  const { member, signature } = await certify(id, publicKey, await signerFromSeed(seed));
  return { community: { ...community, certificates: [...community.certificates, { member, signature }] }, seed: next };
}

/**
 * The public key that a device has to which a backup of this one was restored; undefined if this device has no key. For the
 * fhe worker, where keys are in the clear.
 */
export async function keyAfterRestore(communityId: string): Promise<Bytes | undefined> {
  const seed = await readSecret(secretId('member', communityId));
  return seed && (await signerFromSeed(await seedAfterRestore(seed))).publicKey;
}
