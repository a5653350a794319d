/** Outdoor air temperature: readings, and the mean of each local day. */
import { localDayNumberOf } from '../series/local-day.ts';

/** Air temperature at instants, ascending. */
export interface TemperatureSeries {
  /** Milliseconds since 1970-01-01T00:00Z. */
  readonly timeMs: Float64Array;
  readonly celsius: Float32Array;
}

/** Mean temperatures of consecutive local days; NaN where too little is known. */
export interface DayTemperatures {
  /** Local day number of the first. */
  readonly firstDay: number;
  readonly celsius: Float32Array;
}

/** Share of a day's hours that must have a value (CalTRACK 2.2: at most half of a day may be missing). */
const neededShare = 0.5;

/**
 * Mean temperature of each local day. A file with one value a day (steps of more than 12 hours) is taken as it is;
 * otherwise at least half of the day's hours need a value.
 */
export const dayTemperatures = ({ timeMs, celsius }: TemperatureSeries, timeZone: string): DayTemperatures => {
  if (timeMs.length === 0) return { firstDay: 0, celsius: new Float32Array(0) };
  const stepMs = timeMs.length < 2 ? 86_400_000 : ((timeMs.at(-1) ?? 0) - (timeMs[0] ?? 0)) / (timeMs.length - 1);
  const expected = Math.max(1, 86_400_000 / Math.max(stepMs, 1));
  const needed = stepMs > 43_200_000 ? 1 : neededShare * Math.min(24, expected);
  const firstDay = localDayNumberOf(timeMs[0] ?? 0, timeZone);
  const days = localDayNumberOf(timeMs.at(-1) ?? 0, timeZone) - firstDay + 1;
  const sums = new Float64Array(days);
  const counts = new Uint32Array(days);
  for (let i = 0; i < timeMs.length; i += 1) {
    const value = celsius[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const day = localDayNumberOf(timeMs[i] ?? 0, timeZone) - firstDay;
    sums[day] = (sums[day] ?? 0) + value;
    counts[day] = (counts[day] ?? 0) + 1;
  }
  return {
    firstDay,
    celsius: Float32Array.from(sums, (sum, day) =>
      (counts[day] ?? 0) >= needed ? sum / (counts[day] ?? 1) : Number.NaN,
    ),
  };
};

/** Mean temperature of a local day, °C; NaN when it is not known. */
export const temperatureOn = ({ firstDay, celsius }: DayTemperatures, dayNumber: number): number =>
  celsius[dayNumber - firstDay] ?? Number.NaN;
