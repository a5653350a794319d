/** From the rows a parser collected to reading series: clocks, order, duplicates, counters, lengths, tariffs, quality. */

import { instantOfLocal, steadyOffsetMs } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import { instantsOf } from './clock.ts';
import type { Collector, RegisterRows } from './collector.ts';
import { addReadings } from './combine.ts';
import { intervalsOf } from './counters.ts';
import type { CounterReading } from './counter-reading.ts';
import type { FindingLog } from './finding-log.ts';
import type { Meter } from './meter-file.ts';
import { withLengths } from './lengths.ts';
import { inOrder, withoutDuplicates, withoutOverlaps } from './order.ts';
import { reportQuality } from './quality-report.ts';
import type { Readings } from './readings.ts';

/** From this length on, an interval of local days ends at a wall-clock time: 23, 24 or 25 hours on. */
const wallClockDaySeconds = 82_800;
const largestWh = 2 ** 31 - 1;
/** Share of negative values from which a register is taken for a net meter. */
const netShare = 0.01;

/** Days stamped by their date alone are whole local days, of 23, 24 or 25 hours. */
const areDates = ({ rule, stampMs, lengthSeconds, length }: RegisterRows, fallbackSeconds: number): boolean => {
  if (rule.clock !== 'local' || rule.edge === 'end' || rule.kind === 'counter') return false;
  const days = new Set<number>();
  for (let i = 0; i < length; i++) {
    const day = (stampMs[i] ?? 0) / 86_400_000;
    if (!Number.isInteger(day) || lengthSeconds[i] !== 0) return false;
    days.add(day);
  }
  const followed = [...days].filter((day) => days.has(day + 1)).length;
  return days.size === 1 ? fallbackSeconds === 86_400 : followed > days.size / 2 - 1;
};

const readingsOf = (rows: RegisterRows, zone: string, fallbackSeconds: number, findings: FindingLog): Readings => {
  const count = rows.length;
  if (areDates(rows, fallbackSeconds)) rows.lengthSeconds.fill(86_400, 0, count);
  const startMs = instantsOf(rows, zone, findings);
  const lengthSeconds = rows.lengthSeconds.slice(0, count);
  if (rows.rule.clock === 'local' && rows.rule.edge !== 'end')
    for (let i = 0; i < count; i++) {
      const length = lengthSeconds[i] ?? 0;
      const stampMs = rows.stampMs[i] ?? 0;
      const steadyMs = length < wallClockDaySeconds ? steadyOffsetMs(stampMs, zone) : undefined;
      if (steadyMs !== undefined && steadyOffsetMs(stampMs + length * 1000, zone) === steadyMs) continue;
      const end = instantOfLocal(stampMs + length * 1000, zone);
      if (length >= wallClockDaySeconds) lengthSeconds[i] = (end.ms - (startMs[i] ?? 0)) / 1000;
      else if (length > 3600 || end.kind === 'once') {
        // The clock may change within the interval: 01:45 to 03:00 is a quarter of an hour in spring.
        const start = instantOfLocal(stampMs, zone);
        const seconds = (end.ms - start.ms) / 1000;
        if (start.kind === 'once' && end.kind === 'once' && startMs[i] === start.ms && seconds > 0)
          lengthSeconds[i] = seconds;
      }
    }
  return {
    rule: rows.rule,
    startMs,
    lengthSeconds,
    value: rows.value.subarray(0, count),
    quality: rows.quality.subarray(0, count),
    row: rows.row.subarray(0, count),
  };
};

/** Mean power as energy; other readings as they are. */
const asEnergy = (readings: Readings): Readings =>
  readings.rule.kind === 'power'
    ? { ...readings, value: readings.value.map((power, i) => (power * (readings.lengthSeconds[i] ?? 0)) / 3600) }
    : readings;

const asNetWhereNegative = (readings: Readings): Readings => {
  if (readings.rule.register !== 'import') return readings;
  let negatives = 0;
  for (let i = 0; i < readings.value.length; i++) if ((readings.value[i] ?? 0) < 0) negatives++;
  if (negatives < Math.max(1, netShare * readings.value.length)) return readings;
  return { ...readings, rule: { ...readings.rule, register: 'other', label: readings.rule.label ?? 'net' } };
};

