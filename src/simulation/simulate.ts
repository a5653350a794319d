/** One whole round at a real endpoint, with real encryption, compared with what the plain vectors come to. */
import type { TfheModule } from '../lib/fhe/tfhe-module.ts';
import { nodeTfhe } from '../lib/fhe/node.ts';
import { cohortNotSaid } from '../protocol/contribution.ts';
import type { EndpointClient } from '../protocol/endpoint-client.ts';
import { vectorLength } from '../protocol/features.ts';
import { fewestHomes, mostHomes, mostStewards } from '../protocol/fields.ts';
import { hasEnoughHomes } from '../protocol/groups.ts';
import { checkManifest, communityGroup, defaultRetentionDays, publishable } from '../protocol/manifest.ts';
import { checkNorms } from '../protocol/norms-message.ts';
import { checkAnnouncement } from '../protocol/round-key.ts';
import { foundCommunity } from './founding.ts';
import { memoryStore } from './memory-store.ts';
import { expectedNorms, expectedTotal } from './oracle.ts';
import { closeRound, contribute, memberOfInvite, openRound, stewardsOf } from './round.ts';

export interface SimulationOptions {
  /** How a party reaches the endpoint: all homes alike, and each steward (by its index). */
  readonly endpointOf: (party: 'homes' | number) => EndpointClient;
  readonly month: string;
  /** One contribution vector a home. */
  readonly vectors: readonly (readonly number[])[];
  readonly stewards: number;
  readonly threshold: number;
  /** Whether one home sends a ciphertext with one word changed, under an honest fingerprint. */
  readonly tamper: boolean;
  /** Told what is done. */
  readonly say: (line: string) => void;
}

export interface SimulationFigures {
  readonly homes: number;
  readonly slots: number;
  /** Whether every opened total and all published norms are what the plain vectors come to. */
  readonly exact: boolean;
  /** What a home sends. */
  readonly bytesPerHome: number;
  /** Sharing, encrypting, sealing and signing of one home's contribution, mean. */
  readonly encryptMsPerHome: number;
  /** The endpoint's adding up, from the stewards' word to close until the list is there. */
  readonly sumMs: number;
  /** All stewards' checks, openings and norms, one after the other. */
  readonly openMs: number;
  readonly totalMs: number;
}

/** Every other home says that it is a flat. */
const cohorts = ['flat', 'house'];
const cohortOf = (home: number): number => (home % 4 === 3 ? cohortNotSaid : home % 2);
const dayMs = 86_400_000;

/**
 * Plays a round from the founding of its community to its norms.
 *
 * @throws {RangeError} for numbers of homes or stewards that no round can have
 * @throws {EndpointError} what the endpoint refuses
 * @throws {ProtocolError} what stewards or homes refuse
 */
