/** Communities this device's owner is a steward of, and the records that a steward keeps of each. */

import type { Bytes } from '../../protocol/bytes.ts';
import { dataKey, holdsKey } from './data-key.ts';
import { VaultError } from './error.ts';
import { read, write } from './open.ts';
import { checked, stewardRecordSchema, stewardshipSchema, type StewardRecord, type Stewardship } from './schema.ts';
import { seal, unseal, type Place } from './seal.ts';

/** The oldest first. */
export async function listStewardships(): Promise<Stewardship[]> {
  const all = await read(['stewardships'], (tx) => tx.store.getAll());
  return all
    .map((record) => checked(stewardshipSchema, record, 'A stewardship'))
    .sort((a, b) => a.createdMs - b.createdMs);
}

export async function findStewardship(id: string): Promise<Stewardship | undefined> {
  const record = await read(['stewardships'], (tx) => tx.store.get(id));
  return record === undefined ? undefined : checked(stewardshipSchema, record, 'A stewardship');
}

export async function saveStewardship(stewardship: Stewardship): Promise<void> {
  const record = checked(stewardshipSchema, stewardship, 'The stewardship');
  await write(['stewardships'], (tx) => tx.store.put(record));
}

/** Deletes a stewardship; its records and key are deleted by who has them. */
export async function removeStewardship(id: string): Promise<void> {
  await write(['stewardships'], (tx) => tx.store.delete(id));
}

const placeOf = ({
  stewardshipId,
  name,
  version,
}: Pick<StewardRecord, 'stewardshipId' | 'name' | 'version'>): Place => ({
  store: 'stewardRecords',
  id: `${stewardshipId}/${name}`,
  version,
});

/**
 * A steward's record, opened. For use in the fhe worker alone, like all that follows.
 * @throws {VaultError} `locked`, `wrong-secret`, `damaged`
 */
export async function readStewardRecord(stewardshipId: string, name: string): Promise<Bytes | undefined> {
  const record = await read(['stewardRecords'], (tx) => tx.store.get([stewardshipId, name]));
  if (record === undefined) return undefined;
  const stored = checked(stewardRecordSchema, record, 'A steward’s record');
  return unseal((await dataKey()).key, placeOf(stored), stored);
}

/**
 * Writes a record that is not there yet, durable when this resolves; false if one is there, which stays.
 * @throws {VaultError} `locked`, `no-space`
 */
export async function createStewardRecord(stewardshipId: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const key = await dataKey();
  const place = { stewardshipId, name, version: 1 };
  const record = { ...place, createdMs: Date.now(), ...(await seal(key.key, placeOf(place), bytes)) };
  return write(['stewardRecords', 'wraps'], async (tx) => {
    const records = tx.objectStore('stewardRecords');
    if ((await records.getKey([stewardshipId, name])) !== undefined) return false;
    // Another tab may have erased the vault since the key was opened; nothing may be sealed for which no wrap is left.
    if (!holdsKey(await tx.objectStore('wraps').getAll(), key))
      throw new VaultError('not-found', 'The app’s data was erased in another tab. Please start again.');
    await records.add(record);
    return true;
  });
}

/** Erases a record; no error if there is none. */
export async function removeStewardRecord(stewardshipId: string, name: string): Promise<void> {
  await write(['stewardRecords'], (tx) => tx.store.delete([stewardshipId, name]));
}

/** Names of all records of a stewardship. */
export async function listStewardRecords(stewardshipId: string): Promise<string[]> {
  const keys = await read(['stewardRecords'], (tx) =>
    tx.store.getAllKeys(IDBKeyRange.bound([stewardshipId], [stewardshipId, []])),
  );
  return keys.map(([, name]) => name);
}
