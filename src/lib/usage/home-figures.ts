/** What advice is drawn from: the figures of a home's last year, or of as much of it as there is. */
import type { FeatureValues } from '../../protocol/features.ts';
import { dayOfNumber } from '../series/local-day.ts';
import { baseloadByMonth } from './baseload.ts';
import { dayTotals, isWholeDay } from './days.ts';
import { featuresOfDays } from './features.ts';
import type { HourTable } from './hour-table.ts';
import { monthTotals, type MonthTotal } from './periods.ts';
import { hourProfile } from './profile.ts';
import { median, quantile } from './statistics.ts';

/** Fewest whole days that figures of a year may be drawn from. */
export const fewestDays = 14;
const yearDays = 365;
/** Whole days from which on a year's seasons are known. */
const seasonDays = 330;

export interface HomeFigures {
  /** First and last local day the figures are of, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  /** Whole days among them. */
  readonly wholeDays: number;
  /** Whether they cover nearly a year, so that a yearly figure includes all seasons. */
  readonly coversYear: boolean;
  /** Energy of a year at the mean of these days, kWh. */
  readonly yearKwh: number;
  readonly features: FeatureValues;
  /** Lower quartile of the months' baseloads, W: what stays on when neither heating nor cooling adds to it. */
  readonly baseloadW: number;
  /** Mean energy of each local clock hour, Wh; of the milder half of the months where a year is known. */
  readonly weekdayWh: readonly number[];
  readonly weekendWh: readonly number[];
  /**
   * Energy of the warm and of the cold months above the level of the mildest ones, kWh a year; undefined without a
   * year's readings.
   */
  readonly seasons?: { readonly warmKwh: number; readonly coldKwh: number; readonly mildDailyKwh: number };
}

/** Months of the warm half of the year, 1..12; in the south the other half. */
const isWarm = (month: string, southern: boolean): boolean => {
  const number = Number(month.slice(5));
  return southern ? number <= 4 || number >= 11 : number >= 5 && number <= 10;
};

/**
 * Energy above the mild months' level, apart for the warm and the cold half of the year. The mild level is the lower
 * quartile of the months' mean days, so that a month of holidays does not set it.
 */
const seasonsOf = (months: readonly MonthTotal[], southern: boolean): NonNullable<HomeFigures['seasons']> => {
  const mildDailyWh = quantile(
    months.map((month) => month.meanDailyWh ?? 0),
    0.25,
  );
  const above = (warm: boolean): number =>
    months
      .filter(({ month }) => isWarm(month, southern) === warm)
      .reduce((sum, { meanDailyWh = 0, days: length }) => sum + Math.max(0, meanDailyWh - mildDailyWh) * length, 0);
  return { warmKwh: above(true) / 1000, coldKwh: above(false) / 1000, mildDailyKwh: mildDailyWh / 1000 };
};

/** Months of the year, 1..12, of the half with the lower mean days. */
const milderMonths = (months: readonly MonthTotal[]): number[] => {
  const middle = median(months.map((month) => month.meanDailyWh ?? 0));
  return months.filter(({ meanDailyWh = 0 }) => meanDailyWh <= middle).map(({ month }) => Number(month.slice(5)));
};

/**
 * Figures of the last 365 days of an import's hour table.
 * @param southern whether the home's seasons are those of the south
 * @returns undefined when fewer than {@link fewestDays} days are known in hours
 */
export const homeFigures = (table: HourTable, southern = false): HomeFigures | undefined => {
  const fromDay = Math.max(0, table.dayCount - yearDays);
  const days = dayTotals(table, fromDay);
  const whole = days.filter(isWholeDay);
  const coversYear = whole.length >= seasonDays;
  const months = monthTotals(days).filter((month) => month.wholeDays >= 10);
  const span = { fromDay, ...(coversYear && { months: milderMonths(months) }) };
  const weekday = hourProfile(table, { ...span, kind: 'weekday' });
  const weekend = hourProfile(table, { ...span, kind: 'weekend' });
  const hourlyDays = Math.min(...weekday.counts) + Math.min(...weekend.counts);
  if (whole.length < fewestDays || hourlyDays < fewestDays || Math.min(...weekend.counts) < 2) return undefined;
  const { values } = featuresOfDays(table, fromDay);
  const baseloads = baseloadByMonth(table, fromDay).map((month) => month.baseloadW);
  return {
    from: dayOfNumber(table.firstDay + fromDay),
    to: dayOfNumber(table.firstDay + table.dayCount - 1),
    wholeDays: whole.length,
    coversYear,
    yearKwh: values.meanDailyKwh * yearDays,
    features: values,
    baseloadW: baseloads.length === 0 ? values.baseloadW : quantile(baseloads, 0.25),
    weekdayWh: weekday.meanWh,
    weekendWh: weekend.meanWh,
    ...(coversYear && { seasons: seasonsOf(months, southern) }),
  };
};
