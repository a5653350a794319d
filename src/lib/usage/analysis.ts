/** Every figure of a home in one go: what the worker gives the screens. */
import type { FeatureValues } from '../../protocol/features.ts';
import type { ReadingSeries } from '../series/types.ts';
import { baseloadByMonth, type MonthBaseload } from './baseload.ts';
import { costOf, type Cost } from './cost.ts';
import { dayTotals, type DayTotal } from './days.ts';
import { featuresOfDays } from './features.ts';
import { homeFigures, type HomeFigures } from './home-figures.ts';
import { hourTable, type HourTable } from './hour-table.ts';
import { monthAhead, type MonthAhead } from './month-ahead.ts';
import { monthDays } from './month.ts';
import { monthTotals, type MonthTotal } from './periods.ts';
import type { Tariff } from './tariff.ts';
import type { DayTemperatures } from './temperature.ts';
import { unusualDays, type UnusualDay } from './unusual-days.ts';
import { billingObservations, dailyObservations, type WeatherProblem } from './weather-data.ts';
import { fitWeatherModel, gradeOf, type FitGrade, type WeatherModel } from './weather-model.ts';
import { isSouthern } from './hemisphere.ts';
import { splitByWeather, weatherAdjusted, type WeatherSplit, type YearComparison } from './weather-split.ts';

export interface AnalysisInput {
  readonly timeZone: string;
  readonly importSeries: ReadingSeries;
  readonly exportSeries?: ReadingSeries;
  readonly generationSeries?: ReadingSeries;
  readonly tariff?: Tariff;
  /** Another tariff to ask "what if" of. */
  readonly otherTariff?: Tariff;
  readonly temperatures?: DayTemperatures;
}

export interface WeatherAnalysis {
  readonly data: 'daily' | 'billing';
  readonly problem: WeatherProblem | undefined;
  readonly model: WeatherModel | undefined;
  readonly grade: FitGrade | undefined;
  /** Of the last 365 days, by the model. */
  readonly split: WeatherSplit | undefined;
  /** The last year beside the one before at the same weather. */
  readonly years: YearComparison | undefined;
  /** Days (or bills) of the model: mean temperature and energy a day. */
  readonly points: readonly { readonly celsius: number; readonly kwhPerDay: number }[];
}

export interface HomeAnalysis {
  readonly table: HourTable;
  readonly days: readonly DayTotal[];
  readonly exportDays: readonly DayTotal[] | undefined;
  readonly generationDays: readonly DayTotal[] | undefined;
  readonly months: readonly MonthTotal[];
  /** Features of each month that has hours; whether it may be contributed is for `completeMonths`. */
  readonly monthFeatures: readonly { readonly month: string; readonly values: FeatureValues }[];
  /** Figures of the last year; undefined with too few days of hours. */
  readonly figures: HomeFigures | undefined;
  readonly baseloads: readonly MonthBaseload[];
  readonly unusual: readonly UnusualDay[];
  readonly monthAhead: MonthAhead | undefined;
  readonly weather: WeatherAnalysis | undefined;
  readonly cost: Cost | undefined;
  readonly otherCost: Cost | undefined;
}

const yearDays = 365;

const weatherOf = (
  days: readonly DayTotal[],
  series: ReadingSeries,
  temperatures: DayTemperatures,
  timeZone: string,
): WeatherAnalysis | undefined => {
  const last = days.at(-1);
  if (last === undefined) return undefined;
  const untilDay = last.dayNumber + 1;
  const daily = dailyObservations(days, temperatures, untilDay - yearDays, untilDay);
  const bills = daily.problem === undefined ? undefined : billingObservations(series, temperatures, timeZone);
  const data = bills === undefined || bills.observations.length === 0 ? daily : bills;
  const model = data.problem === undefined ? fitWeatherModel(data.observations) : undefined;
  return {
    data: data.kind,
    problem: data.problem,
    model,
    grade: model && gradeOf(model, data.kind),
    split: model && splitByWeather(model, temperatures, untilDay - yearDays, untilDay),
    years: weatherAdjusted(days, temperatures, untilDay),
    points: data.observations.map(({ celsius, kwhPerDay }) => ({
      celsius: celsius.reduce((sum, day) => sum + day, 0) / celsius.length,
      kwhPerDay,
    })),
  };
};

/** Works out all figures of a home. @throws RangeError when the zone is unknown */
export const analyseHome = (input: AnalysisInput): HomeAnalysis => {
  const { timeZone, importSeries, exportSeries, generationSeries, tariff, otherTariff, temperatures } = input;
  const table = hourTable(importSeries, timeZone);
  const days = dayTotals(table);
  const months = monthTotals(days);
  const baseloads = baseloadByMonth(table);
  const weather = temperatures && weatherOf(days, importSeries, temperatures, timeZone);
  const model = weather?.data === 'daily' ? weather.model : undefined;
  const period = { fromDay: table.firstDay, untilDay: table.firstDay + table.dayCount };
  const costUnder = (one: Tariff | undefined) => one && costOf(one, timeZone, period, importSeries, exportSeries);
  return {
    table,
    days,
    exportDays: exportSeries && dayTotals(hourTable(exportSeries, timeZone)),
    generationDays: generationSeries && dayTotals(hourTable(generationSeries, timeZone)),
    months,
    monthFeatures: baseloads.map(({ month }) => {
      const { fromDay, untilDay } = monthDays(month);
      const from = Math.max(0, fromDay - table.firstDay);
      const until = Math.min(table.dayCount, untilDay - table.firstDay);
      return { month, values: featuresOfDays(table, from, until).values };
    }),
    figures: homeFigures(table, isSouthern(timeZone)),
    baseloads,
    unusual: unusualDays(days, model && temperatures && { model, temperatures }),
    monthAhead: monthAhead(days),
    weather,
    cost: costUnder(tariff),
    otherCost: costUnder(otherTariff),
  };
};
