import { expect, test, vi } from 'vitest';
import { toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import { encodeContribution } from '../../src/protocol/contribution.ts';
import type { Contribution } from '../../src/protocol/contribution.ts';
import { decodeList } from '../../src/protocol/list.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import type { Announcement } from '../../src/protocol/round-key.ts';
import { StoreError } from '../../src/endpoint/store.ts';
import { signerOf } from '../protocol/example.ts';
import { MemoryStore } from './memory-store.ts';
import {
  clientOf,
  closesMs,
  countsOf,
  exampleEndpoint,
  fewestHomes,
  oneHot,
  startMs,
  TestCommunity,
} from './support.ts';

interface Setting {
  readonly street: TestCommunity;
  readonly client: ReturnType<typeof clientOf>;
  readonly announcement: Announcement;
  readonly clock: { ms: number };
  readonly send: (contribution: Contribution) => Promise<Uint8Array>;
}

async function setting(homes = fewestHomes, limits = {}): Promise<Setting> {
  const clock = { ms: startMs };
  const endpoint = await exampleEndpoint({ store: new MemoryStore(), now: () => clock.ms, limits });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make(homes);
  const announcement = await street.announce(client);
  const send = async (contribution: Contribution) =>
    (await client.contribute(street.round(), contribution)).signatures[0]?.signature ?? new Uint8Array();
  return { street, client, announcement, clock, send };
}

const closedList = async ({ client, street, announcement }: Setting) => {
  await client.close(street.round(), await street.close(announcement));
  const message = await client.list(street.round());
  if (message === undefined) throw new Error('no list');
  return decodeList(message.body);
};

test('A contribution is acknowledged with a receipt for exactly it, and the same again with the same receipt', async () => {
  const { street, client, announcement, clock } = await setting();
  const contribution = await street.contribution(announcement, 0);
  const receipt = await client.contribute(street.round(), contribution);
  expect(await checkReceipt(receipt, street.community, contribution.signed)).toMatchObject({
    version: 1,
    receivedMs: startMs,
  });
  clock.ms += 1000;
  expect(await client.contribute(street.round(), contribution)).toEqual(receipt);
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(1);
});

test('The highest version of a home is summed, whatever came when; no home is summed twice or lost', async () => {
  const all = await setting();
  const { street, client, announcement, send } = all;
  const older = await street.contribution(announcement, 0, 1);
  await send(older);
  for (let home = 0; home < fewestHomes; home++) await send(await street.contribution(announcement, home, 3));
  await expect(send(await street.contribution(announcement, 0, 2))).rejects.toMatchObject({ code: 'superseded' });
  await send(older);
  const list = await closedList(all);
  expect(list.entries.map(({ version }) => version)).toEqual(Array<number>(fewestHomes).fill(3));
  for (const steward of street.stewards.keys()) {
    const { homes, tags } = countsOf(await client.total(street.round(), 0, steward), fewestHomes);
    expect(homes).toEqual(Array<number>(fewestHomes).fill(1));
    const expected = homes.reduce((sum, _, home) => sum + 1000 * home + 100_000_000 * steward + 3, 0);
    expect(tags).toBe(expected);
  }
});

test('A version is decided by its first contribution', async () => {
  const { street, announcement, send } = await setting();
  await send(await street.contribution(announcement, 0, 1, { tag: 1 }));
  await expect(send(await street.contribution(announcement, 0, 1, { tag: 2 }))).rejects.toMatchObject({
    code: 'already-decided',
    status: 409,
  });
});

test('A home cannot send versions without end', async () => {
  const { street, announcement, send } = await setting(fewestHomes, { versions: 3 });
  for (const version of [1, 2, 3]) await send(await street.contribution(announcement, 0, version));
  await expect(send(await street.contribution(announcement, 0, 4))).rejects.toMatchObject({
    code: 'too-many',
    status: 429,
  });
});

test('The first binding of an invite is final; the home’s next device counts as the same home', async () => {
  const all = await setting();
  const { street, announcement, send } = all;
  await send(await street.contribution(announcement, 0, 1));
  const thief = await signerOf('thief');
  await expect(send(await street.contribution(announcement, 0, 2, { member: thief }))).rejects.toMatchObject({
    code: 'already-bound',
  });
  const [device, first] = [await signerOf('new device'), await signerOf('member 0')];
  const certificates = [
    ...(await street.certificates(0, first.publicKey)),
    await certify(street.community.id, device.publicKey, first),
  ];
  await send(await street.contribution(announcement, 0, 2, { member: device, certificates }));
  const list = await closedList(all);
  expect(list.entries.map(({ version, certificates: { length } }) => [version, length])).toEqual([[2, 2]]);
});

test('One member key or one ciphertext under two invites is refused, which would spoil the list', async () => {
  const { street, announcement, send } = await setting();
  const member = await signerOf('member 0');
  const first = await street.contribution(announcement, 0);
  await send(first);
  await expect(send(await street.contribution(announcement, 1, 1, { member }))).rejects.toMatchObject({
    code: 'already-bound',
  });
  const [copied] = first.ciphertexts;
  if (copied === undefined) throw new Error('no ciphertext');
  await expect(
    send(await street.contribution(announcement, 2, 1, { ciphertexts: [copied, oneHot(2, 5), oneHot(2, 6)] })),
  ).rejects.toMatchObject({ code: 'already-bound' });
  const same = oneHot(3, 7);
  await expect(
    send(await street.contribution(announcement, 3, 1, { ciphertexts: [same, same, oneHot(3, 8)] })),
  ).rejects.toMatchObject({ code: 'bad-ciphertext' });
});

test('What is not the home’s own, whole and well-formed contribution is refused by name', async () => {
  const all = await setting();
  const { street, client, announcement, send } = all;
  const good = await street.contribution(announcement, 0);
  const refuse = (contribution: Contribution, code: string) =>
    expect(send(contribution), code).rejects.toMatchObject({ code });
  const [a = new Uint8Array(), b = new Uint8Array(), c = new Uint8Array()] = good.ciphertexts;
  await refuse({ ...good, ciphertexts: [b, a, c] }, 'bad-ciphertext');
  await refuse({ ...good, ciphertexts: [a, b] }, 'bad-ciphertext');
  await refuse({ ...good, sealedFingerprints: [...good.sealedFingerprints].reverse() }, 'bad-fingerprint');
  await refuse(await street.contribution(announcement, 0, 1, { month: '2026-02' }), 'wrong-round');
  await refuse(await street.contribution(announcement, 0, 1, { community: new Uint8Array(32) }), 'wrong-community');
  await refuse(
    await street.contribution(announcement, 0, 1, { announcement: new Uint8Array(32) }),
    'wrong-announcement',
  );
  await refuse(await street.contribution(announcement, 0, 1, { invite: new Uint8Array(32) }), 'unknown-invite');
  await refuse(
    await street.contribution(announcement, 0, 1, { certificates: await street.certificates(1, a.slice(0, 32)) }),
    'bad-certificate',
  );
  const longer = [a, b, c].map((one) => new Uint8Array([...one, 0]));
  await refuse(await street.contribution(announcement, 0, 1, { ciphertexts: longer }), 'bad-ciphertext');
  const otherFooter = [a, b, c].map((one) => one.with(one.length - 20, 1));
  await refuse(await street.contribution(announcement, 0, 1, { ciphertexts: otherFooter }), 'bad-ciphertext');
  const encoded = encodeContribution(good);
  for (const cut of [0, 1, 100, encoded.length - 1]) {
    await expect(client.contribute(street.round(), encoded.slice(0, cut))).rejects.toMatchObject({ code: 'malformed' });
  }
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(0);
});

test('What is there is listed once, not for each contribution, and again after one could not be kept', async () => {
  const store = new MemoryStore();
  const client = clientOf(await exampleEndpoint({ store }));
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  const send = async (home: number, version: number) =>
    client.contribute(street.round(), await street.contribution(announcement, home, version));
  const list = vi.spyOn(store, 'list');
  const listed = () => list.mock.calls.filter(([name]) => name.endsWith('/contributions')).length;
  for (const home of [0, 1, 2]) await send(home, 1);
  await send(0, 2);
  expect(listed()).toBe(1);

  const create = store.create.bind(store);
  const failing = vi.spyOn(store, 'create').mockImplementation(async (name, bytes) => {
    const created = await create(name, bytes);
    if (name.endsWith('-0000000004')) throw new StoreError('failed', 'whether it is there is unknown');
    return created;
  });
  await expect(send(0, 4)).rejects.toMatchObject({ code: 'storage-failed' });
  failing.mockRestore();
  await expect(send(0, 3)).rejects.toMatchObject({ code: 'superseded' });
  await send(1, 2);
  expect(listed()).toBe(2);
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(3);
});

test('A round that is not announced or closed takes nothing; who is on the list still gets the receipt', async () => {
  const all = await setting();
  const { street, client, announcement, clock, send } = all;
  await expect(
    client.contribute(street.round('2026-02'), await street.contribution(announcement, 0)),
  ).rejects.toMatchObject({ code: 'not-announced' });
  const onTime = await street.contribution(announcement, 0);
  const receipt = await send(onTime);
  clock.ms = closesMs;
  await expect(send(await street.contribution(announcement, 1))).rejects.toMatchObject({
    code: 'round-closed',
    status: 409,
  });
  expect(await send(onTime)).toEqual(receipt);
  clock.ms = startMs;
  await expect(send(await street.contribution(announcement, 1))).rejects.toMatchObject({ code: 'round-closed' });
});

test('Contributions that race with the closing are either on the list and acknowledged, or neither', async () => {
  for (let attempt = 0; attempt < 5; attempt++) {
    const all = await setting();
    const { street, client, announcement, send } = all;
    const contributions = await Promise.all(street.invites.map((_, home) => street.contribution(announcement, home)));
    const close = await street.close(announcement);
    const answers = contributions.map(async (contribution, home) => {
      if (home === 4 + 4 * attempt) await client.close(street.round(), close);
      return send(contribution).then(
        () => true,
        () => false,
      );
    });
    const acknowledged = await Promise.all(answers);
    const list = await closedList(all);
    const listed = new Set(list.entries.map(({ invite }) => toHex(invite)));
    expect(street.invites.map(({ publicKey }) => listed.has(toHex(publicKey)))).toEqual(acknowledged);
  }
});

test('A contribution that comes to the disk only after the list was made is not acknowledged', async () => {
  const street = await TestCommunity.make();
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((done) => (goOn = done));
  let isThere: () => void = () => undefined;
  const onItsWay = new Promise<void>((done) => (isThere = done));
  class Slow extends MemoryStore {
    override async create(name: string, bytes: Bytes): Promise<boolean> {
      if (name.includes('/contributions/')) {
        isThere();
        await held;
      }
      return super.create(name, bytes);
    }
  }
  const client = clientOf(await exampleEndpoint({ store: new Slow() }));
  const announcement = await street.announce(client);
  const answer = client.contribute(street.round(), await street.contribution(announcement, 0));
  const refusal = expect(answer).rejects.toMatchObject({ code: 'round-closed' });
  await onItsWay;
  await client.close(street.round(), await street.close(announcement));
  goOn();
  await refusal;
});
