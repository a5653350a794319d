/** Days that stand out from what the home usually does, by robust residuals. */
import { isWholeDay, type DayTotal } from './days.ts';
import { isWeekend } from './hour-table.ts';
import { median, medianAbsoluteDeviation } from './statistics.ts';
import { temperatureOn, type DayTemperatures } from './temperature.ts';
import { expectedDay, type WeatherModel } from './weather-model.ts';

export interface UnusualDay {
  readonly day: string;
  readonly dayNumber: number;
  readonly energyWh: number;
  readonly expectedWh: number;
  /** Robust z-score: 0.6745 × (relative residual − median) / MAD. */
  readonly score: number;
}

export interface WeatherExpectation {
  readonly model: WeatherModel;
  readonly temperatures: DayTemperatures;
}

/** Iglewicz and Hoaglin (1993): modified z-scores beyond 3.5 are outliers. */
const limit = 3.5;
const normalFactor = 0.6745;
/** Days on either side that say what is usual when no weather model does. */
const reach = 28;
const fewestNeighbours = 6;
/** A difference that is small in itself is not worth a word: 30 % and 1 kWh. */
const leastShare = 0.3;
const leastWh = 1000;

/** What each day is expected to take, Wh; undefined where nothing can be said. Days that are not whole have none. */
const expectations = (days: readonly DayTotal[], weather: WeatherExpectation | undefined): (number | undefined)[] => {
  const seasonal = days.map((day) => {
    const celsius = weather === undefined ? Number.NaN : temperatureOn(weather.temperatures, day.dayNumber);
    return weather === undefined || Number.isNaN(celsius)
      ? undefined
      : expectedDay(weather.model, celsius).totalKwh * 1000;
  });
  return days.map((day, at) => {
    if (!isWholeDay(day)) return undefined;
    const ownSeason = seasonal[at];
    const neighbours: number[] = [];
    for (let i = Math.max(0, at - reach); i <= Math.min(days.length - 1, at + reach); i += 1) {
      const other = days[i];
      if (i === at || other === undefined || !isWholeDay(other)) continue;
      if (isWeekend(other.dayNumber) !== isWeekend(day.dayNumber)) continue;
      const otherSeason = seasonal[i];
      // With a model the neighbours say how the home stands to it; without, what it takes.
      if (ownSeason === undefined) neighbours.push(other.energyWh);
      else if (otherSeason !== undefined && otherSeason > 0)
        neighbours.push((other.energyWh / otherSeason) * ownSeason);
    }
    return neighbours.length < fewestNeighbours ? undefined : median(neighbours);
  });
};

/**
 * Days whose energy differs from the median of the days around them (same kind of day, weather taken out where a model
 * is given) by far more than the home's days usually do. Ascending; empty for a home whose days all differ.
 */
export const unusualDays = (days: readonly DayTotal[], weather?: WeatherExpectation): UnusualDay[] => {
  const expected = expectations(days, weather);
  const residuals = days.map((day, i) => {
    const wh = expected[i];
    return wh === undefined || wh <= 0 ? undefined : day.energyWh / wh - 1;
  });
  const known = residuals.filter((residual) => residual !== undefined);
  if (known.length < 2 * fewestNeighbours) return [];
  const middle = median(known);
  const spread = medianAbsoluteDeviation(known);
  return days.flatMap((day, i): UnusualDay[] => {
    const [expectedWh, residual] = [expected[i], residuals[i]];
    if (expectedWh === undefined || residual === undefined) return [];
    const score =
      spread === 0
        ? residual === middle
          ? 0
          : Math.sign(residual - middle) * Infinity
        : (normalFactor * (residual - middle)) / spread;
    const large = Math.abs(residual) >= leastShare && Math.abs(day.energyWh - expectedWh) >= leastWh;
    if (Math.abs(score) <= limit || !large) return [];
    return [{ day: day.day, dayNumber: day.dayNumber, energyWh: day.energyWh, expectedWh, score }];
  });
};
