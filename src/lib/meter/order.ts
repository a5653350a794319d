/** Readings put in order of time, each instant counted once, totals rows and overlaps taken out. */

import { plural } from '../../locales/plural.ts';
import { Quality } from '../series/types.ts';
import type { RegisterRows } from './collector.ts';
import { type FindingLog } from './finding-log.ts';
import { endMsOf, medianOf, pick, type Readings } from './readings.ts';

/**
 * Ascending by start, readings of the same start in the order of the file. Says so when the file's stamps are out of
 * order; the two hours of the autumn change may come interleaved, and a file may run backwards as a whole.
 */
export const inOrder = (readings: Readings, rows: RegisterRows, findings: FindingLog): Readings => {
  const { startMs } = readings;
  let ascending = true;
  let backwards = 0;
  let forwards = 0;
  let firstBackwards = 0;
  for (let i = 1; i < startMs.length; i++) {
    if ((startMs[i] ?? 0) < (startMs[i - 1] ?? 0)) ascending = false;
    const step = (rows.stampMs[i] ?? 0) - (rows.stampMs[i - 1] ?? 0);
    if (step > 0) forwards++;
    else if (step < 0 && ++backwards === 1) firstBackwards = rows.row[i] ?? 0;
  }
  if (ascending) return readings;
  // Plain repeats of the autumn hour step back once.
  if (backwards > 1 && forwards > backwards)
    findings.note('order', 'info', 'The rows are not in order of time. They were put in order.', firstBackwards);
  // A plain array, whose sort takes runs as they are: files repeat themselves or run backwards rather than at random.
  const places = [...startMs.keys()];
  places.sort((a, b) => (startMs[a] ?? 0) - (startMs[b] ?? 0) || a - b);
  return pick(readings, places);
};

const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(a), Math.abs(b));

/** Whether two readings in order start together. */
const startsRepeat = (startMs: Float64Array): boolean => {
  for (let i = 1; i < startMs.length; i++) if (startMs[i] === startMs[i - 1]) return true;
  return false;
};

/** Whether a reading, in order, starts before the one before has ended. */
const overlapsAny = (readings: Readings): boolean => {
  const { startMs } = readings;
  for (let i = 1; i < startMs.length; i++) if ((startMs[i] ?? 0) < endMsOf(readings, i - 1)) return true;
  return false;
};

/**
 * Of readings with the same start and length (in order), one is kept: the first known one, measured before estimated.
 * Rows that only start together are left for {@link withoutOverlaps}.
 */
export const withoutDuplicates = (readings: Readings, findings: FindingLog): Readings => {
  const { startMs, lengthSeconds, value, quality, row } = readings;
  if (!startsRepeat(startMs)) return readings;
  const kept: number[] = [];
  let together = 0;
  for (let i = 0; i < startMs.length; i++) {
    if (i === 0 || startMs[i] !== startMs[i - 1]) together = kept.length;
    let place = together;
    while (place < kept.length && lengthSeconds[kept[place] ?? 0] !== lengthSeconds[i]) place++;
    const best = kept[place];
    if (best === undefined) {
      kept.push(i);
      continue;
    }
    const kinder = (quality[i] ?? 0) < (quality[best] ?? 0);
    if (quality[best] !== Quality.missing && quality[i] !== Quality.missing) {
      if (same(value[best] ?? 0, value[i] ?? 0))
        findings.note(
          'duplicate',
          'info',
          (count) =>
            plural(count, [
              '# row repeats an earlier row. Each was counted once.',
              '# rows repeat an earlier row. Each was counted once.',
            ]),
          row[i] ?? 0,
        );
      else
        findings.note(
          'duplicate-conflict',
          'warning',
          (count) =>
            plural(count, [
              '# row repeats the time of an earlier row with another value. The first was kept, or the measured one where the other is estimated.',
              '# rows repeat the time of an earlier row with another value. The first was kept, or the measured one where the other is estimated.',
            ]),
          row[i] ?? 0,
        );
    }
    if (kinder) kept[place] = i;
  }
  return kept.length === startMs.length ? readings : pick(readings, kept);
};

/**
 * Takes out long rows that cover other rows (totals at the end of a table) and rows that begin before the one before
 * has ended. Readings are in order and have lengths.
 */
export const withoutOverlaps = (readings: Readings, findings: FindingLog): Readings => {
  if (!overlapsAny(readings)) return readings;
  const { startMs, lengthSeconds, value, row } = readings;
  const typical = medianOf(lengthSeconds);
  const totals = new Set<number>();
  for (let i = 0; i < startMs.length; i++) {
    if ((lengthSeconds[i] ?? 0) <= typical * 1.5) continue;
    const endMs = endMsOf(readings, i);
    let covered = 0;
    let sum = 0;
    // Rows that start together come in the order of the file, so a totals row may stand behind the first it covers.
    let from = i;
    while (from > 0 && startMs[from - 1] === startMs[i]) from--;
    for (let j = from; j < startMs.length && (startMs[j] ?? 0) < endMs; j++) {
      if (j === i || totals.has(j) || endMsOf(readings, j) > endMs) continue;
      covered++;
      sum += Number.isNaN(value[j]) ? 0 : (value[j] ?? 0);
    }
    if (covered < 2) continue;
    totals.add(i);
    const agrees = Math.abs(sum - (value[i] ?? 0)) <= Math.max(10, Math.abs(sum) * 0.001);
    findings.note(
      'totals-row',
      agrees ? 'info' : 'warning',
      agrees
        ? 'A row is the total of others. It was left out, so that nothing counts twice.'
        : 'A row covers the time of others, but is not their total. It was left out, so that nothing counts twice.',
      row[i] ?? 0,
    );
  }
  const kept: number[] = [];
  let untilMs = -Infinity;
  for (let i = 0; i < startMs.length; i++) {
    if (totals.has(i)) continue;
    if ((startMs[i] ?? 0) < untilMs) {
      findings.note(
        'overlap',
        'warning',
        (count) =>
          plural(count, [
            '# row begins before the one before has ended. The earlier row was kept, the later left out.',
            '# rows begin before the one before has ended. The earlier row was kept, the later left out.',
          ]),
        row[i] ?? 0,
      );
      continue;
    }
    kept.push(i);
    untilMs = endMsOf(readings, i);
  }
  return kept.length === startMs.length ? readings : pick(readings, kept);
};
