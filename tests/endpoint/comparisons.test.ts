/** Encrypted comparisons at the endpoint, under small insecure keys: keys up, requests in, answers out, and what is refused. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import adviceModel from '../../src/endpoint/advice-model.json' with { type: 'json' };
import type { Endpoint, EndpointOptions } from '../../src/endpoint/endpoint.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { StoreError, type Store } from '../../src/endpoint/store.ts';
import { bigDimensionOf } from '../../src/evaluator/parameters.ts';
import { decryptAnswers, encryptCodes } from '../../src/lib/fhe/comparison.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import { parseAdviceModel, scoreInClear } from '../../src/protocol/advice-model.ts';
import { ownBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import {
  checkComparisonResult,
  circuitVersion,
  keyPieceBytes,
  normsId,
  placesOf,
  requestId,
  scoresOf,
  signComparisonRequest,
  signKeyAnnouncement,
  type ComparisonRequest,
  type Place,
} from '../../src/protocol/comparison.ts';
import { digitBytes } from '../../src/protocol/comparison-digits.ts';
import { EndpointError, type EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { vectorParts } from '../../src/protocol/features.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkList } from '../../src/protocol/list.ts';
import type { Manifest } from '../../src/protocol/manifest.ts';
import { computeNorms, encodeNorms } from '../../src/protocol/norms-message.ts';
import { encodeOpening, type Opening } from '../../src/protocol/opening.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import { decodeSigned, signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';
import { open, toyKey } from '../evaluator/keys.ts';
import { signerOf } from '../protocol/example.ts';
import { exampleVector } from '../protocol/round-example.ts';
import { poolMaker } from './evaluator-pool.ts';
import { MemoryStore } from './memory-store.ts';
import {
  clientOf,
  closesMs,
  exampleEndpoint,
  fewestHomes,
  month,
  startMs,
  temporaryFolder,
  TestCommunity,
} from './support.ts';

const keyA = await open(toyKey('toyA'));
/** Of two pieces. */
const keyC = await open(toyKey('toyC'));
const accept = [keyA.parameters, keyC.parameters];
const makePool = await poolMaker(accept);

const homes = 2 * fewestHomes;
const cohortOf = (home: number): number => (home < fewestHomes ? 0 : 1);
const vectors = Array.from({ length: homes }, (_, home) => exampleVector(home));
const codesOf = (home: number): readonly number[] => vectorParts(vectors[home] ?? []).codeSums;

interface Street {
  readonly endpoint: Endpoint;
  readonly client: EndpointClient;
  readonly street: TestCommunity;
  readonly norms: Bytes;
  readonly clock: { ms: number };
  readonly start: (options?: Partial<EndpointOptions>) => Promise<{ endpoint: Endpoint; client: EndpointClient }>;
}

/** A community with two cohorts whose round is opened, its means and deciles unpublished. */
async function opened(store: Store, keep = homes, terms: Partial<Manifest> = {}): Promise<Street> {
  const clock = { ms: startMs };
  const start = async (options: Partial<EndpointOptions> = {}) => {
    const endpoint = await exampleEndpoint({
      store,
      now: () => clock.ms,
      keyParameters: accept,
      evaluator: { pool: makePool() },
      ...options,
    });
    return { endpoint, client: clientOf(endpoint) };
  };
  const { endpoint, client } = await start();
  const street = await TestCommunity.make(homes, {
    cohorts: ['flat', 'house'],
    publishes: ['profiles'],
    ...terms,
  });
  const announcement = await street.announce(client);
  const round = street.round();
  for (let home = 0; home < keep; home++) {
    await client.contribute(round, await street.contribution(announcement, home, 1, { cohort: cohortOf(home) }));
  }
  clock.ms = closesMs;
  const message = await client.list(round);
  if (message === undefined) throw new Error('not closed');
  const list = await checkList(message, street.community, announcement);
  for (const steward of street.stewards.keys()) {
    const seal = encodeSeal({ community: street.community.id, month, list: list.hash });
    await client.postSeal(round, await signMessage('seal', seal, [street.steward(steward)]));
  }
  // What the encrypted sums come to is tested elsewhere: here the stewards share the totals themselves.
  const shares = list.groups.map(({ members }) => {
    const invites = members.map((at) => toHex(list.list.entries[at]?.invite ?? new Uint8Array()));
    const inGroup = vectors.filter((_, home) =>
      invites.includes(toHex(street.invites[home]?.publicKey ?? new Uint8Array())),
    );
    return splitShares(expectedTotal(inGroup), 2, 3);
  });
  const openings = [...street.stewards.keys()].map((steward): Opening => ({
    community: street.community.id,
    month,
    list: list.hash,
    steward,
    words: [],
    sums: shares.map((ofGroup) => ofGroup[steward] ?? []),
  }));
  for (const [steward, opening] of openings.entries()) {
    await client.postOpening(round, await signMessage('opening', encodeOpening(opening), [street.steward(steward)]));
  }
  const { norms } = await computeNorms(street.community, list, openings);
  const words = [0, 1].map((steward) => signMessage('norms', encodeNorms(norms), [street.steward(steward)]));
  for (const word of await Promise.all(words)) await client.postNorms(round, word);
  return { endpoint, client, street, norms: await normsId(norms), clock, start };
}

