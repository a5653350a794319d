/**
 * Did something the home did change its use? Weeks after it are set beside weeks before, weather and season taken out as
 * far as the data allow, with an interval. docs/analysis.md, "Before and after".
 */
import { dayOfNumber, numberOfDay } from '../series/local-day.ts';
import { isWholeDay, type DayTotal } from './days.ts';
import { lagOneCorrelation, mean, studentQuantile, variance } from './statistics.ts';
import { temperatureOn, type DayTemperatures } from './temperature.ts';
import { expectedDay, fitWeatherModel } from './weather-model.ts';

/** What the weeks after are set beside. */
export type Basis = 'weather-model' | 'same-season' | 'weeks-before';
export type Verdict = 'too-early' | 'saved' | 'more' | 'no-clear-change';

export interface BeforeAfter {
  readonly verdict: Verdict;
  readonly basis: Basis;
  readonly weeksBefore: number;
  readonly weeksAfter: number;
  /** Share saved: 0.1 is 10 % less than without the action; negative is more. */
  readonly saving: number;
  /** The saving lies in here with 95 % confidence or more. */
  readonly low: number;
  readonly high: number;
  /** Saved in a year at this share, kWh, and its range. */
  readonly kwhPerYear: number;
  readonly lowKwhPerYear: number;
  readonly highKwhPerYear: number;
}

const week = 7;
/** Fewest whole weeks on either side. */
export const fewestWeeks = 4;
/** Most weeks directly before that are taken when there is no year to look back on: later ones say more. */
const recentWeeks = 12;
/** Weeks on either side of the same dates a year earlier that also count as the same season. */
const seasonReach = 4;
/** A little above the 95 % that are promised, as weeks are few and their spread is estimated. */
const confidence = 0.96;
/** Wider than this (half width), and the answer is that it is too early. */
const widest = 0.25;

interface Week {
  readonly firstDay: number;
  readonly usedWh: number;
  readonly expectedWh: number;
}

/** Whole weeks counted from day `fromDay` on, of which every day is whole and has an expectation. */
const weeksOf = (
  byNumber: ReadonlyMap<number, DayTotal>,
  fromDay: number,
  untilDay: number,
  expectedWh: (dayNumber: number) => number,
): Week[] => {
  const weeks: Week[] = [];
  for (let firstDay = fromDay; firstDay + week <= untilDay; firstDay += week) {
    let [used, expected, known] = [0, 0, 0];
    for (let day = firstDay; day < firstDay + week; day += 1) {
      const total = byNumber.get(day);
      const wh = expectedWh(day);
      if (total === undefined || !isWholeDay(total) || Number.isNaN(wh)) continue;
      used += total.energyWh;
      expected += wh;
      known += 1;
    }
    if (known === week && expected > 0) weeks.push({ firstDay, usedWh: used, expectedWh: expected });
  }
  return weeks;
};

/** Mean of a row of weekly ratios, its standard error with neighbours' likeness counted in, and degrees of freedom. */
const meanOf = (ratios: readonly number[]): { mean: number; error2: number; freedom: number } => {
  const likeness = Math.min(0.8, Math.max(0, lagOneCorrelation(ratios)));
  const effective = Math.max(2, (ratios.length * (1 - likeness)) / (1 + likeness));
  return { mean: mean(ratios), error2: variance(ratios) / effective, freedom: Math.max(1, effective - 1) };
};

/**
 * Compares the weeks from local day `actionDay` on (up to 52) with those before it.
 * - With temperatures and a year before: a weather model of that year says what each day would have taken; the same
 *   season of that year says how the home then stood to it.
 * - With a year before but no temperatures: the same season a year earlier.
 * - Otherwise: up to twelve weeks directly before, and the season may play a part.
 * @returns undefined when there are not even two whole weeks on either side
 */