/** Rounds cumulatively, so that every partial sum is within one unit of the source. */
const rounded = (readings: Readings, findings: FindingLog): ReadingSeries => {
  const { rule, value, quality } = readings;
  const energyWh = new Int32Array(value.length);
  const lengthSeconds = new Uint32Array(value.length);
  const qualities = quality.slice();
  let exact = 0;
  let given = 0;
  for (let i = 0; i < value.length; i++) {
    lengthSeconds[i] = Math.round(readings.lengthSeconds[i] ?? 0);
    if (quality[i] === Quality.missing) continue;
    const energy = value[i] ?? 0;
    if (!(Math.abs(energy) < largestWh)) {
      qualities[i] = Quality.missing;
      findings.note(
        'outlier',
        'warning',
        'A value is too large to be a reading. It was marked as missing.',
        readings.row[i] ?? 0,
      );
      continue;
    }
    exact += energy;
    // Zero stays zero: the rest waits for the next interval that has energy.
    if (energy === 0) continue;
    const whole = Math.round(exact - given);
    energyWh[i] = whole;
    given += whole;
  }
  return {
    register: rule.register,
    unit: rule.unit ?? 'Wh',
    startMs: readings.startMs,
    lengthSeconds,
    energyWh,
    quality: qualities,
    ...(rule.label === undefined ? {} : { label: rule.label }),
  };
};

/** Series of a file, and counters of which it has one reading only, too few for an interval. */
export interface Finished {
  readonly series: readonly ReadingSeries[];
  readonly counters: readonly CounterReading[];
  /** Which series belong to the same meter. */
  readonly meters: readonly Meter[];
}

const soleCounter = ({ rule, stampMs, value }: RegisterRows): CounterReading => ({
  register: rule.register,
  unit: rule.unit ?? 'Wh',
  ...(rule.tariff === undefined ? {} : { tariff: rule.tariff }),
  ...(rule.label === undefined ? {} : { label: rule.label }),
  atMs: Number.isNaN(stampMs[0]) ? undefined : stampMs[0],
  value: value[0] ?? 0,
});

/** Finishes all collected registers. @param fallbackSeconds interval length where a file cannot tell it */
export const finish = (collector: Collector, zone: string, findings: FindingLog, fallbackSeconds = 3600): Finished => {
  const counters: CounterReading[] = [];
  const combined: Readings[] = [];
  /** Where each channel stands among them. */
  const places = new Map<string, number>();
  for (const rows of collector.all()) {
    if (rows.rule.kind === 'counter' && rows.length === 1) {
      counters.push(soleCounter(rows));
      continue;
    }
    const distinct = withoutDuplicates(
      inOrder(readingsOf(rows, zone, fallbackSeconds, findings), rows, findings),
      findings,
    );
    const readings = rows.rule.kind === 'counter' ? intervalsOf(distinct, findings) : distinct;
    // Where lengths are told, totals rows must go before tariffs are added up.
    const separate = readings.lengthSeconds.includes(0) ? readings : withoutOverlaps(readings, findings);
    const { register, unit, label, channel, tariff } = rows.rule;
    const key = JSON.stringify([register, unit, label, channel]);
    const place = places.get(key);
    const other = place === undefined ? undefined : combined[place];
    if (place === undefined || other === undefined) {
      places.set(key, combined.length);
      combined.push(separate);
      continue;
    }
    const sum = addReadings(other, separate);
    if (sum !== undefined) combined[place] = sum;
    else combined.push({ ...separate, rule: { ...separate.rule, channel: tariff ?? `part ${combined.length}` } });
  }

  const nameOf = ({ rule: { label, channel } }: Readings) => [label, channel].filter(Boolean).join(' ') || undefined;
  const named = new Set(combined.map(nameOf)).size > 1;
  const present = combined.filter(({ startMs }) => startMs.length > 0);
  const series = present.map((separate) => {
    const readings = withoutOverlaps(asEnergy(withLengths(separate, fallbackSeconds)), findings);
    const name = named ? nameOf(separate) : undefined;
    const { register, unit, clock } = readings.rule;
    const rule = {
      register,
      clock,
      ...(unit === undefined ? {} : { unit }),
      ...(name === undefined ? {} : { label: name }),
    };
    const shown = asNetWhereNegative({ ...readings, rule });
    reportQuality(shown, zone, findings);
    return rounded(shown, findings);
  });
  const placesByMeter = new Map<string | undefined, number[]>();
  for (const [place, { rule }] of present.entries()) {
    const places = placesByMeter.get(rule.label);
    if (places === undefined) placesByMeter.set(rule.label, [place]);
    else places.push(place);
  }
  const meters = [...placesByMeter].map(([name, places]) => ({ name, series: places }));
  if (series.length === 0 && counters.length > 0)
    findings.note(
      'single-counter',
      'info',
      'The file holds one reading of the meter’s counters. Import a later one too: what was used is the difference.',
    );
  return { series, counters, meters };
};
