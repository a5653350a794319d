/** Readings of homes: meter files taken in and back, and the merged series that the app works with. */

import { joinDays, splitByDay, type DayBlock } from '../series/day-block.ts';
import { mergeSeries, type MergeResult } from '../series/merge.ts';
import { addSeries } from '../series/sum.ts';
import type { Finding, ReadingSeries, Register } from '../series/types.ts';
import { VaultError } from './error.ts';
import { read, write, type Transaction } from './open.ts';
import {
  checked,
  dayBlockSchema,
  homeSchema,
  importSchema,
  importSeriesSchema,
  type Import,
  type ImportSeries,
} from './schema.ts';

/** A meter file as it is to be taken in. */
export interface FileToImport {
  readonly fileName: string;
  readonly format: string;
  readonly series: readonly ReadingSeries[];
  readonly findings: readonly Finding[];
}

/** Days of a home and register; `until` is not included. */
export interface DaySpan {
  readonly from?: string;
  readonly until?: string;
}

const dayRange = (homeId: string, register: Register, { from = '', until = '~' }: DaySpan = {}): IDBKeyRange =>
  IDBKeyRange.bound([homeId, register, from], [homeId, register, until], false, true);

/** All days of all registers of a home. */
export const allDays = (homeId: string): IDBKeyRange => IDBKeyRange.bound([homeId], [homeId, []]);

const joined = (blocks: readonly unknown[]): ReadingSeries | undefined =>
  joinDays(blocks.map((block) => checked(dayBlockSchema, block, 'A day of readings')));

/** A home's merged readings of one register, over all days or some; `undefined` if there are none. */
export async function readSeries(
  homeId: string,
  register: Register,
  days?: DaySpan,
): Promise<ReadingSeries | undefined> {
  return joined(await read(['dayBlocks'], (tx) => tx.store.getAll(dayRange(homeId, register, days))));
}

/** Registers of which a home has readings. */
export async function listRegisters(homeId: string): Promise<Register[]> {
  const all: Register[] = ['import', 'export', 'generation', 'gas', 'other'];
  const counts = await read(['dayBlocks'], (tx) =>
    Promise.all(all.map((register) => tx.store.getKey(dayRange(homeId, register)))),
  );
  return all.filter((_, i) => counts[i] !== undefined);
}

/** A home's imports, the newest first. */
export async function listImports(homeId: string): Promise<Import[]> {
  const imports = await read(['imports'], (tx) => tx.store.index('homeId').getAll(homeId));
  return imports.map((record) => checked(importSchema, record, 'An import')).sort((a, b) => b.order - a.order);
}

/** What an import would do, register by register, without doing it. */
export async function previewImport(homeId: string, series: readonly ReadingSeries[]): Promise<MergeResult[]> {
  const grouped = byRegister(series);
  const kept = await Promise.all(grouped.map(({ register }) => readSeries(homeId, register)));
  return grouped.map((incoming, i) => mergeSeries(kept[i] ?? emptyLike(incoming), incoming));
}

/**
 * Takes a file's readings in, in one transaction: all or nothing. Readings that are there already are not counted
 * twice (`series/merge.ts`).
 * @throws {VaultError} `not-found` when the home is gone, `no-space`
 */
export const addImport = (homeId: string, file: FileToImport): Promise<Import> =>
  write(['homes', 'dayBlocks', 'imports', 'importSeries'], (tx) => takeIn(tx, homeId, file));

/** Takes an import back: its home's readings are then as if the file had never been there. One transaction. */
export const undoImport = (importId: string): Promise<void> =>
  write(['homes', 'dayBlocks', 'imports', 'importSeries'], (tx) => takeBack(tx, importId));

/** {@link addImport} as a part of a transaction. */
export async function takeIn(tx: ReadingTransaction, homeId: string, file: FileToImport): Promise<Import> {
  const grouped = byRegister(file.series);
  const { timeZone } = await homeOf(tx.objectStore('homes'), homeId);
  const imports = tx.objectStore('imports');
  const earlier = await imports.index('homeId').getAll(homeId);
  const importId = crypto.randomUUID();
  const merges: MergeResult[] = [];
  for (const incoming of grouped) {
    const kept = joined(await tx.objectStore('dayBlocks').getAll(dayRange(homeId, incoming.register)));
    const merge = mergeSeries(kept ?? emptyLike(incoming), incoming);
    merges.push(merge);
    await replaceDays(tx, homeId, timeZone, kept, merge.series);
    await tx
      .objectStore('importSeries')
      .add(checked(importSeriesSchema, { importId, homeId, ...incoming }, 'The file’s readings'));
  }
  const total = (count: (merge: MergeResult) => number) => merges.reduce((sum, merge) => sum + count(merge), 0);
  const record = checked(
    importSchema,
    {
      id: importId,
      homeId,
      fileName: file.fileName.slice(0, 255),
      format: file.format,
      addedMs: Date.now(),
      order: 1 + Math.max(0, ...earlier.map(({ order }) => order)),
      series: grouped.map(summaryOf),
      added: total(({ added }) => added),
      replaced: total(({ replaced }) => replaced),
      conflicts: total(({ conflicts }) => conflicts),
      findings: [...file.findings, ...merges.flatMap(({ findings }) => findings)].map((finding) => ({
        ...finding,
        rows: [...finding.rows],
      })),
    },
    'The import',
  );
  await imports.add(record);
  return record;
}

