/**
 * Changes of homes' readings. What is stored is read and opened, the change is worked out on it, and all of it is written
 * in one transaction, if nothing was changed in between; else it is worked out anew. (Nothing can be sealed within a
 * transaction: IndexedDB ends one that waits for anything but itself.)
 */

import { joinDays, splitByDay, type DayBlock } from '../series/day-block.ts';
import { mergeSeries, type MergeResult } from '../series/merge.ts';
import { addSeries } from '../series/sum.ts';
import type { Finding, ReadingSeries, Register } from '../series/types.ts';
import { VaultError } from './error.ts';
import { exclusively } from './exclusive.ts';
import { read, write, type Transaction } from './open.ts';
import { readingsKey } from './readings-key.ts';
import {
  checked,
  homeSchema,
  importSchema,
  importSeriesSchema,
  type Home,
  type HomesManualReadings,
  type Import,
  type ImportSeries,
  type MaybeSealed,
  type ReadingsState,
  type StoredDayBlock,
} from './schema.ts';
import {
  closeRecords,
  dayBlockKind,
  importKind,
  importSeriesKind,
  manualReadingsKind,
  openRecords,
  readReadingsState,
  stateOf,
} from './sealed-readings.ts';

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

export const dayRange = (homeId: string, register: Register, { from = '', until = '~' }: DaySpan = {}): IDBKeyRange =>
  IDBKeyRange.bound([homeId, register, from], [homeId, register, until], false, true);

const readingStores = ['homes', 'dayBlocks', 'imports', 'importSeries', 'manualReadings', 'readingsState'] as const;
type ReadingStores = [...typeof readingStores];
/** A transaction over the stores of readings, and maybe others. */
export type ReadingTransaction = Pick<Transaction<ReadingStores>, 'objectStore'>;

/** All that a draft writes, in the form it is stored in. */
interface Writes {
  readonly homeId: string;
  /** The home, if it is new; its zone, if that was changed. */
  readonly newHome: Home | undefined;
  readonly timeZone: string | undefined;
  readonly imports: readonly MaybeSealed<Import, 'id' | 'homeId'>[];
  readonly importSeries: readonly MaybeSealed<ImportSeries, 'importId' | 'homeId' | 'register'>[];
  readonly days: readonly MaybeSealed<StoredDayBlock, 'homeId' | 'register' | 'day'>[];
  readonly manual: readonly MaybeSealed<HomesManualReadings, 'homeId'>[];
  readonly isManualGone: boolean;
  readonly goneImports: readonly string[];
  readonly goneSeries: readonly [string, Register][];
  readonly goneDays: readonly [string, Register, string][];
}

/** One home's readings while they are changed. */
export class HomeDraft {
  readonly #state: ReadingsState;
  readonly #zoneBefore: string;
  readonly #isNew: boolean;
  #home: Home;
  /** All imports, by id. */
  readonly #imports: Map<string, Import>;
  readonly #before = new Map<Register, ReadingSeries | undefined>();
  readonly #merged = new Map<Register, ReadingSeries | undefined>();
  readonly #newImports = new Set<string>();
  readonly #newSeries: ImportSeries[] = [];
  readonly #goneImports = new Map<string, Import>();
  #manual: HomesManualReadings | undefined;

  private constructor(home: Home, isNew: boolean, imports: readonly Import[], state: ReadingsState) {
    this.#home = home;
    this.#zoneBefore = home.timeZone;
    this.#isNew = isNew;
    this.#imports = new Map(imports.map((one) => [one.id, one]));
    this.#state = state;
  }

  /**
   * @param newHome - the home, to be stored if it is not there
   * @throws {VaultError} `not-found` when the home is gone
   */
  static async of(homeId: string, state: ReadingsState, newHome?: Home): Promise<HomeDraft> {
    const { stored, imports } = await read(['homes', 'imports'], async (tx) => ({
      stored: await tx.objectStore('homes').get(homeId),
      imports: await tx.objectStore('imports').index('homeId').getAll(homeId),
    }));
    const home = stored ?? newHome;
    if (home === undefined) throw new VaultError('not-found', 'This home is no longer on this device.');
    return new HomeDraft(
      checked(homeSchema, home, 'A home'),
      stored === undefined,
      await openRecords(importKind, imports, state),
      state,
    );
  }

