/** What stewards ask of the endpoint, and what it refuses them. */
import { expect, test, vi } from 'vitest';
import { equalBytes, toBase64Url, toHex } from '../../src/protocol/bytes.ts';
import { encodeCbor } from '../../src/protocol/cbor.ts';
import { encodeCulprits } from '../../src/protocol/culprits.ts';
import { vectorLength } from '../../src/protocol/features.ts';
import { checkList, decodeList } from '../../src/protocol/list.ts';
import { encodeOpening } from '../../src/protocol/opening.ts';
import { encodeNorms, type RoundNorms } from '../../src/protocol/norms-message.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { encodeSigned, signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { signerOf } from '../protocol/example.ts';
import { MemoryStore } from './memory-store.ts';
import {
  clientOf,
  closesMs,
  countsOf,
  exampleEndpoint,
  fewestHomes,
  month,
  startMs,
  TestCommunity,
} from './support.ts';

async function closedRound(homes = fewestHomes) {
  const clock = { ms: startMs };
  const endpoint = await exampleEndpoint({ store: new MemoryStore(), now: () => clock.ms });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make(homes + 1);
  const announcement = await street.announce(client);
  const round = street.round();
  for (let home = 0; home < homes; home++) {
    await client.contribute(round, await street.contribution(announcement, home));
  }
  clock.ms = closesMs;
  const message = await client.list(round);
  if (message === undefined) throw new Error('not closed');
  const listHash = await sha256(message.body);
  const seal = (steward: number, list = listHash): Promise<SignedMessage> =>
    signMessage('seal', encodeSeal({ community: round.community, month, list }), [street.steward(steward)]);
  const culprits = (steward: number, home: number, list = listHash): Promise<SignedMessage> => {
    const invites = [street.invites[home]?.publicKey ?? new Uint8Array(32)];
    const body = encodeCulprits({ community: round.community, month, list, invites });
    return signMessage('culprits', body, [street.steward(steward)]);
  };
  const opening = (steward: number, value = 1, list = listHash, words: number[] = []): Promise<SignedMessage> => {
    const sums = [Array<number>(vectorLength).fill(value)];
    const body = encodeOpening({ community: round.community, month, list, steward, words, sums });
    return signMessage('opening', body, [street.steward(steward)]);
  };
  return { clock, endpoint, client, street, announcement, round, message, listHash, seal, culprits, opening };
}

test('The endpoint registers communities that name its key, with all signatures, and no others', async () => {
  const client = clientOf(await exampleEndpoint({ store: new MemoryStore(), limits: { communities: 2 } }));
  expect(await client.identity()).toEqual((await signerOf('endpoint')).publicKey);
  const street = await TestCommunity.make();
  await client.registerCommunity(street.manifest);
  await client.registerCommunity(street.manifest);
  expect(encodeSigned(await client.manifest(street.community.id))).toEqual(encodeSigned(street.manifest));
  const foreign = await TestCommunity.make(fewestHomes, { endpointKey: new Uint8Array(32) });
  await expect(client.registerCommunity(foreign.manifest)).rejects.toMatchObject({ code: 'wrong-endpoint' });
  const unsigned = { ...street.manifest, signatures: street.manifest.signatures.slice(1) };
  await expect(client.registerCommunity(unsigned)).rejects.toMatchObject({ code: 'wrong-signer', status: 403 });
  await client.registerCommunity((await TestCommunity.make(fewestHomes, { name: 'Second' })).manifest);
  const third = await TestCommunity.make(fewestHomes, { name: 'Third' });
  await expect(client.registerCommunity(third.manifest)).rejects.toMatchObject({ code: 'too-many', status: 429 });
  await client.registerCommunity(street.manifest);
});

