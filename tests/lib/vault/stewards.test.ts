import { beforeEach, describe, expect, it } from 'vitest';
import { makeBackup, restoreBackup } from '../../../src/lib/vault/backup.ts';
import { forgetDataKey } from '../../../src/lib/vault/data-key.ts';
import { addHome, listHomes } from '../../../src/lib/vault/homes.ts';
import { closeVault, databaseName } from '../../../src/lib/vault/open.ts';
import { schemaVersion, type Stewardship } from '../../../src/lib/vault/schema.ts';
import { keepSecret, readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import {
  createStewardRecord,
  listStewardRecords,
  listStewardships,
  readStewardRecord,
  removeStewardRecord,
  saveStewardship,
} from '../../../src/lib/vault/stewards.ts';
import { dumpDatabase, freshVault, rawDatabase } from './fresh-vault.ts';

const id = 'cd'.repeat(32);
const stewardship: Stewardship = {
  id,
  name: 'Lindenstraße',
  endpointUrl: 'http://localhost:8787',
  seat: 1,
  stewardName: 'Bea',
  terms: new Uint8Array(200).fill(1),
  entry: new Uint8Array(300).fill(2),
  manifest: new Uint8Array(),
  createdMs: 1_700_000_000_000,
};
const one = new Uint8Array(100).fill(1);
const two = new Uint8Array(100).fill(2);

/** The stores of schema 1 with their keys, as the first release made them. */
const version1: readonly (readonly [name: string, keyPath?: string | string[]])[] = [
  ['homes', 'id'],
  ['dayBlocks', ['homeId', 'register', 'day']],
  ['imports', 'id'],
  ['importSeries', ['importId', 'register']],
  ['secrets', 'id'],
  ['wraps', 'kind'],
  ['communities', 'id'],
  ['contributions', ['communityId', 'month']],
  ['norms', ['communityId', 'month']],
  ['analyses', 'id'],
  ['receipts', 'id'],
  ['settings'],
];

/** A database as the first release left it, with a home in it. */
const makeVersion1 = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName, 1);
    request.onerror = () => reject(new Error('cannot open'));
    request.onupgradeneeded = () => {
      const db = request.result;
      for (const [name, keyPath] of version1) db.createObjectStore(name, keyPath === undefined ? {} : { keyPath });
      const home = { id: 'home-1', name: 'Old home', timeZone: 'UTC', isDemo: false, createdMs: 1 };
      request.transaction?.objectStore('homes').add(home);
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });

describe('what a steward keeps', () => {
  beforeEach(freshVault);

  it('comes with a database of the first release, which loses nothing', async () => {
    await makeVersion1();
    await saveStewardship(stewardship);
    expect(await createStewardRecord(id, '2026-01/seal', one)).toBe(true);
    expect((await listHomes()).map(({ name }) => name)).toEqual(['Old home']);
    const db = await rawDatabase();
    expect(db.version).toBe(schemaVersion);
    db.close();
  });

  it('is written once and stays, also after a restart and for who comes at the same time', async () => {
    const created = await Promise.all([one, two, one].map((bytes) => createStewardRecord(id, '2026-01/list', bytes)));
    expect(created.filter(Boolean)).toHaveLength(1);
    const kept = await readStewardRecord(id, '2026-01/list');
    await closeVault();
    forgetDataKey();
    expect(await createStewardRecord(id, '2026-01/list', two)).toBe(false);
    expect(await readStewardRecord(id, '2026-01/list')).toEqual(kept);
    expect(await readStewardRecord('ef'.repeat(32), '2026-01/list')).toBeUndefined();
  });

  it('can be empty, is listed and can be erased', async () => {
    await createStewardRecord(id, '2026-01/over', new Uint8Array());
    await createStewardRecord(id, '2026-01/keys', one);
    expect(await readStewardRecord(id, '2026-01/over')).toEqual(new Uint8Array());
    expect(await listStewardRecords(id)).toEqual(['2026-01/keys', '2026-01/over']);
    await removeStewardRecord(id, '2026-01/keys');
    await removeStewardRecord(id, '2026-01/keys');
    expect(await listStewardRecords(id)).toEqual(['2026-01/over']);
  });

  it('is sealed, and opens in its own place only', async () => {
    await createStewardRecord(id, '2026-01/keys', one);
    const [record] = (await dumpDatabase())['stewardRecords'] ?? [];
    expect(JSON.stringify(record)).not.toContain('1,1,1,1');
    const db = await rawDatabase();
    await new Promise((resolve) => {
      const moved = { ...(record ?? {}), name: '2026-02/keys' };
      db.transaction('stewardRecords', 'readwrite').objectStore('stewardRecords').put(moved).onsuccess = resolve;
    });
    db.close();
    await expect(readStewardRecord(id, '2026-02/keys')).rejects.toMatchObject({ code: 'wrong-secret' });
  });

  it('goes into a backup but for the records of rounds', async () => {
    await addHome({ name: 'Home', timeZone: 'UTC' });
    await saveStewardship(stewardship);
    await keepSecret(secretId('steward', id), one);
    await createStewardRecord(id, '2026-01/keys', two);
    const file = await makeBackup('wind over quiet meters');
    await freshVault();
    await restoreBackup(file, 'wind over quiet meters');
    expect(await listStewardships()).toEqual([stewardship]);
    expect(await readSecret(secretId('steward', id))).toEqual(one);
    expect(await listStewardRecords(id)).toEqual([]);
  });
});