  get imports(): readonly Import[] {
    return [...this.#imports.values()];
  }

  /** Takes a file in as an import; readings that are there already are not counted twice (`series/merge.ts`). */
  async takeIn(file: FileToImport): Promise<Import> {
    const importId = crypto.randomUUID();
    const { id: homeId, timeZone } = this.#home;
    const grouped = byRegister(file.series);
    const merges: MergeResult[] = [];
    for (const incoming of grouped) {
      const kept = await this.#mergedOf(incoming.register);
      const merge = mergeSeries(kept ?? emptyLike(incoming), incoming, timeZone);
      merges.push(merge);
      this.#merged.set(incoming.register, merge.series);
      this.#newSeries.push(checked(importSeriesSchema, { importId, homeId, ...incoming }, 'The file’s readings'));
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
        order: 1 + Math.max(0, ...this.imports.map(({ order }) => order)),
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
    this.#imports.set(importId, record);
    this.#newImports.add(importId);
    return record;
  }

  /** Takes an import back: the readings are then as if the file had never been there. */
  async takeBack(importId: string): Promise<void> {
    const gone = this.#imports.get(importId);
    if (gone === undefined) return;
    for (const { register } of gone.series) await this.#mergedOf(register);
    this.#imports.delete(importId);
    this.#goneImports.set(importId, gone);
    for (const { register } of gone.series) await this.#mergeAnew(register);
  }

  /** Brings back imports that another device or an earlier time had, with what their files said. */
  async bringBack(imports: readonly Import[], series: readonly ImportSeries[]): Promise<void> {
    const missing = new Map(imports.filter(({ id }) => !this.#imports.has(id)).map((one) => [one.id, one]));
    const said = series.filter(({ importId }) => missing.has(importId));
    for (const { register } of said) await this.#mergedOf(register);
    for (const [id, one] of missing) {
      this.#imports.set(id, one);
      this.#newImports.add(id);
    }
    this.#newSeries.push(...said);
    for (const register of new Set(said.map((one) => one.register))) await this.#mergeAnew(register);
  }

  /** Moves the home to another time zone: its days are cut anew. */
  async moveTo(timeZone: string): Promise<void> {
    const registers = new Set(this.imports.flatMap(({ series }) => series.map(({ register }) => register)));
    for (const register of registers) await this.#mergedOf(register);
    this.#home = { ...this.#home, timeZone };
  }

  keepManual(manual: HomesManualReadings): void {
    this.#manual = manual;
  }

  /** What is to be written, sealed if readings are. */
  async writes(): Promise<Writes> {
    const state = this.#state;
    const { id } = this.#home;
    const days: StoredDayBlock[] = [];
    const goneDays: [string, Register, string][] = [];
    for (const [register, series] of this.#merged) {
      const before = this.#before.get(register);
      const change = daysBetween(daysOf(before, this.#zoneBefore), daysOf(series, this.#home.timeZone));
      days.push(...change.changed.map((block) => ({ homeId: id, ...block })));
      goneDays.push(...change.gone.map((day): [string, Register, string] => [id, register, day]));
    }
    const isKept = ({ importId }: ImportSeries) => this.#newImports.has(importId) && this.#imports.has(importId);
    const imports = this.imports.filter((one) => this.#newImports.has(one.id));
    const manual = this.#manual;
    const isManualGone = manual?.readings.length === 0;
    return {
      homeId: id,
      newHome: this.#isNew ? this.#home : undefined,
      timeZone: this.#home.timeZone === this.#zoneBefore ? undefined : this.#home.timeZone,
      imports: await closeRecords(importKind, imports, state),
      importSeries: await closeRecords(importSeriesKind, this.#newSeries.filter(isKept), state),
      days: await closeRecords(dayBlockKind, days, state),
      manual: await closeRecords(manualReadingsKind, manual === undefined || isManualGone ? [] : [manual], state),
      isManualGone,
      goneImports: [...this.#goneImports.keys()],
      goneSeries: [...this.#goneImports.values()].flatMap(({ id: importId, series }) =>
        series.map(({ register }): [string, Register] => [importId, register]),
      ),
      goneDays,
    };
  }

  /** Whether the home may be written: it is as it was, there or not yet. */
  async stands(tx: ReadingTransaction): Promise<boolean> {
    return ((await tx.objectStore('homes').getKey(this.#home.id)) === undefined) === this.#isNew;
  }

  async #mergedOf(register: Register): Promise<ReadingSeries | undefined> {
    if (!this.#before.has(register)) {
      const blocks = await read(['dayBlocks'], (tx) => tx.store.getAll(dayRange(this.#home.id, register)));
      const series = joinDays(await openRecords(dayBlockKind, blocks, this.#state));
      this.#before.set(register, series);
      this.#merged.set(register, series);
    }
    return this.#merged.get(register);
  }

  /** Merges a register from what its imports said. */
  async #mergeAnew(register: Register): Promise<void> {
    const stored = await read(['importSeries'], (tx) => tx.store.index('homeId').getAll([this.#home.id, register]));
    const opened = await openRecords(
      importSeriesKind,
      stored.filter(({ importId }) => this.#imports.has(importId)),
      this.#state,
    );
    const brought = this.#newSeries.filter((one) => one.register === register && this.#imports.has(one.importId));
    const said = [...opened, ...brought].sort((a, b) => {
      const [one, other] = [this.#imports.get(a.importId), this.#imports.get(b.importId)];
      // Imports of two devices that a backup brought together may have the same place.
      return (one?.order ?? 0) - (other?.order ?? 0) || (one?.addedMs ?? 0) - (other?.addedMs ?? 0);
    });
    const series = said
      .map(seriesOf)
      .reduce<ReadingSeries | undefined>(
        (kept, incoming) => mergeSeries(kept ?? emptyLike(incoming), incoming).series,
        undefined,
      );
    this.#merged.set(register, series);
  }
}

/** Gives the draft of a home; the second argument is for one that may not be there yet. */
export type OpenDraft = (homeId: string, newHome?: Home) => Promise<HomeDraft>;

/** Runs `apply` in a transaction that holds the stores of readings, and gives what it says. */
export type Commit = (apply: (tx: ReadingTransaction) => Promise<boolean>) => Promise<boolean>;

const commitReadings: Commit = (apply) => write([...readingStores], apply);

/** So often in a row another tab came between; with Web Locks it never does. */
const mostTries = 50;

/**
 * Changes the readings of homes: all or nothing, and durable when this resolves.
 *
 * @param plan - makes the change on drafts; it may be run several times, and must do nothing else
 * @param commit - writes more in the same transaction
 * @throws {VaultError} `not-found` when a home is gone, `no-space`, `locked`, `damaged`
 */
export async function changeReadings<T>(
  plan: (open: OpenDraft) => Promise<T>,
  commit: Commit = commitReadings,
): Promise<T> {
  for (let tries = 0; tries < mostTries; tries++) {
    // Borrowed before the lock is held: who lends the key may be waiting for the lock.
    const { keyId } = await readReadingsState();
    if (keyId !== '') await readingsKey(keyId);
    const done = await exclusively('readings', () => tryChange(plan, commit, keyId));
    if (done !== undefined) return done.result;
  }
  throw new VaultError('unavailable', 'Another tab keeps changing the readings. Close it and try again.');
}

async function tryChange<T>(
  plan: (open: OpenDraft) => Promise<T>,
  commit: Commit,
  keyId: string,
): Promise<{ readonly result: T } | undefined> {
  const state = await readReadingsState();
  if (state.keyId !== keyId) return undefined;
  const drafts = new Map<string, HomeDraft>();
  const result = await plan(async (homeId, newHome) => {
    const draft = drafts.get(homeId) ?? (await HomeDraft.of(homeId, state, newHome));
    drafts.set(homeId, draft);
    return draft;
  });
  const all = [...drafts.values()];
  const writes = await Promise.all(all.map((draft) => draft.writes()));
  const isDone = await commit(async (tx) => {
    if (!(await isStill(tx, state))) return false;
    for (const draft of all) if (!(await draft.stands(tx))) return false;
    for (const one of writes) await apply(tx, one);
    if (writes.some(changesReadings))
      await tx.objectStore('readingsState').put({ ...state, revision: state.revision + 1 });
    return true;
  });
  return isDone ? { result } : undefined;
}

/** Whether the readings are as they were when the state was read. */
export async function isStill(
  tx: { objectStore(name: 'readingsState'): { get(id: 'readings'): Promise<unknown> } },
  { revision, keyId }: ReadingsState,
): Promise<boolean> {
  const now = stateOf(await tx.objectStore('readingsState').get('readings'));
  return now.revision === revision && now.keyId === keyId;
}

const changesReadings = (writes: Writes): boolean =>
  writes.newHome !== undefined ||
  writes.timeZone !== undefined ||
  writes.isManualGone ||
  Object.values(writes).some((part) => Array.isArray(part) && part.length > 0);

/** Days that are written before the page has its turn. */
const daysAtOnce = 100;

async function apply(tx: ReadingTransaction, writes: Writes): Promise<void> {
  const homes = tx.objectStore('homes');
  if (writes.newHome !== undefined) await homes.add(writes.newHome);
  else if (writes.timeZone !== undefined) {
    // As it is now: it may have got another name since.
    const home = checked(homeSchema, await homes.get(writes.homeId), 'A home');
    await homes.put({ ...home, timeZone: writes.timeZone });
  }
  for (const id of writes.goneImports) await tx.objectStore('imports').delete(id);
  for (const key of writes.goneSeries) await tx.objectStore('importSeries').delete(key);
  for (const one of writes.imports) await tx.objectStore('imports').add(one);
  for (const one of writes.importSeries) await tx.objectStore('importSeries').add(one);
  const blocks = tx.objectStore('dayBlocks');
  // A day whose only interval gave way to one that starts on another day.
  for (const key of writes.goneDays) await blocks.delete(key);
  for (let from = 0; from < writes.days.length; from += daysAtOnce)
    await Promise.all(writes.days.slice(from, from + daysAtOnce).map((block) => blocks.put(block)));
  if (writes.isManualGone) await tx.objectStore('manualReadings').delete(writes.homeId);
  for (const one of writes.manual) await tx.objectStore('manualReadings').put(one);
}

const daysOf = (series: ReadingSeries | undefined, timeZone: string): DayBlock[] =>
  series === undefined ? [] : splitByDay(series, timeZone);

/** Days that are new or differ, and days that are no more. */
function daysBetween(before: readonly DayBlock[], after: readonly DayBlock[]): { changed: DayBlock[]; gone: string[] } {
  const old = new Map(before.map((block) => [block.day, block]));
  const changed = after.filter((block) => {
    const was = old.get(block.day);
    old.delete(block.day);
    return was === undefined || !sameBlock(was, block);
  });
  return { changed, gone: [...old.keys()] };
}

const sameColumn = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

const sameBlock = (a: DayBlock, b: DayBlock): boolean =>
  a.unit === b.unit &&
  sameColumn(a.startMs, b.startMs) &&
  sameColumn(a.lengthSeconds, b.lengthSeconds) &&
  sameColumn(a.energyWh, b.energyWh) &&
  sameColumn(a.quality, b.quality);

export const emptyLike = ({ register, unit }: ReadingSeries): ReadingSeries => ({
  register,
  unit,
  startMs: new Float64Array(),
  lengthSeconds: new Uint32Array(),
  energyWh: new Int32Array(),
  quality: new Uint8Array(),
});

/** A file may hold several series of a register (channels of a meter, one per month); they are added up to one. */
export function byRegister(series: readonly ReadingSeries[]): ReadingSeries[] {
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