export const beforeAfter = (
  days: readonly DayTotal[],
  actionDay: string,
  temperatures?: DayTemperatures,
): BeforeAfter | undefined => {
  const action = numberOfDay(actionDay);
  const byNumber = new Map(days.map((day) => [day.dayNumber, day]));
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const until = Math.min(last.dayNumber + 1, action + 52 * week);
  const yearStart = action - 53 * week;

  const model = temperatures === undefined ? undefined : yearModel(days, temperatures, action);
  const expectedWh =
    model === undefined || temperatures === undefined
      ? () => 1
      : (day: number) => 1000 * expectedDay(model, temperatureOn(temperatures, day)).totalKwh;

  const after = weeksOf(byNumber, action, until, expectedWh);
  // Before weeks end with the day before the action.
  const earliest = Math.max(first.dayNumber, yearStart - seasonReach * week);
  const beforeStart = action - Math.floor((action - earliest) / week) * week;
  const before = weeksOf(byNumber, beforeStart, action, expectedWh);
  if (after.length < 2 || before.length < 2) return undefined;

  const lastAfter = after.at(-1)?.firstDay ?? action;
  const season = before.filter(
    ({ firstDay }) =>
      firstDay >= action - (52 + seasonReach) * week && firstDay <= lastAfter - (52 - seasonReach) * week,
  );
  const seasonal = season.length >= Math.max(fewestWeeks, 0.7 * after.length);
  const basis: Basis = seasonal ? (model === undefined ? 'same-season' : 'weather-model') : 'weeks-before';
  const chosen = seasonal ? season : before.slice(-recentWeeks);

  const level = mean(chosen.map(({ usedWh, expectedWh: wh }) => usedWh / wh));
  const ratios = (weeks: readonly Week[]): number[] => weeks.map(({ usedWh, expectedWh: wh }) => usedWh / wh / level);
  const [was, is] = [meanOf(ratios(chosen)), meanOf(ratios(after))];
  const change = is.mean / was.mean;
  // Error of a ratio of means, both near 1, and Welch's degrees of freedom.
  const [errorIs, errorWas] = [is.error2, was.error2 * change * change];
  const error = Math.sqrt(errorIs + errorWas);
  const freedom =
    error === 0 ? 1000 : (errorIs + errorWas) ** 2 / (errorIs ** 2 / is.freedom + errorWas ** 2 / was.freedom);
  const half = studentQuantile(1 - (1 - confidence) / 2, Math.max(3, freedom)) * error;
  const saving = 1 - change;
  const [low, high] = [saving - half, saving + half];

  const usedYearKwh = (mean(chosen.map(({ usedWh }) => usedWh)) / week / 1000) * 365;
  const early = after.length < fewestWeeks || chosen.length < fewestWeeks || half > widest;
  return {
    verdict: early ? 'too-early' : low > 0 ? 'saved' : high < 0 ? 'more' : 'no-clear-change',
    basis,
    weeksBefore: chosen.length,
    weeksAfter: after.length,
    saving,
    low,
    high,
    kwhPerYear: saving * usedYearKwh,
    lowKwhPerYear: low * usedYearKwh,
    highKwhPerYear: high * usedYearKwh,
  };
};

/** Weather model of the year before a day, where 328 of its days are known with temperatures. */
const yearModel = (days: readonly DayTotal[], temperatures: DayTemperatures, action: number) => {
  const observations = days.flatMap((day) => {
    const celsius = temperatureOn(temperatures, day.dayNumber);
    if (day.dayNumber >= action || day.dayNumber < action - 365 || !isWholeDay(day) || Number.isNaN(celsius)) return [];
    return [{ kwhPerDay: day.energyWh / 1000, celsius: [celsius] }];
  });
  return observations.length < 328 ? undefined : fitWeatherModel(observations);
};

/** The first day on which a test of an action on `actionDay` may have an answer. */
export const firstAnswerOn = (actionDay: string): string => dayOfNumber(numberOfDay(actionDay) + fewestWeeks * week);