test('A round is announced when every steward’s key is there; each steward’s first key stands', async () => {
  const client = clientOf(await exampleEndpoint({ store: new MemoryStore(), limits: { rounds: 2 } }));
  const street = await TestCommunity.make();
  const { id } = street.community;
  await client.registerCommunity(street.manifest);
  expect(await client.rounds(id)).toEqual([]);
  await client.postRoundKey(id, await street.roundKey(0));
  expect(await client.rounds(id)).toEqual([{ month, state: 'announced', closesMs, homes: 0 }]);
  expect(await client.announcement(street.round())).toBeUndefined();
  await expect(
    client.postRoundKey(id, await street.roundKey(1, month, { closesMs: closesMs + 1 })),
  ).rejects.toMatchObject({ code: 'bad-announcement' });
  const noKey = new Uint8Array(100);
  await expect(client.postRoundKey(id, await street.roundKey(1, month, { publicKey: noKey }))).rejects.toMatchObject({
    code: 'bad-announcement',
  });
  const foreign = { ...(await street.roundKey(1)), signatures: (await street.roundKey(2)).signatures };
  await expect(client.postRoundKey(id, foreign)).rejects.toMatchObject({ code: 'wrong-signer' });
  await client.postRoundKey(id, await street.roundKey(1));
  await client.postRoundKey(id, await street.roundKey(2));
  await client.postRoundKey(id, await street.roundKey(0));
  expect((await client.rounds(id))[0]?.state).toBe('collecting');
  const other = await street.roundKey(0, month, { publicKey: (await street.roundKey(0)).body.slice(0, 100) });
  await expect(client.postRoundKey(id, other)).rejects.toMatchObject({ code: 'bad-announcement' });
  await expect(
    client.postRoundKey(id, await street.roundKey(0, '2026-02', { closesMs: startMs })),
  ).rejects.toMatchObject({ code: 'bad-announcement' });
  await client.postRoundKey(id, await street.roundKey(0, '2026-02'));
  await expect(client.postRoundKey(id, await street.roundKey(0, '2026-03'))).rejects.toMatchObject({
    code: 'too-many',
  });
});

test('Only threshold stewards together close a round early', async () => {
  const client = clientOf(await exampleEndpoint({ store: new MemoryStore() }));
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  // One steward's word waits for the others', and its repetition is not another word.
  await client.close(street.round(), await street.close(announcement, [1]));
  await client.close(street.round(), await street.close(announcement, [1]));
  expect(await client.list(street.round())).toBeUndefined();
  expect(await client.rounds(street.community.id)).toMatchObject([{ month, state: 'collecting' }]);
  await client.close(street.round(), await street.close(announcement, [2]));
  await client.close(street.round(), await street.close(announcement, [0, 1]));
  expect(await client.rounds(street.community.id)).toEqual([{ month, state: 'expired', closesMs, homes: 0 }]);
});

test('On its date a round closes by itself, with list, totals, fingerprints and ciphertexts', async () => {
  const { client, street, round, announcement, message } = await closedRound();
  const checked = await checkList(message, street.community, announcement);
  expect(checked.groups.map(({ name, members }) => [name, members.length])).toEqual([['community', fewestHomes]]);
  expect(checked.list.closedMs).toBe(closesMs);
  for (const steward of street.stewards.keys()) {
    const { homes } = countsOf(await client.total(round, 0, steward), fewestHomes + 1);
    expect(homes).toEqual([...Array<number>(fewestHomes).fill(1), 0]);
    const fingerprints = await client.fingerprints(round, steward);
    const hashes = await Promise.all(fingerprints.map(sha256));
    expect(hashes).toEqual(checked.list.entries.map((entry) => entry.fingerprints[steward]));
  }
  for (const hash of checked.list.entries.flatMap(({ ciphertexts }) => ciphertexts).slice(0, 5)) {
    expect(await sha256(await client.ciphertext(round, hash))).toEqual(hash);
  }
  await expect(client.total(round, 1, 0)).rejects.toMatchObject({ code: 'not-found' });
});

test('Where many rounds of years past stand is told without reading their lists again', async () => {
  const store = new MemoryStore();
  const clock = { ms: startMs };
  const client = clientOf(await exampleEndpoint({ store, now: () => clock.ms }));
  const street = await TestCommunity.make();
  const months = Array.from(
    { length: 24 },
    (_, i) => `${2024 + Math.floor(i / 12)}-${`${1 + (i % 12)}`.padStart(2, '0')}`,
  );
  for (const one of months) await street.announce(client, one);
  clock.ms = closesMs;
  const expected = months.map((one) => ({ month: one, state: 'expired', closesMs, homes: 0 }));
  expect(await client.rounds(street.community.id)).toEqual(expected);
  const read = vi.spyOn(store, 'readBlob');
  expect(await client.rounds(street.community.id)).toEqual(expected);
  expect(read).not.toHaveBeenCalled();
});

