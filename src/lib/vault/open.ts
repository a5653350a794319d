/** The one connection to IndexedDB, and transactions over it. */

import { openDB, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { announceChange, type StoreName } from './changes.ts';
import { vaultErrorOf } from './error.ts';
import { migrate } from './migrations.ts';
import { schemaVersion, type VaultSchema } from './schema.ts';

export const databaseName = 'private-energy';

let connection: Promise<IDBPDatabase<VaultSchema>> | undefined;

/** The open database; opened once per page or worker, and again after it was closed. */
function connect(): Promise<IDBPDatabase<VaultSchema>> {
  connection ??= openDB<VaultSchema>(databaseName, schemaVersion, {
    upgrade: (db, oldVersion, _newVersion, transaction) => void migrate(db, oldVersion, transaction),
    // A newer tab wants to upgrade, or one erases everything: step aside.
    blocking: () => void closeVault(),
    terminated: () => (connection = undefined),
  }).catch((error: unknown) => {
    connection = undefined;
    throw vaultErrorOf(error);
  });
  return connection;
}

/** Ends the connection; the next call opens it again. */
export async function closeVault(): Promise<void> {
  const open = connection;
  connection = undefined;
  (await open)?.close();
}

export type Transaction<Names extends StoreName[], Mode extends IDBTransactionMode = 'readwrite'> = IDBPTransaction<
  VaultSchema,
  Names,
  Mode
>;

async function transact<const Names extends StoreName[], Mode extends 'readonly' | 'readwrite', T>(
  names: Names,
  mode: Mode,
  work: (transaction: Transaction<Names, Mode>) => Promise<T>,
): Promise<T> {
  const begin = async () => (await connect()).transaction(names, mode, { durability: 'strict' });
  // A connection that stepped aside for another tab is opened once more.
  const transaction = await begin()
    .catch(begin)
    .catch((error: unknown) => {
      throw vaultErrorOf(error);
    });
  try {
    const [result] = await Promise.all([work(transaction), transaction.done]);
    return result;
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It ended before: there is nothing to take back.
    }
    await transaction.done.catch(() => undefined);
    throw vaultErrorOf(transaction.error ?? error);
  }
}

/** Reads in one transaction: all that `work` sees is of one moment. It may await nothing but the transaction. */
export const read = <const Names extends StoreName[], T>(
  names: Names,
  work: (transaction: Transaction<Names, 'readonly'>) => Promise<T>,
): Promise<T> => transact(names, 'readonly', work);

/**
 * Writes in one transaction with strict durability: once this resolves the change is on the disk; if it rejects,
 * nothing was changed. `work` may await nothing but the transaction. All tabs are told which stores changed.
 */
export async function write<const Names extends StoreName[], T>(
  names: Names,
  work: (transaction: Transaction<Names>) => Promise<T>,
): Promise<T> {
  const result = await transact(names, 'readwrite', work);
  announceChange(names);
  return result;
}

/** {@link write} of records whose content stays what it is: nobody is told. */
export const rewrite = <const Names extends StoreName[], T>(
  names: Names,
  work: (transaction: Transaction<Names>) => Promise<T>,
): Promise<T> => transact(names, 'readwrite', work);
