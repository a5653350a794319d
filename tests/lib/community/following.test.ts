/** A home that was restored on another device, as the device sees it that the backup came from: at a running endpoint. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { setUpKey } from '../../../src/lib/community/comparison-key.ts';
import { contribute } from '../../../src/lib/community/contribute.ts';
import { compareEncrypted } from '../../../src/lib/community/encrypted-comparison.ts';
import { followJoined, requireLogged } from '../../../src/lib/community/following.ts';
import { sendAllWaiting, sendWaiting } from '../../../src/lib/community/send-contribution.ts';
import type * as Client from '../../../src/lib/fhe/client.ts';
import type * as MovedMember from '../../../src/lib/vault/moved-member.ts';
import { makeBackup, restoreBackup } from '../../../src/lib/vault/backup.ts';
import {
  findCommunity,
  findContribution,
  saveCommunity,
  saveContribution,
} from '../../../src/lib/vault/communities.ts';
import { findComparisonRequest, keepServerKey } from '../../../src/lib/vault/comparisons.ts';
import { forgetDataKey } from '../../../src/lib/vault/data-key.ts';
import { eraseCommunity } from '../../../src/lib/vault/erase.ts';
import { closeVault } from '../../../src/lib/vault/open.ts';
import type { JoinedCommunity } from '../../../src/lib/vault/schema.ts';
import { keepSecret, readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import { certify } from '../../../src/protocol/certificate.ts';
import { encodeContribution } from '../../../src/protocol/contribution.ts';
import { signerFromSeed, type Signer } from '../../../src/protocol/ed25519.ts';
import type { EndpointClient } from '../../../src/protocol/endpoint-client.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import type { Announcement } from '../../../src/protocol/round-key.ts';
import { MemoryStore } from '../../endpoint/memory-store.ts';
import { clientOf, exampleEndpoint, month, TestCommunity } from '../../endpoint/support.ts';
import { seedOf, signerOf } from '../../protocol/example.ts';
import { freshVault } from '../vault/fresh-vault.ts';
import { exampleValues, joinedHome } from './member-home.ts';

// There are no threads here: what the page asks its worker for is done on the spot, by the function that the worker calls.
vi.mock('../../../src/lib/fhe/client.ts', async (load) => ({
  ...(await load<typeof Client>()),
  keyAfterRestore: (await vi.importActual<typeof MovedMember>('../../../src/lib/vault/moved-member.ts'))
    .keyAfterRestore,
}));

const hours = Array.from({ length: 24 }, () => 300);
const features = {
  values: exampleValues,
  profiles: { weekdayWh: hours, weekendWh: hours },
};
const passphrase = 'wind over quiet meters';
const own = 3;
let community: TestCommunity;
let client: EndpointClient;
let announcement: Announcement;
let joined: JoinedCommunity;
let seed: Uint8Array<ArrayBuffer>;
/** What this device asked the endpoint for. */
let asked: string[];

beforeEach(async () => {
  const endpoint = await exampleEndpoint({ store: new MemoryStore() });
  client = clientOf(endpoint);
  community = await TestCommunity.make(5);
  announcement = await community.announce(client);
  asked = [];
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => {
    const request = new Request(url, init);
    asked.push(`${request.method} ${new URL(url).pathname}`);
    return endpoint.fetch(request);
  });
  await freshVault();
  seed = await seedOf('the member of this device');
  const { publicKey } = await signerFromSeed(seed);
  joined = await joinedHome(community, own, publicKey);
  await keepSecret(secretId('member', community.id), seed);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Uses another device for a while. */
async function elsewhere<T>(work: () => Promise<T>): Promise<T> {
  const here = globalThis.indexedDB;
  await freshVault();
  try {
    return await work();
  } finally {
    await closeVault();
    forgetDataKey();
    globalThis.indexedDB = here;
  }
}

/** Restores a backup of this device on another one; gives what takes part from there. */
async function restoredElsewhere(): Promise<{ member: Signer; certificates: JoinedCommunity['certificates'] }> {
  const file = await makeBackup(passphrase);
  return elsewhere(async () => {
    await restoreBackup(file, passphrase);
    const member = await signerFromSeed((await readSecret(secretId('member', community.id))) ?? new Uint8Array(32));
    return { member, certificates: (await findCommunity(community.id))?.certificates ?? [] };
  });
}

const takePart = async (
  home: number,
  as: { member: Signer; certificates: JoinedCommunity['certificates'] },
): Promise<unknown> => client.contribute(community.round(), await community.contribution(announcement, home, 1, as));

const neighbour = async () => community.certificates(0, (await signerOf('neighbour')).publicKey);

/** A contribution of this device that waits for a network. */
async function keepWaiting(): Promise<void> {
  const made = await community.contribution(announcement, own, 1, {
    member: await signerFromSeed(seed),
    certificates: joined.certificates,
  });
  await saveContribution({
    communityId: community.id,
    month,
    homeId: joined.homeId,
    state: 'waiting',
    version: 1,
    cohort: -1,
    body: encodeContribution(made),
    contribution: await sha256(made.signed.body),
    receipt: new Uint8Array(),
    changedMs: 1,
  });
}

it('tells the old device once the restored one takes part, and not before', async () => {
  const restored = await restoredElsewhere();
  expect((await followJoined(joined)).elsewhereMs).toBeUndefined();
  await takePart(own, restored);
  const told = await followJoined(joined);
  expect(told.elsewhereMs).toBeGreaterThan(0);
  expect(await findCommunity(community.id)).toEqual(told);
  // It goes on following, and stays told.
  await takePart(0, { member: await signerOf('neighbour'), certificates: await neighbour() });
  expect((await followJoined(joined)).elsewhereMs).toBe(told.elsewhereMs);
});

it('is not told by what it did itself, by a neighbour, or by a next device that it certified', async () => {
  await takePart(own, { member: await signerFromSeed(seed), certificates: joined.certificates });
  await takePart(0, { member: await signerOf('neighbour'), certificates: await neighbour() });
  const member = await signerFromSeed(await seedOf('the next device'));
  const certificate = await certify(community.community.id, member.publicKey, await signerFromSeed(seed));
  const next = { member, certificates: [...joined.certificates, certificate] };
  await client.contribute(community.round(), await community.contribution(announcement, own, 2, next));
  const followed = await followJoined(joined);
  expect(followed.followed?.count).toBeGreaterThan(3);
  expect(followed.elsewhereMs).toBeUndefined();
});

it('a community that is erased while its log is asked for stays erased', async () => {
  const answer = fetch;
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    await eraseCommunity(community.id);
    return answer(url, init);
  });
  await followJoined(joined);
  expect(await findCommunity(community.id)).toBeUndefined();
});

