/** Encrypted comparisons at a real endpoint with real keys, every answer compared with the plain vectors' oracle. */
import adviceModel from '../endpoint/advice-model.json' with { type: 'json' };
import { makeClientKey, makeServerKey } from '../lib/fhe/comparison.ts';
import {
  makeComparisonRequest,
  readComparison,
  type ComparisonAnswer,
  type GroupPlaces,
} from '../lib/fhe/make-comparison.ts';
import type { Member } from '../lib/fhe/make-contribution.ts';
import { nodeTfhe } from '../lib/fhe/node.ts';
import { parseAdviceModel, scoredAdvice, scoreInClear } from '../protocol/advice-model.ts';
import type { Bytes } from '../protocol/bytes.ts';
import { answersPerGroup, keyPieceBytes, normsId, requestId, signKeyAnnouncement } from '../protocol/comparison.ts';
import { cohortNotSaid } from '../protocol/contribution.ts';
import { EndpointClient } from '../protocol/endpoint-client.ts';
import { vectorParts } from '../protocol/features.ts';
import { fewestHomes } from '../protocol/fields.ts';
import { sha256 } from '../protocol/hash.ts';
import { checkManifest, communityGroup, defaultRetentionDays, type Community } from '../protocol/manifest.ts';
import { checkNorms } from '../protocol/norms-message.ts';
import { checkAnnouncement } from '../protocol/round-key.ts';
import { encodeSigned } from '../protocol/signed.ts';
import { foundCommunity } from './founding.ts';
import { memoryStore } from './memory-store.ts';
import { expectedNorms, expectedTotal } from './oracle.ts';
import { closeRound, contribute, memberOfInvite, openRound, stewardsOf } from './round.ts';

/** Homes that a round needs so that {@link fewestHomes} remain without those of any one of three stewards. */
export const fewestComparedHomes = Math.ceil((fewestHomes * 3) / 2);

export interface ComparisonOptions {
  readonly endpointUrl: string;
  readonly month: string;
  /** One vector a home; at least {@link fewestComparedHomes}. */
  readonly vectors: readonly (readonly number[])[];
  /** How many of them, from the first on, ask for their comparison. */
  readonly homes: number;
  readonly say: (line: string) => void;
}

