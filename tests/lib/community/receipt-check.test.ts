/** A home's receipt against the lists of its round, at a running endpoint: on it, not on it, left out, sealed; and norms. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fetchNorms } from '../../../src/lib/community/compare.ts';
import { checkOnList } from '../../../src/lib/community/receipt-check.ts';
import type * as Client from '../../../src/lib/fhe/client.ts';
import { findContribution, saveContribution } from '../../../src/lib/vault/communities.ts';
import type { JoinedCommunity, StoredContribution } from '../../../src/lib/vault/schema.ts';
import type { Bytes } from '../../../src/protocol/bytes.ts';
import { encodeCulprits } from '../../../src/protocol/culprits.ts';
import type { EndpointClient } from '../../../src/protocol/endpoint-client.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import type { Announcement } from '../../../src/protocol/round-key.ts';
import { encodeHead, encodeHeadAnswer, extend, firstPosition } from '../../../src/protocol/head.ts';
import { encodeNorms } from '../../../src/protocol/norms-message.ts';
import { encodeSeal } from '../../../src/protocol/seal.ts';
import { signMessage } from '../../../src/protocol/signed.ts';
import { MemoryStore } from '../../endpoint/memory-store.ts';
import {
  clientOf,
  closesMs,
  exampleEndpoint,
  fewestHomes,
  month,
  startMs,
  TestCommunity,
} from '../../endpoint/support.ts';
import { signerOf } from '../../protocol/example.ts';
import { freshVault } from '../vault/fresh-vault.ts';
import { joinedHome } from './member-home.ts';

// There are no threads here, and no backup was restored.
vi.mock('../../../src/lib/fhe/client.ts', async (load) => ({
  ...(await load<typeof Client>()),
  keyAfterRestore: () => Promise.resolve(undefined),
}));

const own = 3;
const lookHours = 48;
let community: TestCommunity;
let client: EndpointClient;
let announcement: Announcement;
let joined: JoinedCommunity;
let clockMs: number;

beforeEach(async () => {
  clockMs = startMs;
  const endpoint = await exampleEndpoint({ store: new MemoryStore(), now: () => clockMs });
  client = clientOf(endpoint);
  community = await TestCommunity.make(fewestHomes + 1, { lookHours });
  announcement = await community.announce(client);
  vi.stubGlobal('fetch', (url: string, init?: RequestInit) => endpoint.fetch(new Request(url, init)));
  await freshVault();
  const { publicKey } = await signerOf(`member ${own}`);
  joined = await joinedHome(community, own, publicKey);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** The round closes with all homes, or all but ours; gives the list's hash. */
async function close(withOwn = true): Promise<Bytes> {
  for (const home of community.invites.keys()) {
    if (home !== own || withOwn)
      await client.contribute(community.round(), await community.contribution(announcement, home));
  }
  clockMs = closesMs;
  return sha256((await client.list(community.round()))?.body ?? new Uint8Array());
}

/** What this device finds of a contribution that it has a receipt for. */
async function found(version = 1): Promise<StoredContribution['listed']> {
  const { signed } = await community.contribution(announcement, own, version);
  const counted: StoredContribution = {
    communityId: community.id,
    month,
    homeId: joined.homeId,
    state: 'counted',
    version,
    cohort: -1,
    body: new Uint8Array(),
    contribution: await sha256(signed.body),
    receipt: new Uint8Array(),
    changedMs: 1,
  };
  await saveContribution(counted);
  await checkOnList(joined, counted);
  return (await findContribution(community.id, month))?.listed;
}

const seal = async (list: Bytes, ...stewards: number[]) => {
  for (const steward of stewards) {
    const body = encodeSeal({ community: community.community.id, month, list });
    await client.postSeal(community.round(), await signMessage('seal', body, [community.steward(steward)]));
  }
};
const untilMs = closesMs + lookHours * 3_600_000;

it('finds nothing to say before the round has closed', async () => {
  expect(await found()).toBeUndefined();
});

it('stands on the list, first on the closed one and then on the sealed one', async () => {
  const list = await close();
  expect(await found()).toEqual({ state: 'listed', sealed: false, untilMs });
  await seal(list, 0, 1, 2);
  expect(await found()).toEqual({ state: 'listed', sealed: true, untilMs });
});

it('is missing where the endpoint dropped it', async () => {
  await close(false);
  expect(await found()).toEqual({ state: 'missing', sealed: false, untilMs });
});

it('is missing where the list has another version than the acknowledged one', async () => {
  await close();
  expect(await found(2)).toEqual({ state: 'missing', sealed: false, untilMs });
});

it('is left out once a steward has named it and another has sealed the rest', async () => {
  const list = await close();
  const named = encodeCulprits({ community: community.community.id, month, list, invites: [joined.invite] });
  await client.postCulprits(community.round(), await signMessage('culprits', named, [community.steward(0)]));
  // Nobody has agreed yet: what counts is the first list.
  expect(await found()).toEqual({ state: 'listed', sealed: false, untilMs });
  const corrected = await sha256((await client.correctedList(community.round()))?.body ?? new Uint8Array());
  await seal(corrected, 1);
  expect(await found()).toMatchObject({ sealed: false });
  await seal(corrected, 0, 2);
  expect(await found()).toEqual({ state: 'left-out', sealed: true, untilMs });
});

/** Two stewards' norms of the sealed list, made up. */
async function publishNorms(list: Bytes): Promise<void> {
  const all = <T>(count: number, one: T): T[] => Array<T>(count).fill(one);
  const group = {
    name: 'community',
    homes: fewestHomes + 1,
    profiles: { weekdayWh: all(24, 100), weekendWh: all(24, 200) },
    means: all(8, 100),
    deciles: all(8, all(9, 100)),
  };
  const { id } = community.community;
  const body = encodeNorms({ community: id, month, list, groups: [group], rest: list, checked: true });
  for (const steward of [0, 1])
    await client.postNorms(community.round(), await signMessage('norms', body, [community.steward(steward)]));
}

it('norms are used if the log names them, and refused if it does not', async () => {
  const list = await close();
  await seal(list, 0, 1, 2);
  await publishNorms(list);
  const honest = fetch;
  const { entries } = await client.head(community.community.id, 0);
  const without = entries.filter(({ kind }) => kind !== 'norms');
  const { id } = community.community;
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    const since = /\/head\/(\d+)$/.exec(url)?.[1];
    if (since === undefined) return honest(url, init);
    const body = encodeHead({ community: id, ...(await extend(firstPosition(id), without)), atMs: clockMs });
    const head = await signMessage('head', body, [await signerOf('endpoint')]);
    return new Response(encodeHeadAnswer({ head, entries: without.slice(Number(since)) }));
  });
  await expect(fetchNorms(joined, month)).rejects.toMatchObject({ code: 'split-view' });
  vi.stubGlobal('fetch', honest);
  expect((await fetchNorms(joined, month))?.groups[0]?.homes).toBe(fewestHomes + 1);
});
