/**
 * The home that the screens show, and its readings, kept in step with the vault: a change in another tab or worker shows
 * by itself.
 */
import type { ReadingSeries, Register } from '$lib/series/types.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { listHomes } from '$lib/vault/homes.ts';
import { listRegisters, readSeries } from '$lib/vault/readings.ts';
import type { Home } from '$lib/vault/schema.ts';
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

  #load: Promise<void> = Promise.resolve();
  #asked = false;

  /** What is taken from the grid: what figures, comparison and advice are about. */
  get importSeries(): ReadingSeries | undefined {
    return this.series.import;
  }

  /** Loads and follows changes. Gives the function that ends it. Call once, in the page. */
  follow(): () => void {
    void this.refresh();
    const watched = ['homes', 'dayBlocks', 'settings'];
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
