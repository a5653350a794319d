/** Tables of a time and a value that say little about themselves: Grafana exports, MeterN, epoch and counter. */

import type { ReadContext, RowReader, TableFormat } from '../format.ts';
import { registerOf } from '../columns.ts';
import { registerName } from '../finding-log.ts';
import { headerKey } from '../header.ts';
import { openMappedTable, type ColumnMapping, type ColumnUnit } from '../mapped-table.ts';
import { parseNumber, settledDecimalMark } from '../number.ts';
import { guessDateOrder, parseStamp } from '../stamp.ts';

const rising = (values: readonly number[]): boolean =>
  values.length >= 3 &&
  values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0)) &&
  (values.at(-1) ?? 0) > (values[0] ?? 0);

const numbers = (rows: readonly (readonly string[])[], column: number): number[] =>
  rows.map((row) => Number.parseFloat(row[column] ?? '')).filter((value) => !Number.isNaN(value));

const noteKind = ({ findings }: ReadContext, counter: boolean, unit: string): void =>
  findings.note(
    'unit-doubt',
    'info',
    counter
      ? `The file does not say what its values are. As they only rise, they were read as a meter’s counter in ${unit}, taken from the grid. Compare the total with your bill.`
      : `The file does not say what its values are. They were read as energy of each interval in ${unit}, taken from the grid. Compare the total with your bill.`,
  );

/** Unit that a series' name or its cells tell; kWh where they tell none. */
const unitOf = (name: string, cells: readonly string[]): ColumnUnit => {
  const told = cells.find((cell) => /\d\s*[kM]?Wh?$/i.test(cell.trim()))?.trim() ?? name;
  if (/kwh/i.test(told)) return 'kWh';
  if (/mwh/i.test(told)) return 'MWh';
  if (/wh/i.test(told)) return 'Wh';
  if (/\bkw\b|\d\s*kw$/i.test(told)) return 'kW';
  if (/\bw\b|\d\s*w$|watts?\b|\b(power|vermogen|leistung|puissance)\b/i.test(told)) return 'W';
  return 'kWh';
};

/** Grafana “Download CSV”: quoted `"Time"` first, then a column a series, each a counter or energy. */
export const grafana: TableFormat = {
  id: 'grafana',
  name: () => 'Grafana panel data',
  timeZone: 'UTC',
  input: 'rows',
  detect: ({ rows, text }) =>
    headerKey(rows[0]?.[0] ?? '') === 'time' &&
    (/^(\ufeff)?"Time"/.test(text) || /wh/i.test(rows[0]?.slice(1).join() ?? '')) &&
    (rows[0]?.length ?? 0) >= 2 &&
    parseStamp(rows[1]?.[0] ?? '', 'ymd') !== undefined
      ? { confidence: 0.7, reason: /* @wc-include */ 'a first column “Time” and named series' }
      : undefined,
  open(context) {
    const [header = [], ...data] = context.sample.rows;
    const values = header.slice(1).map((name, i) => {
      const unit = unitOf(
        name,
        data.map((row) => row[i + 1] ?? ''),
      );
      const counter = unit !== 'W' && unit !== 'kW' && rising(numbers(data, i + 1));
      const register = registerOf(headerKey(name));
      if (register === 'import') noteKind(context, counter, unit);
      else
        context.findings.note(
          'register-doubt',
          'info',
          `By its name “${name.trim()}” was taken as ${registerName(register)}.`,
          0,
          name,
        );
      return {
        column: i + 1,
        register,
        unit,
        kind: counter ? 'counter' : 'interval',
        label: name.trim(),
      } as const;
    });
    const mapping: ColumnMapping = {
      skipRows: 1,
      stamp: 0,
      order: guessDateOrder(data.map((row) => row[0] ?? '')).order,
      clock: 'home',
      edge: 'start',
      decimal: settledDecimalMark(data.flatMap((row) => row.slice(1))) ?? '.',
      values,
    };
    return openMappedTable(mapping, context);
  },
};

/** Without a header: a date or Unix time and a number (MeterN: days in Wh; other tools: epoch and counter in kWh). */
export const headerless: TableFormat = {
  id: 'stamp-value',
  name: () => 'Table of time and value without header',
  timeZone: 'UTC',
  input: 'rows',
  detect: ({ rows }) => {
    const fit =
      rows.length >= 3 &&
      rows.every(
        (row) =>
          row.length === 2 &&
          /^(\d{8}|\d{10}(\.\d+)?|\d{13})$/.test((row[0] ?? '').trim()) &&
          parseStamp(row[0] ?? '', 'ymd') !== undefined &&
          !Number.isNaN(parseNumber((row[1] ?? '').trim(), '.')),
      );
    return fit
      ? { confidence: 0.7, reason: /* @wc-include */ 'two columns without header, a time and a number' }
      : undefined;
  },
  open(context): RowReader {
    const { rows } = context.sample;
    const counter = rising(numbers(rows, 1));
    const days = /^\d{8}$/.test((rows[0]?.[0] ?? '').trim());
    const unit = days ? 'Wh' : 'kWh';
    noteKind(context, counter, unit);
    return openMappedTable(
      {
        skipRows: 0,
        stamp: 0,
        order: 'ymd',
        clock: 'home',
        edge: 'start',
        decimal: '.',
        ...(days && !counter ? { lengthSeconds: 86_400 } : {}),
        values: [{ column: 1, register: 'import', unit, kind: counter ? 'counter' : 'interval' }],
      },
      context,
    );
  },
};