const askerOf = async (street: TestCommunity, home: number) => {
  const member = await signerOf(`member ${home}`);
  const invite = street.invites[home]?.publicKey ?? new Uint8Array(32);
  return {
    member,
    asker: { community: street.community.id, invite, certificates: await street.certificates(home, member.publicKey) },
  };
};

async function announceKey({ street }: Street, client: EndpointClient, home: number, key: Bytes): Promise<Bytes> {
  const { member, asker } = await askerOf(street, home);
  const hash = await sha256(key);
  await client.announceKey(
    street.community.id,
    await signKeyAnnouncement({ ...asker, size: key.length, sha256: hash }, member),
  );
  return hash;
}

/** Sends what is missing of a key. */
async function upload(client: EndpointClient, community: Bytes, key: Bytes): Promise<void> {
  const hash = await sha256(key);
  let offset = (await client.keyOffset(community, hash)) ?? -1;
  while (offset < key.length) {
    offset = await client.sendKeyPiece(community, hash, offset, key.slice(offset, offset + keyPieceBytes));
  }
}

async function requestOf(
  street: Street,
  home: number,
  change: Partial<ComparisonRequest> & { readonly key?: typeof keyA } = {},
): Promise<SignedMessage> {
  const { key = keyA, ...fields } = change;
  const { member, asker } = await askerOf(street.street, home);
  return signComparisonRequest(
    {
      ...asker,
      month,
      norms: street.norms,
      circuits: circuitVersion,
      cohort: cohortOf(home),
      serverKey: await sha256(key.serverKeyBytes),
      codes: encryptCodes(nodeTfhe, key.clientKeyBytes, codesOf(home)),
      ...fields,
    },
    member,
  );
}

/** Group by group, what the home's own key reads. */
async function answersOf(
  street: Street,
  client: EndpointClient,
  request: SignedMessage,
  key = keyA,
): Promise<Map<string, Place[] | undefined>> {
  const bytes = await client.comparison(street.street.round(), await requestId(request));
  if (bytes === undefined) throw new Error('no result');
  const result = await checkComparisonResult(decodeSigned(bytes), street.street.community, request);
  return new Map(
    result.groups.map(({ name, answers }) => [
      name,
      placesOf(decryptAnswers(nodeTfhe, key.clientKeyBytes, answers, bigDimensionOf(key.parameters))),
    ]),
  );
}

/** Scores of the advice model, and its number, as the home's own key reads them. */
async function scoresFrom(street: Street, client: EndpointClient, request: SignedMessage, key = keyA) {
  const bytes = await client.comparison(street.street.round(), await requestId(request));
  if (bytes === undefined) throw new Error('no result');
  const { model, scores } = await checkComparisonResult(decodeSigned(bytes), street.street.community, request);
  return {
    model,
    scores: scoresOf(decryptAnswers(nodeTfhe, key.clientKeyBytes, scores, bigDimensionOf(key.parameters))),
  };
}

/** The same by the model's tables, from the plain ranks. */
function expectedScores(ranks: readonly number[]) {
  const { version, advice } = parseAdviceModel(adviceModel);
  const { baseload, evening, night, heating } = advice;
  const score = (tree: typeof baseload): number => scoreInClear(tree, ranks);
  return {
    model: version,
    scores: { baseload: score(baseload), evening: score(evening), night: score(night), heating: score(heating) },
  };
}

