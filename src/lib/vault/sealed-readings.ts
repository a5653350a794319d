/**
 * Records of readings in their two forms: as they are, or sealed under the readings key for their place and version. Each
 * record says for itself which it is, so that a change from one to the other can be broken off at any record.
 */

import type * as v from 'valibot';
import { VaultError } from './error.ts';
import { read } from './open.ts';
import { readingsKey } from './readings-key.ts';
import { decodeRecord, encodeRecord } from './record-cbor.ts';
import {
  checked,
  dayBlockSchema,
  importSchema,
  importSeriesSchema,
  manualReadingsSchema,
  readingsStateSchema,
  sealingSchema,
  type HomesManualReadings,
  type Import,
  type ImportSeries,
  type MaybeSealed,
  type ReadingsState,
  type Sealing,
  type StoredDayBlock,
} from './schema.ts';
import { seal, unseal, type Place } from './seal.ts';

export const firstState: ReadingsState = { id: 'readings', revision: 0, keyId: '', sealed: false, isChanging: false };

/** The state as it is stored, `undefined` before the first change. */
export const stateOf = (stored: unknown): ReadingsState =>
  stored === undefined ? firstState : checked(readingsStateSchema, stored, 'The state of the readings');

export const readReadingsState = async (): Promise<ReadingsState> =>
  stateOf(await read(['readingsState'], (tx) => tx.store.get('readings')));

/** One store of readings: the shape of its records, and what of them stays in the clear because it is their key. */
export interface Kind<Record extends object, Key extends keyof Record> {
  readonly store: 'dayBlocks' | 'imports' | 'importSeries' | 'manualReadings';
  /** What a record is called, looked up when it is asked for: a worker has its catalog later than its constants. */
  readonly what: () => string;
  readonly schema: v.GenericSchema<unknown, Record>;
  readonly keyOf: (record: Pick<Record, Key>) => Pick<Record, Key>;
}

export const dayBlockKind: Kind<StoredDayBlock, 'homeId' | 'register' | 'day'> = {
  store: 'dayBlocks',
  what: () => /* @wc-include */ 'A day of readings',
  schema: dayBlockSchema,
  keyOf: ({ homeId, register, day }) => ({ homeId, register, day }),
};
export const importKind: Kind<Import, 'id' | 'homeId'> = {
  store: 'imports',
  what: () => /* @wc-include */ 'An import',
  schema: importSchema,
  keyOf: ({ id, homeId }) => ({ id, homeId }),
};
export const importSeriesKind: Kind<ImportSeries, 'importId' | 'homeId' | 'register'> = {
  store: 'importSeries',
  what: () => /* @wc-include */ 'The readings of a file',
  schema: importSeriesSchema,
  keyOf: ({ importId, homeId, register }) => ({ importId, homeId, register }),
};
export const manualReadingsKind: Kind<HomesManualReadings, 'homeId'> = {
  store: 'manualReadings',
  what: () => /* @wc-include */ 'A home’s readings by hand',
  schema: manualReadingsSchema,
  keyOf: ({ homeId }) => ({ homeId }),
};

export const isSealed = (record: object): record is Sealing => 'sealed' in record;

const placeOf = (store: string, key: object, version: number): Place => ({
  store,
  id: Object.values(key).join('/'),
  version,
});

/** Records sealed or opened before the thread has its turn: ten years are thousands of them. */
const atOnce = 256;

async function inTurns<In, Out>(items: readonly In[], work: (item: In) => Promise<Out> | Out): Promise<Out[]> {
  const done: Out[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    done.push(...(await Promise.all(items.slice(from, from + atOnce).map(work))));
  return done;
}

/**
 * Records as they are, checked.
 * @throws {VaultError} `locked`, `damaged`
 */
export async function openRecords<Record extends object, Key extends keyof Record>(
  kind: Kind<Record, Key>,
  records: readonly MaybeSealed<Record, Key>[],
  { keyId }: ReadingsState,
): Promise<Record[]> {
  const { what, schema, store, keyOf } = kind;
  const key = records.some(isSealed) ? await readingsKey(keyId) : undefined;
  return inTurns(records, async (record) => {
    if (key === undefined || !isSealed(record)) return checked(schema, record, what());
    const sealing = checked(sealingSchema, record, what());
    let plain: unknown;
    try {
      plain = decodeRecord(await unseal(key, placeOf(store, keyOf(record), sealing.version), sealing));
    } catch (cause) {
      throw new VaultError(
        'damaged',
        `${what()} does not open: it was changed on this device, or its key is another. Restore a backup, or erase it under “This device” and import it again.`,
        { cause },
      );
    }
    return checked(schema, plain, what());
  });
}

/**
 * Records in the form that the state asks for, as a new version.
 * @throws {VaultError} `locked`
 */
export async function closeRecords<Record extends object, Key extends keyof Record>(
  kind: Kind<Record, Key>,
  records: readonly Record[],
  { keyId, sealed, revision }: ReadingsState,
): Promise<MaybeSealed<Record, Key>[]> {
  if (!sealed || records.length === 0) return [...records];
  const key = await readingsKey(keyId);
  const version = revision + 1;
  return inTurns(records, async (record) => {
    const clear = kind.keyOf(record);
    return { ...clear, version, ...(await seal(key, placeOf(kind.store, clear, version), encodeRecord(record))) };
  });
}
