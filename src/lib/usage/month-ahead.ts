/** Where the running month is heading, and whether that is much more than usual. */

import { isWholeDay, type DayTotal } from './days.ts';
import { isWeekend } from './hour-table.ts';
import { addMonths, monthDays } from './month.ts';
import { periodTotal } from './periods.ts';
import { lagOneCorrelation, mean, studentQuantile, variance } from './statistics.ts';

export interface MonthAhead {
  /** `YYYY-MM` */
  readonly month: string;
  /** Whole days of it that are known. */
  readonly knownDays: number;
  /** Energy of the whole month as it looks now, and the range it will very likely lie in, Wh. */
  readonly expectedWh: number;
  readonly lowWh: number;
  readonly highWh: number;
  /** What it is set beside: the same month a year earlier, else the mean of the three months before, Wh. */
  readonly usualWh: number;
  readonly usualIs: 'last-year' | 'months-before';
  /** Whether even the low end is a tenth above the usual. */
  readonly isHigh: boolean;
}

const fewestDays = 7;
const recentDays = 28;
const alarm = 1.1;
const neededShare = 0.8;

const wholeMonthWh = (days: readonly DayTotal[], month: string): number | undefined => {
  const { fromDay, untilDay } = monthDays(month);
  const total = periodTotal(days, fromDay, untilDay);
  return total.meanDailyWh === undefined || total.wholeDays < neededShare * total.days
    ? undefined
    : total.meanDailyWh * total.days;
};

/**
 * Outlook for the month of the last day that is known: its known days, plus for each other day the mean of the last four
 * weeks' days of its kind, with a 95 % range from how these differ.
 * @returns undefined before a week of the month is known, when it is over, or when nothing usual is known
 */
export const monthAhead = (days: readonly DayTotal[]): MonthAhead | undefined => {
  const last = days.findLast(isWholeDay);
  if (last === undefined) return undefined;
  const month = last.day.slice(0, 7);
  const { fromDay, untilDay } = monthDays(month);
  if (last.dayNumber >= untilDay - 1) return undefined;
  const within = days.filter((day) => day.dayNumber >= fromDay && day.dayNumber < untilDay && isWholeDay(day));
  const recent = days.filter((day) => day.dayNumber > last.dayNumber - recentDays && isWholeDay(day));
  const byKind = [false, true].map((weekend) =>
    recent.filter((day) => isWeekend(day.dayNumber) === weekend).map((day) => day.energyWh),
  );
  if (within.length < fewestDays || byKind.some((values) => values.length < 2)) return undefined;

  const lastYear = wholeMonthWh(days, addMonths(month, -12));
  const before = [1, 2, 3].flatMap((back) => wholeMonthWh(days, addMonths(month, -back)) ?? []);
  const usualWh = lastYear ?? (before.length < 2 ? undefined : mean(before));
  if (usualWh === undefined) return undefined;

  const known = new Set(within.map((day) => day.dayNumber));
  let expectedWh = within.reduce((sum, day) => sum + day.energyWh, 0);
  let spread = 0;
  for (const [kind, values] of byKind.entries()) {
    let rest = 0;
    for (let day = fromDay; day < untilDay; day += 1) if (!known.has(day) && Number(isWeekend(day)) === kind) rest += 1;
    expectedWh += rest * mean(values);
    // Each coming day differs, and so does the mean of so few.
    spread += variance(values) * (rest + (rest * rest) / values.length);
  }
  // Days are like their neighbours (guests, holidays), so that a run of them varies more than single days do.
  const kindMeans = byKind.map(mean);
  const likeness = Math.min(
    0.6,
    Math.max(
      0,
      lagOneCorrelation(recent.map((day) => day.energyWh - (kindMeans[Number(isWeekend(day.dayNumber))] ?? 0))),
    ),
  );
  const half = studentQuantile(0.975, recent.length - 2) * Math.sqrt((spread * (1 + likeness)) / (1 - likeness));
  return {
    month,
    knownDays: within.length,
    expectedWh,
    lowWh: Math.max(0, expectedWh - half),
    highWh: expectedWh + half,
    usualWh,
    usualIs: lastYear === undefined ? 'months-before' : 'last-year',
    isHigh: expectedWh - half > alarm * usualWh,
  };
};
