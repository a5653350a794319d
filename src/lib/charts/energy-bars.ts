/** Bars of energy over hours, days or months: what a period is cut into, and its sentence. */
import { locale } from '../../locales/locale.ts';
import { dayOfNumber } from '../series/local-day.ts';
import { isWholeDay, wholeDayShare, type DayTotal } from '../usage/days.ts';
import type { HourTable } from '../usage/hour-table.ts';
import { addMonths, monthDays } from '../usage/month.ts';
import { againstLastYear, againstPrevious, periodTotal, type PeriodComparison } from '../usage/periods.ts';
import { formatDay, formatHour, formatKwh, formatMonth, formatShare, formatShortMonth } from '../ui/format.ts';

export interface EnergyBar {
  readonly key: string;
  /** In full, and short for the axis. */
  readonly name: string;
  readonly label: string;
  readonly energyWh: number;
  /** Share of its time that is known, 0..1. */
  readonly knownShare: number;
  /** Local days it is made of, as day numbers; one day where it is an hour. */
  readonly fromDay: number;
  readonly untilDay: number;
}

/** Local days `fromDay` to before `untilDay`, as day numbers. */
export interface DaySpan {
  readonly fromDay: number;
  readonly untilDay: number;
}

/** Longest span that is still shown day by day. */
export const mostDayBars = 124;

const knownOf = (day: DayTotal): number => Math.min(1, day.measuredShare + day.estimatedShare);
const monthLabel = (month: string): string => (month.endsWith('-01') ? month.slice(0, 4) : formatShortMonth(month));

const hourBars = (table: HourTable, dayNumber: number): EnergyBar[] => {
  const day = dayNumber - table.firstDay;
  const bars: EnergyBar[] = [];
  const end = table.dayAt[day + 1] ?? 0;
  for (let i = table.dayAt[day] ?? 0; i < end; i += 1) {
    const hour = table.hourOfDay[i] ?? 0;
    bars.push({
      key: String(table.startMs[i]),
      name: formatHour(hour),
      label: String(hour),
      energyWh: table.energyWh[i] ?? 0,
      knownShare: (table.knownSeconds[i] ?? 0) / (table.lengthSeconds[i] ?? 3600),
      fromDay: dayNumber,
      untilDay: dayNumber + 1,
    });
  }
  return bars;
};

const monthBars = (days: readonly DayTotal[], { fromDay, untilDay }: DaySpan): EnergyBar[] => {
  const first = days[0]?.dayNumber ?? 0;
  const bars: EnergyBar[] = [];
  for (let month = dayOfNumber(fromDay).slice(0, 7); month <= dayOfNumber(untilDay - 1).slice(0, 7);) {
    const bounds = monthDays(month);
    const [from, until] = [Math.max(fromDay, bounds.fromDay), Math.min(untilDay, bounds.untilDay)];
    const within = days.slice(Math.max(0, from - first), Math.max(0, until - first));
    bars.push({
      key: month,
      name: formatMonth(month),
      label: monthLabel(month),
      energyWh: within.reduce((sum, day) => sum + day.energyWh, 0),
      knownShare: within.reduce((sum, day) => sum + knownOf(day), 0) / Math.max(1, until - from),
      fromDay: from,
      untilDay: until,
    });
    month = addMonths(month, 1);
  }
  return bars;
};

/** A span cut into hours (one day), days (up to {@link mostDayBars}) or months. */
export const barsOf = (table: HourTable, days: readonly DayTotal[], span: DaySpan): EnergyBar[] => {
  const length = span.untilDay - span.fromDay;
  if (length === 1) return hourBars(table, span.fromDay);
  if (length > mostDayBars) return monthBars(days, span);
  const first = days[0]?.dayNumber ?? 0;
  return days.slice(Math.max(0, span.fromDay - first), Math.max(0, span.untilDay - first)).map((day) => ({
    key: day.day,
    name: formatDay(day.day),
    label: formatDay(day.day, 'short'),
    energyWh: day.energyWh,
    knownShare: knownOf(day),
    fromDay: day.dayNumber,
    untilDay: day.dayNumber + 1,
  }));
};

