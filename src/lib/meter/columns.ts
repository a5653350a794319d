/**
 * The column mapper: for a table of no known format, guesses which columns mean what, to be shown on a few rows and
 * corrected by its owner. The mapping is read by `openMappedTable`.
 */

import type { Register } from '../series/types.ts';
import type { FileSample } from './format.ts';
import { headerKey } from './header.ts';
import {
  stampOf,
  timeOfDayIn,
  unitFactors,
  type ColumnMapping,
  type ColumnUnit,
  type ValueColumn,
} from './mapped-table.ts';
import { guessDecimalMark, parseNumber, settledDecimalMark } from './number.ts';
import { guessDateOrder, parseTimeOfDay } from './stamp.ts';

/** What the guess is unsure of and its owner should look at. */
export type Doubt = 'unit' | 'kind' | 'register' | 'date-order' | 'time-zone' | 'header';

export interface ColumnGuess {
  readonly mapping: ColumnMapping;
  /** Name of each column; `Column 3` where it has none. */
  readonly names: readonly string[];
  /** The first rows of data, as written. */
  readonly rows: readonly (readonly string[])[];
  /** Under this key a corrected mapping can be remembered for the next file with the same header. */
  readonly key: string;
  readonly doubts: readonly Doubt[];
}

/** One row as a mapping reads it. */
export interface PreviewRow {
  /** Date and time as a wall clock (read as if UTC) or, if `offsetMs` is known, with that offset; undefined if unreadable. */
  readonly wallMs: number | undefined;
  readonly offsetMs: number | undefined;
  /** One value a mapped column, in Wh, W or dm³; NaN where there is none. */
  readonly values: readonly number[];
}

const shownRows = 5;
const timeName =
  /time|date|datum|dag|tijd|zeit|tag|fecha|hora|data|jour|heure|horodate|period|start|from|fra|van|interval|month|monat|maand|mois/;
const endName = /^(end|to|tot|until|bis|til|fin|fine|hasta|fim)\b|\bend\b/;
const hourName = /^(hour|hr|he|hora|heure|ora|stunde|uur|godzina|time)( (ending|number|of day))?$/;
const energyName =
  /k?wh\b|\bkw\b|consum|verbrauch|verbruik|usage|energ|import|export|levering|afname|injec|valeur|value|valor|reading|stand|index|produc|generat|solar|wert|\bnet\b/;
const counterName = /stand|index|register|counter|lectura|cumul|total increasing|meter reading|zahler/;

/** Numbers that name something instead of counting it. */
const idName =
  /\b(number|nummer|numero|no|nr|id|account|ean|nmi|prm|pod|cups|serial|customer|contract|meter|zip|code)$/;

/** What a column or series of this name (a {@link headerKey}) counts; import where it does not say. */
export const registerOf = (name: string): Register =>
  /gas|m3|m³/.test(name)
    ? 'gas'
    : /export|return|teruglever|feed.?in|injec|einspeis|excedent|vertid|delivered to grid|received/.test(name)
      ? 'export'
      : /generat|produc|solar|\bpv\b|erzeug|opwek|yield/.test(name)
        ? 'generation'
        : 'import';

const unitOf = (name: string): ColumnUnit | undefined => {
  if (/\bmwh\b/.test(name)) return 'MWh';
  if (/kwh/.test(name)) return 'kWh';
  if (/\bwh\b/.test(name)) return 'Wh';
  if (/\bkw\b/.test(name)) return 'kW';
  if (/\bw\b|watt/.test(name)) return 'W';
  return /\bm(3|³)\b/.test(name) ? 'm3' : undefined;
};

const isNumber = (cell: string): boolean =>
  !Number.isNaN(parseNumber(cell.trim(), '.')) || !Number.isNaN(parseNumber(cell.trim(), ','));
const isStamp = (cell: string): boolean =>
  (cell.trim().length >= 6 && stampOf(cell, 'dmy') !== undefined) || stampOf(cell, 'mdy') !== undefined;

/** Index of the first row that has a date and a number and is followed by another such row. */
const firstDataRow = (rows: FileSample['rows']): number =>
  rows.findIndex((row, index) => {
    const fits = (cells: readonly string[] | undefined) =>
      cells !== undefined && cells.some(isStamp) && cells.some((cell) => isNumber(cell) && !isStampOnly(cell));
    return fits(row) && (fits(rows[index + 1]) || rows.length === index + 1);
  });

/** Long numbers are Unix times or compact dates rather than readings. */
const isStampOnly = (cell: string): boolean => /^\d{8}$|^\d{10}$|^\d{12,14}$/.test(cell.trim());

const rising = (values: readonly number[]): boolean =>
  values.length >= 6 &&
  values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0)) &&
  (values.at(-1) ?? 0) > (values[0] ?? 0);

const falling = (values: readonly number[]): boolean => rising(values.toReversed());