/** The same from the plain vectors. */
function expectedPlaces(home: number, members: readonly number[][]): Place[] {
  const { deciles, means } = expectedNorms(expectedTotal(members));
  return codesOf(home).map((code, i) => ({
    rank: (deciles[i] ?? []).filter((threshold) => code >= threshold).length,
    aboveMean: code > (means[i] ?? 0),
  }));
}
const inCohort = (cohort: number) => vectors.filter((_, home) => cohortOf(home) === cohort);

const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof EndpointError ? `${error.status} ${error.code}` : String(error)),
  );

test('A home’s answers are its places in the community and in its cohort, and nobody else reads them', async () => {
  const street = await opened(new MemoryStore());
  const { client, endpoint } = street;
  const { community } = street.street;
  for (const [home, key] of [
    [0, keyA],
    [30, keyC],
  ] as const) {
    const hash = await announceKey(street, client, home, ownBytes(key.serverKeyBytes));
    expect(await client.keyOffset(community.id, hash)).toBe(0);
    await upload(client, community.id, ownBytes(key.serverKeyBytes));
    expect(await client.keyOffset(community.id, hash)).toBe(key.serverKeyBytes.length);
    const request = await requestOf(street, home, { key });
    await client.requestComparison(street.street.round(), request);
    await endpoint.idle();
    const answers = await answersOf(street, client, request, key);
    const name = ['flat', 'house'][cohortOf(home)] ?? '';
    expect([...answers.keys()]).toEqual(['community', name]);
    const places = expectedPlaces(home, vectors);
    expect(answers.get('community')).toEqual(places);
    expect(await scoresFrom(street, client, request, key)).toEqual(expectedScores(places.map(({ rank }) => rank)));
    expect(answers.get(name)).toEqual(expectedPlaces(home, inCohort(cohortOf(home))));
  }
  expect(await refusal(announceKey(street, client, 1, ownBytes(keyA.serverKeyBytes)))).toBe('409 already-bound');
});

test('Codes cannot be tried: one request for one set of norms, and repeats only of the identical bytes', async () => {
  const street = await opened(new MemoryStore());
  const { client, endpoint } = street;
  const round = street.street.round();
  await announceKey(street, client, 0, ownBytes(keyA.serverKeyBytes));
  await upload(client, street.street.community.id, ownBytes(keyA.serverKeyBytes));
  const request = await requestOf(street, 0, { cohort: -1 });
  await client.requestComparison(round, request);
  await client.requestComparison(round, request);
  await endpoint.idle();
  await client.requestComparison(round, request);
  expect([...(await answersOf(street, client, request)).keys()]).toEqual(['community']);

  const probes: Partial<ComparisonRequest>[] = [
    {},
    { codes: encryptCodes(nodeTfhe, keyA.clientKeyBytes, [0, 32, 64, 96, 128, 160, 192, 224]) },
    { cohort: 0 },
  ];
  for (const change of probes) {
    const probe = await requestOf(street, 0, { cohort: -1, ...change });
    expect(await refusal(client.requestComparison(round, probe))).toBe('409 already-decided');
    expect(await client.comparison(round, await requestId(probe))).toBeUndefined();
  }
  // Neither by other keys of the home's own, nor by a second member of the same invite.
  await announceKey(street, client, 0, ownBytes(keyC.serverKeyBytes));
  await upload(client, street.street.community.id, ownBytes(keyC.serverKeyBytes));
  const other = await requestOf(street, 0, { key: keyC, cohort: -1 });
  expect(await refusal(client.requestComparison(round, other))).toBe('409 already-decided');
  const second = await signerOf('another member');
  const certificates = await street.street.certificates(0, second.publicKey);
  const { asker } = await askerOf(street.street, 0);
  const fields = { ...asker, certificates, month, norms: street.norms, circuits: circuitVersion, cohort: -1 };
  const serverKey = await sha256(keyA.serverKeyBytes);
  const codes = encryptCodes(nodeTfhe, keyA.clientKeyBytes, codesOf(0));
  const foreign = await signComparisonRequest({ ...fields, serverKey, codes }, second);
  expect(await refusal(client.requestComparison(round, foreign))).toBe('409 already-bound');
  // Nor by the home's next device, which its first one certified.
  const next = await certify(asker.community, second.publicKey, await signerOf('member 0'));
  const moved = await signComparisonRequest(
    { ...fields, certificates: [...asker.certificates, next], serverKey, codes },
    second,
  );
  expect(await refusal(client.requestComparison(round, moved))).toBe('409 already-decided');
});

