/** Small series for tests, made by rule. */
import { localDayBounds, localDayNumberOf, offsetMsAt } from '../../../src/lib/series/local-day.ts';
import { Quality, type ReadingSeries, type Register } from '../../../src/lib/series/types.ts';

export const zone = 'Europe/Amsterdam';

export interface LocalHour {
  readonly dayNumber: number;
  /** 0..23, fractions for intervals shorter than an hour. */
  readonly hour: number;
}

/** Series of equal intervals over local days `from` to before `to`; `energyWh` is asked for each interval. */
export const seriesOf = (
  from: string,
  to: string,
  stepSeconds: number,
  energyWh: (at: LocalHour) => number,
  { timeZone = zone, register = 'import' }: { readonly timeZone?: string; readonly register?: Register } = {},
): ReadingSeries => {
  const startMs = localDayBounds(from, timeZone).startMs;
  const length = (localDayBounds(to, timeZone).startMs - startMs) / (stepSeconds * 1000);
  const starts = Float64Array.from({ length }, (_, i) => startMs + i * stepSeconds * 1000);
  return {
    register,
    unit: 'Wh',
    startMs: starts,
    lengthSeconds: new Uint32Array(length).fill(stepSeconds),
    energyWh: Int32Array.from(starts, (ms) => {
      const hour = ((ms + offsetMsAt(ms, timeZone)) / 3_600_000) % 24;
      return energyWh({ dayNumber: localDayNumberOf(ms, timeZone), hour });
    }),
    quality: new Uint8Array(length).fill(Quality.measured),
  };
};

/** The series without the intervals that begin within [fromMs, untilMs). */
export const without = (series: ReadingSeries, fromMs: number, untilMs: number): ReadingSeries => {
  const keep = [...series.startMs.keys()].filter((i) => {
    const ms = series.startMs[i] ?? 0;
    return ms < fromMs || ms >= untilMs;
  });
  return {
    ...series,
    startMs: Float64Array.from(keep, (i) => series.startMs[i] ?? 0),
    lengthSeconds: Uint32Array.from(keep, (i) => series.lengthSeconds[i] ?? 0),
    energyWh: Int32Array.from(keep, (i) => series.energyWh[i] ?? 0),
    quality: Uint8Array.from(keep, (i) => series.quality[i] ?? 0),
  };
};

export const totalWh = (values: Iterable<number>): number => [...values].reduce((sum, value) => sum + value, 0);
