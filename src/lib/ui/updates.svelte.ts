import { Workbox } from 'workbox-window';

/** Registers the service worker and knows when a newer version of the app waits. It never reloads by itself. */
class Updates {
  /** True when a newer version is installed and waits for a reload. */
  waiting = $state(false);
  #workbox: Workbox | undefined;
  #isApplying = false;
  #hasTakenOver = false;

  /** Call once, in the page. Does nothing where the browser has no service workers. */
  register(): void {
    if (!('serviceWorker' in navigator) || this.#workbox !== undefined) return;
    const workbox = new Workbox('/service-worker.js', { type: 'module' });
    workbox.addEventListener('waiting', () => (this.waiting = true));
    workbox.addEventListener('controlling', ({ isUpdate }) => {
      if (this.#isApplying) location.reload();
      // The newer version was let in from another tab: this one goes on, and is asked to reload when it suits.
      else if (isUpdate === true) this.waiting = this.#hasTakenOver = true;
    });
    this.#workbox = workbox;
    // Without a service worker (private windows, storage off) the app works online as before.
    workbox.register().catch(() => undefined);
  }

  /** Lets the newer version take over and reloads once it has. */
  apply(): void {
    if (this.#hasTakenOver) location.reload();
    this.#isApplying = true;
    this.#workbox?.messageSkipWaiting();
  }
}

export const updates = new Updates();
