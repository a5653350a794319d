import type { Erased } from '../vault/erase.ts';
import { formatCount } from './format.ts';

const kinds = [
  ['homes', 'home', 'homes'],
  ['files', 'file', 'files'],
  ['daysOfReadings', 'day of readings', 'days of readings'],
  ['comparisons', 'comparison', 'comparisons'],
  ['contributions', 'contribution', 'contributions'],
  ['keys', 'key', 'keys'],
  ['receipts', 'receipt', 'receipts'],
] as const;

/** What was erased, as a list in words. */
export function erasedWords(erased: Erased): string {
  const parts = kinds.flatMap(([kind, one, several]) =>
    erased[kind] === 0 ? [] : [`${formatCount(erased[kind])} ${erased[kind] === 1 ? one : several}`],
  );
  return parts.length === 0 ? 'nothing was there' : new Intl.ListFormat(undefined).format(parts);
}
