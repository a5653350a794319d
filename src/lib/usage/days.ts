/** Energy of each local day. */
import { dayOfNumber } from '../series/local-day.ts';
import type { HourTable } from './hour-table.ts';

/** One local day of one register. */
export interface DayTotal {
  /** `YYYY-MM-DD` in the home's zone. */
  readonly day: string;
  /** Days since 1970-01-01. */
  readonly dayNumber: number;
  /** Energy of the known part of the day, Wh. */
  readonly energyWh: number;
  /** Share of the day that was measured, 0..1. */
  readonly measuredShare: number;
  /** Share of the day that the supplier estimated, 0..1. */
  readonly estimatedShare: number;
  /** Share of the day known only from a longer period (a bill), so that the day's own value is a mean, 0..1. */
  readonly spreadShare: number;
}

/** Share of a day that must be known, and as a day's own value, before the day counts in means and comparisons. */
export const wholeDayShare = 0.9;

/** Whether a day counts in means and comparisons: nearly all of it known, and not as part of a longer period. */
export const isWholeDay = (day: DayTotal): boolean =>
  day.measuredShare + day.estimatedShare >= wholeDayShare && day.spreadShare <= 1 - wholeDayShare;

/** Totals of days `fromDay` to before `untilDay` of the table (indices), days without readings included. */
export const dayTotals = (table: HourTable, fromDay = 0, untilDay = table.dayCount): DayTotal[] => {
  const days: DayTotal[] = [];
  for (let day = fromDay; day < untilDay; day += 1) {
    let [energyWh, length, known, estimated, spread] = [0, 0, 0, 0, 0];
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i < end; i += 1) {
      energyWh += table.energyWh[i] ?? 0;
      length += table.lengthSeconds[i] ?? 0;
      known += table.knownSeconds[i] ?? 0;
      estimated += table.estimatedSeconds[i] ?? 0;
      spread += table.spreadSeconds[i] ?? 0;
    }
    const dayNumber = table.firstDay + day;
    days.push({
      day: dayOfNumber(dayNumber),
      dayNumber,
      energyWh,
      measuredShare: (known - estimated) / length,
      estimatedShare: estimated / length,
      spreadShare: spread / length,
    });
  }
  return days;
};
