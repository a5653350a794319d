/** The newest month that is over and may be contributed, found without going through all that was ever read. */
import { dayOfNumber, localDayNumberOf } from '../series/local-day.ts';
import type { ReadingSeries } from '../series/types.ts';
import { addMonths, completeMonths, monthDays } from './month.ts';

const dayMs = 86_400_000;

/**
 * The newest complete month `YYYY-MM` of the two before the current one; undefined when neither may be contributed.
 * Older months may still be, but nobody needs a reminder of them.
 */
export const newestCompleteMonth = (series: ReadingSeries, timeZone: string, nowMs: number): string | undefined => {
  const thisMonth = dayOfNumber(localDayNumberOf(nowMs, timeZone)).slice(0, 7);
  // A day more, because the local month may begin before the UTC one.
  const fromMs = (monthDays(addMonths(thisMonth, -2)).fromDay - 1) * dayMs;
  let [low, high] = [0, series.startMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((series.startMs[middle] ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  const recent: ReadingSeries = {
    ...series,
    startMs: series.startMs.subarray(low),
    lengthSeconds: series.lengthSeconds.subarray(low),
    energyWh: series.energyWh.subarray(low),
    quality: series.quality.subarray(low),
  };
  return completeMonths(recent, timeZone, nowMs).findLast(({ obstacle }) => obstacle === undefined)?.month;
};
