/** A small community whose keys all come from fixed seeds, for tests. */
import { utf8, type Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import {
  checkSignedContribution,
  signContribution,
  type CheckedContribution,
  type Contribution,
  type ContributionHeader,
} from '../../src/protocol/contribution.ts';
import { signerFromSeed, type Signer } from '../../src/protocol/ed25519.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import {
  defaultRetentionDays,
  checkManifest,
  encodeManifest,
  signInvite,
  type Community,
  type Manifest,
} from '../../src/protocol/manifest.ts';
import {
  checkAnnouncement,
  encodeAnnouncement,
  encodeRoundKey,
  type Announcement,
} from '../../src/protocol/round-key.ts';
import { signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { compareBytes } from '../../src/protocol/bytes.ts';

export const month = '2026-01';

/** 32 bytes that depend on the name alone. */
export const seedOf = (name: string): Promise<Bytes> => sha256(utf8(name));
export const signerOf = async (name: string): Promise<Signer> => signerFromSeed(await seedOf(name));

export interface Example {
  readonly stewards: readonly Signer[];
  readonly endpoint: Signer;
  readonly invites: readonly Signer[];
  readonly manifestMessage: SignedMessage;
  readonly community: Community;
  readonly announcementBytes: Bytes;
  readonly announcement: Announcement;
}

/** Signs a manifest with these fields changed. */
export async function exampleManifest(homes: number, change: Partial<Manifest> = {}) {
  const stewards = await Promise.all([0, 1, 2].map((i) => signerOf(`steward ${i}`)));
  const endpoint = await signerOf('endpoint');
  const invites = await Promise.all(Array.from({ length: homes }, (_, i) => signerOf(`invite ${i}`)));
  const salt = (await seedOf('salt')).slice(0, 16);
  const entries = await Promise.all(
    invites.map(({ publicKey }, i) => {
      const issuer = stewards[i % 3];
      if (issuer === undefined) throw new Error('no steward');
      return signInvite(salt, publicKey, i % 3, issuer);
    }),
  );
  const manifest: Manifest = {
    name: 'Example Street',
    schema: 1,
    stewards: stewards.map(({ publicKey }, i) => ({ name: `Steward ${i + 1}`, key: publicKey })),
    threshold: 2,
    minimumHomes: 15,
    cohorts: ['flat', 'house'],
    publishes: ['profiles', 'means', 'deciles'],
    endpointKey: endpoint.publicKey,
    lookHours: 0,
    retentionDays: defaultRetentionDays,
    invites: entries.sort((a, b) => compareBytes(a.key, b.key)),
    salt,
    ...change,
  };
  return { stewards, endpoint, invites, message: await signMessage('manifest', encodeManifest(manifest), stewards) };
}

export async function makeExample(homes: number, change: Partial<Manifest> = {}): Promise<Example> {
  const { stewards, endpoint, invites, message } = await exampleManifest(homes, change);
  const community = await checkManifest(message);
  const roundKeys = await Promise.all(
    stewards.map(async (signer, steward) => {
      const hpkeKey = await seedOf(`hpke ${steward}`);
      const publicKey = await seedOf(`round key ${steward}`);
      const roundKey = {
        community: community.id,
        month,
        steward,
        schema: 1,
        closesMs: 1_770_000_000_000,
        publicKey,
        hpkeKey,
      };
      return signMessage('round-key', encodeRoundKey(roundKey), [signer]);
    }),
  );
  const announcementBytes = encodeAnnouncement(roundKeys);
  const announcement = await checkAnnouncement(announcementBytes, community);
  return { stewards, endpoint, invites, manifestMessage: message, community, announcementBytes, announcement };
}

/** A contribution of home i, with bytes in place of ciphertexts and fingerprints that mean nothing. */
export async function exampleContribution(
  { community, announcement, invites }: Example,
  home: number,
  change: Partial<ContributionHeader> = {},
): Promise<Contribution> {
  const invite = invites[home];
  if (invite === undefined) throw new Error('no invite');
  const member = await signerOf(`member ${home}`);
  const ciphertexts = await Promise.all([0, 1, 2].map((i) => seedOf(`ciphertext ${home} ${i}`)));
  const sealed = await Promise.all(
    [0, 1, 2].map(async (i) => {
      const whole = new Uint8Array(56);
      whole.set(await seedOf(`fingerprint ${home} ${i}`));
      return whole;
    }),
  );
  const header: ContributionHeader = {
    community: community.id,
    month,
    announcement: announcement.hash,
    invite: invite.publicKey,
    certificates: [await certify(community.id, member.publicKey, invite)],
    cohort: home % 3 === 2 ? -1 : home % 2,
    version: 1,
    ciphertexts: await Promise.all(ciphertexts.map(sha256)),
    ...change,
  };
  return signContribution(header, sealed, ciphertexts, member);
}

export async function exampleContributions(example: Example, homes: number): Promise<CheckedContribution[]> {
  return Promise.all(
    Array.from({ length: homes }, async (_, home) => {
      const { signed } = await exampleContribution(example, home);
      return checkSignedContribution(signed, example.community, example.announcement);
    }),
  );
}
