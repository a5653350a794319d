/** Dates inside sentences that are made in the rooms below the screen, and the week as the reader's locale lays it out. */
import { dateFormat } from './formats.ts';
import { locale } from './locale.ts';

/** The date of a wall clock (ms as if it were UTC). */
export const dayWords = (wallMs: number): string => dateFormat({ dateStyle: 'medium', timeZone: 'UTC' }).format(wallMs);

/** The date and minute of a wall clock (ms as if it were UTC). */
export const minuteWords = (wallMs: number): string =>
  dateFormat({ dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(wallMs);

/** Monday is 1 and Sunday 7 in what browsers say; those that say nothing get Monday. */
function firstOf(tag: string): number {
  const asked: Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } } =
    new Intl.Locale(tag);
  return ((asked.getWeekInfo?.() ?? asked.weekInfo)?.firstDay ?? 1) - 1;
}

/** The country matters here and not the language that the app was set to. */
const ownTag = 'navigator' in globalThis ? navigator.language : locale;

/** The weekdays in the order of a locale, that of the reader's browser if none is given; 0 is Monday. */
export function weekdayOrder(tag = ownTag): readonly number[] {
  const first = firstOf(tag);
  return Array.from({ length: 7 }, (_, index) => (first + index) % 7);
}
