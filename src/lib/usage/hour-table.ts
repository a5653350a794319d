/**
 * A reading series laid out by local clock hours: the table that all figures by hour, day and month are read from.
 * One pass over the readings; ten years of quarter hours take a few tens of milliseconds.
 */
import { localDayNumberOf, offsetMsAt, startOfDayNumber } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * Columns of equal length, one entry a local clock hour, ascending and without gaps, from the first local day that has a
 * reading to the last. The repeated hour of autumn is two entries with the same hour of day; where clocks change by
 * half an hour, entries are shorter. A reading that crosses a boundary is shared out in proportion to time.
 */
export interface HourTable {
  readonly timeZone: string;
  /** Local day number (days since 1970-01-01) of the first day. */
  readonly firstDay: number;
  readonly dayCount: number;
  /** Per day the index of its first hour, and one more entry for the end. */
  readonly dayAt: Uint32Array;
  readonly startMs: Float64Array;
  /** 0..23 */
  readonly hourOfDay: Uint8Array;
  /** 3600, less where a change of clocks cuts the hour. */
  readonly lengthSeconds: Uint16Array;
  /** Energy of the known part, Wh. */
  readonly energyWh: Float64Array;
  /** Seconds measured or estimated. */
  readonly knownSeconds: Uint16Array;
  /** Seconds estimated, part of the known. */
  readonly estimatedSeconds: Uint16Array;
  /** Seconds known from intervals of an hour or less: what figures by hour of day may use. */
  readonly fineSeconds: Uint16Array;
  /** Seconds known only from intervals longer than a day (a bill): a daily value would be made up. */
  readonly spreadSeconds: Uint16Array;
}

/** Longest local day, an hour more than usual, in seconds. */
const longDaySeconds = 25 * 3600;

/** Whether hour `i` is wholly known from intervals of an hour or less. */
export const isFine = (table: HourTable, i: number): boolean =>
  (table.fineSeconds[i] ?? 0) >= (table.lengthSeconds[i] ?? Infinity);

/** Day of the week of a local day number: 0 Monday … 6 Sunday. */
export const weekdayOf = (dayNumber: number): number => (((dayNumber + 3) % 7) + 7) % 7;

/** Saturday or Sunday. Public holidays are not told apart. */
export const isWeekend = (dayNumber: number): boolean => weekdayOf(dayNumber) >= 5;

const emptyTable = (timeZone: string, firstDay: number, dayCount: number, hours: number): HourTable => ({
  timeZone,
  firstDay,
  dayCount,
  dayAt: new Uint32Array(dayCount + 1),
  startMs: new Float64Array(hours),
  hourOfDay: new Uint8Array(hours),
  lengthSeconds: new Uint16Array(hours),
  energyWh: new Float64Array(hours),
  knownSeconds: new Uint16Array(hours),
  estimatedSeconds: new Uint16Array(hours),
  fineSeconds: new Uint16Array(hours),
  spreadSeconds: new Uint16Array(hours),
});

/** Clock hours of a local day that begins at `startMs` and ends at `endMs`: start and hour of day of each. */
const clockHours = (startMs: number, endMs: number, timeZone: string): { startMs: number; hour: number }[] => {
  const hours: { startMs: number; hour: number }[] = [];
  let at = startMs;
  while (at < endMs) {
    const offset = offsetMsAt(at, timeZone);
    const local = at + offset;
    hours.push({ startMs: at, hour: Math.floor((((local % dayMs) + dayMs) % dayMs) / hourMs) });
    const next = at + hourMs - (((local % hourMs) + hourMs) % hourMs);
    if (offsetMsAt(next - 1, timeZone) === offset) {
      at = next;
      continue;
    }
    // The clocks change within this hour: find the first instant of the new offset.
    let low = at;
    let high = next - 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetMsAt(middle, timeZone) === offset) low = middle;
      else high = middle;
    }
    at = high;
  }
  return hours;
};

