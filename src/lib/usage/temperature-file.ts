/** Temperatures from a file that the user has: a table of times and degrees, as weather services give them. */
import { localToUtc } from '../series/local-day.ts';
import type { TemperatureSeries } from './temperature.ts';

/** A file that cannot be read; the message is for its owner. */
export class TemperatureFileError extends Error {
  override readonly name = 'TemperatureFileError';
}

export interface TemperatureFile extends TemperatureSeries {
  readonly unit: 'C' | 'F';
  /** Rows without a value or with one that no weather has. */
  readonly skipped: number;
}

/** Beyond what was ever measured outdoors, °C: such rows are marks for missing values (-999, 9999). */
const [coldest, hottest] = [-90, 60];
const mostRows = 2_000_000;
const mostHeaderRows = 40;

const cellsOf = (line: string, delimiter: string): string[] =>
  line.split(delimiter).map((cell) =>
    cell
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  );

const numberOf = (cell: string): number => {
  const value = /^[-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?$/i.test(cell) ? Number(cell.replace(',', '.')) : Number.NaN;
  return value;
};

/** Instant of a stamp; undefined when it is none. Stamps without an offset are local, or UTC where `utc` says so. */
const instantOf = (stamp: string, timeZone: string, utc: boolean): number | undefined => {
  const iso =
    /^(\d{4})[-/.](\d\d)[-/.](\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/i.exec(
      stamp,
    ) ?? /^(\d{4})(\d\d)(\d\d)(?:[T: ]?(\d\d)(?::?(\d\d))?)?()()$/.exec(stamp);
  if (iso === null) return undefined;
  const [, year, month, day, hour = '12', minute = '0', second = '0', zone = ''] = iso;
  const wall = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second || 0),
  );
  const check = new Date(wall);
  if (check.getUTCMonth() !== Number(month) - 1 || Number(hour) > 24) return undefined;
  if (/^[+-]/.test(zone)) {
    const sign = zone.startsWith('-') ? -1 : 1;
    return wall - sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000;
  }
  return utc || zone !== '' ? wall : localToUtc(wall, timeZone);
};

interface Columns {
  readonly time: number;
  readonly hour: number | undefined;
  readonly value: number;
  readonly unit: 'C' | 'F';
  readonly utc: boolean;
}

const timeWords = /^(dt|date|time|datetime|timestamp|day|datum|valid|mess_datum|start|zeit|tijd)/i;
const valueWords = /^(temp|t2m|tt_tu|tmk|tavg|tmean|temperat|air.?temp|dry.?bulb|tg$|t$|mean.?temp)|temperature/i;
const hourWords = /^(hour|hr|hh|stunde|uur)$/i;

const columnsOf = (cells: readonly string[]): Columns | undefined => {
  const time = cells.findIndex((cell) => timeWords.test(cell));
  const value = cells.findIndex((cell, i) => i !== time && valueWords.test(cell));
  if (time < 0 || value < 0) return undefined;
  const hour = cells.findIndex((cell) => hourWords.test(cell));
  const name = cells[value] ?? '';
  const unit = /°?F\b|fahrenheit|tempF$|_f$/i.test(name) ? 'F' : 'C';
  return { time, value, unit, hour: hour < 0 ? undefined : hour, utc: /utc|gmt|mess_datum/i.test(cells[time] ?? '') };
};

/**
 * Reads a table with a column of times (ISO, or digits as `2024013115`) and one of temperatures, named in a header row;
 * rows before the header are skipped. The unit is read from the column's name, °C where it says nothing. Times without
 * an offset are in the home's zone, unless the column's name says UTC.
 * @throws TemperatureFileError in words for the user
 */
export const readTemperatureFile = (text: string, timeZone: string): TemperatureFile => {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  if (lines.length > mostRows) throw new TemperatureFileError('This file has too many rows. Choose a shorter period.');
  let columns: Columns | undefined;
  let delimiter = ',';
  let at = 0;
  for (; at < Math.min(lines.length, mostHeaderRows) && columns === undefined; at += 1)
    for (const candidate of [',', ';', '\t']) {
      columns = columnsOf(cellsOf(lines[at] ?? '', candidate));
      delimiter = candidate;
      if (columns !== undefined) break;
    }
  if (columns === undefined)
    throw new TemperatureFileError(
      'No column of times and temperatures was found. The first row should name them, such as “time,temperature”.',
    );
  const { time, value, hour, unit, utc } = columns;
  const points: [number, number][] = [];
  let skipped = 0;
  for (const line of lines.slice(at)) {
    if (line.trim() === '') continue;
    const cells = cellsOf(line, delimiter);
    const hourCell = hour === undefined ? undefined : (cells[hour] ?? '').padStart(2, '0');
    const stamp = hourCell === undefined ? (cells[time] ?? '') : `${cells[time] ?? ''} ${hourCell}:00`;
    const ms = instantOf(stamp, timeZone, utc);
    const degrees = numberOf(cells[value] ?? '');
    const celsius = unit === 'F' ? ((degrees - 32) * 5) / 9 : degrees;
    if (ms === undefined || !(celsius >= coldest && celsius <= hottest)) skipped += 1;
    else points.push([ms, celsius]);
  }
  if (points.length === 0)
    throw new TemperatureFileError(
      'No temperature could be read. Times should look like 2024-01-31 15:00 and temperatures like 3.4.',
    );
  points.sort(([a], [b]) => a - b);
  return {
    timeMs: Float64Array.from(points, ([ms]) => ms),
    celsius: Float32Array.from(points, ([, celsius]) => celsius),
    unit,
    skipped,
  };
};
