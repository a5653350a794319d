import { plural } from '../../locales/plural.ts';
import { locale } from '../../locales/locale.ts';
import type { Erased } from '../vault/erase.ts';

/** What was erased, as a list in words. */
export function erasedWords(erased: Erased): string {
  const counts: [number, string][] = [
    [erased.homes, plural(erased.homes, ['# home', '# homes'])],
    [erased.files, plural(erased.files, ['# file', '# files'])],
    [erased.daysOfReadings, plural(erased.daysOfReadings, ['# day of readings', '# days of readings'])],
    [erased.comparisons, plural(erased.comparisons, ['# comparison', '# comparisons'])],
    [erased.contributions, plural(erased.contributions, ['# contribution', '# contributions'])],
    [erased.keys, plural(erased.keys, ['# key', '# keys'])],
    [erased.receipts, plural(erased.receipts, ['# receipt', '# receipts'])],
  ];
  const parts = counts.filter(([count]) => count > 0).map(([, words]) => words);
  return parts.length === 0 ? 'nothing was there' : new Intl.ListFormat(locale).format(parts);
}
