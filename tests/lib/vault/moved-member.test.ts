import { beforeEach, describe, expect, it } from 'vitest';
import { makeBackup, restoreBackup } from '../../../src/lib/vault/backup.ts';
import { findCommunity, saveCommunity } from '../../../src/lib/vault/communities.ts';
import { addHome } from '../../../src/lib/vault/homes.ts';
import { keyAfterRestore } from '../../../src/lib/vault/moved-member.ts';
import { keepSecret, readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import type { JoinedCommunity } from '../../../src/lib/vault/schema.ts';
import { equalBytes, fromHex } from '../../../src/protocol/bytes.ts';
import { certify, mostCertificates, verifyCertificates } from '../../../src/protocol/certificate.ts';
import { randomSeed, signerFromSeed } from '../../../src/protocol/ed25519.ts';
import { exampleCommunity } from './examples.ts';
import { freshVault } from './fresh-vault.ts';

const passphrase = 'wind over quiet meters';
const { id } = exampleCommunity;
const community = fromHex(id) ?? new Uint8Array();

/** A device that is a member; gives its backup and the seed of its key. */
async function member(devices = 1): Promise<{ file: Uint8Array; seed: Uint8Array; joined: JoinedCommunity }> {
  const home = await addHome({ name: 'Home', timeZone: 'UTC' });
  const invite = await signerFromSeed(randomSeed());
  let signer = invite;
  let seed: Uint8Array = new Uint8Array(32);
  const certificates: { member: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> }[] = [];
  for (let i = 0; i < devices; i++) {
    seed = randomSeed();
    const next = await signerFromSeed(seed);
    certificates.push({ ...(await certify(community, next.publicKey, signer)) });
    signer = next;
  }
  const joined = { ...exampleCommunity, homeId: home.id, invite: invite.publicKey, certificates };
  await saveCommunity(joined);
  await keepSecret(secretId('member', id), seed);
  return { file: await makeBackup(passphrase), seed, joined };
}

beforeEach(freshVault);

describe('a member key', () => {
  it('is followed by another on the device that a backup is restored to, certified by it, and known to the old device', async () => {
    const { file, seed } = await member();
    const told = await keyAfterRestore(id);
    await freshVault();
    await restoreBackup(file, passphrase);
    const moved = await findCommunity(id);
    if (moved === undefined) throw new Error('not restored');
    await verifyCertificates(community, moved.invite, moved.certificates);
    expect(moved.certificates).toHaveLength(2);
    const now = await readSecret(secretId('member', id));
    expect(now).not.toEqual(seed);
    const { publicKey } = await signerFromSeed(now ?? new Uint8Array(32));
    expect(moved.certificates[1]?.member).toEqual(publicKey);
    expect(equalBytes(publicKey, told ?? new Uint8Array())).toBe(true);
  });

  it('stays where the backup was made, and when it is restored twice', async () => {
    const { file, seed, joined } = await member();
    await restoreBackup(file, passphrase);
    expect(await readSecret(secretId('member', id))).toEqual(seed);
    expect(await findCommunity(id)).toEqual(joined);
    await freshVault();
    await restoreBackup(file, passphrase);
    const moved = await findCommunity(id);
    await restoreBackup(file, passphrase);
    expect(await findCommunity(id)).toEqual(moved);
  });

  it('of a home that has had as many devices as it may is used as it is', async () => {
    const { file, seed } = await member(mostCertificates);
    await freshVault();
    await restoreBackup(file, passphrase);
    expect((await findCommunity(id))?.certificates).toHaveLength(mostCertificates);
    expect(await readSecret(secretId('member', id))).toEqual(seed);
  });
});
