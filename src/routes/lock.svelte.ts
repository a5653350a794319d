/** The app's lock: when it asks, nothing is shown and no key is in memory until one of the ways in was taken. */
import { lock as endWorker, unlock, unlockByPrf } from '$lib/fhe/client.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { asksForPassphrase } from '$lib/vault/lock.ts';
import { askPrf, type PrfCredential } from '$lib/vault/screen-lock.ts';
import { current } from './home.svelte.ts';

const lookEveryMs = 5000;

class Lock {
  /** `asking` until the vault has said whether it opens by itself. */
  status = $state<'asking' | 'open' | 'locked'>('asking');
  /** Whether there is anything to lock with. */
  canLock = $state(false);
  #activeMs = Date.now();

  /** Finds out whether the app is locked, and locks it when nobody has touched it for as long as the settings say. */
  follow(): () => void {
    void this.#look().then(() => {
      if (this.status === 'asking') this.status = this.canLock ? 'locked' : 'open';
    });
    const end = onVaultChange((stores) => {
      if (stores.includes('wraps')) void this.#look();
    });
    const touched = () => (this.#activeMs = Date.now());
    const events = ['pointerdown', 'keydown', 'wheel', 'touchstart'];
    for (const name of events) addEventListener(name, touched, { passive: true, capture: true });
    const onBack = () => this.#lockIfLeft();
    document.addEventListener('visibilitychange', onBack);
    const timer = setInterval(onBack, lookEveryMs);
    return () => {
      end();
      for (const name of events) removeEventListener(name, touched, { capture: true });
      document.removeEventListener('visibilitychange', onBack);
      clearInterval(timer);
    };
  }

  /**
   * Opens the app with the passphrase or the recovery code.
   * @throws {FheError} `wrong-secret`
   */
  async open(passphraseOrCode: string): Promise<void> {
    await unlock(passphraseOrCode);
    this.#opened();
  }

  /**
   * Opens the app with the screen lock or security key.
   * @throws {VaultError} `unavailable` when it did not answer
   * @throws {FheError} `wrong-secret`
   */
  async openByPrf(credential: PrfCredential): Promise<void> {
    await unlockByPrf(await askPrf(credential));
    this.#opened();
  }

  #opened(): void {
    this.#activeMs = Date.now();
    this.status = 'open';
  }

  /** Locks: the worker ends, and the page begins anew with nothing in its memory. */
  now(): void {
    endWorker();
    location.reload();
  }

  async #look(): Promise<void> {
    // A vault that cannot be read is not locked: the screens say what is wrong with it.
    this.canLock = await asksForPassphrase().catch(() => false);
  }

  #lockIfLeft(): void {
    const minutes = current.settings.lockAfterMinutes;
    if (this.status !== 'open' || !this.canLock || minutes === undefined) return;
    if (Date.now() - this.#activeMs >= minutes * 60_000) this.now();
  }
}

export const appLock = new Lock();
