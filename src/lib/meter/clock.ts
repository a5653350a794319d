/**
 * Wall-clock stamps of a file turned into instants: the repeated autumn hour told from true duplicates, the missing
 * spring hour, and files whose clock never changes.
 */

import { dayWords } from '../../locales/dates.ts';
import { plural } from '../../locales/plural.ts';
import { instantOfLocal, offsetMsAt, steadyOffsetMs } from '../series/local-day.ts';
import type { RegisterRows } from './collector.ts';
import { type FindingLog } from './finding-log.ts';

/** Offsets a zone uses when its clock is not advanced, by year. */
const standardOffsetsMs = (zone: string): ((year: number) => number) => {
  const known = new Map<number, number>();
  return (year) => {
    const offsetMs =
      known.get(year) ?? Math.min(offsetMsAt(Date.UTC(year, 0, 1), zone), offsetMsAt(Date.UTC(year, 6, 1), zone));
    known.set(year, offsetMs);
    return offsetMs;
  };
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

/** Places split where the line numbers begin anew: of several files in one archive each tells the repeated hour itself. */
const filesOf = (places: readonly number[], row: Uint32Array): number[][] => {
  const files: number[][] = [];
  let before = Infinity;
  for (const place of places) {
    const line = row[place] ?? 0;
    if (line <= before) files.push([]);
    files.at(-1)?.push(place);
    before = line;
  }
  return files;
};

/**
 * Whether ends are named by the clock that ran before them: then the interval that ends as the clock goes back ends at
 * 03:00, and 03:00 stands twice. Most name it 02:00, as the clock shows it from then on.
 */
const namesEndsBeforeTheChange = (rows: RegisterRows, stamps: Float64Array, zone: string): boolean => {
  if (rows.rule.edge !== 'end') return false;
  const seen = new Set<number>();
  for (const stamp of stamps) {
    if (stamp % 3_600_000 !== 0 || instantOfLocal(stamp - 1, zone).kind !== 'twice') continue;
    if (instantOfLocal(stamp, zone).kind === 'once') {
      if (seen.has(stamp)) return true;
      seen.add(stamp);
    }
  }
  return false;
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
  const nudgeMs = namesEndsBeforeTheChange(rows, stamps, zone) ? 1 : 0;
  const ambiguous = new Map<number, { readonly laterMs: number; readonly rows: number[] }>();
  const skipped: number[] = [];
  for (let i = 0; i < stamps.length; i++) {
    const stamp = stamps[i] ?? 0;
    const steadyMs = steadyOffsetMs(stamp - nudgeMs, zone);
    if (steadyMs !== undefined) {
      instants[i] = stamp - steadyMs;
      continue;
    }
    const instant = instantOfLocal(stamp - nudgeMs, zone);
    instants[i] = instant.ms + nudgeMs;
    if (instant.kind === 'never') skipped.push(i);
    else if (instant.kind === 'twice') {
      const group = ambiguous.get(stamp);
      if (group === undefined) ambiguous.set(stamp, { laterMs: instant.laterMs + nudgeMs, rows: [i] });
      else group.rows.push(i);
    }
  }

  const inSkippedHour = skipped.filter((i) => !Number.isNaN(rows.value[i] ?? Number.NaN));
  if (inSkippedHour.length > 0) {
    const movedTo = new Set(inSkippedHour.map((i) => instants[i] ?? 0));
    const skippedSet = new Set(skipped);
    const taken = new Set<number>();
    for (let i = 0; i < stamps.length; i++) {
      const instant = instants[i] ?? 0;
      if (movedTo.has(instant) && !skippedSet.has(i) && !Number.isNaN(rows.value[i] ?? Number.NaN)) taken.add(instant);
    }
    const collisions = inSkippedHour.filter((i) => taken.has(instants[i] ?? 0));
    // Tables with a place for each hour of every day write zeros where there was no hour.
    const isPadding =
      collisions.length > 0 && rows.rule.kind !== 'counter' && inSkippedHour.every((i) => rows.value[i] === 0);
    if (isPadding)
      for (const i of inSkippedHour) {
        rows.markMissing(i);
        findings.note(
          'spring-hour',
          'info',
          (count) =>
            count === 1
              ? `A row has a zero for an hour that the clocks of ${zone} skipped in spring. It was left out.`
              : `${count} rows have a zero for an hour that the clocks of ${zone} skipped in spring. They were left out.`,
          rows.row[i] ?? 0,
        );
      }
    else if (collisions.length > 0) {
      const offsetMsIn = standardOffsetsMs(zone);
      for (let i = 0; i < stamps.length; i++) {
        const stamp = stamps[i] ?? 0;
        instants[i] = stamp - offsetMsIn(new Date(stamp).getUTCFullYear());
      }
      findings.note(
        'time-zone',
        'warning',
        `The file has readings for an hour that the clocks of ${zone} skipped on ${dayWords(stamps[collisions[0] ?? 0] ?? 0)}: its clock does not change in summer. All its times were read as winter time.`,
        rows.row[collisions[0] ?? 0] ?? 0,
      );
      return instants;
    } else
      for (const i of inSkippedHour)
        findings.note(
          'spring-hour',
          'warning',
          (count) =>
            count === 1
              ? `A reading lies in an hour that the clocks of ${zone} skipped in spring. It was moved on by an hour.`
              : `${count} readings lie in an hour that the clocks of ${zone} skipped in spring. They were moved on by an hour.`,
          rows.row[i] ?? 0,
        );
  }

  if (ambiguous.size > 0) {
    const repeats = duplicateShare(stamps, new Set(ambiguous.keys())) > 0.4;
    const descending = (stamps[0] ?? 0) > (stamps[stamps.length - 1] ?? 0);
    /** Rows of the repeated hour: of the second of the two, and of hours that are there only once. */
    const second: number[] = [];
    const lone: number[] = [];
    for (const [, group] of ambiguous) {
      if (group.rows.length === 1 || repeats) {
        lone.push(...group.rows);
        continue;
      }
      for (const told of filesOf(group.rows, rows.row)) {
        const half = Math.ceil(told.length / 2);
        const later = descending ? told.slice(0, told.length - half) : told.slice(half);
        for (const i of later) instants[i] = group.laterMs;
        second.push(...later);
      }
    }
    const told = (second.length > 0 ? second : lone).sort((a, b) => a - b);
    const days = [...new Set(told.map((i) => dayWords(stamps[i] ?? 0)))];
    const day = days[0] ?? '';
    const others = days.length - 1;
    const message =
      second.length > 0
        ? others === 0
          ? `On ${day} the clock went back and an hour occurs twice. Both were kept, in the order of the file.`
          : `On ${day} and ${plural(others, ['# other day', '# other days'])} the clock went back and an hour occurs twice. Both were kept, in the order of the file.`
        : others === 0
          ? `On ${day} the clock went back, but the file has the repeated hour only once. It was read as the first of the two; the other is a gap.`
          : `On ${day} and ${plural(others, ['# other day', '# other days'])} the clock went back, but the file has the repeated hour only once. It was read as the first of the two; the other is a gap.`;
    for (const i of told) findings.note('autumn-hour', 'info', message, rows.row[i] ?? 0);
  }
  return instants;
};