test('Requests that do not hold are refused by name, and nothing is computed for them', async () => {
  const street = await opened(new MemoryStore());
  const { client, endpoint } = street;
  const round = street.street.round();
  const ask = async (home: number, change: Parameters<typeof requestOf>[2] = {}): Promise<string> =>
    refusal(client.requestComparison(round, await requestOf(street, home, change)));
  expect(await ask(0)).toBe('409 no-server-key');
  await announceKey(street, client, 0, ownBytes(keyA.serverKeyBytes));
  expect(await ask(0)).toBe('409 no-server-key');
  await upload(client, street.street.community.id, ownBytes(keyA.serverKeyBytes));
  expect(await ask(1)).toBe('409 no-server-key');
  expect(await ask(0, { norms: street.street.community.id })).toBe('409 wrong-norms');
  expect(await ask(0, { circuits: 9 })).toBe('422 wrong-circuits');
  expect(await ask(0, { cohort: 1 })).toBe('422 bad-value');
  expect(await ask(0, { month: '2026-02' })).toBe('422 wrong-round');
  // Of another key's dimension, and not fresh.
  expect(await ask(0, { codes: encryptCodes(nodeTfhe, toyKey('toyB').clientKeyBytes, codesOf(0)) })).toBe(
    '422 bad-ciphertext',
  );
  const codes = encryptCodes(nodeTfhe, keyA.clientKeyBytes, codesOf(0));
  codes[digitBytes - 8] = 2;
  expect(await ask(0, { codes })).toBe('422 bad-ciphertext');
  const early = { community: street.street.community.id, month: '2026-03' };
  expect(await refusal(client.requestComparison(early, await requestOf(street, 0)))).toBe('409 not-opened');
  await endpoint.idle();
  expect(await ask(0)).toBe('accepted');
});

test('An upload goes on after a broken piece and a restart, and wrong bytes are forgotten whole', async () => {
  const store = new MemoryStore();
  const street = await opened(store);
  const { id } = street.street.community;
  const key = ownBytes(keyC.serverKeyBytes);
  const hash = await announceKey(street, street.client, 0, key);
  const piece = (at: number): Bytes => key.slice(at, at + keyPieceBytes);
  const send = (client: EndpointClient, at: number, bytes: Bytes): Promise<string> =>
    refusal(client.sendKeyPiece(id, hash, at, bytes));
  expect(await send(street.client, keyPieceBytes, piece(keyPieceBytes))).toBe('409 wrong-offset');
  expect(await send(street.client, 0, piece(0).slice(1))).toBe('413 too-large');
  expect(await send(street.client, 0, piece(0))).toBe('accepted');
  expect(await send(street.client, 0, piece(0))).toBe('409 wrong-offset');

  const { client } = await street.start();
  expect(await client.keyOffset(id, hash)).toBe(keyPieceBytes);
  const changed = key.slice();
  changed[keyPieceBytes + 5] = (changed[keyPieceBytes + 5] ?? 0) ^ 1;
  const answers: string[] = [];
  for (let at = keyPieceBytes; at < key.length; at += keyPieceBytes) {
    answers.push(await send(client, at, changed.slice(at, at + keyPieceBytes)));
  }
  expect(answers).toEqual(['accepted', 'accepted', 'accepted', '422 bad-key']);
  expect(await client.keyOffset(id, hash)).toBe(0);
  await upload(client, id, key);
  expect(await client.keyOffset(id, hash)).toBe(key.length);
  expect(await send(client, 0, piece(0))).toBe('accepted');

  // The hash is right, but these are no bytes of a key; and a key of other parameters.
  for (const wrong of [crypto.getRandomValues(new Uint8Array(1000)), ownBytes(toyKey('toyB').serverKeyBytes)]) {
    await announceKey(street, client, 0, wrong);
    expect(await refusal(upload(client, id, wrong))).toBe('422 bad-key');
  }
  expect(await client.keyOffset(id, await sha256(new Uint8Array(3)))).toBeUndefined();
});

