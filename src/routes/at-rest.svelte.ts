/** Whether readings are encrypted on this device, and the change from one to the other while it goes on. */
import { createReadingsKey, lendReadingsKey } from '$lib/fhe/client.ts';
import { work } from '$lib/ui/work.svelte.ts';
import { wordsOf } from '$lib/ui/words.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { chooseSealedReadings } from '$lib/vault/readings-at-rest.ts';
import { readings } from '$lib/vault/readings-client.ts';
import { borrowReadingsKey } from '$lib/vault/readings-key.ts';
import { readReadingsState } from '$lib/vault/sealed-readings.ts';

borrowReadingsKey(lendReadingsKey);

class AtRest {
  /** Undefined until the vault has answered. */
  sealed = $state<boolean>();
  isChanging = $state(false);
  /** Share of the records that are changed, 0 to 1; undefined where another tab changes them. */
  share = $state<number>();
  problem = $state('');

  /** Shows how it stands, and goes on with a change that was broken off. Gives the function that ends it. */
  follow(): () => void {
    void this.#read().then(() => this.goOn());
    return onVaultChange((stores) => {
      if (stores.includes('readingsState')) void this.#read();
    });
  }

  /** Chooses; what is stored follows. The other choice while it goes on takes everything back. */
  async choose(sealed: boolean): Promise<void> {
    this.problem = '';
    try {
      if (sealed) await createReadingsKey();
      await chooseSealedReadings(sealed);
      await this.#read();
    } catch (error) {
      this.problem = wordsOf(error);
      return;
    }
    await this.goOn();
  }

  /** Goes on with what was chosen, if it is not all done. */
  async goOn(): Promise<void> {
    if (!this.isChanging) return;
    this.problem = '';
    try {
      await work.during(readings.changeStoredReadings((done, total) => (this.share = total === 0 ? 1 : done / total)));
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.share = undefined;
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    try {
      const { sealed, isChanging } = await readReadingsState();
      this.sealed = sealed;
      this.isChanging = isChanging;
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }
}

export const atRest = new AtRest();