it('a device that keeps no member key follows all the same', async () => {
  const restored = await restoredElsewhere();
  await takePart(own, restored);
  await elsewhere(async () => {
    await saveCommunity(joined);
    const followed = await followJoined(joined);
    expect(followed.elsewhereMs).toBeUndefined();
    expect(followed.followed?.count).toBeGreaterThan(0);
  });
});

it('sends what waits while the home is here', async () => {
  await keepWaiting();
  await sendAllWaiting();
  expect((await findContribution(community.id, month))?.state).toBe('counted');
  expect(asked.some((one) => !one.startsWith('GET'))).toBe(true);
});

it('sends nothing once the home takes part elsewhere: not what waits, nothing new, no key, no comparison', async () => {
  await keepWaiting();
  await takePart(own, await restoredElsewhere());
  await followJoined(joined);
  asked = [];
  await sendAllWaiting();
  const refused = { name: 'ProtocolError', code: 'already-decided' };
  // Each is asked with the membership as a tab knows it that has not seen the news.
  await expect(sendWaiting(joined, month)).rejects.toMatchObject(refused);
  const another = contribute({ joined, month, features, cohort: -1 }, () => undefined);
  await expect(another).rejects.toMatchObject(refused);
  const bytes = new Uint8Array(1_000);
  const key = { communityId: community.id, sha256: await sha256(bytes), size: bytes.length, bytes };
  await keepServerKey({ ...key, state: 'made', changedMs: 1 });
  await expect(setUpKey(joined, () => undefined, new AbortController().signal)).rejects.toMatchObject(refused);
  const norms = { community: bytes, month, list: bytes, groups: [], rest: bytes, checked: true };
  await expect(compareEncrypted(joined, norms, features)).rejects.toMatchObject(refused);
  expect(asked).toEqual([]);
  expect(await findComparisonRequest(community.id, month)).toBeUndefined();
  expect((await findContribution(community.id, month))?.state).toBe('waiting');
});

/** What this device remembers of the log, as if it had been another one. */
async function rememberAnother(): Promise<JoinedCommunity> {
  const { followed, ...rest } = await followJoined(joined);
  if (followed === undefined) throw new Error('not followed');
  const other = { ...rest, followed: { ...followed, head: await seedOf('another log') } };
  await saveCommunity(other);
  return other;
}

it('sends nothing that waits to an endpoint that shows another history than before', async () => {
  await keepWaiting();
  const before = await rememberAnother();
  asked = [];
  await expect(sendWaiting(before, month)).rejects.toMatchObject({ code: 'split-view' });
  expect(asked.every((one) => one.startsWith('GET'))).toBe(true);
  expect((await findContribution(community.id, month))?.state).toBe('waiting');
});

it('takes nothing that the log does not name', async () => {
  const followed = await followJoined(joined);
  await requireLogged(followed, 'announcement', announcement.hash);
  for (const kind of ['list', 'norms'] as const)
    await expect(requireLogged(followed, kind, announcement.hash)).rejects.toMatchObject({ code: 'split-view' });
});

it('keeps the entries of the log that a device of before has not kept', async () => {
  const { followed, ...rest } = await followJoined(joined);
  if (followed?.logged === undefined) throw new Error('not followed');
  const { logged, ...before } = followed;
  await saveCommunity({ ...rest, followed: before });
  await requireLogged({ ...rest, followed: before }, 'announcement', announcement.hash);
  expect((await findCommunity(community.id))?.followed?.logged).toEqual(logged);
});
