/** From the rows a parser collected to reading series: clocks, order, duplicates, counters, lengths, tariffs, quality. */

import { instantOfLocal } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import { instantsOf } from './clock.ts';
import type { Collector, RegisterRows } from './collector.ts';
import { addReadings } from './combine.ts';
import { intervalsOf } from './counters.ts';
import type { FindingLog } from './finding-log.ts';
import { withLengths } from './lengths.ts';
import { inOrder, withoutDuplicates, withoutOverlaps } from './order.ts';
import { reportQuality } from './quality-report.ts';
import type { Readings } from './readings.ts';

/** From this length on, an interval of local days ends at a wall-clock time: 23, 24 or 25 hours on. */
const wallClockDaySeconds = 82_800;
const largestWh = 2 ** 31 - 1;
/** Share of negative values from which a register is taken for a net meter. */
const netShare = 0.01;

const readingsOf = (rows: RegisterRows, zone: string, findings: FindingLog): Readings => {
  const count = rows.length;
  const startMs = instantsOf(rows, zone, findings);
  const lengthSeconds = rows.lengthSeconds.slice(0, count);
  if (rows.rule.clock === 'local' && rows.rule.edge !== 'end')
    for (let i = 0; i < count; i++) {
      const length = lengthSeconds[i] ?? 0;
      if (length < wallClockDaySeconds) continue;
      const endMs = instantOfLocal((rows.stampMs[i] ?? 0) + length * 1000, zone).ms;
      lengthSeconds[i] = (endMs - (startMs[i] ?? 0)) / 1000;
    }
  return {
    rule: rows.rule,
    startMs,
    lengthSeconds,
    value: rows.value.slice(0, count),
    quality: rows.quality.slice(0, count),
    row: rows.row.slice(0, count),
  };
};

const asNetWhereNegative = (readings: Readings): Readings => {
  if (readings.rule.register !== 'import') return readings;
  const negatives = readings.value.filter((value) => value < 0).length;
  if (negatives < Math.max(1, netShare * readings.value.length)) return readings;
  return { ...readings, rule: { ...readings.rule, register: 'other', label: readings.rule.label ?? 'net' } };
};

/** Rounds cumulatively, so that every partial sum is within one unit of the source. */
const rounded = (readings: Readings, findings: FindingLog): ReadingSeries => {
  const { rule, value, quality } = readings;
  const energyWh = new Int32Array(value.length);
  const qualities = quality.slice();
  let exact = 0;
  let given = 0;
  for (let i = 0; i < value.length; i++) {
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
    lengthSeconds: Uint32Array.from(readings.lengthSeconds, (length) => Math.round(length)),
    energyWh,
    quality: qualities,
    ...(rule.label === undefined ? {} : { label: rule.label }),
  };
};

/** The series of all collected registers. @param fallbackSeconds interval length where a file cannot tell it */
export const finish = (
  collector: Collector,
  zone: string,
  findings: FindingLog,
  fallbackSeconds = 3600,
): ReadingSeries[] => {
  const finished: Readings[] = [];
  for (const rows of collector.all()) {
    const distinct = withoutDuplicates(inOrder(readingsOf(rows, zone, findings), findings), findings);
    const intervals =
      rows.rule.kind === 'counter' ? intervalsOf(distinct, findings) : withLengths(distinct, fallbackSeconds);
    if (rows.rule.kind === 'power')
      for (let i = 0; i < intervals.value.length; i++)
        intervals.value[i] = ((intervals.value[i] ?? 0) * (intervals.lengthSeconds[i] ?? 0)) / 3600;
    finished.push(withoutOverlaps(intervals, findings));
  }

  const combined: Readings[] = [];
  for (const readings of finished) {
    const { register, unit, label, tariff } = readings.rule;
    const place = combined.findIndex(
      ({ rule }) => rule.register === register && rule.unit === unit && rule.label === label,
    );
    const other = combined[place];
    const sum = other === undefined ? undefined : addReadings(other, readings);
    if (sum !== undefined) combined[place] = sum;
    else if (other === undefined) combined.push(readings);
    else
      combined.push({
        ...readings,
        rule: { ...readings.rule, label: [label, tariff ?? combined.length].join(' ').trim() },
      });
  }

  const named = new Set(combined.map(({ rule }) => rule.label)).size > 1;
  return combined
    .filter(({ startMs }) => startMs.length > 0)
    .map((readings) => {
      const { label, ...rule } = readings.rule;
      const shown = asNetWhereNegative({ ...readings, rule: named && label !== undefined ? { ...rule, label } : rule });
      reportQuality(shown, zone, findings);
      return rounded(shown, findings);
    });
};