/** {@link undoImport} as a part of a transaction. */
export async function takeBack(tx: ReadingTransaction, importId: string): Promise<void> {
  const found = await tx.objectStore('imports').get(importId);
  if (found === undefined) return;
  const { homeId, series } = checked(importSchema, found, 'An import');
  await tx.objectStore('imports').delete(importId);
  for (const { register } of series) {
    await tx.objectStore('importSeries').delete([importId, register]);
    await rebuildDays(tx, homeId, register);
  }
}

/** Moves a home to another time zone: its days are cut anew. */
export async function setHomeTimeZone(homeId: string, timeZone: string): Promise<void> {
  await write(['homes', 'dayBlocks', 'imports', 'importSeries'], async (tx) => {
    const home = await homeOf(tx.objectStore('homes'), homeId);
    await tx.objectStore('homes').put({ ...home, timeZone });
    const imports = await tx.objectStore('imports').index('homeId').getAll(homeId);
    const registers = new Set(imports.flatMap(({ series }) => series.map(({ register }) => register)));
    for (const register of registers) await rebuildDays(tx, homeId, register);
  });
}

/** A transaction over the stores of readings, and maybe others. */
export type ReadingTransaction = Pick<Transaction<['homes', 'dayBlocks', 'imports', 'importSeries']>, 'objectStore'>;

async function homeOf(store: { get(id: string): Promise<unknown> }, homeId: string) {
  const home = await store.get(homeId);
  if (home === undefined) throw new VaultError('not-found', 'This home is no longer on this device.');
  return checked(homeSchema, home, 'A home');
}

/** Makes a register's day blocks anew from what its imports said. */
export async function rebuildDays(tx: ReadingTransaction, homeId: string, register: Register): Promise<void> {
  const { timeZone } = await homeOf(tx.objectStore('homes'), homeId);
  const records = await tx.objectStore('importSeries').index('homeId').getAll([homeId, register]);
  const imports = await tx.objectStore('imports').index('homeId').getAll(homeId);
  const byId = new Map(imports.map((record) => [record.id, record]));
  const said = records
    .map((record) => checked(importSeriesSchema, record, 'An import'))
    .sort((a, b) => {
      const [one, other] = [byId.get(a.importId), byId.get(b.importId)];
      // Imports of two devices that a backup brought together may have the same place.
      return (one?.order ?? 0) - (other?.order ?? 0) || (one?.addedMs ?? 0) - (other?.addedMs ?? 0);
    });
  const series = said
    .map(seriesOf)
    .reduce<ReadingSeries | undefined>(
      (kept, incoming) => mergeSeries(kept ?? emptyLike(incoming), incoming).series,
      undefined,
    );
  const blocks = tx.objectStore('dayBlocks');
  await blocks.delete(dayRange(homeId, register));
  if (series !== undefined) await putDays(tx, homeId, splitByDay(series, timeZone));
}

/** Stores the days of a merged series that differ from what was kept. */
async function replaceDays(
  tx: ReadingTransaction,
  homeId: string,
  timeZone: string,
  kept: ReadingSeries | undefined,
  merged: ReadingSeries,
): Promise<void> {
  const before = new Map((kept === undefined ? [] : splitByDay(kept, timeZone)).map((block) => [block.day, block]));
  const changed = splitByDay(merged, timeZone).filter((block) => {
    const old = before.get(block.day);
    before.delete(block.day);
    return old === undefined || !sameBlock(old, block);
  });
  await putDays(tx, homeId, changed);
  // A day whose only interval gave way to one that starts on another day.
  for (const day of before.keys()) await tx.objectStore('dayBlocks').delete([homeId, merged.register, day]);
}

/** Days that are written before the page has its turn. */
const daysAtOnce = 100;

/** Stores days, a hundred at a time: ten years are thousands of them. */
async function putDays(tx: ReadingTransaction, homeId: string, days: readonly DayBlock[]): Promise<void> {
  const blocks = tx.objectStore('dayBlocks');
  for (let from = 0; from < days.length; from += daysAtOnce)
    await Promise.all(days.slice(from, from + daysAtOnce).map((block) => blocks.put({ homeId, ...block })));
}

const sameColumn = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const sameBlock = (a: DayBlock, b: DayBlock): boolean =>
  sameColumn(a.startMs, b.startMs) &&
  sameColumn(a.lengthSeconds, b.lengthSeconds) &&
  sameColumn(a.energyWh, b.energyWh) &&
  sameColumn(a.quality, b.quality);

const emptyLike = ({ register, unit }: ReadingSeries): ReadingSeries => ({
  register,
  unit,
  startMs: new Float64Array(),
  lengthSeconds: new Uint32Array(),
  energyWh: new Int32Array(),
  quality: new Uint8Array(),
});

/** A file may hold several series of a register (channels of a meter, one per month); they are added up to one. */
function byRegister(series: readonly ReadingSeries[]): ReadingSeries[] {
  const merged = new Map<Register, ReadingSeries>();
  for (const one of series) {
    if (one.startMs.length === 0) continue;
    const kept = merged.get(one.register);
    merged.set(one.register, kept === undefined ? one : addSeries(kept, one));
  }
  return [...merged.values()];
}

const seriesOf = ({ register, unit, startMs, lengthSeconds, energyWh, quality }: ImportSeries): ReadingSeries => ({
  register,
  unit,
  startMs,
  lengthSeconds,
  energyWh,
  quality,
});

function summaryOf({ register, startMs, lengthSeconds, energyWh }: ReadingSeries): Import['series'][number] {
  const last = startMs.length - 1;
  return {
    register,
    readings: startMs.length,
    firstMs: startMs[0] ?? 0,
    endMs: (startMs[last] ?? 0) + (lengthSeconds[last] ?? 0) * 1000,
    energyWh: energyWh.reduce((sum, energy) => sum + energy, 0),
  };
}
