/** The locale's formats of numbers and dates. Each is made when it is first used, and once: making one takes milliseconds. */
import { locale } from './locale.ts';

const numbers = new Map<string, Intl.NumberFormat>();
const dates = new Map<string, Intl.DateTimeFormat>();

/** How the locale writes a number. */
export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  const made = numbers.get(key) ?? new Intl.NumberFormat(locale, options);
  numbers.set(key, made);
  return made;
}

/** How the locale writes a date. */
export function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  const made = dates.get(key) ?? new Intl.DateTimeFormat(locale, options);
  dates.set(key, made);
  return made;
}

/** A number with the sign of its unit, which stay on one line. */
export const withUnit = (number: string, unit: string): string => `${number}\u00a0${unit}`;
