/**
 * The home that the screens show, and its readings, kept in step with the vault: a change in another tab or worker shows
 * by itself.
 */
import { adviceFor } from '$lib/advice/advice.ts';
import { dayOfNumber, localDayNumberOf } from '$lib/series/local-day.ts';
import type { ReadingSeries } from '$lib/series/types.ts';
import { wordsOf } from '$lib/ui/words.ts';
import type { HomeAnalysis } from '$lib/usage/analysis.ts';
import { AnalysisClient } from '$lib/usage/client.ts';
import { parseTariff, type Tariff } from '$lib/usage/tariff.ts';
import type { DayTemperatures } from '$lib/usage/temperature.ts';
import { listAnalyses } from '$lib/vault/analyses.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { listHomes } from '$lib/vault/homes.ts';
import { readings } from '$lib/vault/readings-client.ts';
import type { HomeSeries } from '$lib/vault/readings.ts';
import type { Analysis, Home } from '$lib/vault/schema.ts';
import { readReadingsState } from '$lib/vault/sealed-readings.ts';
import { readSettings, saveSetting, type HomeNotes, type Settings } from '$lib/vault/settings.ts';
import { adviceOptionsOf } from './advice-options.ts';

const noNotes: HomeNotes = {};

/** A stored tariff, unless another version of the app left one that cannot be read. */
const storedTariff = (value: unknown): Tariff | undefined => {
  if (value === undefined) return undefined;
  try {
    return parseTariff(value);
  } catch {
    return undefined;
  }
};

class CurrentHome {
  /** `loading` until the vault has answered once; `failed` when it cannot be read. */
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  /** Words for the user where the vault could not be read or the figures not be worked out; else empty. */
  problem = $state('');
  /** All homes on this device, the oldest first. */
  homes = $state.raw<readonly Home[]>([]);
  /** The home that is shown; undefined while there is none. */
  home = $state.raw<Home>();
  /** Its merged readings by register. */
  series = $state.raw<HomeSeries>({});
  settings = $state.raw<Partial<Settings>>({});
  /** Its past comparisons, the newest month first; none while comparing is switched off. */
  analyses = $state.raw<readonly Analysis[]>([]);

  #load: Promise<void> = Promise.resolve();
  #asked = false;
  /** Which readings `series` are, and what `analysis` was made of: ten years are not read and worked out without need. */
  #readFrom = '';
  #madeOf = '';

  /** What is taken from the grid: what figures, comparison and advice are about. */
  get importSeries(): ReadingSeries | undefined {
    return this.series.import;
  }

  /** Every figure of the home; undefined while there is no import. */
  analysis = $state.raw<HomeAnalysis>();

  /** The import hour by hour; undefined while there is none. */
  get table() {
    return this.analysis?.table;
  }

  /** The import day by day, ascending without gaps. */
  get days() {
    return this.analysis?.days ?? [];
  }

  /** What the user told about the home. */
  readonly notes = $derived((this.home && this.settings.homeNotes?.[this.home.id]) ?? noNotes);
  readonly tariff = $derived(storedTariff(this.notes.tariff));
  readonly otherTariff = $derived(storedTariff(this.notes.otherTariff));
  readonly temperatures: DayTemperatures | undefined = $derived(
    this.notes.temperatures && {
      firstDay: this.notes.temperatures.firstDay,
      celsius: Float32Array.from(this.notes.temperatures.celsius, (value) => value ?? Number.NaN),
    },
  );

  /** Today in the home's zone, `YYYY-MM-DD`. */
  get today(): string {
    return dayOfNumber(localDayNumberOf(Date.now(), this.home?.timeZone ?? 'UTC'));
  }

  /** Advice drawn from the last year's figures, tariff and weather, and the newest comparison where there is one. */
  readonly advice = $derived.by(() => {
    const { analysis } = this;
    if (analysis?.figures === undefined) return [];
    return adviceFor(
      analysis.figures,
      adviceOptionsOf(analysis, {
        tariff: this.tariff,
        otherTariff: this.otherTariff,
        price: this.settings.price,
        comparison: this.analyses[0]?.comparison,
        scores: this.analyses.find(({ advice }) => advice !== undefined)?.advice?.scores,
      }),
    );
  });

  readonly #client = new AnalysisClient();

  /** Loads and follows changes. Gives the function that ends it. Call once, in the page. */
  follow(): () => void {
    void this.refresh();
    const watched = ['homes', 'dayBlocks', 'settings', 'analyses'];
    return onVaultChange((stores) => {
      if (stores.some((name) => watched.includes(name))) void this.refresh();
    });
  }

  /** Reads the vault again; changes that come while it reads are read once more after it. */
  refresh(): Promise<void> {
    if (this.#asked) return this.#load;
    this.#asked = true;
    this.#load = this.#load.then(() => {
      this.#asked = false;
      return this.#read();
    });
    return this.#load;
  }

  /** Shows another home. */
  async choose(homeId: string): Promise<void> {
    await saveSetting('currentHome', homeId);
    await this.refresh();
  }

  async #read(): Promise<void> {
    try {
      const [homes, settings, { keyId, revision }] = await Promise.all([
        listHomes(),
        readSettings(),
        readReadingsState(),
      ]);
      const home = homes.find(({ id }) => id === settings.currentHome) ?? homes[0];
      const readFrom = home === undefined ? '' : [home.id, home.timeZone, keyId, revision].join(' ');
      const isSame = readFrom === this.#readFrom;
      const series = isSame ? this.series : home === undefined ? {} : await readings.readHome(home.id);
      const off = home === undefined || settings.showComparison === false;
      const analyses = off ? [] : await listAnalyses(home.id);
      this.analyses = analyses;
      this.homes = homes;
      this.settings = settings;
      this.home = home;
      this.series = series;
      this.#readFrom = readFrom;
      this.problem = await this.#analyse();
      this.status = 'ready';
    } catch (error) {
      this.problem = wordsOf(error);
      this.status = 'failed';
    }
  }

  /** Works the figures out; gives words for the user where that fails, which harms nothing that is stored. */
  async #analyse(): Promise<string> {
    const { home, series, tariff, otherTariff, temperatures } = this;
    const { temperatures: told } = this.notes;
    const madeOf = JSON.stringify([this.#readFrom, tariff, otherTariff, told]);
    if (madeOf === this.#madeOf) return '';
    this.#madeOf = '';
    if (home === undefined || series.import === undefined || series.import.startMs.length === 0) {
      this.analysis = undefined;
      return '';
    }
    const input = {
      timeZone: home.timeZone,
      importSeries: series.import,
      ...(series.export && { exportSeries: series.export }),
      ...(series.generation && { generationSeries: series.generation }),
      ...(tariff && { tariff }),
      ...(otherTariff && { otherTariff }),
      ...(temperatures && { temperatures }),
    };
    try {
      const analysis = await this.#client.analyse(input);
      if (analysis === undefined) return '';
      // Unpacked in one task and drawn in another: in one they would hold a phone up for longer.
      await new Promise((resolve) => setTimeout(resolve));
      this.analysis = analysis;
      this.#madeOf = madeOf;
      return '';
    } catch (error) {
      this.analysis = undefined;
      return wordsOf(error);
    }
  }
}

export const current = new CurrentHome();