/** A span in words: a day, a month, a year, or from and to. */
export const spanName = ({ fromDay, untilDay }: DaySpan): string => {
  const [from, to] = [dayOfNumber(fromDay), dayOfNumber(untilDay - 1)];
  if (from === to) return formatDay(from);
  const month = monthDays(from.slice(0, 7));
  if (month.fromDay === fromDay && month.untilDay === untilDay) return formatMonth(from.slice(0, 7));
  if (from.endsWith('-01-01') && to === `${from.slice(0, 4)}-12-31`) return from.slice(0, 4);
  return `${formatDay(from)} to ${formatDay(to)}`;
};

/** Which way a change goes, too small ones being none. */
export const changeKind = ({ change }: PeriodComparison): 'more' | 'less' | 'same' =>
  Math.abs(change) < 0.015 ? 'same' : change > 0 ? 'more' : 'less';

/** A change in words: `12 % more`. */
export const changeWords = (comparison: PeriodComparison): string => {
  const share = formatShare(Math.abs(comparison.change));
  return { more: `${share} more`, less: `${share} less`, same: 'about the same' }[changeKind(comparison)];
};

const againstPeriodBefore = (comparison: PeriodComparison): string => {
  const share = formatShare(Math.abs(comparison.change));
  return {
    more: `${share} more than the period before`,
    less: `${share} less than the period before`,
    same: 'about the same as the period before',
  }[changeKind(comparison)];
};

const againstYearBefore = (comparison: PeriodComparison): string => {
  const share = formatShare(Math.abs(comparison.change));
  return {
    more: `${share} more than the same dates a year earlier`,
    less: `${share} less than the same dates a year earlier`,
    same: 'about the same as the same dates a year earlier',
  }[changeKind(comparison)];
};

/** The span's sentence: total, mean day, gaps, and how it stands to the period before and to last year. */
export const describeSpan = (days: readonly DayTotal[], span: DaySpan): string => {
  const total = periodTotal(days, span.fromDay, span.untilDay);
  const name = spanName(span);
  if (total.energyWh === 0 && total.wholeDays === 0) return `${name}: no readings.`;
  const first = days[0]?.dayNumber ?? 0;
  const within = days.slice(Math.max(0, span.fromDay - first), Math.max(0, span.untilDay - first));
  const billed = within.filter((day) => day.spreadShare > 1 - wholeDayShare).length;
  const gaps = total.days - billed - within.filter(isWholeDay).length;
  const parts = [`${name}: ${formatKwh(total.energyWh)}`];
  if (total.days > 1 && total.meanDailyWh !== undefined) parts.push(`, ${formatKwh(total.meanDailyWh)} on a mean day`);
  const previous = againstPrevious(days, span.fromDay, span.untilDay);
  const year = againstLastYear(days, span.fromDay, span.untilDay);
  const compared = [
    ...(previous === undefined ? [] : [againstPeriodBefore(previous)]),
    ...(year === undefined ? [] : [againstYearBefore(year)]),
  ];
  if (compared.length > 0) parts.push(`, ${new Intl.ListFormat(locale).format(compared)}`);
  parts.push('.');
  if (billed > 0)
    parts.push(
      total.days === 1
        ? ' This day is known only as part of a bill or of another reading of more than a day.'
        : billed === 1
          ? ` 1 of ${total.days} days is known only as part of a bill or of another reading of more than a day.`
          : ` ${billed} of ${total.days} days are known only as part of a bill or of another reading of more than a day.`,
    );
  if (gaps > 0)
    parts.push(
      total.days === 1
        ? ' Part of this day is missing.'
        : gaps === 1
          ? ` 1 of ${total.days} days has gaps or no readings and is left out of means.`
          : ` ${gaps} of ${total.days} days have gaps or no readings and are left out of means.`,
    );
  return parts.join('');
};
