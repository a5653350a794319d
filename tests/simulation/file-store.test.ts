import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileStore } from '../../src/simulation/file-store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'records-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the first of many to create a record wins, and its bytes stay', async () => {
  const stores = Array.from({ length: 20 }, () => fileStore(folder));
  const won = await Promise.all(stores.map((store, i) => store.create('2026-01/seal', Uint8Array.of(i, i, i))));
  expect(won.filter(Boolean)).toHaveLength(1);
  const winner = won.indexOf(true);
  expect(await fileStore(folder).read('2026-01/seal')).toEqual(Uint8Array.of(winner, winner, winner));
  expect(await readdir(join(folder, '2026-01'))).toEqual(['seal']);
});

test('records can be removed, and what is not there is undefined', async () => {
  const store = fileStore(folder);
  await store.remove('2026-01/seal');
  await store.remove('2026-01/seal');
  expect(await store.read('2026-01/seal')).toBeUndefined();
  expect(await store.read('nowhere/at/all')).toBeUndefined();
});

test('only the user can read records, and no name leads out of the folder', async () => {
  const store = fileStore(folder);
  await store.create('keys', Uint8Array.of(1));
  expect((await stat(join(folder, 'keys'))).mode & 0o077).toBe(0);
  for (const name of ['../keys', '/keys', 'a/../../keys', '', 'a//b', '.'])
    await expect(Promise.resolve().then(() => store.read(name))).rejects.toThrow('no name');
});
