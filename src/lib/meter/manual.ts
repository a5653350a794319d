/**
 * Meter readings taken by hand, made a series: what was used between two readings, spread evenly over the days between
 * them and marked as estimated, since nobody knows on which day it was used.
 */

import { dayWords } from '../../locales/dates.ts';
import { localDayNumberOf, startOfDayNumber, wallClockOf } from '../series/local-day.ts';
import { Quality, type Finding, type ReadingSeries, type Register } from '../series/types.ts';
import { rolloverOf } from './counters.ts';
import { FindingLog } from './finding-log.ts';

/** What a meter showed. */
export interface ManualReading {
  readonly register: Register;
  /** Instant it was read. */
  readonly atMs: number;
  /** The counter, in Wh (gas: dm³). */
  readonly value: number;
  /** Which meter: readings of different meters are never subtracted. A change of meter gives the new one a new name. */
  readonly meter?: string;
}

export interface ManualSeries {
  readonly series: readonly ReadingSeries[];
  readonly findings: readonly Finding[];
}

/** Cuts [fromMs, untilMs) at local midnights. */
const dayPieces = (fromMs: number, untilMs: number, zone: string): { startMs: number; endMs: number }[] => {
  const pieces: { startMs: number; endMs: number }[] = [];
  for (let startMs = fromMs; startMs < untilMs;) {
    const midnightMs = startOfDayNumber(localDayNumberOf(startMs, zone) + 1, zone);
    const endMs = Math.min(untilMs, midnightMs);
    pieces.push({ startMs, endMs });
    startMs = endMs;
  }
  return pieces;
};

/**
 * Series of one register from its readings, in any order.
 * @param counterDigits whole digits of the meter's display (kWh or m³), which tell where it starts again at zero
 */
const seriesOf = (
  readings: readonly ManualReading[],
  zone: string,
  counterDigits: number | undefined,
  log: FindingLog,
): ReadingSeries | undefined => {
  const ordered = readings.toSorted((a, b) => a.atMs - b.atMs);
  const starts: number[] = [];
  const lengths: number[] = [];
  const energies: number[] = [];
  const dayThere = (ms: number): string => dayWords(wallClockOf(ms, zone));
  let untilMs = -Infinity;
  for (const meter of new Set(ordered.map((reading) => reading.meter))) {
    const ofMeter = ordered.filter((reading) => reading.meter === meter);
    for (let i = 1; i < ofMeter.length; i++) {
      const before = ofMeter[i - 1];
      const after = ofMeter[i];
      if (before === undefined || after === undefined || after.atMs === before.atMs) continue;
      let used = after.value - before.value;
      if (used < 0) {
        const width =
          counterDigits === undefined ? rolloverOf(before.value, after.value, 0) : 10 ** counterDigits * 1000;
        if (width !== undefined && before.value < width && after.value + width - before.value < width * 0.1) {
          used = after.value + width - before.value;
          log.note(
            'rollover',
            'info',
            `Between ${dayThere(before.atMs)} and ${dayThere(after.atMs)} the meter passed its highest number and began again at zero. This was counted.`,
          );
        } else {
          log.note(
            'meter-change',
            'warning',
            `The reading of ${dayThere(after.atMs)} is lower than that of ${dayThere(before.atMs)}. If the meter was changed, give the new meter a name of its own and enter what both showed on that day; else correct the reading. The time between was left open.`,
          );
          continue;
        }
      }
      if (before.atMs < untilMs) {
        log.note(
          'overlap',
          'warning',
          `The readings of ${dayThere(before.atMs)} and ${dayThere(after.atMs)} overlap those of another meter. They were left out.`,
        );
        continue;
      }
      untilMs = after.atMs;
      let given = 0;
      for (const { startMs, endMs } of dayPieces(before.atMs, after.atMs, zone)) {
        const due = Math.round((used * (endMs - before.atMs)) / (after.atMs - before.atMs));
        starts.push(startMs);
        lengths.push(Math.round((endMs - startMs) / 1000));
        energies.push(due - given);
        given = due;
      }
    }
  }
  const first = readings[0];
  if (first === undefined || starts.length === 0) return undefined;
  const places = [...starts.keys()].sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
  return {
    register: first.register,
    unit: first.register === 'gas' ? 'dm3' : 'Wh',
    startMs: Float64Array.from(places, (place) => starts[place] ?? 0),
    lengthSeconds: Uint32Array.from(places, (place) => lengths[place] ?? 0),
    energyWh: Int32Array.from(places, (place) => energies[place] ?? 0),
    quality: new Uint8Array(places.length).fill(Quality.estimated),
  };
};

/** Series of hand-taken readings, one a register, days of the home's zone, all marked as estimated. */
export const seriesOfManualReadings = (
  readings: readonly ManualReading[],
  zone: string,
  counterDigits?: number,
): ManualSeries => {
  const log = new FindingLog();
  const registers = [...new Set(readings.map(({ register }) => register))];
  const series = registers.flatMap((register) => {
    const one = seriesOf(
      readings.filter((reading) => reading.register === register),
      zone,
      counterDigits,
      log,
    );
    return one === undefined ? [] : [one];
  });
  if (series.length > 0)
    log.note(
      'spread',
      'info',
      'What was used between two readings was spread evenly over the days between them. It is marked as estimated and does not say anything about single days or hours.',
    );
  return { series, findings: log.all() };
};