/** The empty calendar of hours from local day `firstDay` on. */
const layOut = (timeZone: string, firstDay: number, dayCount: number): HourTable => {
  const bounds = Array.from({ length: dayCount + 1 }, (_, day) => startOfDayNumber(firstDay + day, timeZone));
  const odd = new Map<number, { startMs: number; hour: number }[]>();
  let hours = 0;
  for (let day = 0; day < dayCount; day += 1) {
    const [startMs = 0, endMs = 0] = [bounds[day], bounds[day + 1]];
    const plain = endMs - startMs === dayMs && offsetMsAt(startMs, timeZone) === offsetMsAt(endMs - 1, timeZone);
    if (!plain) odd.set(day, clockHours(startMs, endMs, timeZone));
    hours += odd.get(day)?.length ?? 24;
  }
  const table = emptyTable(timeZone, firstDay, dayCount, hours);
  let at = 0;
  for (let day = 0; day < dayCount; day += 1) {
    table.dayAt[day] = at;
    const startMs = bounds[day] ?? 0;
    const cells = odd.get(day);
    if (cells === undefined) {
      for (let hour = 0; hour < 24; hour += 1, at += 1) {
        table.startMs[at] = startMs + hour * hourMs;
        table.hourOfDay[at] = hour;
        table.lengthSeconds[at] = 3600;
      }
      continue;
    }
    cells.forEach((cell, index) => {
      const endMs = cells[index + 1]?.startMs ?? bounds[day + 1] ?? 0;
      table.startMs[at] = cell.startMs;
      table.hourOfDay[at] = cell.hour;
      table.lengthSeconds[at] = (endMs - cell.startMs) / 1000;
      at += 1;
    });
  }
  table.dayAt[dayCount] = at;
  return table;
};

/**
 * The hour table of a series in a zone. With `days`, the table covers exactly these local days (`fromDay` to before
 * `untilDay`, as day numbers), whether they have readings or not.
 * @throws RangeError when the zone is unknown.
 */
export const hourTable = (
  series: ReadingSeries,
  timeZone: string,
  days?: { readonly fromDay: number; readonly untilDay: number },
): HourTable => {
  const { startMs, lengthSeconds, energyWh, quality } = series;
  const count = startMs.length;
  if (count === 0 && days === undefined) return layOut(timeZone, 0, 0);
  const lastEndMs = (startMs[count - 1] ?? 0) + (lengthSeconds[count - 1] ?? 0) * 1000;
  const fromDay = days?.fromDay ?? localDayNumberOf(startMs[0] ?? 0, timeZone);
  const untilDay = days?.untilDay ?? localDayNumberOf(lastEndMs - 1, timeZone) + 1;
  const table = layOut(timeZone, fromDay, untilDay - fromDay);
  const cells = table.startMs.length;
  if (cells === 0) return table;

  const tableStartMs = table.startMs[0] ?? 0;
  let cell = 0;
  let cellEndMs = tableStartMs + (table.lengthSeconds[0] ?? 0) * 1000;
  for (let i = 0; i < count; i += 1) {
    const seconds = lengthSeconds[i] ?? 0;
    const from = startMs[i] ?? 0;
    const until = from + seconds * 1000;
    if (quality[i] === Quality.missing || seconds === 0 || until <= tableStartMs) continue;
    const energy = energyWh[i] ?? 0;
    const estimated = quality[i] === Quality.estimated;
    let at = Math.max(from, tableStartMs);
    while (at < until) {
      while (at >= cellEndMs && cell < cells) {
        cell += 1;
        cellEndMs += (table.lengthSeconds[cell] ?? 0) * 1000;
      }
      if (cell >= cells) return table;
      const part = (Math.min(until, cellEndMs) - at) / 1000;
      table.energyWh[cell] = (table.energyWh[cell] ?? 0) + (part === seconds ? energy : (energy * part) / seconds);
      table.knownSeconds[cell] = (table.knownSeconds[cell] ?? 0) + part;
      if (estimated) table.estimatedSeconds[cell] = (table.estimatedSeconds[cell] ?? 0) + part;
      if (seconds <= 3600) table.fineSeconds[cell] = (table.fineSeconds[cell] ?? 0) + part;
      else if (seconds > longDaySeconds) table.spreadSeconds[cell] = (table.spreadSeconds[cell] ?? 0) + part;
      at += part * 1000;
    }
  }
  return table;
};
