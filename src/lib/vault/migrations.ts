import type { IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import * as v from 'valibot';
import { manualReadingsSchema, type HomesManualReadings, type VaultSchema } from './schema.ts';

export type UpgradeTransaction = IDBPTransaction<VaultSchema, StoreNames<VaultSchema>[], 'versionchange'>;

/**
 * Brings a database from any released version to the newest, in the one transaction that IndexedDB gives for it:
 * killed at any point, the old version is untouched.
 */
export async function migrate(
  db: IDBPDatabase<VaultSchema>,
  fromVersion: number,
  transaction: UpgradeTransaction,
): Promise<void> {
  if (fromVersion < 1) createVersion1(db);
  if (fromVersion < 2) addStewards(db);
  if (fromVersion < 3) addComparisons(db);
  if (fromVersion < 4) await giveReadingsByHandAStore(db, transaction);
}

function createVersion1(db: IDBPDatabase<VaultSchema>): void {
  db.createObjectStore('homes', { keyPath: 'id' });
  db.createObjectStore('dayBlocks', { keyPath: ['homeId', 'register', 'day'] });
  db.createObjectStore('imports', { keyPath: 'id' }).createIndex('homeId', 'homeId');
  db.createObjectStore('importSeries', { keyPath: ['importId', 'register'] }).createIndex('homeId', [
    'homeId',
    'register',
  ]);
  db.createObjectStore('secrets', { keyPath: 'id' });
  db.createObjectStore('wraps', { keyPath: 'kind' });
  db.createObjectStore('communities', { keyPath: 'id' });
  db.createObjectStore('contributions', { keyPath: ['communityId', 'month'] });
  db.createObjectStore('norms', { keyPath: ['communityId', 'month'] });
  db.createObjectStore('analyses', { keyPath: 'id' }).createIndex('homeId', 'homeId');
  db.createObjectStore('receipts', { keyPath: 'id' }).createIndex('sentMs', 'sentMs');
  db.createObjectStore('settings');
}

/** Version 2: what stewards keep. */
function addStewards(db: IDBPDatabase<VaultSchema>): void {
  db.createObjectStore('stewardships', { keyPath: 'id' });
  db.createObjectStore('stewardRecords', { keyPath: ['stewardshipId', 'name'] });
}

/** Version 3: encrypted comparisons. */
function addComparisons(db: IDBPDatabase<VaultSchema>): void {
  db.createObjectStore('serverKeys', { keyPath: 'communityId' });
  db.createObjectStore('comparisonRequests', { keyPath: ['communityId', 'month'] });
}

const manualReadings = v.array(manualReadingsSchema);

/** Readings by hand as they stood in a setting before version 4; what is not valid is as if it was never made. */
export const manualReadingsOf = (setting: unknown): HomesManualReadings[] =>
  v.is(manualReadings, setting) ? setting : [];

/** Version 4: readings by hand leave the settings, so that they can be sealed as all readings can. */
async function giveReadingsByHandAStore(db: IDBPDatabase<VaultSchema>, transaction: UpgradeTransaction): Promise<void> {
  const store = db.createObjectStore('manualReadings', { keyPath: 'homeId' });
  db.createObjectStore('readingsState', { keyPath: 'id' });
  const settings = transaction.objectStore('settings');
  for (const one of manualReadingsOf(await settings.get('manualReadings'))) await store.put(one);
  await settings.delete('manualReadings');
}
