/**
 * Whether readings are encrypted on this device, at their owner's choice, and the change of what is stored from one form
 * to the other. The change goes record by record, a batch in a transaction; killed at any point it goes on where it was,
 * and meanwhile everything can be read and written.
 */

import { exclusively } from './exclusive.ts';
import { isStill } from './home-draft.ts';
import { read, rewrite, write, type Transaction } from './open.ts';
import { readingsKey } from './readings-key.ts';
import type {
  HomesManualReadings,
  Import,
  ImportSeries,
  MaybeSealed,
  ReadingsState,
  StoredDayBlock,
} from './schema.ts';
import {
  closeRecords,
  dayBlockKind,
  importKind,
  importSeriesKind,
  isSealed,
  manualReadingsKind,
  openRecords,
  readReadingsState,
  stateOf,
  type Kind,
} from './sealed-readings.ts';

/**
 * Chooses the form of readings from now on. What is stored is changed by {@link changeStoredReadings}; until that has
 * ended the choice can be taken back in the same way. To seal, the readings key must have been made before.
 */
export async function chooseSealedReadings(sealed: boolean): Promise<void> {
  await write(['readingsState'], async ({ store }) => {
    const state = stateOf(await store.get('readings'));
    if (state.sealed === sealed) return;
    const keyId = state.keyId === '' ? crypto.randomUUID() : state.keyId;
    await store.put({ ...state, keyId, sealed, isChanging: true, revision: state.revision + 1 });
  });
}

/** Records in all, and those that are done. */
export type OnChanged = (done: number, total: number) => void;

/**
 * Brings all records into the form that was chosen, also if the choice changes meanwhile. One tab at a time does it.
 * @throws {VaultError} `locked`, `damaged`, `no-space`; what was changed stays changed, and another call goes on
 */
export const changeStoredReadings = (onchanged: OnChanged = () => {}): Promise<void> =>
  exclusively('form of readings', async () => {
    while ((await readReadingsState()).isChanging) await changeAll(onchanged);
  });

/** One way through all stores. */
async function changeAll(onchanged: OnChanged): Promise<void> {
  const { sealed, keyId } = await readReadingsState();
  await readingsKey(keyId);
  const total = await read(['dayBlocks', 'imports', 'importSeries', 'manualReadings'], async (tx) => {
    const counts = await Promise.all(Array.from(tx.objectStoreNames, (name) => tx.objectStore(name).count()));
    return counts.reduce((sum, count) => sum + count, 0);
  });
  let done = 0;
  const tell = (count: number) => onchanged((done += count), Math.max(total, done));
  tell(0);
  const change = <Record extends object, Key extends keyof Record>(
    kind: Kind<Record, Key>,
    source: Source<Record, Key>,
    size: number,
  ) => changeStore(kind, source, size, { sealed, keyId }, tell);
  // A record of a file may hold years, one of a day holds a day.
  const isDone =
    (await change(dayBlockKind, dayBlocks, 200)) &&
    (await change(importKind, imports, 50)) &&
    (await change(importSeriesKind, importSeries, 2)) &&
    (await change(manualReadingsKind, manualReadings, 50));
  if (!isDone) return;
  await write(['readingsState'], async ({ store }) => {
    const state = stateOf(await store.get('readings'));
    if (state.sealed === sealed) await store.put({ ...state, isChanging: false });
  });
}

const stores = ['dayBlocks', 'imports', 'importSeries', 'manualReadings', 'readingsState'] as const;
type RewriteTransaction = Pick<Transaction<[...typeof stores]>, 'objectStore'>;

/** A store's records one batch after the other, and putting one back. */
interface Source<Record extends object, Key extends keyof Record> {
  readonly next: (
    after: IDBKeyRange | undefined,
    size: number,
  ) => Promise<{ readonly keys: readonly IDBValidKey[]; readonly records: readonly MaybeSealed<Record, Key>[] }>;
  readonly put: (tx: RewriteTransaction, record: MaybeSealed<Record, Key>) => Promise<unknown>;
}

const dayBlocks: Source<StoredDayBlock, 'homeId' | 'register' | 'day'> = {
  next: (after, size) =>
    read(['dayBlocks'], async ({ store }) => ({
      keys: await store.getAllKeys(after, size),
      records: await store.getAll(after, size),
    })),
  put: (tx, record) => tx.objectStore('dayBlocks').put(record),
};
const imports: Source<Import, 'id' | 'homeId'> = {
  next: (after, size) =>
    read(['imports'], async ({ store }) => ({
      keys: await store.getAllKeys(after, size),
      records: await store.getAll(after, size),
    })),
  put: (tx, record) => tx.objectStore('imports').put(record),
};
const importSeries: Source<ImportSeries, 'importId' | 'homeId' | 'register'> = {
  next: (after, size) =>
    read(['importSeries'], async ({ store }) => ({
      keys: await store.getAllKeys(after, size),
      records: await store.getAll(after, size),
    })),
  put: (tx, record) => tx.objectStore('importSeries').put(record),
};
const manualReadings: Source<HomesManualReadings, 'homeId'> = {
  next: (after, size) =>
    read(['manualReadings'], async ({ store }) => ({
      keys: await store.getAllKeys(after, size),
      records: await store.getAll(after, size),
    })),
  put: (tx, record) => tx.objectStore('manualReadings').put(record),
};

/** Changes one store; false when another form was chosen meanwhile. */
async function changeStore<Record extends object, Key extends keyof Record>(
  kind: Kind<Record, Key>,
  { next, put }: Source<Record, Key>,
  size: number,
  { sealed, keyId }: Pick<ReadingsState, 'sealed' | 'keyId'>,
  tell: (count: number) => void,
): Promise<boolean> {
  let after: IDBKeyRange | undefined;
  for (;;) {
    // The same lock as for changes of readings, so that neither has to begin anew because of the other.
    const step = await exclusively('readings', async () => {
      const state = await readReadingsState();
      if (state.sealed !== sealed || state.keyId !== keyId) return undefined;
      const { keys, records } = await next(after, size);
      const others = records.filter((record) => isSealed(record) !== sealed);
      const changed = await closeRecords(kind, await openRecords(kind, others, state), state);
      const isWritten =
        changed.length === 0 ||
        (await rewrite([...stores], async (tx) => {
          if (!(await isStill(tx, state))) return false;
          for (const record of changed) await put(tx, record);
          await tx.objectStore('readingsState').put({ ...state, revision: state.revision + 1 });
          return true;
        }));
      return { isWritten, keys };
    });
    if (step === undefined) return false;
    if (!step.isWritten) continue;
    const last = step.keys.at(-1);
    if (last === undefined) return true;
    after = IDBKeyRange.lowerBound(last, true);
    tell(step.keys.length);
  }
}