/** A guess at the meaning of a table's columns; undefined when it has no column of dates or none of numbers. */
export const guessColumns = (sample: FileSample): ColumnGuess | undefined => {
  const from = firstDataRow(sample.rows);
  if (from < 0) return undefined;
  const data = sample.rows.slice(from);
  const width = data.reduce((most, row) => Math.max(most, row.length), 0);
  const header = sample.rows[from - 1];
  const named = header !== undefined && header.length >= 2 && !header.some(isStamp);
  const keys = Array.from({ length: width }, (_, column) => (named ? headerKey(header[column] ?? '') : ''));
  const cells = (column: number) => data.map((row) => row[column] ?? '');
  /** Nearly all rows; a total may stand below few of them. */
  const mostly = (column: number, test: (cell: string) => boolean): boolean => {
    const fitting = cells(column).filter(test).length;
    return fitting > 0.8 * data.length || (data.length >= 3 && fitting >= data.length - 1);
  };
  const columns = keys.map((_, column) => column);

  const stamps = columns.filter((column) => mostly(column, isStamp));
  const stamp = stamps.find((column) => timeName.test(keys[column] ?? '')) ?? stamps[0];
  if (stamp === undefined) return undefined;
  const { order, doubtful } = guessDateOrder(cells(stamp));
  const atMidnight = cells(stamp).every((cell) => (stampOf(cell, order)?.wallMs ?? 0) % 86_400_000 === 0);
  // `0.25` may be a quarter past midnight or a quarter of a kilowatt-hour; then the column's name tells.
  const isTime = (cell: string, name: string) =>
    parseTimeOfDay(cell) !== undefined && (/[:h]/i.test(cell) || timeName.test(name));
  const times = columns.filter(
    (column) => column !== stamp && mostly(column, (cell) => isTime(cell, keys[column] ?? '')),
  );
  const hours = columns.find(
    (column) => hourName.test(keys[column] ?? '') && mostly(column, (cell) => /^\s*\d{1,2}\s*$/.test(cell)),
  );
  const timeOfDay = atMidnight ? (times[0] ?? hours) : undefined;
  const firstHour = cells(hours ?? -1).some((cell) => Number(cell) === 0) ? 0 : 1;
  const end = stamps.find((column) => column > stamp && endName.test(keys[column] ?? ''));
  const endTimeOfDay = timeOfDay === undefined ? undefined : times.find((column) => column > timeOfDay);
  const taken = new Set([...stamps, ...times, ...(hours === undefined ? [] : [hours])]);

  const numeric = columns.filter((column) => {
    if (taken.has(column)) return false;
    const values = cells(column).filter((cell) => cell.trim() !== '');
    const isConstant = values.length > 1 && values.every((cell) => cell === values[0] && /^\d+$/.test(cell.trim()));
    const id = isConstant && ((values[0] ?? '').trim().length >= 6 || idName.test(keys[column] ?? ''));
    return values.length > 0 && !id && values.filter((cell) => isNumber(cell)).length > 0.6 * data.length;
  });
  const meant = numeric.filter(
    (column) =>
      energyName.test(keys[column] ?? '') && !/cost|price|charge|amount due|kosten|prix|temp/.test(keys[column] ?? ''),
  );
  const chosen = meant.length > 0 ? meant : numeric.slice(0, 1);
  if (chosen.length === 0) return undefined;
  const inWholes = chosen.every((column) => /^Wh?$/.test(unitOf(keys[column] ?? '') ?? ''));
  const decimal =
    sample.decimal ??
    settledDecimalMark(chosen.flatMap(cells)) ??
    // `1,234` Wh are thousands, `1,234` kWh rather have a decimal comma.
    (inWholes ? '.' : guessDecimalMark(chosen.flatMap(cells)));

  const doubts = new Set<Doubt>();
  if (!named) doubts.add('header');
  if (doubtful) doubts.add('date-order');
  if (stampOf(data[0]?.[stamp] ?? '', order)?.offsetMs === undefined) doubts.add('time-zone');
  const values: ValueColumn[] = chosen.map((column) => {
    const key = keys[column] ?? '';
    const numbers = cells(column)
      .map((cell) => parseNumber(cell.trim(), decimal))
      .filter((value) => !Number.isNaN(value));
    const monotone = rising(numbers) || falling(numbers);
    const unit = unitOf(key);
    if (unit === undefined) doubts.add('unit');
    if (monotone !== counterName.test(key)) doubts.add('kind');
    if (registerOf(key) === 'import' && !/import|consum|verbr|usage|afname|offtake/.test(key)) doubts.add('register');
    const power = unit === 'W' || unit === 'kW';
    return {
      column,
      register: registerOf(key),
      unit: unit ?? (registerOf(key) === 'gas' ? 'm3' : 'kWh'),
      kind: monotone && !power ? 'counter' : 'interval',
      tariff: key,
    };
  });

  return {
    mapping: {
      skipRows: from,
      stamp,
      order,
      clock: 'home',
      edge: endName.test(keys[stamp] ?? '') ? 'end' : 'start',
      decimal,
      values,
      ...(timeOfDay === undefined ? {} : { timeOfDay }),
      ...(timeOfDay === undefined || timeOfDay !== hours ? {} : { firstHour }),
      ...(end === undefined ? {} : { end }),
      ...(endTimeOfDay === undefined ? {} : { endTimeOfDay }),
    },
    names: keys.map((key, column) => (named && key !== '' ? (header[column] ?? '').trim() : `Column ${column + 1}`)),
    rows: data.slice(0, shownRows),
    key: named ? keys.join('|') : /* @wc-ignore */ `${width} columns without names`,
    doubts: [...doubts],
  };
};

/** The first rows of a guess as a (perhaps corrected) mapping reads them. */
export const previewMapping = (mapping: ColumnMapping, rows: readonly (readonly string[])[]): PreviewRow[] =>
  rows.slice(0, shownRows).map((cells) => {
    const stamp = stampOf(cells[mapping.stamp] ?? '', mapping.order);
    const timeMs = mapping.timeOfDay === undefined ? 0 : timeOfDayIn(cells[mapping.timeOfDay] ?? '', mapping.firstHour);
    return {
      wallMs: stamp === undefined || timeMs === undefined ? undefined : stamp.wallMs + timeMs,
      offsetMs: stamp?.offsetMs,
      values: mapping.values.map(
        ({ column, unit, negated }) =>
          parseNumber((cells[column] ?? '').trim().replace(/\s*[kM]?Wh?$/i, ''), mapping.decimal) *
          unitFactors[unit] *
          (negated === true ? -1 : 1),
      ),
    };
  });
