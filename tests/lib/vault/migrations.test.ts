/** Databases of every released schema, as its own code left them, opened by the code of today. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { listAnalyses } from '../../../src/lib/vault/analyses.ts';
import { makeBackup, previewBackup } from '../../../src/lib/vault/backup.ts';
import { findNorms, listCommunities, listContributions } from '../../../src/lib/vault/communities.ts';
import { findServerKey, listComparisonRequests } from '../../../src/lib/vault/comparisons.ts';
import { unlock } from '../../../src/lib/vault/data-key.ts';
import { listHomes } from '../../../src/lib/vault/homes.ts';
import { listManualReadings } from '../../../src/lib/vault/manual-readings.ts';
import { databaseName } from '../../../src/lib/vault/open.ts';
import { readProtection } from '../../../src/lib/vault/protection.ts';
import { listImports, readSeries } from '../../../src/lib/vault/readings.ts';
import { listReceipts } from '../../../src/lib/vault/receipts.ts';
import { schemaVersion } from '../../../src/lib/vault/schema.ts';
import { readSecret } from '../../../src/lib/vault/secrets.ts';
import { readSettings } from '../../../src/lib/vault/settings.ts';
import { listStewardships, readStewardRecord } from '../../../src/lib/vault/stewards.ts';
import { freshVault, rawDatabase } from './fresh-vault.ts';

const folder = join(import.meta.dirname, '../../vectors/vault');
const passphrase = 'wind over quiet meters';
const communityId = 'ab'.repeat(32);
const day = 86_400_000;

const path = v.union([v.string(), v.array(v.string())]);
const fixtureSchema = v.object({
  version: v.number(),
  stores: v.record(
    v.string(),
    v.object({
      keyPath: v.nullable(path),
      indexes: v.array(v.tuple([v.string(), path])),
      /** A record, and its key where it does not stand in the record. */
      records: v.array(v.union([v.tuple([v.unknown(), v.string()]), v.tuple([v.unknown()])])),
    }),
  ),
});

const columns = { Uint8Array, Uint32Array, Int32Array, Float64Array };
const columnSchema = v.partial(
  v.strictObject({ Uint8Array: v.string(), Uint32Array: v.string(), Int32Array: v.string(), Float64Array: v.string() }),
);

/** Typed arrays as they were. */
const revive = (_: string, value: unknown): unknown => {
  if (!v.is(columnSchema, value)) return value;
  for (const [name, Column] of Object.entries(columns)) {
    const text: unknown = Reflect.get(value, name);
    if (typeof text === 'string') return new Column(Uint8Array.from(Buffer.from(text, 'base64')).buffer);
  }
  return value;
};

/** Makes the device's database what a fixture holds. */
async function bringBack(name: string): Promise<void> {
  const json: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'), revive);
  const { version, stores } = v.parse(fixtureSchema, json);
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open(databaseName, version);
    request.onerror = () => reject(new Error('cannot open', { cause: request.error }));
    request.onupgradeneeded = () => {
      for (const [storeName, { keyPath, indexes, records }] of Object.entries(stores)) {
        const store = request.result.createObjectStore(storeName, { keyPath });
        for (const [index, of] of indexes) store.createIndex(index, of);
        for (const [record, key] of records) store.add(record, key);
      }
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
  });
}

beforeEach(freshVault);

it('there is a fixture of every schema but the newest', () => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(names.toSorted()).toEqual(Array.from({ length: schemaVersion - 1 }, (_, i) => `schema-${i + 1}.json`));
});

describe.each(Array.from({ length: schemaVersion - 1 }, (_, i) => i + 1))('a database of schema %i', (version) => {
  beforeEach(() => bringBack(`schema-${version}.json`));

  it('is migrated and loses nothing', async () => {
    const [home, ...others] = await listHomes();
    expect(others).toEqual([]);
    expect(home).toMatchObject({ name: 'Lindenstraße 4', timeZone: 'Europe/Berlin', isDemo: false });
    const homeId = home?.id ?? '';
    const series = await readSeries(homeId, 'import');
    expect(series?.startMs).toHaveLength(96);
    expect(series?.startMs[0]).toBe(Date.UTC(2024, 2, 30, 23));
    expect([...(series?.energyWh ?? [])]).toEqual(Array.from({ length: 96 }, (_, i) => 100 + ((i * 37) % 400)));
    expect(await listImports(homeId)).toMatchObject([
      { fileName: 'meter.csv', format: 'dsmr-reader', findings: [{ kind: 'gap' }] },
    ]);
    expect(await listCommunities()).toMatchObject([{ id: communityId, name: 'Lindenstraße', homeId }]);
    expect(await listContributions(communityId)).toMatchObject([{ month: '2024-03', state: 'waiting', version: 1 }]);
    expect((await findNorms(communityId, '2024-03'))?.message).toEqual(new Uint8Array(80).fill(9));
    expect(await listAnalyses(homeId)).toMatchObject([{ comparison: { month: '2024-03', homes: 41 } }]);
    expect(await listReceipts()).toMatchObject([{ id: 'receipt-1' }]);
    expect((await readSettings()).lastBackupMs).toBe(1_700_000_000_000);
    if (version >= 2) {
      const byHand = await listManualReadings(homeId);
      expect(byHand.counterDigits).toBe(6);
      expect(byHand.readings.map(({ value }) => value)).toEqual([100, 190]);
      expect((byHand.readings[1]?.atMs ?? 0) - (byHand.readings[0]?.atMs ?? 0)).toBe(10 * day);
      expect(await listStewardships()).toMatchObject([{ id: 'cd'.repeat(32), stewardName: 'Bea' }]);
    }
    if (version >= 3) {
      expect(await findServerKey(communityId)).toMatchObject({ state: 'made', size: 50 });
      expect(await listComparisonRequests(communityId)).toMatchObject([{ month: '2024-03', state: 'waiting' }]);
    }
    const now = await rawDatabase();
    expect(now.version).toBe(schemaVersion);
    now.close();
  });

  it('keeps its keys, which its passphrase opens, and goes into a backup whole', async () => {
    const member = `member/${communityId}`;
    expect(await readProtection()).toMatchObject({ device: false, passphrase: true, locked: true });
    await expect(readSecret(member)).rejects.toMatchObject({ code: 'locked' });
    await unlock(passphrase);
    expect(await readSecret(member)).toEqual(new Uint8Array(32).fill(7));
    if (version >= 2)
      expect(await readStewardRecord('cd'.repeat(32), 'sealed/2024-03')).toEqual(new Uint8Array(10).fill(4));
    const file = await makeBackup(passphrase);
    await freshVault();
    expect(await previewBackup(file, passphrase)).toMatchObject({
      homes: [{ name: 'Lindenstraße 4', files: 1 }],
      communities: [{ name: 'Lindenstraße' }],
      comparisons: 1,
      keys: 1,
    });
  });
});
