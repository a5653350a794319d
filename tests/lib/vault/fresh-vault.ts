import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { forgetDataKey } from '../../../src/lib/vault/data-key.ts';
import { borrowReadingsKey, openReadingsKey } from '../../../src/lib/vault/readings-key.ts';
import { closeVault, databaseName } from '../../../src/lib/vault/open.ts';

/** An empty device: no database, no key in memory. */
export async function freshVault(): Promise<void> {
  await closeVault();
  forgetDataKey();
  borrowReadingsKey(openReadingsKey);
  globalThis.indexedDB = new IDBFactory();
}

/** The database as any script of the app's origin sees it, past the vault's own code. */
export async function rawDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(databaseName);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('cannot open', { cause: request.error }));
  });
}

const settled = (request: IDBRequest): Promise<unknown> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('request failed', { cause: request.error }));
  });

/** Every record of every store. */
export async function dumpDatabase(): Promise<Record<string, unknown[]>> {
  const db = await rawDatabase();
  const stores: Record<string, unknown[]> = {};
  for (const name of db.objectStoreNames) {
    const all = await settled(db.transaction(name).objectStore(name).getAll());
    stores[name] = Array.isArray(all) ? all : [];
  }
  db.close();
  return stores;
}

/** Writes a record past the vault's checks, as a faulty disk or another program would. */
export async function putRaw(store: string, record: unknown): Promise<void> {
  const db = await rawDatabase();
  await settled(db.transaction(store, 'readwrite').objectStore(store).put(record));
  db.close();
}

/** Deletes a record past the vault, as a faulty disk or another program would. */
export async function deleteRaw(store: string, key: IDBValidKey): Promise<void> {
  const db = await rawDatabase();
  await settled(db.transaction(store, 'readwrite').objectStore(store).delete(key));
  db.close();
}
