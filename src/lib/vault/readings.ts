/** Readings of homes: meter files taken in and back, and the merged series that the app works with. */

import { joinDays } from '../series/day-block.ts';
import { mergeSeries, type MergeResult } from '../series/merge.ts';
import type { ReadingSeries, Register } from '../series/types.ts';
import { byRegister, changeReadings, dayRange, emptyLike, type DaySpan, type FileToImport } from './home-draft.ts';
import { read } from './open.ts';
import { checked, dayBlockSchema, type Import, type MaybeSealed, type StoredDayBlock } from './schema.ts';
import { dayBlockKind, importKind, isSealed, openRecords, stateOf } from './sealed-readings.ts';

export type { DaySpan, FileToImport } from './home-draft.ts';

/** Days that are read before the page has its turn. */
const daysAtOnce = 100;

/** The part of a range that is left after a key. */
const rangeAfter = ({ lower, upper }: IDBKeyRange, key: IDBValidKey | undefined): IDBKeyRange =>
  IDBKeyRange.bound(key ?? lower, upper, key !== undefined, true);

/** A home's merged readings of one register, over all days or some; `undefined` if there are none. */
export async function readSeries(
  homeId: string,
  register: Register,
  days?: DaySpan,
): Promise<ReadingSeries | undefined> {
  const plain: StoredDayBlock[] = [];
  const sealed: MaybeSealed<StoredDayBlock, 'homeId' | 'register' | 'day'>[] = [];
  const state = await read(['dayBlocks', 'readingsState'], async (tx) => {
    const store = tx.objectStore('dayBlocks');
    for (let from: IDBValidKey | undefined; ;) {
      const keys = await store.getAllKeys(rangeAfter(dayRange(homeId, register, days), from), daysAtOnce);
      const [first, last] = [keys.at(0), keys.at(-1)];
      if (first === undefined || last === undefined) break;
      for (const block of await store.getAll(IDBKeyRange.bound(first, last)))
        if (isSealed(block)) sealed.push(block);
        else plain.push(checked(dayBlockSchema, block, dayBlockKind.what()));
      from = last;
    }
    return stateOf(await tx.objectStore('readingsState').get('readings'));
  });
  return joinDays([...plain, ...(await openRecords(dayBlockKind, sealed, state))]);
}

/** Registers of which a home has readings. */
export async function listRegisters(homeId: string): Promise<Register[]> {
  const all: Register[] = ['import', 'export', 'generation', 'gas', 'other'];
  const counts = await read(['dayBlocks'], (tx) =>
    Promise.all(all.map((register) => tx.store.getKey(dayRange(homeId, register)))),
  );
  return all.filter((_, i) => counts[i] !== undefined);
}

/** A home's merged readings, register by register. */
export type HomeSeries = Readonly<Partial<Record<Register, ReadingSeries>>>;

/** All of a home's merged readings. */
export async function readHome(homeId: string): Promise<HomeSeries> {
  const registers = await listRegisters(homeId);
  const read = await Promise.all(registers.map((register) => readSeries(homeId, register)));
  return Object.fromEntries(read.flatMap((series) => (series === undefined ? [] : [[series.register, series]])));
}

/** A home's imports, the newest first. */
export async function listImports(homeId: string): Promise<Import[]> {
  const { imports, state } = await read(['imports', 'readingsState'], async (tx) => ({
    imports: await tx.objectStore('imports').index('homeId').getAll(homeId),
    state: stateOf(await tx.objectStore('readingsState').get('readings')),
  }));
  return (await openRecords(importKind, imports, state)).sort((a, b) => b.order - a.order);
}

/** What an import would do, register by register, without doing it. */
export async function previewImport(homeId: string, series: readonly ReadingSeries[]): Promise<MergeResult[]> {
  const grouped = byRegister(series);
  const home = await read(['homes'], (tx) => tx.store.get(homeId));
  const kept = await Promise.all(grouped.map(({ register }) => readSeries(homeId, register)));
  return grouped.map((incoming, i) => mergeSeries(kept[i] ?? emptyLike(incoming), incoming, home?.timeZone));
}

/**
 * Takes a file's readings in: all or nothing. Readings that are there already are not counted twice.
 * @throws {VaultError} `not-found` when the home is gone, `no-space`
 */
export const addImport = (homeId: string, file: FileToImport): Promise<Import> =>
  changeReadings(async (open) => (await open(homeId)).takeIn(file));

/** Takes an import back: its home's readings are then as if the file had never been there. All or nothing. */
export async function undoImport(importId: string): Promise<void> {
  const found = await read(['imports'], (tx) => tx.store.get(importId));
  if (found === undefined) return;
  await changeReadings(async (open) => (await open(found.homeId)).takeBack(importId));
}

/** Moves a home to another time zone: its days are cut anew. */
export const setHomeTimeZone = (homeId: string, timeZone: string): Promise<void> =>
  changeReadings(async (open) => (await open(homeId)).moveTo(timeZone));
