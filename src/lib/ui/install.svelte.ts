/** Chromium's install prompt, kept until the person asks for it. Other browsers install from their own menu. */

interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>;
}

const isInstallPrompt = (event: Event): event is InstallPromptEvent => 'prompt' in event;

class Install {
  #prompt = $state.raw<InstallPromptEvent>();

  /** True while the browser would show its install prompt. */
  get offered(): boolean {
    return this.#prompt !== undefined;
  }

  /** True when the app already runs from the home screen. */
  get installed(): boolean {
    return matchMedia('(display-mode: standalone)').matches;
  }

  /** Call once, in the page. */
  listen(): void {
    addEventListener('beforeinstallprompt', (event) => {
      if (!isInstallPrompt(event)) return;
      event.preventDefault();
      this.#prompt = event;
    });
    addEventListener('appinstalled', () => (this.#prompt = undefined));
  }

  /** Shows the browser's prompt. */
  async ask(): Promise<void> {
    await this.#prompt?.prompt();
    this.#prompt = undefined;
  }
}

export const install = new Install();
