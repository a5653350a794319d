/** The catalog of the language in use; every file with texts looks them up here (scripts/translations.js). */

import toRuntime, { type CatalogModule, type Runtime } from 'wuchale/runtime';
import { language } from './locale.ts';

const catalogs = import.meta.glob<CatalogModule>('./.wuchale/main.main.*.compiled.js');
const catalog: CatalogModule = { c: [] };
const runtime = toRuntime(catalog, language);

export const getRuntime = (): Runtime => runtime;
export const getRuntimeRx = getRuntime;

/** Loads the texts of the language. Nothing may be shown before. */
export const textsReady: Promise<void> = load();

async function load(): Promise<void> {
  const found = await catalogs[`./.wuchale/main.main.${language}.compiled.js`]?.();
  if (found !== undefined) Object.assign(catalog, found);
}
