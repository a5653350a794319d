/** Totals of many homes, added up in a tree that may break off anywhere. */
import { expect, test } from 'vitest';
import { StoreError } from '../../src/endpoint/store.ts';
import { equalBytes, type Bytes } from '../../src/protocol/bytes.ts';
import { CiphertextSum } from '../../src/protocol/ciphertext.ts';
import { MemoryStore } from './memory-store.ts';
import { clientOf, closesMs, exampleEndpoint, month, startMs, TestCommunity } from './support.ts';

const homes = 70;
const stewards = [0, 1, 2];
const street = await TestCommunity.make(homes);

/** A store that takes so many writes of blobs, and in which each kept sum is damaged when it is first read. */
class Breaking extends MemoryStore {
  left = Infinity;
  damaged = 0;
  readonly #sums: Bytes[] = [];

  override async create(name: string, bytes: Bytes): Promise<boolean> {
    if (name.includes('/sums/')) this.#sums.push(bytes);
    return super.create(name, bytes);
  }

  override async putBlob(bucket: string, bytes: Bytes): Promise<Bytes> {
    if (this.left-- <= 0) throw new StoreError('failed', 'no more');
    return super.putBlob(bucket, bytes);
  }

  override async readBlob(bucket: string, hash: Bytes): Promise<Bytes | undefined> {
    const at = this.#sums.findIndex((sum) => equalBytes(sum, hash));
    if (at === -1) return super.readBlob(bucket, hash);
    this.#sums.splice(at, 1);
    this.damaged++;
    throw new StoreError('damaged', 'not what was stored');
  }
}

test('The totals are the sums of all, wherever the adding broke off and whatever was damaged of it', async () => {
  const store = new Breaking();
  const clock = { ms: startMs };
  const start = async () => clientOf(await exampleEndpoint({ store, now: () => clock.ms }));
  let client = await start();
  const announcement = await street.announce(client);
  const sums = stewards.map(() => new CiphertextSum());
  for (const home of street.invites.keys()) {
    const contribution = await street.contribution(announcement, home, 1);
    await client.contribute(street.round(), contribution);
    contribution.ciphertexts.forEach((ciphertext, steward) => sums[steward]?.add(ciphertext));
  }
  clock.ms = closesMs;
  let broken = 0;
  for (; broken < 40; broken++) {
    store.left = 2 + broken;
    client = await start();
    if ((await client.list(street.round()).catch(() => undefined)) !== undefined) break;
  }
  expect(broken).toBeGreaterThan(3);
  expect(store.damaged).toBeGreaterThan(3);
  const kept = await store.list(`communities/${street.id}/rounds/${month}/sums`);
  expect(kept).toHaveLength(stewards.length * Math.ceil(homes / 32));
  for (const steward of stewards) {
    const expected = sums[steward]?.total(announcement.roundKeys[steward]?.publicKey ?? new Uint8Array());
    expect(await client.total(street.round(), 0, steward)).toEqual(expected);
  }
});