test('Before a round closes nobody can read a ciphertext, and other rounds’ files never', async () => {
  const endpoint = await exampleEndpoint({ store: new MemoryStore() });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  const contribution = await street.contribution(announcement, 0);
  await client.contribute(street.round(), contribution);
  const [ciphertext = new Uint8Array()] = contribution.ciphertexts;
  const hash = await sha256(ciphertext);
  await expect(client.ciphertext(street.round(), hash)).rejects.toMatchObject({ code: 'not-found' });
  await client.close(street.round(), await street.close(announcement));
  expect(await client.ciphertext(street.round(), hash)).toEqual(ciphertext);
  await expect(client.ciphertext(street.round('2026-02'), hash)).rejects.toMatchObject({ code: 'not-found' });
  await expect(client.ciphertext(street.round(), await sha256(hash))).rejects.toMatchObject({ code: 'not-found' });
});

test('Culprits are left out of a corrected list that a checker accepts; after enough seals nobody is named', async () => {
  const { client, street, round, announcement, seal, culprits } = await closedRound(fewestHomes + 1);
  expect(await client.correctedList(round)).toBeUndefined();
  await client.postCulprits(round, await culprits(0, 3));
  await client.postCulprits(round, await culprits(0, 3));
  await expect(client.postCulprits(round, await culprits(0, 4))).rejects.toMatchObject({ code: 'already-decided' });
  await expect(client.postCulprits(round, await culprits(1, 4, new Uint8Array(32)))).rejects.toMatchObject({
    code: 'wrong-list',
  });
  const corrected = await client.correctedList(round);
  if (corrected === undefined) throw new Error('no corrected list');
  const checked = await checkList(corrected, street.community, announcement);
  const [left] = checked.list.removed;
  expect(toHex(left?.invite ?? new Uint8Array())).toBe(toHex(street.invites[3]?.publicKey ?? new Uint8Array()));
  expect(decodeList(corrected.body).entries).toHaveLength(fewestHomes);
  const hash = await sha256(corrected.body);
  for (const steward of [0, 1, 2]) await client.postSeal(round, await seal(steward, hash));
  await expect(client.postCulprits(round, await culprits(1, 5))).rejects.toMatchObject({ code: 'already-decided' });
  expect(equalBytes((await client.correctedList(round))?.body ?? new Uint8Array(), corrected.body)).toBe(true);
});

test('Seals are for this round’s list, one of each steward; openings need enough of them', async () => {
  const { client, street, round, listHash, seal, opening } = await closedRound();
  await expect(client.postSeal(round, await seal(0, new Uint8Array(32)))).rejects.toMatchObject({ code: 'wrong-list' });
  const body = encodeSeal({ community: round.community, month, list: listHash });
  const foreign = await signMessage('seal', body, [await signerOf('stranger')]);
  await expect(client.postSeal(round, foreign)).rejects.toMatchObject({ code: 'wrong-signer' });
  for (const steward of [0, 1]) await client.postSeal(round, await seal(steward));
  await expect(client.postOpening(round, await opening(0))).rejects.toMatchObject({ code: 'not-enough-seals' });
  await client.postSeal(round, await seal(2));
  expect(await client.seals(round)).toHaveLength(3);
  await client.postOpening(round, await opening(0));
  await client.postOpening(round, await opening(0));
  await expect(client.postOpening(round, await opening(0, 2))).rejects.toMatchObject({ code: 'already-decided' });
  await expect(client.postOpening(round, await opening(1, 1, new Uint8Array(32)))).rejects.toMatchObject({
    code: 'wrong-list',
  });
  expect((await client.rounds(street.community.id))[0]?.state).toBe('sealed');
});

test('A missing steward’s word, told by one who opens, stands for its seal on that very list', async () => {
  const { client, street, round, listHash, seal, opening } = await closedRound();
  for (const steward of [0, 1]) await client.postSeal(round, await seal(steward));
  await expect(client.postOpening(round, await opening(0))).rejects.toMatchObject({ code: 'not-enough-seals' });
  await expect(client.postOpening(round, await opening(0, 1, new Uint8Array(32), [2]))).rejects.toMatchObject({
    code: 'not-enough-seals',
  });
  await expect(client.postOpening(round, await opening(0, 1, listHash, [1]))).rejects.toMatchObject({
    code: 'not-enough-seals',
  });
  await client.postOpening(round, await opening(0, 1, listHash, [2]));
  await client.postOpening(round, await opening(1, 1, listHash, [2]));
  expect((await client.rounds(street.community.id))[0]?.state).toBe('sealed');
});

