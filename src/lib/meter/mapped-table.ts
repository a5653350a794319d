/** Reads a table whose columns are known: the engine of most CSV formats and of the column mapper. */

import { plural } from '../../locales/plural.ts';
import type { Register } from '../series/types.ts';
import type { RegisterRows } from './collector.ts';
import { MeterFileError } from './errors.ts';
import type { ReadContext, RowReader } from './format.ts';
import { withoutAccents } from './header.ts';
import { parseNumber, type DecimalMark } from './number.ts';
import { parseStamp, parseTimeOfDay, type DateOrder, type Stamp } from './stamp.ts';

/** Units a column can be in, as factors to the register's unit (Wh, W or dm³). */
export const unitFactors = {
  Wh: 1,
  kWh: 1000,
  MWh: 1_000_000,
  W: 1,
  kW: 1000,
  dm3: 1,
  m3: 1000,
  /** US therm of gas, in Wh of heat. */
  therm: 29_307.107,
} as const;
export type ColumnUnit = keyof typeof unitFactors;

export interface ValueColumn {
  readonly column: number;
  readonly register: Register;
  readonly unit: ColumnUnit;
  /** `interval`: energy of the row's interval; `counter`: what the meter shows at the row's time. Power by unit. */
  readonly kind: 'interval' | 'counter';
  /** The column writes this register's values with a minus. */
  readonly negated?: boolean;
  readonly tariff?: string;
  readonly label?: string;
  /** Only rows whose cell in this column matches have this value. */
  readonly when?: { readonly column: number; readonly pattern: RegExp };
}

/** Which columns mean what. Column numbers count from 0. */
export interface ColumnMapping {
  /** Rows to pass over, header row included. */
  readonly skipRows: number;
  /** Date, or date and time. */
  readonly stamp: number;
  /** Time of day, where it has a column of its own. */
  readonly timeOfDay?: number;
  /** Number of the first hour of a day, where the time of day is an hour's number. */
  readonly firstHour?: 0 | 1;
  /** End of the interval: date and time, or (with {@link endTimeOfDay} alone) on the same day. */
  readonly end?: number;
  readonly endTimeOfDay?: number;
  /** The end names the last day that belongs to the interval. */
  readonly endIsLastDay?: boolean;
  readonly order: DateOrder;
  /** Zone of stamps that do not tell their offset. */
  readonly clock: 'home' | 'utc';
  /** Whether a stamp is the start or the end of its interval. */
  readonly edge: 'start' | 'end';
  /** Column with the interval's length in minutes. */
  readonly minutes?: number;
  /** Column of a factor that the row's values are to be multiplied by. */
  readonly factor?: number;
  /** Interval length, where it is not to be told from the stamps. */
  readonly lengthSeconds?: number;
  readonly decimal: DecimalMark;
  readonly values: readonly ValueColumn[];
  /** Column that tells meters apart. */
  readonly label?: number;
  /** Column that tells tariffs apart: rows of different tariffs are different registers, added up. */
  readonly tariff?: number;
  /** A row whose cell in this column matches is estimated. */
  readonly estimated?: { readonly column: number; readonly pattern: RegExp };
  /** An empty cell means that the row says nothing of that register, rather than that its value is missing. */
  readonly skipBlank?: boolean;
  /** Only rows whose cell in this column matches are read. */
  readonly only?: { readonly column: number; readonly pattern: RegExp };
}

/** Cells that stand for “no value”. */
const noValue = /^(-+|n\/?a|nan|null|none|unknown|unavailable|nd|\?)?$/i;
const totalsWord = /^(grand )?(tot|sum|somme|suma|gesamt|gemiddeld|average|media|moyenne|year|jahr|jaar|ann[eé]e)/i;
const excelDay = /^[2-7]\d{4}(\.\d+)?$/;

/** Date and time of a cell; workbooks whose dates have no date format give a serial day. */
export const stampOf = (cell: string, order: DateOrder): Stamp | undefined =>
  parseStamp(cell, order) ??
  (excelDay.test(cell.trim())
    ? { wallMs: Date.UTC(1899, 11, 30) + Math.round(Number(cell) * 86_400) * 1000, offsetMs: undefined }
    : undefined);