test('A home has two keys at a time, and what was never completed goes', async () => {
  const street = await opened(new MemoryStore());
  const { client, endpoint, clock } = street;
  const { id } = street.street.community;
  const keys = [1, 2, 3].map((i) => new Uint8Array(1000).fill(i));
  const hashes: Bytes[] = [];
  for (const key of keys) {
    clock.ms += 1000;
    hashes.push(await announceKey(street, client, 0, key));
  }
  const offsets = () => Promise.all(hashes.map((hash) => client.keyOffset(id, hash)));
  expect(await offsets()).toEqual([undefined, 0, 0]);
  clock.ms += 8 * 86_400_000;
  await endpoint.tick();
  expect(await offsets()).toEqual([undefined, undefined, undefined]);
});

test('A deletion that fails goes on with the next look, and is listed once', async () => {
  class Failing extends MemoryStore {
    failures = 0;

    override remove(name: string): Promise<void> {
      if (this.failures > 0 && name.includes('/server-keys')) {
        this.failures--;
        return Promise.reject(new StoreError('failed', 'broken'));
      }
      return super.remove(name);
    }
  }
  const store = new Failing();
  const street = await opened(store);
  const { client, endpoint, clock } = street;
  const { id } = street.street.community;
  const hash = await announceKey(street, client, 0, new Uint8Array(1000));
  clock.ms += 8 * 86_400_000;
  store.failures = 1;
  await endpoint.tick();
  expect(await client.keyOffset(id, hash)).toBe(0);
  await endpoint.tick();
  expect(await client.keyOffset(id, hash)).toBeUndefined();
  expect(await client.deletions(id)).toMatchObject([{ kind: 'upload', hashes: [hash] }]);
});

test('What was long not needed goes and is listed; which request was the home’s one is not forgotten', async () => {
  const store = new MemoryStore();
  const street = await opened(store, homes, { retentionDays: 30 });
  const { endpoint, client, clock } = street;
  const { community } = street.street;
  const round = street.street.round();
  const dayMs = 86_400_000;
  const requests: SignedMessage[] = [];
  for (const [home, key, days] of [
    [0, keyA, 0],
    [1, keyC, 20],
  ] as const) {
    await announceKey(street, client, home, ownBytes(key.serverKeyBytes));
    await upload(client, community.id, ownBytes(key.serverKeyBytes));
    clock.ms += days * dayMs;
    const request = await requestOf(street, home, { key });
    await client.requestComparison(round, request);
    requests.push(request);
    await endpoint.idle();
  }
  const hashes = await Promise.all([keyA, keyC].map(({ serverKeyBytes }) => sha256(serverKeyBytes)));
  const ids = await Promise.all(requests.map(requestId));
  const there = async () =>
    Promise.all([
      ...hashes.map(async (hash) => (await client.keyOffset(community.id, hash)) !== undefined),
      ...ids.map(async (id) => (await client.comparison(round, id).catch(() => undefined)) !== undefined),
    ]);
  clock.ms = closesMs + 30 * dayMs;
  await endpoint.tick();
  expect(await there()).toEqual([true, true, true, true]);
  expect(await client.deletions(community.id)).toHaveLength(1);
  clock.ms += dayMs;
  await endpoint.tick();
  expect(await there()).toEqual([false, true, false, true]);
  clock.ms += 20 * dayMs;
  await endpoint.tick();
  expect(await there()).toEqual([false, false, false, false]);
  const listed = (await client.deletions(community.id)).map(({ kind, hashes }) => [kind, hashes.map(toHex)]);
  expect(listed.slice(1)).toEqual([
    ['server-key', [toHex(hashes[0] ?? new Uint8Array())]],
    ['comparison', [toHex(ids[0] ?? new Uint8Array())]],
    ['server-key', [toHex(hashes[1] ?? new Uint8Array())]],
    ['comparison', [toHex(ids[1] ?? new Uint8Array())]],
  ]);
  expect(listed[0]?.[0]).toBe('round');

  await announceKey(street, client, 0, ownBytes(keyA.serverKeyBytes));
  await upload(client, community.id, ownBytes(keyA.serverKeyBytes));
  const probe = await requestOf(street, 0);
  expect(await refusal(client.requestComparison(round, probe))).toBe('409 already-decided');
  const [first] = requests;
  if (first === undefined) throw new Error('no request');
  await client.requestComparison(round, first);
  await endpoint.idle();
  expect((await answersOf(street, client, first)).get('community')).toEqual(expectedPlaces(0, vectors));
});

