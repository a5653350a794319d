/**
 * Meter files on their way in: read one after another, shown, and kept when their owner says so. Until then nothing is
 * stored.
 */
import { importMeterFile } from '$lib/meter/client.ts';
import { MeterFileError } from '$lib/meter/errors.ts';
import type { MeterFile } from '$lib/meter/meter-file.ts';
import type { MergeResult } from '$lib/series/merge.ts';
import type { ReadingSeries } from '$lib/series/types.ts';
import { wordsOf } from '$lib/ui/words.ts';
import { eraseHome } from '$lib/vault/erase.ts';
import { addHome } from '$lib/vault/homes.ts';
import { addImport, previewImport } from '$lib/vault/readings.ts';
import type { Home, Import } from '$lib/vault/schema.ts';
import { askForPersistence } from '$lib/vault/storage.ts';
import { current } from '../home.svelte.ts';
import { demoReadings } from './demo-home.ts';

/** A file that was read and waits for its owner's word. */
export interface ReadFile {
  readonly blob: File;
  readonly file: MeterFile;
}

type Step =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly name: string }
  | ({ readonly kind: 'preview' } & ReadFile)
  | { readonly kind: 'keeping'; readonly name: string };

interface Refusal {
  readonly fileName: string;
  readonly message: string;
}

const idle: Step = { kind: 'idle' };
export const browserTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

class MeterImport {
  step = $state.raw<Step>(idle);
  /** Share of the file that is read. */
  share = $state(0);
  /** Files that come after the one at hand. */
  waiting = $state.raw<readonly File[]>([]);
  refused = $state.raw<readonly Refusal[]>([]);
  kept = $state.raw<readonly Import[]>([]);
  /** What went wrong while keeping; the preview is still there. */
  problem = $state('');
  /** The home the readings are for; undefined for one that is made when they are kept. */
  home = $state.raw<Home>();
  /** Zone of the home that will be made. */
  newTimeZone = $state(browserTimeZone());
  /** Places of the file's meters that belong to the home. */
  meters = $state.raw<readonly number[]>([]);
  /** What keeping the chosen meters would do, register by register; undefined while that is found out. */
  merges = $state.raw<readonly MergeResult[]>();

  #stop = new AbortController();
  #look = 0;

  get timeZone(): string {
    return this.home?.timeZone ?? this.newTimeZone;
  }

  /** Series of the meters that were chosen. */
  get series(): readonly ReadingSeries[] {
    return this.step.kind === 'preview' ? chosenSeries(this.step.file, this.meters) : [];
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
    const { blob, file } = this.step;
    if ('home' in change) this.home = change.home;
    if (change.timeZone !== undefined) this.newTimeZone = change.timeZone;
    await this.#read(blob, change.format ?? file.format);
  }

  /** Says which of the file's meters belong to the home. */
  choose(meters: readonly number[]): void {
    this.meters = meters;
    void this.#lookAhead();
  }

  /** Keeps the readings of the file at hand. */
  async accept(): Promise<void> {
    if (this.step.kind !== 'preview') return;
    const before = this.step;
    const { series } = this;
    // Some browsers ask only while the tap is fresh.
    const asked = askForPersistence().catch(() => false);
    this.problem = '';
    this.step = { kind: 'keeping', name: before.blob.name };
    try {
      const made = this.home === undefined ? await addHome(newHome(this.newTimeZone)) : undefined;
      this.home ??= made;
      const { file, blob } = before;
      const homeId = this.home?.id ?? '';
      const record = await addImport(homeId, {
        fileName: blob.name,
        format: file.format,
        series,
        findings: file.findings,
      }).catch(async (error: unknown) => {
        // A home that was made for these readings goes with them.
        if (made !== undefined) await eraseHome(made.id);
        if (made !== undefined) this.home = undefined;
        throw error;
      });
      this.kept = [...this.kept, record];
      await asked;
      await current.choose(homeId);
      await this.#next();
    } catch (error) {
      this.problem = wordsOf(error);
      this.step = before;
    }
  }

  /** Leaves the file at hand. */
  async decline(): Promise<void> {
    await this.#next();
  }

  /** Adds the made-up home, or shows the one that is there. */
  async tryDemo(): Promise<void> {
    const demo = current.homes.find(({ isDemo }) => isDemo);
    if (demo !== undefined) return current.choose(demo.id);
    this.step = { kind: 'keeping', name: 'the made-up home' };
    this.problem = '';
    try {
      const timeZone = browserTimeZone();
      const series = await demoReadings(timeZone, Date.now());
      const home = await addHome({ name: 'Demo home', timeZone, isDemo: true });
      const findings = [
        {
          kind: 'made-up',
          severity: 'info',
          message: 'These readings were made up by the app. No home used this energy.',
          rows: [],
          count: 1,
        } as const,
      ];
      this.kept = [
        await addImport(home.id, { fileName: 'Made-up readings', format: 'demo', series: [series], findings }),
      ];
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
    this.problem = '';
    if (file === undefined) this.step = idle;
    else await this.#read(file);
  }

  async #read(blob: File, format?: string): Promise<void> {
    this.#stop = new AbortController();
    this.share = 0;
    this.step = { kind: 'reading', name: blob.name };
    try {
      const file = await importMeterFile(blob, {
        name: blob.name,
        timeZone: this.timeZone,
        ...(format !== undefined && { format }),
        onProgress: (share) => (this.share = share),
        signal: this.#stop.signal,
      });
      this.step = { kind: 'preview', blob, file };
      this.choose(file.meters.length > 1 ? [] : file.meters.map((_, place) => place));
    } catch (error) {
      if (!(error instanceof MeterFileError && error.code === 'cancelled'))
        this.refused = [...this.refused, { fileName: blob.name, message: wordsOf(error) }];
      await this.#next();
    }
  }

  async #lookAhead(): Promise<void> {
    const look = (this.#look += 1);
    this.merges = undefined;
    const { series, home } = this;
    try {
      const merges = home === undefined ? [] : await previewImport(home.id, series);
      if (look === this.#look) this.merges = merges;
    } catch (error) {
      if (look === this.#look) this.problem = wordsOf(error);
    }
  }
}

const newHome = (timeZone: string) => {
  const real = current.homes.filter(({ isDemo }) => !isDemo).length;
  return { name: real === 0 ? 'My home' : `Home ${real + 1}`, timeZone };
};

/** Series of some of a file's meters; of all when the file does not tell meters apart. */
const chosenSeries = ({ series, meters }: MeterFile, chosen: readonly number[]): ReadingSeries[] => {
  if (meters.length <= 1) return [...series];
  const places = new Set(chosen.flatMap((place) => meters[place]?.series ?? []));
  return series.filter((_, place) => places.has(place));
};

export const imports = new MeterImport();
