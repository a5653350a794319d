/**
 * The home that the screens show, and its readings, kept in step with the vault: a change in another tab or worker shows
 * by itself.
 */
import { adviceFor } from '$lib/advice/advice.ts';
import type { ReadingSeries, Register } from '$lib/series/types.ts';
import { dayTotals } from '$lib/usage/days.ts';
import { hourTable } from '$lib/usage/hour-table.ts';
import { homeFigures } from '$lib/usage/home-figures.ts';
import { listAnalyses } from '$lib/vault/analyses.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { listHomes } from '$lib/vault/homes.ts';
import { listRegisters, readSeries } from '$lib/vault/readings.ts';
import type { Analysis, Home } from '$lib/vault/schema.ts';
import { readSettings, saveSetting, type Settings } from '$lib/vault/settings.ts';

class CurrentHome {
  /** `loading` until the vault has answered once; `failed` when it cannot be read, for which `problem` has the words. */
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  problem = $state('');
  /** All homes on this device, the oldest first. */
  homes = $state.raw<readonly Home[]>([]);
  /** The home that is shown; undefined while there is none. */
  home = $state.raw<Home>();
  /** Its merged readings by register. */
  series = $state.raw<Readonly<Partial<Record<Register, ReadingSeries>>>>({});
  settings = $state.raw<Partial<Settings>>({});
  /** Its past comparisons, the newest month first. */
  analyses = $state.raw<readonly Analysis[]>([]);

  #load: Promise<void> = Promise.resolve();
  #asked = false;

  /** What is taken from the grid: what figures, comparison and advice are about. */
  get importSeries(): ReadingSeries | undefined {
    return this.series.import;
  }

  /** The import hour by hour; undefined while there is none. */
  readonly table = $derived(this.home && this.series.import && hourTable(this.series.import, this.home.timeZone));

  /** The import day by day, ascending without gaps. */
  readonly days = $derived(this.table === undefined ? [] : dayTotals(this.table));

  /** Advice drawn from the last year's figures, and from the newest comparison where there is one; best first. */
  readonly advice = $derived.by(() => {
    const figures = this.table && homeFigures(this.table);
    const { price } = this.settings;
    const [analysis] = this.analyses;
    return figures === undefined
      ? []
      : adviceFor(figures, {
          ...(price !== undefined && { price }),
          ...(analysis !== undefined && { comparison: analysis.comparison }),
        });
  });

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
      const [homes, settings] = await Promise.all([listHomes(), readSettings()]);
      const home = homes.find(({ id }) => id === settings.currentHome) ?? homes[0];
      const registers = home === undefined ? [] : await listRegisters(home.id);
      const read = await Promise.all(
        registers.map(async (register) => [register, home && (await readSeries(home.id, register))] as const),
      );
      const analyses = home === undefined ? [] : await listAnalyses(home.id);
      this.analyses = analyses;
      this.homes = homes;
      this.settings = settings;
      this.home = home;
      this.series = Object.fromEntries(read.flatMap(([register, one]) => (one === undefined ? [] : [[register, one]])));
      this.status = 'ready';
    } catch (error) {
      this.problem = error instanceof Error ? error.message : 'What is stored on this device cannot be read.';
      this.status = 'failed';
    }
  }
}

export const current = new CurrentHome();
