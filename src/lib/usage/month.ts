/** Which months a home may contribute, and why not where it may not. */
import { dayOfNumber, localDayNumberOf, localDayOf, numberOfDay } from '../series/local-day.ts';
import { typicalStep } from '../series/summary.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import { hourTable } from './hour-table.ts';

/** Share of a month's time that must be measured before it may be contributed. */
export const neededShare = 0.9;

/** Why a month may not be contributed. */
export type MonthReason = 'not-over' | 'not-enough-measured' | 'too-coarse' | 'not-import';

export interface MonthState {
  /** `YYYY-MM` */
  readonly month: string;
  /** Share of the month's time that was measured in intervals of an hour or less, 0..1. */
  readonly measuredShare: number;
  /** Local days of which less than 90 % was so measured, `YYYY-MM-DD`. */
  readonly missingDays: readonly string[];
  /** Absent when the month may be contributed. */
  readonly obstacle?: { readonly reason: MonthReason; readonly message: string };
}

/** Day numbers of a month `YYYY-MM`: first day, and first day of the next. @throws RangeError when it is none. */
export const monthDays = (month: string): { readonly fromDay: number; readonly untilDay: number } => {
  const fromDay = numberOfDay(`${month}-01`);
  const first = new Date(`${month}-01T00:00:00Z`);
  return { fromDay, untilDay: Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1) / 86_400_000 };
};

/** The month `YYYY-MM` a number of months after (or before) another. */
export const addMonths = (month: string, months: number): string => {
  const first = new Date(`${month}-01T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() + months);
  return first.toISOString().slice(0, 7);
};

/** In words, which are looked up when they are asked for: a worker has its catalog later than its constants. */
const messageOf = (reason: MonthReason): string => {
  const messages: Readonly<Record<MonthReason, string>> = {
    'not-over': 'This month is not over yet in your time zone. It can be compared from the first of next month.',
    'not-enough-measured': 'Less than 90% of this month was measured. Import the missing days, and it can be compared.',
    'too-coarse':
      'Your meter file gives values for whole days or longer. Comparing needs hourly or finer values; ask your supplier for them.',
    'not-import':
      'This register does not count what you take from the grid alone. Comparing needs the import of a meter that counts import and export apart.',
  };
  return messages[reason];
};

/**
 * State of every month that has a reading, ascending: complete months have no `obstacle`.
 * @param nowMs now, to tell whether a month is over
 */
export const completeMonths = (series: ReadingSeries, timeZone: string, nowMs: number): MonthState[] => {
  const { startMs, lengthSeconds, quality } = series;
  const count = startMs.length;
  if (count === 0) return [];
  const lastMs = (startMs[count - 1] ?? 0) + (lengthSeconds[count - 1] ?? 0) * 1000 - 1;
  const firstMonth = localDayOf(startMs[0] ?? 0, timeZone).slice(0, 7);
  const lastMonth = localDayOf(lastMs, timeZone).slice(0, 7);
  const tooCoarse = typicalStep(lengthSeconds) > 3600;
  const today = localDayNumberOf(nowMs, timeZone);

  const measured: ReadingSeries = {
    ...series,
    quality: quality.map((q) => (q === Quality.measured ? q : Quality.missing)),
  };
  const { fromDay } = monthDays(firstMonth);
  const table = hourTable(measured, timeZone, { fromDay, untilDay: monthDays(lastMonth).untilDay });
  const states: MonthState[] = [];
  for (let month = firstMonth; month <= lastMonth; month = addMonths(month, 1)) {
    const days = monthDays(month);
    const missingDays: string[] = [];
    let measuredSeconds = 0;
    let seconds = 0;
    for (let day = days.fromDay; day < days.untilDay; day += 1) {
      let [dayMeasured, dayLength] = [0, 0];
      const end = table.dayAt[day - fromDay + 1] ?? 0;
      for (let i = table.dayAt[day - fromDay] ?? 0; i < end; i += 1) {
        dayMeasured += table.fineSeconds[i] ?? 0;
        dayLength += table.lengthSeconds[i] ?? 0;
      }
      if (dayMeasured < neededShare * dayLength) missingDays.push(dayOfNumber(day));
      measuredSeconds += dayMeasured;
      seconds += dayLength;
    }
    const measuredShare = measuredSeconds / seconds;
    const reason: MonthReason | undefined =
      series.register !== 'import'
        ? 'not-import'
        : tooCoarse
          ? 'too-coarse'
          : today < days.untilDay
            ? 'not-over'
            : measuredShare < neededShare
              ? 'not-enough-measured'
              : undefined;
    states.push({
      month,
      measuredShare,
      missingDays,
      ...(reason !== undefined && { obstacle: { reason, message: messageOf(reason) } }),
    });
  }
  return states;
};
