/** Numbers, dates and sizes as the reader's locale writes them. */

import { wallClockOf } from '../series/local-day.ts';

const number = (options: Intl.NumberFormatOptions): Intl.NumberFormat => new Intl.NumberFormat(undefined, options);

const whole = number({ maximumFractionDigits: 0 });
const oneDigit = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const twoDigits = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percent = number({ style: 'percent', maximumFractionDigits: 0 });

/** Energy in kWh with as many digits as its size deserves: `3,743`, `12.4`, `0.35`. */
export function formatKwh(energyWh: number): string {
  const kwh = energyWh / 1000;
  const digits = Math.abs(kwh) >= 100 ? whole : Math.abs(kwh) >= 1 ? oneDigit : twoDigits;
  return `${digits.format(kwh)} kWh`;
}

/** A whole number with the locale's grouping. */
export const formatCount = (count: number): string => whole.format(count);

/** A number with one decimal. */
export const formatOne = (value: number): string => oneDigit.format(value);

/** A number with two decimals. */
export const formatTwo = (value: number): string => twoDigits.format(value);

/** A share of one as a whole percentage. */
export const formatShare = (share: number): string => percent.format(share);

/** Bytes as kB, MB or GB (powers of 1000, as data plans count). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${whole.format(bytes)} bytes`;
  if (bytes < 1_000_000) return `${oneDigit.format(bytes / 1000)} kB`;
  if (bytes < 1_000_000_000) return `${oneDigit.format(bytes / 1_000_000)} MB`;
  return `${oneDigit.format(bytes / 1_000_000_000)} GB`;
}

/** A local day `YYYY-MM-DD` in words. */
export function formatDay(day: string, style: 'long' | 'short' = 'long'): string {
  const options: Intl.DateTimeFormatOptions =
    style === 'long'
      ? { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }
      : { day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(undefined, { ...options, timeZone: 'UTC' }).format(new Date(`${day}T12:00Z`));
}

/** A month `YYYY-MM` in words. */
export const formatMonth = (month: string): string =>
  new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${month}-15T12:00Z`),
  );

/** An instant in the reader's own zone, or in the zone given. */
export const formatInstant = (instantMs: number, timeZone?: string): string =>
  new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(instantMs);

/** A stretch of time in a zone: whole local days by their dates, the last one included; else with the hours. */
export function formatPeriod(startMs: number, endMs: number, timeZone: string): string {
  const isMidnight = (ms: number) => wallClockOf(ms, timeZone) % 86_400_000 === 0;
  return isMidnight(startMs) && isMidnight(endMs)
    ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone }).formatRange(startMs, endMs - 1)
    : new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short', timeZone }).formatRange(
        startMs,
        endMs,
      );
}

/** An interval length in words. */
export function formatStep(seconds: number): string {
  if (seconds % 86_400 === 0) return seconds === 86_400 ? '1 day' : `${whole.format(seconds / 86_400)} days`;
  if (seconds % 3600 === 0) return seconds === 3600 ? '1 hour' : `${whole.format(seconds / 3600)} hours`;
  if (seconds % 60 === 0) return `${whole.format(seconds / 60)} minutes`;
  return `${whole.format(seconds)} seconds`;
}

/** How often an interval of this length comes: `every hour`, `every 15 minutes`. */
export const formatEvery = (seconds: number): string => `every ${formatStep(seconds).replace(/^1 /, '')}`;

/** Hour of the day as a span: `17:00–18:00`. */
export const formatHour = (hour: number): string =>
  `${String(hour).padStart(2, '0')}:00–${String((hour + 1) % 24).padStart(2, '0')}:00`;
