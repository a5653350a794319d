/**
 * Meter files on their way in: read one after another, shown, and kept when their owner says so. Until then nothing is
 * stored.
 */
import { guessTable, importMeterFile } from '$lib/meter/client.ts';
import type { ColumnGuess } from '$lib/meter/columns.ts';
import { MeterFileError } from '$lib/meter/errors.ts';
import type { ColumnMapping } from '$lib/meter/mapped-table.ts';
import type { MeterFile } from '$lib/meter/meter-file.ts';
import { partOfSeries, wholeTime, type DayPart } from '$lib/series/part.ts';
import { summarize, type SeriesSummary } from '$lib/series/summary.ts';
import type { Finding, ReadingSeries } from '$lib/series/types.ts';
import { formatDay } from '$lib/ui/format.ts';
import { work } from '$lib/ui/work.svelte.ts';
import { wordsOf } from '$lib/ui/words.ts';
import { eraseHome } from '$lib/vault/erase.ts';
import { addHome } from '$lib/vault/homes.ts';
import { readings, type ImportPreview } from '$lib/vault/readings-client.ts';
import { listImports } from '$lib/vault/readings.ts';
import type { Home, Import } from '$lib/vault/schema.ts';
import { saveSetting } from '$lib/vault/settings.ts';
import { askForPersistence } from '$lib/vault/storage.ts';
import { plural } from '../../locales/plural.ts';
import { current } from '../home.svelte.ts';
import { demoReadings } from './demo-home.ts';
import { changeManualReadings, readingsOfCounters } from './manual.ts';

/** A file that was read and waits for its owner's word. */
export interface ReadFile {
  readonly blob: File;
  readonly file: MeterFile;
  /** The columns it was read by, if its owner said which. */
  readonly mapping: ColumnMapping | undefined;
}

/** How to read a file, where its content does not tell. */
interface Reading {
  readonly format?: string;
  readonly mapping?: ColumnMapping | undefined;
}

type Step =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly name: string }
  | { readonly kind: 'columns'; readonly blob: File; readonly guess: ColumnGuess }
  | ({ readonly kind: 'preview' } & ReadFile)
  | { readonly kind: 'keeping'; readonly name: string }
  /** The made-up home. */
  | { readonly kind: 'making' };

interface Refusal {
  readonly fileName: string;
  readonly message: string;
}

