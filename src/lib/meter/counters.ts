/** Meter counters turned into the energy between two stamps; rollover and meter change told apart. */

import { Quality } from '../series/types.ts';
import type { FindingLog } from './finding-log.ts';
import { medianOf, type Readings } from './readings.ts';

/** Counter widths at which household meters start again at zero, in the unit of the counter's last whole digit (kWh). */
const rollovers = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000].map((kwh) => kwh * 1000);

/** The counter's width if a fall from `before` to `after` is a rollover rather than a new meter. */
export const rolloverOf = (before: number, after: number, usual: number): number | undefined =>
  rollovers.find(
    (width) =>
      before <= width &&
      before > width * 0.95 &&
      after < width * 0.05 &&
      after + width - before <= Math.max(usual * 50, width * 0.01),
  );

/** Loggers write a counter every few seconds; one a quarter hour tells a home's use as well. */
const thinBelowMs = 300_000;
const slotMs = 900_000;

/** Places of the readings to take: all known ones, or the first of each quarter hour and the last. */
const placesOf = ({ startMs, quality }: Readings): number[] => {
  const known: number[] = [];
  for (let i = 0; i < startMs.length; i++) if (quality[i] !== Quality.missing) known.push(i);
  const steps = known.slice(1).map((place, n) => (startMs[place] ?? 0) - (startMs[known[n] ?? 0] ?? 0));
  if (!(medianOf(steps) < thinBelowMs)) return known;
  const slotOf = (place: number | undefined) => Math.floor((startMs[place ?? 0] ?? 0) / slotMs);
  return known.filter((place, n) => n === 0 || n === known.length - 1 || slotOf(place) !== slotOf(known[n - 1]));
};

/**
 * Energy between successive counter readings (in order, no duplicates; missing ones are bridged). N counter readings
 * give N − 1 intervals, quarter hours where they come every few seconds. Where the counter falls it rolled over (the energy is known) or the meter was changed
 * (the interval is missing).
 */
export const intervalsOf = (readings: Readings, findings: FindingLog): Readings => {
  const known = placesOf(readings);
  const count = Math.max(0, known.length - 1);
  const startMs = new Float64Array(count);
  const lengthSeconds = new Float64Array(count);
  const value = new Float64Array(count);
  const quality = new Uint8Array(count);
  const row = new Uint32Array(count);
  for (let n = 0; n < count; n++) {
    const i = known[n] ?? 0;
    const next = known[n + 1] ?? 0;
    startMs[n] = readings.startMs[i] ?? 0;
    lengthSeconds[n] = ((readings.startMs[next] ?? 0) - (readings.startMs[i] ?? 0)) / 1000;
    value[n] = (readings.value[next] ?? 0) - (readings.value[i] ?? 0);
    quality[n] = Math.max(readings.quality[i] ?? 0, readings.quality[next] ?? 0);
    row[n] = readings.row[next] ?? 0;
  }
  const usual = medianOf(value.filter((delta) => delta > 0));
  for (let n = 0; n < count; n++) {
    if ((value[n] ?? 0) >= 0) continue;
    const before = readings.value[known[n] ?? 0] ?? 0;
    const after = readings.value[known[n + 1] ?? 0] ?? 0;
    const width = rolloverOf(before, after, usual);
    if (width !== undefined) {
      value[n] = after + width - before;
      findings.note(
        'rollover',
        'info',
        'The meter passed its highest number and began again at zero. The energy across it was counted.',
        row[n] ?? 0,
      );
    } else {
      value[n] = Number.NaN;
      quality[n] = Quality.missing;
      findings.note(
        'meter-change',
        'warning',
        'The meter’s counter falls: the meter was changed or set back. The energy of that interval is not known and was marked as missing.',
        row[n] ?? 0,
      );
    }
  }
  return { rule: { ...readings.rule, kind: 'interval' }, startMs, lengthSeconds, value, quality, row };
};