test('Openings are for stewards whose clock is right; nobody else can tell whether one is there', async () => {
  const { clock, endpoint, client, street, round, seal, opening } = await closedRound();
  for (const steward of [0, 1, 2]) await client.postSeal(round, await seal(steward));
  const posted = await opening(1);
  await client.postOpening(round, posted);
  expect(await client.opening(round, 1, street.steward(0), clock.ms)).toEqual(posted);
  expect(await client.opening(round, 2, street.steward(0), clock.ms)).toBeUndefined();
  const refused = { code: 'bad-authorization', status: 401 };
  for (const shift of [-301_000, 301_000]) {
    await expect(client.opening(round, 1, street.steward(0), clock.ms + shift)).rejects.toMatchObject(refused);
  }
  const stranger = await signerOf('stranger');
  for (const steward of [1, 2]) {
    await expect(client.opening(round, steward, stranger, clock.ms)).rejects.toMatchObject(refused);
  }
  const url = `http://e.test/communities/${street.id}/rounds/${month}/openings/1`;
  const otherRound = await signMessage('read', encodeCbor([round.community, '2026-02', clock.ms]), [street.steward(0)]);
  const otherType = await signMessage('seal', encodeCbor([round.community, month, clock.ms]), [street.steward(0)]);
  const headers = ['', 'Bearer x', 'Steward', 'Steward !', `Steward ${'A'.repeat(5000)}`].concat(
    [otherRound, otherType].map((message) => `Steward ${toBase64Url(encodeSigned(message))}`),
  );
  for (const authorization of headers) {
    const answer = await endpoint.fetch(new Request(url, { headers: { authorization } }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Steward');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('Norms are published when threshold stewards have signed the same; checked ones take precedence', async () => {
  const { client, street, round, listHash, seal } = await closedRound();
  const norms = (steward: number, change: Partial<RoundNorms> = {}, homes = fewestHomes): Promise<SignedMessage> => {
    const profiles = { weekdayWh: Array<number>(24).fill(1), weekendWh: Array<number>(24).fill(2) };
    const codes = Array<number>(8).fill(100);
    const deciles = codes.map(() => Array<number>(9).fill(100));
    const groups = [{ name: 'community', homes, profiles, means: codes, deciles }];
    const body = {
      community: round.community,
      month,
      list: listHash,
      groups,
      rest: listHash,
      checked: false,
      ...change,
    };
    return signMessage('norms', encodeNorms(body), [street.steward(steward)]);
  };
  await expect(client.postNorms(round, await norms(0))).rejects.toMatchObject({ code: 'not-enough-seals' });
  for (const steward of [0, 1, 2]) await client.postSeal(round, await seal(steward));
  await expect(client.postNorms(round, await norms(0, { list: new Uint8Array(32) }))).rejects.toMatchObject({
    code: 'wrong-list',
  });
  await expect(client.postNorms(round, await norms(0, {}, 99))).rejects.toMatchObject({ code: 'wrong-list' });
  await client.postNorms(round, await norms(0));
  expect(await client.norms(round)).toBeUndefined();
  await client.postNorms(round, await norms(1, { rest: round.community }));
  expect(await client.norms(round)).toBeUndefined();
  await expect(client.postNorms(round, await norms(0, { rest: round.community }))).rejects.toMatchObject({
    code: 'already-decided',
  });
  await client.postNorms(round, await norms(2));
  const unchecked = await client.norms(round);
  expect(unchecked?.signatures).toHaveLength(2);
  for (const steward of [0, 1, 2]) await client.postNorms(round, await norms(steward, { checked: true }));
  const checked = await client.norms(round);
  expect(checked?.body).toEqual((await norms(0, { checked: true })).body);
  expect(checked?.signatures).toHaveLength(2);
  expect((await client.rounds(street.community.id))[0]?.state).toBe('opened');
});
