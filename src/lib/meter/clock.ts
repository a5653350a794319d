/**
 * Wall-clock stamps of a file turned into instants: the repeated autumn hour told from true duplicates, the missing
 * spring hour, and files whose clock never changes.
 */

import { instantOfLocal, offsetMsAt } from '../series/local-day.ts';
import type { RegisterRows } from './collector.ts';
import type { FindingLog } from './finding-log.ts';

const dayOf = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 10);

/** Offset a zone uses when its clock is not advanced, in the year of an instant. */
const standardOffsetMs = (ms: number, zone: string): number => {
  const year = new Date(ms).getUTCFullYear();
  return Math.min(offsetMsAt(Date.UTC(year, 0, 1), zone), offsetMsAt(Date.UTC(year, 6, 1), zone));
};

/** Share of stamps outside repeated hours that stand in the file more than once. */
const duplicateShare = (stamps: Float64Array, ambiguous: ReadonlySet<number>): number => {
  const seen = new Set<number>();
  let duplicates = 0;
  let count = 0;
  for (const stamp of stamps) {
    if (ambiguous.has(stamp)) continue;
    count++;
    if (seen.has(stamp)) duplicates++;
    seen.add(stamp);
  }
  return count === 0 ? 0 : duplicates / count;
};

/**
 * Instants of a register's stamps.
 * - A stamp in the repeated hour that occurs twice means the two hours in turn, unless the whole file repeats its rows.
 * - A stamp in the skipped hour is moved on, as clocks do. If that would collide with the readings of the next hour,
 *   the file's clock did not change: all its stamps are read at the zone's standard offset.
 */
export const instantsOf = (rows: RegisterRows, zone: string, findings: FindingLog): Float64Array => {
  const stamps = rows.stampMs.subarray(0, rows.length);
  if (rows.rule.clock === 'utc') return stamps.slice();

  const instants = new Float64Array(stamps.length);
  const ambiguous = new Map<number, { readonly laterMs: number; readonly rows: number[] }>();
  const skipped: number[] = [];
  for (let i = 0; i < stamps.length; i++) {
    const stamp = stamps[i] ?? 0;
    const instant = instantOfLocal(stamp, zone);
    instants[i] = instant.ms;
    if (instant.kind === 'never') skipped.push(i);
    else if (instant.kind === 'twice') {
      const group = ambiguous.get(stamp);
      if (group === undefined) ambiguous.set(stamp, { laterMs: instant.laterMs, rows: [i] });
      else group.rows.push(i);
    }
  }

  const inSkippedHour = skipped.filter((i) => !Number.isNaN(rows.value[i] ?? Number.NaN));
  if (inSkippedHour.length > 0) {
    const known = new Set<number>();
    const skippedSet = new Set(skipped);
    for (let i = 0; i < stamps.length; i++)
      if (!skippedSet.has(i) && !Number.isNaN(rows.value[i] ?? Number.NaN)) known.add(instants[i] ?? 0);
    const collisions = inSkippedHour.filter((i) => known.has(instants[i] ?? 0));
    if (collisions.length > 0) {
      for (let i = 0; i < stamps.length; i++) instants[i] = (stamps[i] ?? 0) - standardOffsetMs(stamps[i] ?? 0, zone);
      findings.note(
        'time-zone',
        'warning',
        `The file has readings for an hour that the clocks of ${zone} skipped on ${dayOf(stamps[collisions[0] ?? 0] ?? 0)}: its clock does not change in summer. All its times were read as winter time.`,
        rows.row[collisions[0] ?? 0] ?? 0,
      );
      return instants;
    }
    findings.note(
      'spring-hour',
      'warning',
      (count) =>
        `${count === 1 ? 'A reading lies' : 'Readings lie'} in an hour that the clocks of ${zone} skipped in spring. They were moved on by an hour.`,
      rows.row[inSkippedHour[0] ?? 0] ?? 0,
    );
  }

  if (ambiguous.size > 0) {
    const repeats = duplicateShare(stamps, new Set(ambiguous.keys())) > 0.4;
    const descending = (stamps[0] ?? 0) > (stamps[stamps.length - 1] ?? 0);
    let twice = 0;
    let once = 0;
    let day = '';
    for (const [stamp, group] of ambiguous) {
      day = dayOf(stamp);
      if (group.rows.length === 1 || repeats) {
        once++;
        continue;
      }
      twice++;
      const half = Math.ceil(group.rows.length / 2);
      const later = descending ? group.rows.slice(0, group.rows.length - half) : group.rows.slice(half);
      for (const i of later) instants[i] = group.laterMs;
    }
    if (twice > 0)
      findings.note(
        'autumn-hour',
        'info',
        `On ${day} the clock went back and an hour occurs twice. Both were kept, in the order of the file.`,
      );
    else if (once > 0)
      findings.note(
        'autumn-hour',
        'info',
        `On ${day} the clock went back, but the file has the repeated hour only once. It was read as the first of the two; the other is a gap.`,
      );
  }
  return instants;
};