export async function simulateRound(options: SimulationOptions): Promise<SimulationFigures> {
  const { endpointOf, month, vectors, stewards: count, threshold, tamper, say } = options;
  checkNumbers(vectors.length, count, threshold);
  const startMs = performance.now();
  const endpoint = endpointOf('homes');
  const founding = await foundCommunity({
    name: 'Simulated Street',
    stewards: Array.from({ length: count }, (_, i) => `Steward ${i + 1}`),
    threshold,
    minimumHomes: fewestHomes,
    cohorts,
    publishes: publishable,
    endpointKey: await endpoint.identity(),
    lookHours: 0,
    retentionDays: defaultRetentionDays,
    invites: vectors.length,
  });
  const community = await checkManifest(founding.manifest);
  const round = { community: community.id, month };
  await endpoint.registerCommunity(founding.manifest);
  const stewards = await stewardsOf(community, founding.stewardSeeds, endpointOf, () => memoryStore());
  const closesMs = Date.now() + dayMs;
  for (const steward of stewards) await steward.announce(month, closesMs);
  const announcement = await checkAnnouncement((await endpoint.announcement(round)) ?? new Uint8Array(), community);

  let [bytes, encryptMs] = [0, 0];
  for (const [home, vector] of vectors.entries()) {
    const member = await memberOfInvite(community.id, founding.inviteSeeds[home] ?? new Uint8Array());
    const input = { community, announcement, vector, cohort: cohortOf(home), version: 1 };
    const tampers = tamper && home === Math.floor(vectors.length / 2);
    const sent = await contribute(endpoint, member, input, tampers ? flippingTfhe() : nodeTfhe);
    bytes += sent.bytes;
    encryptMs += sent.encryptMs;
    if ((home + 1) % 100 === 0) say(`${home + 1} of ${vectors.length} homes have contributed`);
  }

  const closingMs = performance.now();
  await closeRound(stewards, community, endpoint, round);
  const list = await endpoint.list(round);
  if (list === undefined) throw new Error('The endpoint closed the round but shows no list');
  const openingMs = performance.now();
  const opened = await openRound(stewards, month);
  const published = await endpoint.norms(round);
  if (published === undefined) throw new Error('The endpoint does not show the norms that the stewards published');
  const norms = await checkNorms(published, community, month);
  const endMs = performance.now();

  const expected = expectedGroups(
    vectors,
    norms.groups.map(({ name }) => name),
  );
  const exact =
    JSON.stringify(opened.totals) === JSON.stringify(expected.map(({ total }) => total)) &&
    JSON.stringify(norms.groups.map(sorted)) === JSON.stringify(expected.map(({ norms }) => sorted(norms)));
  return {
    homes: vectors.length,
    slots: vectorLength,
    exact,
    bytesPerHome: Math.round(bytes / vectors.length),
    encryptMsPerHome: tenths(encryptMs / vectors.length),
    sumMs: tenths(openingMs - closingMs),
    openMs: tenths(endMs - openingMs),
    totalMs: tenths(endMs - startMs),
  };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** Fields in the order of their names, so that two objects can be compared as texts. */
const sorted = (object: object): object =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Totals and norms of the named groups, from the plain vectors. */
function expectedGroups(vectors: readonly (readonly number[])[], names: readonly string[]) {
  return names.map((name) => {
    const members = vectors.filter((_, home) => name === communityGroup || cohorts[cohortOf(home)] === name);
    const total = expectedTotal(members);
    return { total, norms: { name, ...expectedNorms(total) } };
  });
}

function checkNumbers(homes: number, stewards: number, threshold: number): void {
  if (stewards < 2 || stewards > mostStewards) {
    throw new RangeError(`stewards must be 2 to ${mostStewards}, not ${stewards}`);
  }
  if (threshold < 2 || threshold > stewards) {
    throw new RangeError(`threshold must be 2 to the number of stewards (${stewards}), not ${threshold}`);
  }
  const manifest = { stewards: Array.from({ length: stewards }, () => ({ name: '', key: new Uint8Array() })) };
  const rule = { ...manifest, threshold, minimumHomes: fewestHomes };
  const enough = (count: number): boolean =>
    hasEnoughHomes(
      Array.from({ length: count }, (_, home) => ({ issuer: home % stewards, cohort: cohortNotSaid })),
      rule,
    );
  let least = fewestHomes;
  while (!enough(least)) least++;
  if (homes < least || homes > mostHomes) {
    throw new RangeError(
      `homes must be ${least} to ${mostHomes}, not ${homes}: ${fewestHomes} must remain when the invites of any ` +
        `${threshold - 1} of ${stewards} stewards are left out`,
    );
  }
}

/** `tfhe` that changes one word of the first ciphertext it makes. */
function flippingTfhe(): TfheModule {
  let flipped = false;
  const lists = nodeTfhe.CompactCiphertextList;
  return {
    ...nodeTfhe,
    CompactCiphertextList: {
      deserialize: (bytes) => lists.deserialize(bytes),
      builder(publicKey) {
        const list = lists.builder(publicKey);
        return {
          push_u240: (value) => list.push_u240(value),
          free: () => list.free(),
          build() {
            const built = list.build();
            return {
              len: () => built.len(),
              expand: () => built.expand(),
              free: () => built.free(),
              serialize() {
                const bytes = built.serialize();
                // The highest bit of the first word of the masks, which follow a count of 8 bytes.
                if (!flipped) bytes[15] = (bytes[15] ?? 0) ^ 0x80;
                flipped = true;
                return bytes;
              },
            };
          },
        };
      },
    },
  };
}