export interface ComparisonFigures {
  readonly homes: number;
  readonly answers: number;
  readonly wrong: number;
  /** Sent and received by a home for its comparison, its key included, means. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** The endpoint's own. */
const model = parseAdviceModel(adviceModel);
const cohorts = ['flat', 'house'];
const cohortOf = (home: number): number => (home % 4 === 3 ? cohortNotSaid : home % 2);
const dayMs = 86_400_000;
const pollMs = 250;

/** A client that counts what it sends and receives. */
function countingClient(url: string) {
  const bytes = { up: 0, down: 0 };
  const client = new EndpointClient({
    url,
    fetch: async (address, init) => {
      if (init.body instanceof Uint8Array) bytes.up += init.body.length;
      const answer = await fetch(address, init);
      bytes.down += Number(answer.headers.get('content-length') ?? 0);
      return answer;
    },
  });
  return { client, bytes };
}

/**
 * Founds a community that publishes no means and no deciles, plays a round, and has homes ask for their comparisons, one
 * after the other, each with a key of its own.
 *
 * @throws {EndpointError} what the endpoint refuses
 * @throws {ProtocolError} what a party finds wrong
 */
export async function simulateComparisons(options: ComparisonOptions): Promise<ComparisonFigures> {
  const { endpointUrl, month, vectors, homes, say } = options;
  const { client: endpoint, bytes } = countingClient(endpointUrl);
  const founding = await foundCommunity({
    name: 'Simulated Street',
    stewards: ['Ada', 'Ben', 'Cleo'],
    threshold: 2,
    minimumHomes: fewestHomes,
    cohorts,
    publishes: ['profiles'],
    endpointKey: await endpoint.identity(),
    lookHours: 0,
    retentionDays: defaultRetentionDays,
    invites: vectors.length,
  });
  const community = await checkManifest(founding.manifest);
  const round = { community: community.id, month };
  await endpoint.registerCommunity(founding.manifest);
  const stewards = await stewardsOf(
    community,
    founding.stewardSeeds,
    () => endpoint,
    () => memoryStore(),
  );
  const closesMs = Date.now() + dayMs;
  for (const steward of stewards) await steward.announce(month, closesMs);
  const announcement = await checkAnnouncement((await endpoint.announcement(round)) ?? new Uint8Array(), community);
  say(`${vectors.length} homes contribute to ${month}`);
  const members: Member[] = [];
  for (const [home, vector] of vectors.entries()) {
    const member = await memberOfInvite(community.id, founding.inviteSeeds[home] ?? new Uint8Array());
    members.push(member);
    await contribute(endpoint, member, { community, announcement, vector, cohort: cohortOf(home), version: 1 });
  }
  await closeRound(stewards, community, endpoint, round);
  await openRound(stewards, month);
  const published = await endpoint.norms(round);
  if (published === undefined) throw new Error('The endpoint does not show the norms that the stewards published');
  const norms = await checkNorms(published, community, month);

  const opened = norms.groups.map(({ name }) => name);
  let [answers, wrong] = [0, 0];
  [bytes.up, bytes.down] = [0, 0];
  for (const [home, member] of members.slice(0, homes).entries()) {
    const vector = vectors[home] ?? [];
    const codes = vectorParts(vector).codeSums;
    const ask = { community, month, norms: await normsId(norms), cohort: cohortOf(home), codes };
    const read = await compareHome(endpoint, community, member, ask);
    const label = cohorts[cohortOf(home)];
    const names = opened.filter((name) => name === communityGroup || name === label);
    for (const name of names) {
      const expected = expectedPlaces(
        codes,
        vectors.filter((_, other) => isIn(other, name)),
      );
      answers += answersPerGroup;
      wrong += countWrong(
        expected,
        read?.groups.find((group) => group.name === name),
      );
    }
    const ranks = expectedPlaces(codes, vectors).map(({ rank }) => rank);
    answers += scoredAdvice.length;
    wrong += scoredAdvice.filter((id) => read?.scores[id] !== scoreInClear(model.advice[id], ranks)).length;
    say(`${home + 1} of ${homes} homes have their answers, ${wrong} of ${answers} wrong`);
  }
  const mean = (count: number): number => Math.round(count / homes);
  return { homes, answers, wrong, bytesUp: mean(bytes.up), bytesDown: mean(bytes.down) };
}

const isIn = (home: number, group: string): boolean => group === communityGroup || cohorts[cohortOf(home)] === group;

async function compareHome(
  endpoint: EndpointClient,
  community: Community,
  member: Member,
  ask: { month: string; norms: Bytes; cohort: number; codes: readonly number[] },
): Promise<ComparisonAnswer | undefined> {
  const clientKey = makeClientKey(nodeTfhe);
  const key = makeServerKey(nodeTfhe, clientKey);
  const serverKey = await sha256(key);
  const { invite, certificates } = member;
  const announced = { community: community.id, invite, certificates, size: key.length, sha256: serverKey };
  await endpoint.announceKey(community.id, await signKeyAnnouncement(announced, member.signer));
  for (let at = 0; at < key.length;) {
    at = await endpoint.sendKeyPiece(community.id, serverKey, at, key.slice(at, at + keyPieceBytes));
  }
  const request = await makeComparisonRequest(nodeTfhe, member, clientKey, { community, serverKey, ...ask });
  const round = { community: community.id, month: ask.month };
  await endpoint.requestComparison(round, request);
  const id = await requestId(request);
  for (;;) {
    const result = await endpoint.comparison(round, id);
    if (result !== undefined) {
      return readComparison(nodeTfhe, clientKey, community, encodeSigned(request), result);
    }
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

/** Rank and above-the-mean per feature, by their definitions. */
function expectedPlaces(codes: readonly number[], members: readonly (readonly number[])[]) {
  const { deciles, means } = expectedNorms(expectedTotal(members));
  return codes.map((code, i) => ({
    rank: (deciles[i] ?? []).filter((threshold) => code >= threshold).length,
    aboveMean: code > (means[i] ?? 0),
  }));
}

function countWrong(expected: ReturnType<typeof expectedPlaces>, read: GroupPlaces | undefined): number {
  return expected
    .map(({ rank, aboveMean }, i) => {
      const place = read?.places[i];
      return Number(place?.rank !== rank) + Number(place?.aboveMean !== aboveMean);
    })
    .reduce((sum, count) => sum + count, 0);
}
