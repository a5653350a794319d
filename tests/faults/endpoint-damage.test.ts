/** Bytes that change on the disk are seen, named and never summed. */
import { dirname } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { equalBytes } from '../../src/protocol/bytes.ts';
import { decodeList } from '../../src/protocol/list.ts';
import { countsOf } from '../endpoint/support.ts';
import { randomOf } from './sim-disk.ts';
import { Cast, homes, months, World } from './world.ts';

vi.mock('../../src/protocol/hash.ts', () => import('./sync-crypto.ts'));
vi.mock('../../src/protocol/ed25519.ts', () => import('./sync-crypto.ts'));

const [month] = months;

let cast: Cast;
beforeAll(async () => {
  cast = await Cast.make();
});

test('Of damaged contributions none is summed, and the others all are', async () => {
  const random = randomOf(7);
  const world = new World(cast);
  await world.start();
  await world.announce(month);
  for (let home = 0; home < homes; home++) await world.upload(month, home, 1);
  const files = world.disk.files();
  const ciphertext = files.filter(({ path }) => path.startsWith('/data/blobs/'))[random(30)];
  const record = files.filter(({ path }) => path.includes('/contributions/'))[random(20)];
  for (const damaged of [ciphertext, record]) {
    if (damaged === undefined) throw new Error('no file');
    const at = random(damaged.file.data.length);
    damaged.file.data = damaged.file.data.with(at, (damaged.file.data[at] ?? 0) ^ (1 << random(8)));
  }
  expect((await world.faults()).length).toBeGreaterThanOrEqual(2);
  await world.start();
  await world.close(month);
  const client = world.client();
  const message = await client.list(cast.street.round(month));
  const list = decodeList(message?.body ?? new Uint8Array());
  expect(list.entries).toHaveLength(homes - 2);
  const listed = cast.street.invites.map(({ publicKey }) =>
    list.entries.some(({ invite }) => equalBytes(invite, publicKey)) ? 1 : 0,
  );
  for (const steward of cast.street.stewards.keys()) {
    const total = await client.total(cast.street.round(month), 0, steward);
    expect(countsOf(total, homes).homes).toEqual(listed);
  }
  expect((await world.faults()).join('\n')).toContain('was damaged and left out');
});

test('A damaged file of a closed round is not served, and verify names it', async () => {
  const world = new World(cast);
  await world.start();
  await world.announce(month);
  for (let home = 0; home < homes; home++) await world.upload(month, home, 1);
  await world.close(month);
  await world.check(month);
  expect(await world.faults()).toEqual([]);
  // Three files of each folder, or all in the soak: reading everything for each takes long.
  const tried = new Map<string, number>();
  for (const { path, file } of world.disk.files()) {
    if (!path.startsWith('/data/blobs/') && !path.startsWith('/data/ledger/')) continue;
    const times = (tried.get(dirname(path)) ?? 0) + 1;
    tried.set(dirname(path), times);
    if (times > 3 && process.env.SOAK !== '1') continue;
    const whole = file.data;
    file.data = whole.with(whole.length - 1, (whole.at(-1) ?? 0) ^ 1);
    expect(await world.faults(), path).not.toEqual([]);
    file.data = whole;
  }
  const round = cast.street.round(month);
  await world.client().total(round, 0, 0);
  for (const { path, file } of world.disk.files()) {
    if (path.startsWith('/data/blobs/')) file.data = file.data.with(9, (file.data[9] ?? 0) ^ 1);
  }
  await expect(world.client().total(round, 0, 0)).rejects.toMatchObject({ code: 'damaged', status: 500 });
});
