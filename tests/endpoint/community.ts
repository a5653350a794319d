/** A community whose rounds a test can play at an endpoint, fast: its ciphertexts have words that a test can read. */
import { makeRoundKey } from '../../src/lib/fhe/contribution.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { certify, type Certificate } from '../../src/protocol/certificate.ts';
import { CiphertextSum, polynomialSize, slotCount } from '../../src/protocol/ciphertext.ts';
import { encodeClose } from '../../src/protocol/close.ts';
import { signContribution, type Contribution, type ContributionHeader } from '../../src/protocol/contribution.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { EndpointClient, type RoundAddress } from '../../src/protocol/endpoint-client.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkManifest, type Community, type Manifest } from '../../src/protocol/manifest.ts';
import { encodeRoundKey, checkAnnouncement, type Announcement } from '../../src/protocol/round-key.ts';
import { mergeSignatures, signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { exampleManifest, month, seedOf, signerOf } from '../protocol/example.ts';

export { month };

/** Fewest homes with which the example's groups open: 15 without those of any one steward. */
export const fewestHomes = 23;
export const startMs = Date.UTC(2026, 1, 1);
export const closesMs = startMs + 7 * 86_400_000;

export const clientOf = (endpoint: Pick<Endpoint, 'fetch'>): EndpointClient =>
  new EndpointClient({
    url: 'http://endpoint.test',
    fetch: async (url, init) => endpoint.fetch(new Request(url, init)),
  });

let zeroKeyBytes: Bytes | undefined;
/** A public key whose words are all zero: centring takes nothing off, so a total is the plain sum of the words. */
export function zeroKey(): Bytes {
  if (zeroKeyBytes === undefined) {
    zeroKeyBytes = new Uint8Array(makeRoundKey(nodeTfhe).publicKey);
    zeroKeyBytes.fill(0, 8, 8 + 16 * polynomialSize);
  }
  return zeroKeyBytes;
}

const wordCount = polynomialSize + slotCount;
/** Where a one-hot ciphertext keeps what makes it unlike every other one. */
const tagAt = wordCount - 1;

/** A ciphertext with 1 in the word of its home; `tag` makes it its own. */
export function oneHot(home: number, tag: number): Bytes {
  const bytes = new CiphertextSum().total(zeroKey());
  const words = new DataView(bytes.buffer);
  words.setBigUint64(8 + 8 * home, 1n, true);
  words.setBigUint64(8 + 8 * tagAt, BigInt(tag), true);
  return bytes;
}

/** How often each home stands in a total of one-hot ciphertexts, and the sum of their tags. */
export function countsOf(total: Uint8Array, homes: number): { homes: number[]; tags: number } {
  const words = new DataView(total.buffer, total.byteOffset);
  const word = (at: number): number => Number(words.getBigUint64(8 + 8 * at, true));
  return { homes: Array.from({ length: homes }, (_, home) => word(home)), tags: word(tagAt) };
}

export class TestCommunity {
  readonly community: Community;
  readonly manifest: SignedMessage;
  readonly stewards: readonly Signer[];
  readonly invites: readonly Signer[];

  private constructor(
    community: Community,
    manifest: SignedMessage,
    stewards: readonly Signer[],
    invites: readonly Signer[],
  ) {
    this.community = community;
    this.manifest = manifest;
    this.stewards = stewards;
    this.invites = invites;
  }

  static async make(homes = fewestHomes, change: Partial<Manifest> = {}): Promise<TestCommunity> {
    const { stewards, invites, message } = await exampleManifest(homes, { cohorts: [], ...change });
    return new TestCommunity(await checkManifest(message), message, stewards, invites);
  }

  get id(): string {
    return toHex(this.community.id);
  }

  round(ofMonth = month): RoundAddress {
    return { community: this.community.id, month: ofMonth };
  }

  async roundKey(steward: number, ofMonth = month, change: { closesMs?: number; publicKey?: Bytes } = {}) {
    const body = encodeRoundKey({
      community: this.community.id,
      month: ofMonth,
      steward,
      schema: 1,
      closesMs,
      publicKey: zeroKey(),
      hpkeKey: await seedOf(`hpke ${ofMonth} ${steward}`),
      ...change,
    });
    return signMessage('round-key', body, [this.steward(steward)]);
  }

  steward(index: number): Signer {
    const steward = this.stewards[index];
    if (steward === undefined) throw new Error(`no steward ${index}`);
    return steward;
  }

  /** Registers the community and announces a round. */
  async announce(client: EndpointClient, ofMonth = month, change: { closesMs?: number } = {}): Promise<Announcement> {
    await client.registerCommunity(this.manifest);
    for (const steward of this.stewards.keys()) {
      await client.postRoundKey(this.community.id, await this.roundKey(steward, ofMonth, change));
    }
    const bytes = await client.announcement(this.round(ofMonth));
    if (bytes === undefined) throw new Error('not announced');
    return checkAnnouncement(bytes, this.community);
  }

  async certificates(home: number, member: Bytes): Promise<Certificate[]> {
    const invite = this.invites[home];
    if (invite === undefined) throw new Error(`no invite ${home}`);
    return [await certify(this.community.id, member, invite)];
  }

  /** A contribution with one-hot ciphertexts and fingerprints that mean nothing. */
  async contribution(
    announcement: Announcement,
    home: number,
    version = 1,
    change: Partial<ContributionHeader> & { member?: Signer; ciphertexts?: Bytes[]; tag?: number } = {},
  ): Promise<Contribution> {
    const { member = await signerOf(`member ${home}`), tag = version, ...header } = change;
    const files = this.stewards.map((_, steward) => oneHot(home, 1000 * home + 100_000_000 * steward + tag));
    const sealed = await Promise.all(
      this.stewards.map(async (_, steward) => {
        const whole = new Uint8Array(56);
        whole.set(await seedOf(`fingerprint ${home} ${steward} ${version} ${tag}`));
        return whole;
      }),
    );
    const ciphertexts = change.ciphertexts ?? files;
    return signContribution(
      {
        community: this.community.id,
        month: announcement.month,
        announcement: announcement.hash,
        invite: this.invites[home]?.publicKey ?? new Uint8Array(32),
        certificates: await this.certificates(home, member.publicKey),
        cohort: -1,
        version,
        ...header,
        ciphertexts: await Promise.all(ciphertexts.map(sha256)),
      },
      sealed,
      ciphertexts,
      member,
    );
  }

  /** The stewards' signatures under closing a round, of these stewards. */
  async close({ hash, month }: Announcement, stewards: readonly number[] = [0, 1]): Promise<SignedMessage> {
    const body = encodeClose({ community: this.community.id, month, announcement: hash });
    const messages = stewards.map((steward) => signMessage('close', body, [this.steward(steward)]));
    return (await Promise.all(messages)).reduce(mergeSignatures);
  }
}
