/** The period that the trends show: a day, week, month, year, or free range of local days. */
import type { DaySpan } from '$lib/charts/energy-bars.ts';
import { weekdayOrder } from '../../locales/dates.ts';
import { dayOfNumber, numberOfDay } from '$lib/series/local-day.ts';
import { weekdayOf } from '$lib/usage/hour-table.ts';
import { addMonths, monthDays } from '$lib/usage/month.ts';

export type SpanKind = 'day' | 'week' | 'month' | 'year' | 'range';

/** The day, week (in the order of its weekdays, 0 being Monday), month or year that holds a local day. */
export const spanAround = (kind: Exclude<SpanKind, 'range'>, dayNumber: number, weekdays = weekdayOrder()): DaySpan => {
  const day = dayOfNumber(dayNumber);
  switch (kind) {
    case 'day':
      return { fromDay: dayNumber, untilDay: dayNumber + 1 };
    case 'week': {
      const fromDay = dayNumber - weekdays.indexOf(weekdayOf(dayNumber));
      return { fromDay, untilDay: fromDay + 7 };
    }
    case 'month':
      return monthDays(day.slice(0, 7));
    case 'year': {
      const year = day.slice(0, 4);
      return { fromDay: numberOfDay(`${year}-01-01`), untilDay: numberOfDay(`${year}-12-31`) + 1 };
    }
  }
};

/** The period of the same kind before (-1) or after (1). */
export const moved = (kind: SpanKind, { fromDay, untilDay }: DaySpan, by: -1 | 1): DaySpan => {
  if (kind === 'month') return monthDays(addMonths(dayOfNumber(fromDay).slice(0, 7), by));
  if (kind === 'year') return spanAround('year', by < 0 ? fromDay - 1 : untilDay);
  const length = untilDay - fromDay;
  return { fromDay: fromDay + by * length, untilDay: untilDay + by * length };
};

const fewestDays = 1;

/** A span longer (factor over 1) or shorter around a day, within what is known. */
export const zoomed = ({ fromDay, untilDay }: DaySpan, factor: number, around: number, known: DaySpan): DaySpan => {
  const before = untilDay - fromDay;
  const wanted =
    factor > 1 ? Math.max(before + 1, Math.round(before * factor)) : Math.min(before - 1, Math.round(before * factor));
  const length = Math.max(fewestDays, Math.min(known.untilDay - known.fromDay, wanted));
  const share = before === 0 ? 0.5 : (around + 0.5 - fromDay) / before;
  const from = Math.round(around + 0.5 - share * length);
  const start = Math.max(known.fromDay, Math.min(known.untilDay - length, from));
  return { fromDay: start, untilDay: start + length };
};