const suffixes: Readonly<Record<string, ColumnUnit>> = {
  wh: 'Wh',
  kwh: 'kWh',
  mwh: 'MWh',
  w: 'W',
  kw: 'kW',
  m3: 'm3',
  'm³': 'm3',
};
const isPower = (unit: ColumnUnit): boolean => unit === 'W' || unit === 'kW';
const isVolume = (unit: ColumnUnit): boolean => unit === 'm3' || unit === 'dm3';

/** A cell may carry its unit (`1.2 kWh`), which then goes before the column's if it is of the same kind. */
const withoutUnit = (cell: string, unit: ColumnUnit): { readonly cell: string; readonly unit: ColumnUnit } => {
  if (!/[a-z³]$/i.test(cell) && !/m3$/i.test(cell)) return { cell, unit };
  const match = /^(.*\d[.,]?)\s*([kM]?Wh?|m3|m³)$/i.exec(cell);
  const own = suffixes[(match?.[2] ?? '').toLowerCase()];
  if (match === null || own === undefined || isPower(own) !== isPower(unit) || isVolume(own) !== isVolume(unit))
    return { cell, unit };
  return { cell: match[1] ?? '', unit: own };
};

/** A cell that patterns are matched against. */
const wordsIn = (cells: readonly string[], column: number): string => withoutAccents(cells[column] ?? '').trim();

/** A meter's name; spreadsheets are kept from taking it for a number by writing `="123"`. */
const nameIn = (cell: string): string => cell.trim().replace(/^="?|"$/g, '');

/** Time of day in ms of a cell, which may be the number of an hour; undefined when it is neither. */
export const timeOfDayIn = (cell: string, firstHour: 0 | 1 | undefined): number | undefined => {
  const text = cell.trim();
  if (firstHour === undefined || !/^\d{1,2}$/.test(text)) return parseTimeOfDay(text);
  const hour = Number(text) - firstHour;
  return hour >= 0 && hour < 25 ? hour * 3_600_000 : undefined;
};

/** Length in s between the wall clock of start and end as files write them; undefined where they make no sense. */
export const lengthBetween = (startMs: number, endMs: number): number | undefined => {
  let seconds = (endMs - startMs) / 1000;
  // Some write the last second or minute of an interval as its end: 00:00:00–00:29:59, 00:00–00:14, 00:00–23:59.
  if (seconds % 60 === 59) seconds += 1;
  if (seconds % 300 === 240) seconds += 60;
  // Across the autumn change of the clock an end may stand before its start.
  if (seconds <= 0 && seconds > -3600) seconds += 3600;
  return seconds > 0 ? seconds : undefined;
};

