/** A round of the example community with real encryption, whose endpoint a test can turn. */
import { decryptTotal, encryptShares, makeRoundKey } from '../../src/lib/fhe/contribution.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import type { Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import {
  encodeHeader,
  signContribution,
  type Contribution,
  type ContributionHeader,
} from '../../src/protocol/contribution.ts';
import { encodeVector } from '../../src/protocol/features.ts';
import { fingerprint, fingerprintCoefficients, sealFingerprint } from '../../src/protocol/fingerprint.ts';
import { logCheck, neverFollowed } from '../../src/protocol/follow.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import type { Manifest } from '../../src/protocol/manifest.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import { Steward, type StewardStore } from '../../src/protocol/steward.ts';
import { memoryStore } from '../../src/simulation/memory-store.ts';
import { makeExample, month, signerOf, type Example } from './example.ts';
import { TestEndpoint } from './test-endpoint.ts';

export interface RoundExample {
  readonly example: Example;
  readonly endpoint: TestEndpoint;
  readonly stewards: readonly Steward[];
  /** What each steward remembers. */
  readonly records: readonly Map<string, Uint8Array>[];
  readonly now: () => number;
  readonly vectors: readonly (readonly number[])[];
  /** All bytes that stewards decrypted. */
  readonly decrypted: Bytes[];
}

export const exampleVector = (home: number): number[] =>
  encodeVector(
    {
      meanDailyKwh: 5 + home,
      baseloadW: 50 + 10 * home,
      peakThreeHoursKw: 1 + home / 10,
      eveningShare: 0.2 + home / 200,
      nightShare: 0.1,
      middayShare: 0.2,
      weekendRatio: 1.1,
      loadFactor: 0.2,
    },
    { weekdayWh: Array<number>(24).fill(100 + home), weekendWh: Array<number>(24).fill(200) },
  );

/** What a cheating home or endpoint may change on the way of one contribution. */
export interface Cheats {
  readonly shares?: (shares: number[][]) => number[][];
  readonly ciphertexts?: (ciphertexts: Bytes[]) => Bytes[];
  readonly fingerprint?: (value: bigint, steward: number) => bigint;
  readonly header?: Partial<ContributionHeader>;
}

/** A contribution of home i to the round of this endpoint, honest but for the cheats. */
export async function contributionOf(
  { community, invites }: Example,
  endpoint: TestEndpoint,
  home: number,
  cheats: Cheats = {},
): Promise<Contribution> {
  const { announcement } = endpoint;
  const invite = invites[home];
  if (announcement === undefined || invite === undefined) throw new Error('no round or invite');
  const member = await signerOf(`member ${home}`);
  const honest = splitShares(exampleVector(home), community.manifest.threshold, announcement.roundKeys.length);
  const shares = cheats.shares?.(honest) ?? honest;
  const encrypted = announcement.roundKeys.map(({ publicKey }, i) =>
    encryptShares(nodeTfhe, publicKey, shares[i] ?? []),
  );
  const ciphertexts = cheats.ciphertexts?.(encrypted) ?? encrypted;
  const header: ContributionHeader = {
    community: community.id,
    month,
    announcement: announcement.hash,
    invite: invite.publicKey,
    certificates: [await certify(community.id, member.publicKey, invite)],
    cohort: -1,
    version: 1,
    ciphertexts: await Promise.all(ciphertexts.map(sha256)),
    ...cheats.header,
  };
  const coefficients = await fingerprintCoefficients(announcement.hash);
  const sealed = await Promise.all(
    announcement.roundKeys.map(({ hpkeKey }, steward) => {
      const value = fingerprint(coefficients, shares[steward] ?? []);
      const context = { community: community.id, month, steward };
      return sealFingerprint(cheats.fingerprint?.(value, steward) ?? value, hpkeKey, encodeHeader(header), context);
    }),
  );
  return signContribution(header, sealed, ciphertexts, member);
}

/** A round with this many homes, announced and contributed to, not yet closed. */
export async function makeRound(
  homes: number,
  manifest: Partial<Manifest> = {},
  now: () => number = () => 0,
): Promise<RoundExample> {
  const example = await makeExample(homes, manifest);
  const endpoint = new TestEndpoint(example.endpoint, example.community);
  const vectors = Array.from({ length: homes }, (_, home) => exampleVector(home));
  const records = example.stewards.map(() => new Map<string, Uint8Array>());
  const round = withStewards({ example, endpoint, records, vectors, now });
  for (const steward of round.stewards) await steward.announce(month, 1_770_000_000_000);
  for (let home = 0; home < homes; home++) endpoint.contributions.push(await contributionOf(example, endpoint, home));
  return round;
}

/** A steward's store over its records; a test may give another. */
export type StoreOf = (steward: number, records: Map<string, Uint8Array>) => StewardStore;

function withStewards(
  parts: Omit<RoundExample, 'stewards' | 'decrypted'>,
  storeOf: StoreOf = (_, records) => memoryStore(records),
): RoundExample {
  const { example, endpoint, records, now } = parts;
  const decrypted: Bytes[] = [];
  const stewards = example.stewards.map(
    (signer, steward) =>
      new Steward({
        community: example.community,
        steward,
        signer,
        endpoint: endpoint.client(),
        inLog: logCheck(endpoint.client(), neverFollowed(example.community)),
        store: storeOf(steward, records[steward] ?? new Map<string, Uint8Array>()),
        encryption: {
          makeRoundKey: () => makeRoundKey(nodeTfhe),
          decryptTotal: (key, total) => {
            decrypted.push(new Uint8Array(total));
            return decryptTotal(nodeTfhe, key, total);
          },
        },
        now,
      }),
  );
  return { ...parts, stewards, decrypted };
}

/** The same round once more, as it stands now, to be played on without changing this one. */
export function forkRound(
  { example, endpoint, records, vectors, now }: Omit<RoundExample, 'stewards' | 'decrypted'>,
  storeOf?: StoreOf,
): RoundExample {
  const copied = records.map((each) => new Map(each));
  return withStewards({ example, endpoint: endpoint.fork(), records: copied, vectors, now }, storeOf);
}

/** The same round with apps that were started again: they know what is on record, and nothing else. */
export const restart = (round: RoundExample, storeOf?: StoreOf): RoundExample => withStewards(round, storeOf);
