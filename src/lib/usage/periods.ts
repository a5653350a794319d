/** Totals of months and of free ranges of days, and how they stand against earlier ones. */
import { dayOfNumber, numberOfDay } from '../series/local-day.ts';
import { isWholeDay, type DayTotal } from './days.ts';
import { addMonths, monthDays } from './month.ts';

/** A run of local days and what is known of it. */
export interface PeriodTotal {
  /** First and last local day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Energy of all that is known, Wh. */
  readonly energyWh: number;
  /** Days in the period, known or not. */
  readonly days: number;
  /** Days that were nearly all known. */
  readonly wholeDays: number;
  /** Mean energy of these, Wh; undefined when there is none. */
  readonly meanDailyWh: number | undefined;
}

export interface MonthTotal extends PeriodTotal {
  /** `YYYY-MM` */
  readonly month: string;
}

/** A period beside an earlier one. Means of whole days are compared, so that gaps and month lengths do no harm. */
export interface PeriodComparison {
  readonly current: PeriodTotal;
  readonly earlier: PeriodTotal;
  /** Mean day of the current over that of the earlier, minus 1: 0.1 is 10 % more. */
  readonly change: number;
}

/** Share of a period's days that must be whole before it is compared. */
const neededShare = 0.5;

/** What the days `fromDay` to before `untilDay` (day numbers) add up to. `days` ascend without gaps. */
export const periodTotal = (days: readonly DayTotal[], fromDay: number, untilDay: number): PeriodTotal => {
  const first = days[0]?.dayNumber ?? 0;
  let energyWh = 0;
  let wholeWh = 0;
  let wholeDays = 0;
  for (const day of days.slice(Math.max(0, fromDay - first), Math.max(0, untilDay - first))) {
    energyWh += day.energyWh;
    if (!isWholeDay(day)) continue;
    wholeWh += day.energyWh;
    wholeDays += 1;
  }
  return {
    from: dayOfNumber(fromDay),
    to: dayOfNumber(untilDay - 1),
    energyWh,
    days: untilDay - fromDay,
    wholeDays,
    meanDailyWh: wholeDays === 0 ? undefined : wholeWh / wholeDays,
  };
};

/** Totals of every month that the days touch, ascending. `days` ascend without gaps. */
export const monthTotals = (days: readonly DayTotal[]): MonthTotal[] => {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const months: MonthTotal[] = [];
  for (let month = first.day.slice(0, 7); month <= last.day.slice(0, 7); month = addMonths(month, 1)) {
    const { fromDay, untilDay } = monthDays(month);
    months.push({ month, ...periodTotal(days, fromDay, untilDay) });
  }
  return months;
};

const compare = (current: PeriodTotal, earlier: PeriodTotal): PeriodComparison | undefined => {
  if (current.meanDailyWh === undefined || earlier.meanDailyWh === undefined || earlier.meanDailyWh <= 0) return;
  if (earlier.wholeDays < neededShare * earlier.days) return;
  return { current, earlier, change: current.meanDailyWh / earlier.meanDailyWh - 1 };
};

/** Day after the last whole day of a period; its end while all of it is known. */
const knownUntil = (days: readonly DayTotal[], fromDay: number, untilDay: number): number => {
  const first = days[0]?.dayNumber ?? 0;
  const within = days.slice(Math.max(0, fromDay - first), Math.max(0, untilDay - first));
  return Math.max(fromDay + 1, (within.findLast(isWholeDay)?.dayNumber ?? untilDay - 1) + 1);
};

/**
 * Days `fromDay` to before `untilDay` beside the equally long period before them; undefined when less than half of
 * that is known. A whole calendar month is set beside the whole month before. Of a period that is still running, or of
 * which the end is not known, the beginnings are compared.
 */
export const againstPrevious = (
  days: readonly DayTotal[],
  fromDay: number,
  untilDay: number,
): PeriodComparison | undefined => {
  const month = dayOfNumber(fromDay).slice(0, 7);
  const whole = monthDays(month);
  const earlier =
    whole.fromDay === fromDay && whole.untilDay === untilDay
      ? monthDays(addMonths(month, -1))
      : { fromDay: fromDay - (untilDay - fromDay), untilDay: fromDay };
  const known = knownUntil(days, fromDay, untilDay);
  const earlierUntil =
    known === untilDay ? earlier.untilDay : Math.min(earlier.untilDay, earlier.fromDay + known - fromDay);
  return compare(periodTotal(days, fromDay, known), periodTotal(days, earlier.fromDay, earlierUntil));
};

/** A day a year earlier: the same date, 28 February for the 29th. */
const yearBefore = (dayNumber: number): number => {
  const day = dayOfNumber(dayNumber);
  const year = String(Number(day.slice(0, 4)) - 1).padStart(4, '0');
  return numberOfDay(day.endsWith('-02-29') ? `${year}-02-28` : `${year}${day.slice(4)}`);
};

/**
 * Days `fromDay` to before `untilDay` beside the same dates a year earlier, up to the last that is known; undefined when
 * less than half of those is known.
 */
export const againstLastYear = (
  days: readonly DayTotal[],
  fromDay: number,
  untilDay: number,
): PeriodComparison | undefined => {
  const known = knownUntil(days, fromDay, untilDay);
  return compare(periodTotal(days, fromDay, known), periodTotal(days, yearBefore(fromDay), yearBefore(known - 1) + 1));
};
