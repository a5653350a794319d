/** A part of a series in time: of one meter file, what belongs to a home from the day its owner moved in or out. */

import { localDayBounds } from './local-day.ts';
import type { ReadingSeries } from './types.ts';

/** Local days, `YYYY-MM-DD`; `until` is the first day that does not belong to it. Empty where there is no bound. */
export interface DayPart {
  readonly from: string;
  readonly until: string;
}

export const wholeTime: DayPart = { from: '', until: '' };

/**
 * The intervals that start within some local days of a zone, columns with buffers of their own; the series itself when
 * there is no bound.
 * @throws RangeError when a bound is no date
 */
export const partOfSeries = (series: ReadingSeries, { from, until }: DayPart, zone: string): ReadingSeries => {
  if (from === '' && until === '') return series;
  const fromMs = from === '' ? -Infinity : localDayBounds(from, zone).startMs;
  const untilMs = until === '' ? Infinity : localDayBounds(until, zone).startMs;
  const { startMs, lengthSeconds, energyWh, quality } = series;
  let first = 0;
  while (first < startMs.length && (startMs[first] ?? 0) < fromMs) first++;
  let end = first;
  while (end < startMs.length && (startMs[end] ?? 0) < untilMs) end++;
  return {
    ...series,
    startMs: startMs.slice(first, end),
    lengthSeconds: lengthSeconds.slice(first, end),
    energyWh: energyWh.slice(first, end),
    quality: quality.slice(first, end),
  };
};
