/** Observations for a weather model from a home's readings, and whether there are enough of them. */
import { localDayNumberOf, offsetMsAt } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import type { DayTotal } from './days.ts';
import { temperatureOn, type DayTemperatures } from './temperature.ts';
import type { WeatherObservation } from './weather-model.ts';

export type WeatherProblem = 'no-temperatures' | 'too-few-days' | 'too-few-bills' | 'negative-use';

/** Observations of a period, or why they do not suffice. */
export interface WeatherData {
  readonly kind: 'daily' | 'billing';
  readonly observations: readonly WeatherObservation[];
  /** Local day numbers of the observations' first days. */
  readonly dayNumbers: readonly number[];
  readonly problem?: WeatherProblem;
}

/** CalTRACK 2.2.1: at most 37 of 365 baseline days may be missing. */
const mostMissing = 37 / 365;
const baselineDays = 365;
/** CalTRACK 2.2.2: days with at most half missing are scaled up. */
const neededShare = 0.5;

/**
 * Daily observations of days `fromDay` to before `untilDay` (day numbers). Days known at least by half are scaled to a
 * whole day; days that a bill spreads are left out. Zero is a measured value here (CalTRACK takes it as missing).
 */
export const dailyObservations = (
  days: readonly DayTotal[],
  temperatures: DayTemperatures,
  fromDay: number,
  untilDay: number,
): WeatherData => {
  const observations: WeatherObservation[] = [];
  const dayNumbers: number[] = [];
  let [known, negative] = [0, 0];
  for (const day of days) {
    if (day.dayNumber < fromDay || day.dayNumber >= untilDay) continue;
    const share = day.measuredShare + day.estimatedShare;
    if (share < neededShare || day.spreadShare > 0) continue;
    known += 1;
    if (day.energyWh < 0) negative += 1;
    const celsius = temperatureOn(temperatures, day.dayNumber);
    if (Number.isNaN(celsius)) continue;
    observations.push({ kwhPerDay: day.energyWh / 1000 / share, celsius: [celsius] });
    dayNumbers.push(day.dayNumber);
  }
  const base = { kind: 'daily' as const, observations, dayNumbers };
  // CalTRACK flags negative use as net metering: such a register counts export too, and no model of use fits it.
  if (negative > 0) return { ...base, problem: 'negative-use' };
  if (known > 0 && observations.length === 0) return { ...base, problem: 'no-temperatures' };
  if (observations.length < baselineDays * (1 - mostMissing)) return { ...base, problem: 'too-few-days' };
  return base;
};

const dayMs = 86_400_000;
/** CalTRACK 2.2.3: bills of 25 to 35 days; of 25 to 70 where they come every other month. */
const [shortestDays, monthlyDays, longestDays] = [25, 35, 70];
/** Bills that together cover nearly a year. */
const fewestBillDays = 328;

/**
 * One observation a bill: every reading of 25 to 70 days, over its whole local days. A bill of which a tenth of the days
 * have no temperature is left out; so are bills over 35 days where bills are monthly.
 */
export const billingObservations = (
  series: ReadingSeries,
  temperatures: DayTemperatures,
  timeZone: string,
  fromMs = -Infinity,
  untilMs = Infinity,
): WeatherData => {
  const { startMs, lengthSeconds, energyWh, quality } = series;
  const bills: { day: number; days: number; observation: WeatherObservation }[] = [];
  for (let i = 0; i < startMs.length; i += 1) {
    const start = startMs[i] ?? 0;
    const end = start + (lengthSeconds[i] ?? 0) * 1000;
    const days = Math.round((end + offsetMsAt(end, timeZone) - start - offsetMsAt(start, timeZone)) / dayMs);
    if (quality[i] === Quality.missing || start < fromMs || end > untilMs) continue;
    if (days < shortestDays || days > longestDays) continue;
    const first = localDayNumberOf(start, timeZone);
    const celsius = Array.from({ length: days }, (_, day) => temperatureOn(temperatures, first + day)).filter(
      (value) => !Number.isNaN(value),
    );
    if (celsius.length < 0.9 * days) continue;
    bills.push({ day: first, days, observation: { kwhPerDay: (energyWh[i] ?? 0) / 1000 / days, celsius } });
  }
  const monthly = bills.filter(({ days }) => days <= monthlyDays).length >= bills.length / 2;
  const kept = monthly ? bills.filter(({ days }) => days <= monthlyDays) : bills;
  const base = {
    kind: 'billing' as const,
    observations: kept.map(({ observation }) => observation),
    dayNumbers: kept.map(({ day }) => day),
  };
  const covered = kept.reduce((sum, { days }) => sum + days, 0);
  return covered < fewestBillDays ? { ...base, problem: 'too-few-bills' } : base;
};