const idle: Step = { kind: 'idle' };
export const browserTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export class MeterImport {
  step = $state.raw<Step>(idle);
  /** Share of the file that is read. */
  share = $state(0);
  /** Files that come after the one at hand. */
  waiting = $state.raw<readonly File[]>([]);
  refused = $state.raw<readonly Refusal[]>([]);
  /** What was kept since files were last chosen, in words. */
  kept = $state.raw<readonly string[]>([]);
  /** What went wrong while keeping; the preview is still there. */
  problem = $state('');
  /** The home the readings are for; undefined for one that is made when they are kept. */
  home = $state.raw<Home>();
  /** Zone of the home that will be made. */
  newTimeZone = $state(browserTimeZone());
  /** Places of the file's meters that belong to the home. */
  meters = $state.raw<readonly number[]>([]);
  /** The part of the file's time that is of the home; all of it unless its owner moved. */
  part = $state.raw<DayPart>(wholeTime);
  /** What keeping the chosen meters would do, register by register; undefined while that is found out. */
  merges = $state.raw<readonly ImportPreview[]>();

  #stop = new AbortController();
  #look = 0;
  /** The file of which a part was kept, while the rest of it is offered. */
  #restOf: File | undefined;

  get timeZone(): string {
    return this.home?.timeZone ?? this.newTimeZone;
  }

  /** Places in the file of the series of the meters that were chosen. */
  get places(): readonly number[] {
    return this.step.kind === 'preview' ? chosenPlaces(this.step.file, this.meters) : [];
  }

  /** Series of the meters that were chosen, of the part of time that is of this home, with their figures. */
  readonly shown = $derived.by((): readonly { readonly series: ReadingSeries; readonly summary: SeriesSummary }[] => {
    if (this.step.kind !== 'preview') return [];
    const { file } = this.step;
    return this.places.flatMap((place) => {
      const whole = file.series[place];
      const summary = file.summaries[place];
      if (whole === undefined || summary === undefined) return [];
      const series = partOfSeries(whole, this.part, this.timeZone);
      return [{ series, summary: series === whole ? summary : summarize(series) }];
    });
  });

  get series(): readonly ReadingSeries[] {
    return this.shown.map(({ series }) => series).filter(({ startMs }) => startMs.length > 0);
  }

  /** Takes files in line. */
  take(files: readonly File[]): void {
    this.waiting = [...this.waiting, ...files];
    if (this.step.kind !== 'idle') return;
    this.refused = [];
    this.kept = [];
    // Real readings never go into a made-up home.
    this.home = current.home?.isDemo === false ? current.home : current.homes.find(({ isDemo }) => !isDemo);
    void this.#next();
  }

  /** Ends reading; the files behind it are read next. */
  cancel(): void {
    this.#stop.abort();
  }

  /** Reads the file at hand once more for another home, zone or as another format. */
  async again(change: { home?: Home | undefined; timeZone?: string; format?: string }): Promise<void> {
    if (this.step.kind !== 'preview') return;
    const { blob, file, mapping } = this.step;
    if ('home' in change) this.home = change.home;
    if (change.timeZone !== undefined) this.newTimeZone = change.timeZone;
    await this.#read(blob, mapping === undefined ? { format: change.format ?? file.format } : { mapping });
  }

  /** Reads a table by the columns its owner chose, and remembers them for the next table with the same header. */
  async map(mapping: ColumnMapping): Promise<void> {
    if (this.step.kind !== 'columns') return;
    const { blob, guess } = this.step;
    await this.#read(blob, { mapping }, guess);
  }

  /** Corrects the columns the file at hand was read by. */
  async remap(): Promise<void> {
    if (this.step.kind !== 'preview') return;
    const { blob, mapping } = this.step;
    const guess = await guessTable(blob);
    if (guess !== undefined)
      this.step = { kind: 'columns', blob, guess: { ...guess, mapping: mapping ?? guess.mapping } };
  }

  /** Says which of the file's meters belong to the home. */
  choose(meters: readonly number[]): void {
    this.meters = meters;
    void this.#lookAhead();
  }

  /** Says from and until which day the home was its owner's. */
  cut(part: DayPart): void {
    this.part = part;
    void this.#lookAhead();
  }

  /** Keeps the readings of the file at hand. */
  async accept(): Promise<void> {
    if (this.step.kind !== 'preview') return;
    const before = this.step;
    const { series, part } = this;
    const isPart = part.from !== '' || part.until !== '';
    // Some browsers ask only while the tap is fresh.
    const asked = askForPersistence().catch(() => false);
    this.problem = '';
    this.step = { kind: 'keeping', name: before.blob.name };
    try {
      const made = this.home === undefined ? await addHome(newHome(this.newTimeZone)) : undefined;
      this.home ??= made;
      const { file, blob } = before;
      const homeId = this.home?.id ?? '';
      const record = await work
        .during(
          readings.addImport(homeId, {
            fileName: blob.name,
            format: file.format,
            series,
            findings: isPart ? [...file.findings, partFinding(part)] : file.findings,
          }),
        )
        .catch(async (error: unknown) => {
          // A home that was made for these readings goes with them.
          if (made !== undefined) await eraseHome(made.id);
          if (made !== undefined) this.home = undefined;
          throw error;
        });
      this.kept = [...this.kept, keptWords(record)];
      await asked;
      await current.choose(homeId);
      if (isPart && this.#restOf !== before.blob && (part.from === '' || part.until === '')) {
        // What is left of the file may be of the home before or after.
        this.#restOf = before.blob;
        this.newTimeZone = this.timeZone;
        this.home = undefined;
        this.step = before;
        this.cut({ from: part.until, until: part.from });
      } else await this.#next();
    } catch (error) {
      this.problem = wordsOf(error);
      this.step = before;
    }
  }

  /** Keeps the counters of a file that has no use over time as readings by hand. */
  async keepCounters(): Promise<void> {
    if (this.step.kind !== 'preview') return;
    const { file } = this.step;
    this.problem = '';
    try {
      const home = this.home ?? (await addHome(newHome(this.newTimeZone)));
      this.home = home;
      const counters = readingsOfCounters(file.counters, Date.now());
      await changeManualReadings(home, (before) => [...before, ...counters]);
      this.kept = [
        ...this.kept,
        `What the meter showed in ${this.step.blob.name} is kept: it is among the readings by hand.`,
      ];
      await current.choose(home.id);
      await this.#next();
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }

  /** Leaves the file at hand. */
  async decline(): Promise<void> {
    await this.#next();
  }

  /** Adds the made-up home, or shows the one that is there. */
  async tryDemo(): Promise<void> {
    const demo = current.homes.find(({ isDemo }) => isDemo);
    if (demo !== undefined && (await listImports(demo.id)).length > 0) return current.choose(demo.id);
    this.step = { kind: 'making' };
    this.share = 0;
    this.problem = '';
    try {
      const timeZone = browserTimeZone();
      const series = await work.during(demoReadings(timeZone, Date.now(), (share) => (this.share = share)));
      // One that was left while it was being filled is filled now.
      const home = demo ?? (await addHome({ name: 'Demo home', timeZone, isDemo: true }));
      const findings = [
        {
          kind: 'made-up',
          severity: 'info',
          message: 'These readings were made up by the app. No home used this energy.',
          rows: [],
          count: 1,
        } as const,
      ];
      const record = await readings.addImport(home.id, {
        fileName: 'Made-up readings',
        format: 'demo',
        series: [series],
        findings,
      });
      this.kept = [keptWords(record)];
      await current.choose(home.id);
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.step = idle;
    }
  }

  async #next(): Promise<void> {
    const [file, ...rest] = this.waiting;
    this.waiting = rest;
    this.part = wholeTime;
    this.problem = '';
    if (file === undefined) this.step = idle;
    else await this.#read(file);
  }

  async #read(blob: File, reading: Reading = {}, guess?: ColumnGuess): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.share = 0;
    this.problem = '';
    this.step = { kind: 'reading', name: blob.name };
    const { format, mapping } = reading;
    try {
      const file = await work.during(
        importMeterFile(blob, {
          name: blob.name,
          timeZone: this.timeZone,
          ...(format !== undefined && { format }),
          ...(mapping !== undefined && { mapping }),
          onProgress: (share) => (this.share = share),
          signal,
        }),
      );
      if (guess !== undefined && mapping !== undefined) await rememberColumns(guess.key, mapping);
      this.step = { kind: 'preview', blob, file, mapping };
      this.choose(file.meters.length > 1 ? [] : file.meters.map((_, place) => place));
    } catch (error) {
      const code = error instanceof MeterFileError ? error.code : undefined;
      if (code === 'unknown-table' && (await this.#askForColumns(blob, signal))) return;
      if (guess !== undefined && code !== 'cancelled') {
        // The owner's columns did not fit: back to them, with what was wrong.
        this.step = { kind: 'columns', blob, guess: { ...guess, mapping: mapping ?? guess.mapping } };
        this.problem = wordsOf(error);
        return;
      }
      if (code !== 'cancelled') this.#refuse(blob, error);
      await this.#next();
    }
  }

  /** Reads a table of no known format as one with the same header was read before, or asks for its columns. */
  async #askForColumns(blob: File, signal: AbortSignal): Promise<boolean> {
    const guess = await guessTable(blob, signal).catch(() => undefined);
    if (guess === undefined) return false;
    const known = current.settings.columnMappings?.[guess.key];
    if (known === undefined) this.step = { kind: 'columns', blob, guess };
    else await this.#read(blob, { mapping: known }, { ...guess, mapping: known });
    return true;
  }

  #refuse({ name }: File, error: unknown): void {
    this.refused = [...this.refused, { fileName: name, message: wordsOf(error) }];
  }

  async #lookAhead(): Promise<void> {
    const look = (this.#look += 1);
    this.merges = undefined;
    const { series, home } = this;
    try {
      const merges = home === undefined ? [] : await readings.previewImport(home.id, series);
      if (look === this.#look) this.merges = merges;
    } catch (error) {
      if (look === this.#look) this.problem = wordsOf(error);
    }
  }
}

const keptWords = ({ fileName, added }: Import): string =>
  `${fileName} is kept: ${plural(added, ['# new reading', '# new readings'])}.`;

const newHome = (timeZone: string) => {
  const real = current.homes.filter(({ isDemo }) => !isDemo).length;
  return { name: real === 0 ? 'My home' : `Home ${real + 1}`, timeZone };
};

/** Places of the series of some of a file's meters; of all when the file does not tell meters apart. */
const chosenPlaces = ({ series, meters }: MeterFile, chosen: readonly number[]): number[] => {
  const places = new Set(chosen.flatMap((place) => meters[place]?.series ?? []));
  return series.map((_, place) => place).filter((place) => meters.length <= 1 || places.has(place));
};

/** What a home's list of files says of a file that was kept in part. */
const partFinding = ({ from, until }: DayPart): Finding => ({
  kind: 'part',
  severity: 'info',
  message:
    from === ''
      ? `Only the readings before ${formatDay(until)} were kept for this home.`
      : until === ''
        ? `Only the readings from ${formatDay(from)} on were kept for this home.`
        : `Only the readings from ${formatDay(from)} on and before ${formatDay(until)} were kept for this home.`,
  rows: [],
  count: 1,
});

/** Columns that their owner confirmed, as far as they can be stored. */
async function rememberColumns(key: string, mapping: ColumnMapping): Promise<void> {
  const { skipRows, stamp, timeOfDay, end, endTimeOfDay, order, clock, edge, decimal, values } = mapping;
  await saveSetting('columnMappings', {
    ...current.settings.columnMappings,
    [key]: {
      skipRows,
      stamp,
      ...(timeOfDay !== undefined && { timeOfDay }),
      ...(end !== undefined && { end }),
      ...(endTimeOfDay !== undefined && { endTimeOfDay }),
      order,
      clock,
      edge,
      decimal,
      values: values.map(({ column, register, unit, kind, tariff }) => ({
        column,
        register,
        unit,
        kind,
        ...(tariff !== undefined && { tariff }),
      })),
    },
  });
}

export const imports = new MeterImport();