/** Reader of a table by its mapping. Rows that cannot be read are named in a finding. */
export const openMappedTable = (mapping: ColumnMapping, context: ReadContext): RowReader => {
  const { collector, findings } = context;
  const decimal = context.sample.decimal ?? mapping.decimal;
  let passed = 0;
  let good = 0;
  let bad = 0;

  const unreadable = (line: number) => {
    bad++;
    findings.note(
      'unreadable-row',
      'warning',
      (count) =>
        plural(count, ['# row could not be read and was left out.', '# rows could not be read and were left out.']),
      line,
    );
  };

  const wallOf = (date: string, time: string | undefined): Stamp | undefined => {
    const stamp = stampOf(date, mapping.order);
    if (stamp === undefined || time === undefined) return stamp;
    const timeMs = timeOfDayIn(time, mapping.firstHour);
    return timeMs === undefined
      ? undefined
      : { wallMs: Math.floor(stamp.wallMs / 86_400_000) * 86_400_000 + timeMs, offsetMs: stamp.offsetMs };
  };

  /** The rows of each value column that were last added to, and what they belong to: nearly always the next ones too. */
  const recent: { key: string; rows: RegisterRows }[] = [];
  const rowsOf = (
    place: number,
    { register, unit, kind }: ValueColumn,
    local: boolean,
    label: string | undefined,
    tariff: string,
  ): RegisterRows => {
    const key = `${local ? 'l' : 'u'}${tariff}\n${label ?? ''}`;
    const known = recent[place];
    if (known?.key === key) return known.rows;
    const rows = collector.open({
      register,
      unit: unit === 'm3' || unit === 'dm3' ? 'dm3' : 'Wh',
      clock: local ? 'local' : 'utc',
      edge: mapping.edge,
      kind: kind === 'counter' ? 'counter' : unit === 'W' || unit === 'kW' ? 'power' : 'interval',
      ...(label === undefined || label === '' ? {} : { label }),
      ...(tariff === '' ? {} : { tariff }),
    });
    recent[place] = { key, rows };
    return rows;
  };

  return {
    row(cells, line) {
      if (passed < mapping.skipRows) {
        passed++;
        return;
      }
      const { only, estimated } = mapping;
      if (only !== undefined && !only.pattern.test(wordsIn(cells, only.column))) return;
      const date = (cells[mapping.stamp] ?? '').trim();
      const stamp = wallOf(date, mapping.timeOfDay === undefined ? undefined : (cells[mapping.timeOfDay] ?? ''));
      if (stamp === undefined) {
        if (totalsWord.test(cells.find((cell) => cell.trim() !== '')?.trim() ?? ''))
          findings.note('totals-row', 'info', 'A row is the total or mean of others. It was left out.', line);
        else if (cells.some((cell) => /\d/.test(cell))) unreadable(line);
        return;
      }
      const local = stamp.offsetMs === undefined && mapping.clock === 'home';
      const stampMs = local ? stamp.wallMs : stamp.wallMs - (stamp.offsetMs ?? 0);
      let lengthSeconds = mapping.lengthSeconds ?? 0;
      if (mapping.minutes !== undefined)
        lengthSeconds = parseNumber((cells[mapping.minutes] ?? '').trim(), decimal) * 60 || lengthSeconds;
      const endDate =
        mapping.end === undefined
          ? mapping.endTimeOfDay === undefined
            ? undefined
            : date
          : (cells[mapping.end] ?? '');
      if (endDate !== undefined) {
        const end = wallOf(
          endDate,
          mapping.endTimeOfDay === undefined ? undefined : (cells[mapping.endTimeOfDay] ?? ''),
        );
        if (end !== undefined) {
          let endMs = local ? end.wallMs : end.wallMs - (end.offsetMs ?? 0);
          if (mapping.endIsLastDay === true) endMs += 86_400_000;
          // An end that is only a time of day at or before the start lies on the next day.
          if (mapping.end === undefined && endMs <= stampMs) endMs += 86_400_000;
          lengthSeconds = lengthBetween(stampMs, endMs) ?? lengthSeconds;
        }
      }
      const isEstimated = estimated?.pattern.test(wordsIn(cells, estimated.column)) ?? false;
      const label = mapping.label === undefined ? undefined : nameIn(cells[mapping.label] ?? '');
      const rowTariff = mapping.tariff === undefined ? undefined : (cells[mapping.tariff] ?? '').trim();
      const factor = mapping.factor === undefined ? 1 : parseNumber((cells[mapping.factor] ?? '').trim(), decimal);
      let readable = false;
      let applies = false;
      for (const [place, value] of mapping.values.entries()) {
        if (value.when !== undefined && !value.when.pattern.test(wordsIn(cells, value.when.column))) continue;
        applies = true;
        const raw = (cells[value.column] ?? '').trim();
        const { cell, unit } = withoutUnit(raw, value.unit);
        if (cell === '' && mapping.skipBlank === true) {
          readable = true;
          continue;
        }
        const number = parseNumber(cell, decimal);
        const missing = Number.isNaN(number);
        if (missing && !noValue.test(cell)) continue;
        readable = true;
        const name = value.label ?? label;
        const tariff = [value.tariff, rowTariff].filter(Boolean).join(' ');
        rowsOf(place, value, local, name, tariff).add(
          stampMs,
          value.kind === 'counter' ? 0 : lengthSeconds,
          (value.negated === true ? -number : number) * factor * unitFactors[unit],
          line,
          isEstimated,
        );
      }
      if (!applies)
        findings.note(
          'other-quantity',
          'info',
          (count) =>
            plural(count, [
              '# row tells another quantity and was left out.',
              '# rows tell another quantity and were left out.',
            ]),
          line,
        );
      else if (readable) good++;
      else unreadable(line);
    },
    end() {
      if (bad > good && bad > 2)
        throw new MeterFileError(
          'damaged',
          `Most rows of the table cannot be read (${bad} of ${bad + good}). Download the file again, and do not open and save it in a spreadsheet program in between.`,
        );
    },
  };
};
