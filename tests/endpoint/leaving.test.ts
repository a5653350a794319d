import { expect, test } from 'vitest';
import type { Log } from '../../src/endpoint/log.ts';
import { StoreError } from '../../src/endpoint/store.ts';
import type { Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import { checkSignedContribution, type Contribution } from '../../src/protocol/contribution.ts';
import { decodeList } from '../../src/protocol/list.ts';
import { encodeLeave } from '../../src/protocol/leave.ts';
import { signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { signerOf } from '../protocol/example.ts';
import { clientOf, closesMs, exampleEndpoint, fewestHomes, startMs, TestCommunity } from './support.ts';
import { MemoryStore } from './memory-store.ts';

const nth = <T>(items: readonly T[], i: number): T => {
  const item = items[i];
  if (item === undefined) throw new Error(`no item ${i}`);
  return item;
};

/** A round with one home more than it needs. */
async function openRound(store = new MemoryStore(), log: Log = () => undefined) {
  const clock = { ms: startMs };
  const endpoint = await exampleEndpoint({ store, now: () => clock.ms, log });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make(fewestHomes + 1);
  const announcement = await street.announce(client);
  const round = street.round();
  const sent: Contribution[] = [];
  for (let home = 0; home <= fewestHomes; home++) {
    const contribution = await street.contribution(announcement, home);
    sent.push(contribution);
    await client.contribute(round, contribution);
  }
  /** A home's own word that it leaves. */
  const leaveOf = async (home: number): Promise<SignedMessage> => {
    const { header } = await checkSignedContribution(nth(sent, home).signed, street.community, announcement);
    const { invite, certificates } = header;
    const body = encodeLeave({ community: street.community.id, invite, certificates, atMs: clock.ms });
    return signMessage('leave', body, [await signerOf(`member ${home}`)]);
  };
  return { clock, store, endpoint, client, street, announcement, round, sent, leaveOf };
}

test('A home that leaves is on no list, its ciphertexts are gone, and it can send nothing more', async () => {
  const { clock, store, client, street, announcement, round, leaveOf } = await openRound();
  const [bucket] = await store.buckets();
  const before = await store.blobs(bucket ?? '');
  await client.leave(street.community.id, await leaveOf(3));
  await client.leave(street.community.id, await leaveOf(3));
  expect((await store.blobs(bucket ?? '')).length).toBe(before.length - 3);
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(fewestHomes);
  await expect(client.contribute(round, await street.contribution(announcement, 3, 2))).rejects.toMatchObject({
    code: 'left',
  });
  clock.ms = closesMs;
  const list = decodeList((await client.list(round))?.body ?? new Uint8Array());
  expect(list.entries).toHaveLength(fewestHomes);
  expect(list.groups).toEqual([{ name: 'community', homes: fewestHomes }]);
});

test('What is on a closed list stays on it', async () => {
  const { clock, client, street, round, leaveOf } = await openRound();
  clock.ms = closesMs;
  const list = await client.list(round);
  await client.leave(street.community.id, await leaveOf(3));
  expect(await client.list(round)).toEqual(list);
  expect(decodeList(list?.body ?? new Uint8Array()).entries).toHaveLength(fewestHomes + 1);
});

/** A store that fails, as a process that dies does, after so many removals of what a home sent. */
class Dying extends MemoryStore {
  removals = Infinity;

  override async removeBlob(bucket: string, hash: Bytes): Promise<void> {
    this.#count();
    await super.removeBlob(bucket, hash);
  }

  override async remove(name: string): Promise<void> {
    this.#count();
    await super.remove(name);
  }

  #count(): void {
    if (this.removals-- <= 0) throw new StoreError('failed', 'died');
  }
}

test.each([0, 1, 2, 3])('A deletion that ended after %i removals goes on by itself', async (removals) => {
  const store = new Dying();
  const { endpoint, client, street, leaveOf } = await openRound(store);
  const [bucket = ''] = await store.buckets();
  const before = (await store.blobs(bucket)).length;
  store.removals = removals;
  await expect(client.leave(street.community.id, await leaveOf(3))).rejects.toMatchObject({ code: 'storage-failed' });
  expect((await store.blobs(bucket)).length).toBe(before - removals);
  store.removals = Infinity;
  await endpoint.tick();
  expect((await store.blobs(bucket)).length).toBe(before - 3);
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(fewestHomes);
});

test('What is half deleted when its round closes is on no list, and is no damage', async () => {
  const store = new Dying();
  const lines: string[] = [];
  const { clock, client, street, round, leaveOf } = await openRound(store, (_level, event) => lines.push(event));
  store.removals = 1;
  await expect(client.leave(street.community.id, await leaveOf(3))).rejects.toMatchObject({ code: 'storage-failed' });
  clock.ms = closesMs;
  expect(decodeList((await client.list(round))?.body ?? new Uint8Array()).entries).toHaveLength(fewestHomes);
  expect(lines).not.toContain('contribution-damaged');
});

test('Nobody leaves for another home', async () => {
  const { client, street, leaveOf } = await openRound();
  const { body } = await leaveOf(3);
  const stranger = await signerOf('stranger');
  const forged = await signMessage('leave', body, [stranger]);
  await expect(client.leave(street.community.id, forged)).rejects.toMatchObject({ code: 'wrong-signer' });
  // Whoever had the invite before the home used it could certify a key of its own: the first binding stands.
  const invite = nth(street.invites, 3);
  const certificates = [await certify(street.community.id, stranger.publicKey, invite)];
  const fields = { community: street.community.id, invite: invite.publicKey, certificates, atMs: 1 };
  const second = await signMessage('leave', encodeLeave(fields), [stranger]);
  await expect(client.leave(street.community.id, second)).rejects.toMatchObject({ code: 'already-bound' });
});