test('There is room for so many server keys in all, and no more; a key that went leaves its room', async () => {
  const street = await opened(await FileStore.open(await temporaryFolder()));
  const { client, endpoint } = await street.start({ limits: { allServerKeys: 1 } });
  await announceKey(street, client, 0, ownBytes(keyA.serverKeyBytes));
  await announceKey(street, client, 0, ownBytes(keyA.serverKeyBytes));
  expect(await refusal(announceKey(street, client, 1, ownBytes(keyC.serverKeyBytes)))).toBe('429 too-many');
  street.clock.ms += 8 * 86_400_000;
  await endpoint.tick();
  await announceKey(street, client, 1, ownBytes(keyC.serverKeyBytes));
});

test('Who has enough comparisons waiting is put off, and can ask later as if it had not asked', async () => {
  const street = await opened(new MemoryStore());
  const round = street.street.round();
  await announceKey(street, street.client, 0, ownBytes(keyA.serverKeyBytes));
  await upload(street.client, street.street.community.id, ownBytes(keyA.serverKeyBytes));
  for (const limits of [{ jobsPerHome: 0 }, { jobs: 0 }]) {
    const { client } = await street.start({ limits });
    expect(await refusal(client.requestComparison(round, await requestOf(street, 0)))).toBe('429 too-many');
  }
  await street.client.requestComparison(round, await requestOf(street, 0));
});

test('Ended in the middle, the next process computes the answer, and any process the same bytes', async () => {
  const store = new MemoryStore();
  const street = await opened(store);
  const { client, endpoint } = street;
  const round = street.street.round();
  await announceKey(street, client, 0, ownBytes(keyC.serverKeyBytes));
  await upload(client, street.street.community.id, ownBytes(keyC.serverKeyBytes));
  const request = await requestOf(street, 0, { key: keyC });
  const id = await requestId(request);
  await client.requestComparison(round, request);
  await endpoint.stop();
  expect(await client.comparison(round, id)).toBeUndefined();

  const next = await street.start();
  await next.endpoint.tick();
  await next.endpoint.idle();
  const result = await next.client.comparison(round, id);
  expect((await answersOf(street, next.client, request, keyC)).get('community')).toEqual(expectedPlaces(0, vectors));

  await store.remove(`communities/${street.street.id}/rounds/${month}/comparison-results/${toHex(id)}`);
  const third = await street.start();
  await third.client.requestComparison(round, request);
  await third.endpoint.idle();
  expect(await third.client.comparison(round, id)).toEqual(result);
});

test('On a full disk nothing half-written is served, and all goes on when there is room', async () => {
  const store = new MemoryStore();
  const street = await opened(store);
  const { client, endpoint } = street;
  const round = street.street.round();
  const create = store.create.bind(store);
  let refused = 0;
  const fillUp = (part: string): void => {
    refused = 0;
    store.create = (name, bytes) => {
      if (!name.includes(part)) return create(name, bytes);
      refused++;
      return Promise.reject(new StoreError('full', 'There is no room on the disk'));
    };
  };
  const key = ownBytes(keyC.serverKeyBytes);
  await announceKey(street, client, 0, key);
  fillUp('piece-00001');
  expect(await refusal(upload(client, street.street.community.id, key))).toBe('507 storage-full');
  expect(await client.keyOffset(street.street.community.id, await sha256(key))).toBe(keyPieceBytes);
  fillUp('nothing');
  await upload(client, street.street.community.id, key);

  const request = await requestOf(street, 0, { key: keyC });
  fillUp('comparison-requests');
  expect(await refusal(client.requestComparison(round, request))).toBe('507 storage-full');
  fillUp('comparison-results');
  await client.requestComparison(round, request);
  await expect.poll(() => refused, { timeout: 300_000 }).toBeGreaterThan(0);
  expect(await client.comparison(round, await requestId(request))).toBeUndefined();
  fillUp('nothing');
  await endpoint.idle();
  expect((await answersOf(street, client, request, keyC)).get('community')).toEqual(expectedPlaces(0, vectors));
});

