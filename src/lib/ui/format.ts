/** Numbers, dates and sizes as the reader's locale writes them. */

import { plural } from '../../locales/plural.ts';
import { dateFormat, numberFormat, withUnit } from '../../locales/formats.ts';
import { wallClockOf } from '../series/local-day.ts';

const digits = (count: number): Intl.NumberFormatOptions => ({
  minimumFractionDigits: count,
  maximumFractionDigits: count,
});

/** Energy in kWh with as many digits as its size deserves: `3,743`, `12.4`, `0.35`. */
export function formatKwh(energyWh: number): string {
  const kwh = energyWh / 1000;
  const size = Math.abs(kwh);
  return withUnit(size >= 100 ? formatCount(kwh) : size >= 1 ? formatOne(kwh) : formatTwo(kwh), 'kWh');
}

/** A whole number with the locale's grouping. */
export const formatCount = (count: number): string => numberFormat({ maximumFractionDigits: 0 }).format(count);

/** A number as it is, on an axis or in a table, with at most three decimals. */
export const formatNumber = (value: number): string => numberFormat({ maximumFractionDigits: 3 }).format(value);

/** A number with one decimal. */
export const formatOne = (value: number): string => numberFormat(digits(1)).format(value);

/** A number with two decimals. */
export const formatTwo = (value: number): string => numberFormat(digits(2)).format(value);

/** Power in watts, without decimals. */
export const formatWatts = (watts: number): string => withUnit(formatCount(watts), 'W');

/** Power in kW with two decimals. */
export const formatKilowatts = (kw: number): string => withUnit(formatTwo(kw), 'kW');

/** A share of one as a whole percentage. */
export const formatShare = (share: number): string =>
  numberFormat({ style: 'percent', maximumFractionDigits: 0 }).format(share);

/** Bytes as kB, MB or GB (powers of 1000, as data plans count). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return plural(bytes, ['# byte', '# bytes']);
  if (bytes < 1_000_000) return withUnit(formatOne(bytes / 1000), 'kB');
  if (bytes < 1_000_000_000) return withUnit(formatOne(bytes / 1_000_000), 'MB');
  return withUnit(formatOne(bytes / 1_000_000_000), 'GB');
}

/** A local day `YYYY-MM-DD` in words. */
export function formatDay(day: string, style: 'long' | 'short' = 'long'): string {
  const options: Intl.DateTimeFormatOptions =
    style === 'long'
      ? { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }
      : { day: 'numeric', month: 'short' };
  return dateFormat({ ...options, timeZone: 'UTC' }).format(new Date(`${day}T12:00Z`));
}

/** A month `YYYY-MM` in words. */
export const formatMonth = (month: string): string =>
  dateFormat({ month: 'long', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${month}-15T12:00Z`));

/** The short name of a month `YYYY-MM`, without its year. */
export const formatShortMonth = (month: string): string =>
  dateFormat({ month: 'short', timeZone: 'UTC' }).format(new Date(`${month}-15T12:00Z`));

/** An instant in the reader's own zone, or in the zone given. */
export const formatInstant = (instantMs: number, timeZone?: string): string =>
  dateFormat({
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);

/** A stretch of time in a zone: whole local days by their dates, the last one included; else with the hours. */
export function formatPeriod(startMs: number, endMs: number, timeZone: string): string {
  const isMidnight = (ms: number) => wallClockOf(ms, timeZone) % 86_400_000 === 0;
  return isMidnight(startMs) && isMidnight(endMs)
    ? dateFormat({ dateStyle: 'medium', timeZone }).formatRange(startMs, endMs - 1)
    : dateFormat({ dateStyle: 'medium', timeStyle: 'short', timeZone }).formatRange(startMs, endMs);
}

/** An interval length in words. */
export function formatStep(seconds: number): string {
  if (seconds % 86_400 === 0) return plural(seconds / 86_400, ['# day', '# days']);
  if (seconds % 3600 === 0) return plural(seconds / 3600, ['# hour', '# hours']);
  if (seconds % 60 === 0) return plural(seconds / 60, ['# minute', '# minutes']);
  return plural(seconds, ['# second', '# seconds']);
}

/** How often an interval of this length comes: `every hour`, `every 15 minutes`. */
export function formatEvery(seconds: number): string {
  if (seconds % 86_400 === 0) return plural(seconds / 86_400, ['every day', 'every # days']);
  if (seconds % 3600 === 0) return plural(seconds / 3600, ['every hour', 'every # hours']);
  return seconds % 60 === 0
    ? plural(seconds / 60, ['every minute', 'every # minutes'])
    : plural(seconds, ['every second', 'every # seconds']);
}

/** Hour of the day as a span: `17:00–18:00`. */
export const formatHour = (hour: number): string =>
  `${String(hour).padStart(2, '0')}:00–${String((hour + 1) % 24).padStart(2, '0')}:00`;
