import { askForPersistence } from '../vault/storage.ts';

/** Chromium's install prompt, kept until the person asks for it. Other browsers install from their own menu. */

interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>;
}

const isInstallPrompt = (event: Event): event is InstallPromptEvent => 'prompt' in event;

/** iPhones and iPads; an iPad calls itself a Mac, but no Mac has a touch screen. */
const isIos = (): boolean =>
  /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (navigator.userAgent.includes(/* @wc-ignore */ 'Macintosh') && navigator.maxTouchPoints > 1);

class Install {
  #prompt = $state.raw<InstallPromptEvent>();
  #isDone = $state(false);

  /** How this browser installs: by its own prompt, by hand on an iPhone or iPad, or from its menu. */
  get way(): 'prompt' | 'ios' | 'menu' {
    return this.#prompt !== undefined ? 'prompt' : isIos() ? 'ios' : 'menu';
  }

  /** True when the app already runs from the home screen. */
  get installed(): boolean {
    return (
      this.#isDone ||
      matchMedia('(display-mode: standalone)').matches ||
      ('standalone' in navigator && navigator.standalone === true)
    );
  }

  /** Call once, in the page. */
  listen(): void {
    addEventListener('beforeinstallprompt', (event) => {
      if (!isInstallPrompt(event)) return;
      event.preventDefault();
      this.#prompt = event;
    });
    addEventListener('appinstalled', () => {
      this.#prompt = undefined;
      this.#isDone = true;
      // Browsers that have refused before keep an installed app's data when asked again.
      void askForPersistence().catch(() => false);
    });
  }

  /** Shows the browser's prompt. */
  async ask(): Promise<void> {
    await this.#prompt?.prompt();
    this.#prompt = undefined;
  }
}

export const install = new Install();