test('A job that ends the process again and again is set aside, and others go on', async () => {
  const store = new MemoryStore();
  const street = await opened(store);
  const { client, endpoint } = street;
  const round = street.street.round();
  for (const [home, key] of [
    [0, keyA],
    [1, keyC],
  ] as const) {
    await announceKey(street, client, home, ownBytes(key.serverKeyBytes));
    await upload(client, street.street.community.id, ownBytes(key.serverKeyBytes));
  }
  const poisoned = await requestOf(street, 0);
  const id = await requestId(poisoned);
  for (let attempt = 0; attempt < 5; attempt++) {
    await store.create(`comparison-attempts/${toHex(id)}/${attempt}`, new Uint8Array([0]));
  }
  await client.requestComparison(round, poisoned);
  const good = await requestOf(street, 1, { key: keyC });
  await client.requestComparison(round, good);
  await endpoint.idle();
  expect(await refusal(client.comparison(round, id))).toBe('410 set-aside');
  expect((await answersOf(street, client, good, keyC)).get('community')).toEqual(expectedPlaces(1, vectors));
});

test('A job that fails for now is tried again behind the others', async () => {
  const street = await opened(new MemoryStore());
  const pool = makePool();
  const used: string[] = [];
  let bothAsked = (): void => undefined;
  const areAsked = new Promise<void>((done) => (bothAsked = done));
  const evaluator: NonNullable<EndpointOptions['evaluator']> = {
    retryMs: 500,
    pool: {
      use: async (id, source, task, options) => {
        used.push(id);
        if (used.length === 1) {
          await areAsked;
          throw new Error('for now');
        }
        return pool.use(id, source, task, options);
      },
    },
  };
  const { client, endpoint } = await street.start({ evaluator });
  const round = street.street.round();
  const asked: [SignedMessage, typeof keyA][] = [];
  for (const [home, key] of [
    [0, keyA],
    [1, keyC],
  ] as const) {
    await announceKey(street, client, home, ownBytes(key.serverKeyBytes));
    await upload(client, street.street.community.id, ownBytes(key.serverKeyBytes));
    asked.push([await requestOf(street, home, { key }), key]);
  }
  for (const [request] of asked) await client.requestComparison(round, request);
  bothAsked();
  await endpoint.idle();
  const [first, second] = await Promise.all([keyA, keyC].map(async (key) => toHex(await sha256(key.serverKeyBytes))));
  expect(used).toEqual([first, second, first]);
  for (const [home, [request, key]] of asked.entries()) {
    expect((await answersOf(street, client, request, key)).get('community')).toEqual(expectedPlaces(home, vectors));
  }
});

test('Nothing that the endpoint wrote says a figure or an answer without the home’s key', async () => {
  const folder = await temporaryFolder();
  const street = await opened(await FileStore.open(folder));
  const { client, endpoint } = street;
  await announceKey(street, client, 5, ownBytes(keyA.serverKeyBytes));
  await upload(client, street.street.community.id, ownBytes(keyA.serverKeyBytes));
  const request = await requestOf(street, 5);
  await client.requestComparison(street.street.round(), request);
  await endpoint.idle();
  const places = (await answersOf(street, client, request)).get('community') ?? [];
  expect(places).toEqual(expectedPlaces(5, vectors));

  const secrets = [
    codesOf(5),
    places.map(({ rank }) => rank),
    places.flatMap(({ rank, aboveMean }) => [rank, Number(aboveMean)]),
  ];
  const patterns = secrets.flatMap(encodings);
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = await Promise.all(names.map((entry) => readFile(join(entry.parentPath, entry.name))));
  const finds = (file: Buffer): boolean => patterns.some((pattern) => file.includes(pattern));
  expect(files.length).toBeGreaterThan(100);
  // The search finds each way to write them, in the middle of the largest file.
  const largest = files.reduce((a, b) => (b.length > a.length ? b : a));
  for (const pattern of patterns) {
    expect(finds(Buffer.concat([largest.subarray(0, 1001), pattern, largest.subarray(1001)]))).toBe(true);
  }
  expect(files.filter(finds)).toHaveLength(0);
});

/** Ways to write eight or sixteen small numbers down. */
function encodings(values: readonly number[]): Buffer[] {
  const cbor = (value: number): number[] => (value < 24 ? [value] : [24, value]);
  return [
    Buffer.from(values.flatMap(cbor)),
    Buffer.from(values),
    Buffer.from(new Uint16Array(values).buffer),
    Buffer.from(new Uint32Array(values).buffer),
    Buffer.from(new BigUint64Array(values.map(BigInt)).buffer),
    Buffer.from(new Float32Array(values).buffer),
    Buffer.from(new Float64Array(values).buffer),
    Buffer.from(values.join(',')),
    Buffer.from(values.join(', ')),
  ];
}
