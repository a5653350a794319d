import { expect, test, vi } from 'vitest';
import { Core, defaultLimits } from '../../src/endpoint/core.ts';
import { verifyAll } from '../../src/endpoint/verify.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { encodeSigned } from '../../src/protocol/signed.ts';
import { signerOf } from '../protocol/example.ts';
import { MemoryStore } from './memory-store.ts';
import { clientOf, closesMs, exampleEndpoint, fewestHomes, startMs, TestCommunity } from './support.ts';

const dayMs = 86_400_000;

test.each([
  { who: 'the manifest', manifest: { retentionDays: 30 }, limits: {} },
  { who: 'the operator, who wants less,', manifest: { retentionDays: 60 }, limits: { retentionDays: 30 } },
])('When $who says so, a closed round’s contributions go, once, and are listed', async ({ manifest, limits }) => {
  const clock = { ms: startMs };
  const store = new MemoryStore();
  const endpoint = await exampleEndpoint({ store, now: () => clock.ms, limits });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make(fewestHomes, manifest);
  const round = street.round();
  const announcement = await street.announce(client);
  for (const home of street.invites.keys()) {
    await client.contribute(round, await street.contribution(announcement, home, 1));
  }
  // A version that was replaced goes too.
  await client.contribute(round, await street.contribution(announcement, 0, 2));
  clock.ms = closesMs;
  await endpoint.tick();
  const list = await client.list(round);
  if (list === undefined) throw new Error('the round did not close by itself');
  const [bucket = ''] = await store.buckets();
  const before = await store.blobs(bucket);
  expect(before).toHaveLength(3 * (fewestHomes + 1) + 1 + 3 + 3);

  clock.ms = closesMs + 30 * dayMs - 1;
  await endpoint.tick();
  expect((await client.total(round, 0, 0)).length).toBeGreaterThan(0);
  expect(await client.deletions(street.community.id)).toEqual([]);
  clock.ms += 1;
  await endpoint.tick();
  await endpoint.tick();
  // The list stays, in the same words; everything else is gone and told.
  const after = await store.blobs(bucket);
  expect(after).toHaveLength(1);
  const gone = before.map(toHex).filter((blob) => !after.map(toHex).includes(blob));
  const listed = await client.deletions(street.community.id);
  expect(listed).toMatchObject([{ atMs: clock.ms, kind: 'round', month: '2026-01' }]);
  expect(listed.flatMap(({ hashes }) => hashes.map(toHex)).sort()).toEqual(gone.sort());
  expect(await store.list(`communities/${street.id}/rounds/2026-01/contributions`)).toEqual([]);
  await expect(client.total(round, 0, 0)).rejects.toMatchObject({ code: 'not-found' });
  expect(encodeSigned((await client.list(round)) ?? list)).toEqual(encodeSigned(list));
  expect(await client.announcement(round)).toBeDefined();
  expect((await client.rounds(street.community.id))[0]).toMatchObject({ state: 'expired', homes: fewestHomes });
  await expect(client.contribute(round, await street.contribution(announcement, 0, 2))).rejects.toMatchObject({
    code: 'round-closed',
  });

  const core = new Core({
    store,
    signer: await signerOf('endpoint'),
    now: () => clock.ms,
    limits: defaultLimits,
    log: () => undefined,
  });
  expect((await verifyAll(core)).faults).toEqual([]);

  // What is long past costs no reading of lists, for years on end.
  const readBlob = vi.spyOn(store, 'readBlob');
  await (await exampleEndpoint({ store, now: () => clock.ms, limits })).tick();
  expect(readBlob).not.toHaveBeenCalled();
});

test('What fails for one round keeps no other from being closed', async () => {
  const clock = { ms: startMs };
  const lines: string[] = [];
  class Broken extends MemoryStore {
    override list(name: string): Promise<string[]> {
      const broken = name.endsWith('2026-01/contributions') && clock.ms > startMs;
      return broken ? Promise.reject(new Error('broken')) : super.list(name);
    }
  }
  const log = (_level: string, event: string) => void lines.push(event);
  const endpoint = await exampleEndpoint({ store: new Broken(), now: () => clock.ms, log });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make();
  await street.announce(client);
  await street.announce(client, '2026-02');
  clock.ms = closesMs;
  await endpoint.tick();
  expect(await client.list(street.round('2026-02'))).toBeDefined();
  expect(lines).toContain('round-failed');
});
