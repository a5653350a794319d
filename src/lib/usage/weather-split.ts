/** What the weather makes of a home's energy: heating, cooling and everything else, and years at the same weather. */
import type { DayTotal } from './days.ts';
import { temperatureOn, type DayTemperatures } from './temperature.ts';
import { dailyObservations } from './weather-data.ts';
import { avoidedKwh, expectedDay, fitWeatherModel, type WeatherModel } from './weather-model.ts';

export interface WeatherSplit {
  /** Days with a temperature. */
  readonly days: number;
  readonly heatingKwh: number;
  readonly coolingKwh: number;
  readonly baseKwh: number;
}

/** The model's heating, cooling and base over local days `fromDay` to before `untilDay` (day numbers). */
export const splitByWeather = (
  model: WeatherModel,
  temperatures: DayTemperatures,
  fromDay: number,
  untilDay: number,
): WeatherSplit => {
  let [days, heatingKwh, coolingKwh, baseKwh] = [0, 0, 0, 0];
  for (let day = fromDay; day < untilDay; day += 1) {
    const celsius = temperatureOn(temperatures, day);
    if (Number.isNaN(celsius)) continue;
    const expected = expectedDay(model, celsius);
    days += 1;
    heatingKwh += expected.heatingKwh;
    coolingKwh += expected.coolingKwh;
    baseKwh += expected.baseKwh;
  }
  return { days, heatingKwh, coolingKwh, baseKwh };
};

export interface YearComparison {
  /** Used in the later year, and what the earlier year's ways would have taken in the later year's weather, kWh. */
  readonly usedKwh: number;
  readonly expectedKwh: number;
  /** Used over expected, minus 1: 0.1 is 10 % more at the same weather. */
  readonly change: number;
  /** Days compared. */
  readonly days: number;
}

const yearDays = 365;

/**
 * The 365 days to before `untilDay` beside the 365 before them, at the later year's weather: the earlier year's model
 * applied to the later year's temperatures.
 * @returns undefined when either year does not suffice for a model
 */
export const weatherAdjusted = (
  days: readonly DayTotal[],
  temperatures: DayTemperatures,
  untilDay: number,
): YearComparison | undefined => {
  const earlier = dailyObservations(days, temperatures, untilDay - 2 * yearDays, untilDay - yearDays);
  const later = dailyObservations(days, temperatures, untilDay - yearDays, untilDay);
  if (earlier.problem !== undefined || later.problem !== undefined) return undefined;
  const model = fitWeatherModel(earlier.observations);
  if (model === undefined) return undefined;
  const usedKwh = later.observations.reduce((sum, { kwhPerDay }) => sum + kwhPerDay, 0);
  const expectedKwh = usedKwh + avoidedKwh(model, later.observations);
  return { usedKwh, expectedKwh, change: usedKwh / expectedKwh - 1, days: later.observations.length };
};
