import { dateFormat } from '../../locales/formats.ts';

/** A weekday's name, Monday being 0. (3 January 2000 was a Monday.) */
export const weekdayName = (weekday: number, style: 'long' | 'short'): string =>
  dateFormat({ weekday: style, timeZone: 'UTC' }).format(Date.UTC(2000, 0, 3 + weekday));
