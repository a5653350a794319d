import { language } from './locales/locale.ts';
import { textsReady } from './locales/main.loader.ts';
import { ensureTrustedTypes } from '$lib/fhe/trusted-types.ts';

ensureTrustedTypes();
document.documentElement.lang = language;

/** Kit waits for it before it loads any screen. */
export const init = (): Promise<void> => textsReady;
