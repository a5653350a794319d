/** Distributors of Spain and Portugal. */

import { startOfDayNumber } from '../../series/local-day.ts';
import { columnFormat } from '../column-format.ts';
import type { TableFormat } from '../format.ts';
import { counted } from '../finding-log.ts';
import { columnOf, findHeader } from '../header.ts';
import { parseNumber } from '../number.ts';
import { parseStamp, parseTimeOfDay } from '../stamp.ts';

/** E-REDES (PT) workbook or CSV: mean kW of quarter hours, stamped at the end in local time. */
export const eRedes = columnFormat({
  id: 'e-redes',
  name: 'E-REDES load diagram',
  timeZone: 'Europe/Lisbon',
  header: [/^data$/, /^hora$/, /\(kw\)|\(kwh\)/],
  without: /^cups$/,
  confidence: 0.96,
  stamp: /^data$/,
  timeOfDay: /^hora$/,
  edge: 'end',
  order: 'ymd',
  decimal: ',',
  label: /^contador$/,
  values: [
    { name: /^(consumo|potencia).*ativa.*\(kw\)|^consumo[^,]*\(kw\)/, register: 'import', unit: 'kW' },
    { name: /^(injecao|producao|excedente).*\(kw\)/, register: 'export', unit: 'kW' },
    { name: /^consumo.*\(kwh\)/, register: 'import', unit: 'kWh' },
    { name: /^(injecao|producao|excedente).*\(kwh\)/, register: 'export', unit: 'kWh' },
  ],
  estimated: { column: /^estado$/, pattern: /^estim/i },
  fallbackSeconds: 900,
});

const header = [/^cups$/, /^fecha(-hora)?$|^fecha y hora$/] as const;
const importNames = [/^(consumo|ae|energia consumida)[ (]*(k?wh)?/] as const;
const exportNames = [/^(as|generacion|excedentes?|vertido)[ (]*(k?wh)?/] as const;

/**
 * Spanish hourly curves by CUPS (Datadis, CNMC, e-distribución, i-DE): hours numbered 1 to 24 from local midnight
 * (23 and 25 of them when the clock changes), decimal comma, `R`eal or `E`stimado.
 */
export const cups: TableFormat = {
  id: 'cups',
  name: 'Spanish hourly consumption (CUPS)',
  timeZone: 'Europe/Madrid',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, header) === undefined ? undefined : { confidence: 0.97, reason: 'the columns “CUPS” and “Fecha”' },
  open({ sample, collector, findings, timeZone }) {
    const found = findHeader(sample.rows, header);
    if (found === undefined) throw new RangeError('sample: no CUPS table');
    const cupsColumn = columnOf(found, /^cups$/);
    const dateColumn = columnOf(found, /^fecha/);
    const hourColumn = columnOf(found, /^hora$/);
    const methodColumn = columnOf(found, /^(metodo obtencion|metodo de obtencion|real\/estimado|estado)$/);
    const columns = [
      ...importNames.map((name) => ({ register: 'import' as const, column: columnOf(found, name) })),
      ...exportNames.map((name) => ({ register: 'export' as const, column: columnOf(found, name) })),
    ]
      .filter(({ column }) => column >= 0)
      // The unit stands in the name; without one it is kWh.
      .map((one) => ({ ...one, factor: /(^|[ (])wh\b/.test(found.keys[one.column] ?? '') ? 1 : 1000 }));
    const values = sample.rows.slice(found.index + 1).flatMap((row) => columns.map(({ column }) => row[column] ?? ''));
    const decimal = sample.decimal ?? (values.some((cell) => cell.includes('.') && !cell.includes(',')) ? '.' : ',');
    let passed = 0;
    const unreadable = (line: number) =>
      findings.note(
        'unreadable-row',
        'warning',
        (count) => `${counted(count, 'row')} could not be read and left out.`,
        line,
      );
    return {
      row(cells, line) {
        if (passed++ <= found.index) return;
        const date = parseStamp(cells[dateColumn] ?? '', 'dmy');
        if (date === undefined) {
          unreadable(line);
          return;
        }
        const hourText = (cells[hourColumn] ?? '').trim();
        const time = parseTimeOfDay(hourText);
        const hour = hourColumn < 0 ? undefined : time === undefined ? Number(hourText) : time / 3_600_000;
        if (hour !== undefined && !(hour >= 0 && hour <= 25)) {
          unreadable(line);
          return;
        }
        const label = (cells[cupsColumn] ?? '').trim();
        const method = (cells[methodColumn] ?? '').trim();
        for (const { register, column, factor } of columns) {
          const cell = (cells[column] ?? '').trim();
          const value = parseNumber(cell, decimal);
          if (Number.isNaN(value) && cell !== '') {
            unreadable(line);
            continue;
          }
          // An empty cell of surplus energy means that there is none of it in this file.
          if (cell === '' && register === 'export') continue;
          const named = label === '' ? {} : { label };
          if (hour === undefined)
            collector
              .open({ register, clock: 'local', ...named })
              .add(date.wallMs, 3600, value * factor, line, /^e/i.test(method));
          else {
            const midnightMs = startOfDayNumber(Math.floor(date.wallMs / 86_400_000), timeZone);
            collector
              .open({ register, clock: 'utc', ...named })
              .add(midnightMs + (hour - 1) * 3_600_000, 3600, value * factor, line, /^e/i.test(method));
          }
        }
      },
      end() {
        // Every row stands on its own.
      },
    };
  },
};
