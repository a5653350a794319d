/** Distributors of Spain and Portugal. */

import { plural } from '../../../locales/plural.ts';
import { instantOfLocal, startOfDayNumber } from '../../series/local-day.ts';
import { columnFormat } from '../column-format.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { columnOf, findHeader, type Header } from '../header.ts';
import { parseNumber } from '../number.ts';
import { guessDateOrder, parseStamp, parseTimeOfDay } from '../stamp.ts';

/** E-REDES (PT) workbook or CSV: mean kW of quarter hours, stamped at the end in local time. */
export const eRedes = columnFormat({
  id: 'e-redes',
  name: () => 'E-REDES load diagram',
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

const fecha = /^fecha(-hora)?$|^fecha (y|\/) hora$|^fecha hora$/;
const header = [/^cups$/, fecha] as const;
/** Distributors that leave the CUPS out (UFD, Viesgo). */
const headerWithoutCups = [/^fecha$/, /^hora$/, /^(consumo|ae)[ (]*(k?wh)?/] as const;
const findCups = (sample: FileSample) => findHeader(sample.rows, header) ?? findHeader(sample.rows, headerWithoutCups);

const columnsOf = ({ keys }: Header) =>
  (
    [
      ['import', /^(consumo|ae|energia consumida)[ (]*(k?wh)?/],
      ['export', /^(as|generacion|excedentes?|vertido|energia vertida)[ (]*(k?wh)?/],
    ] as const
  ).flatMap(([register, name]) => {
    const column = keys.findIndex((key) => name.test(key));
    // The unit stands in the name; without one it is kWh.
    return column < 0 ? [] : [{ register, column, factor: /(^|[ (])wh\b/.test(keys[column] ?? '') ? 1 : 1000 }];
  });

/** One row: its hour or quarter hour by number, from 0. */
interface NumberedSlot {
  readonly slot: number;
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * Spanish hourly curves by CUPS (Datadis, CNMC, e-distribución, i-DE): hours numbered 1 to 24 from local midnight
 * (23 and 25 of them when the clock changes; 1 to 96 where they are quarter hours), decimal comma, `R`eal or
 * `E`stimado. With date and hour in one column (i-DE) the hour is the one that ends then.
 */
export const cups: TableFormat = {
  id: 'cups',
  name: () => 'Spanish hourly consumption (CUPS)',
  timeZone: 'Europe/Madrid',
  input: 'rows',
  detect: (sample) =>
    findHeader(sample.rows, header) !== undefined
      ? { confidence: 0.97, reason: /* @wc-include */ 'the columns “CUPS” and “Fecha”' }
      : findCups(sample) !== undefined
        ? { confidence: 0.9, reason: /* @wc-include */ 'the columns “Fecha”, “Hora” and “Consumo”' }
        : undefined,
  open({ sample, collector, findings, timeZone }) {
    const found = findCups(sample);
    if (found === undefined) throw new RangeError('sample: no CUPS table');
    const cupsColumn = columnOf(found, /^cups$/);
    const dateColumn = columnOf(found, fecha);
    const hourColumn = columnOf(found, /^hora$/);
    const methodColumn = columnOf(
      found,
      /^(metodo ?obtencion|metodo de obtencion|metodo obt\.?|real\/estimado|estado)$/,
    );
    const columns = columnsOf(found);
    const data = sample.rows.slice(found.index + 1);
    const values = data.flatMap((row) => columns.map(({ column }) => row[column] ?? ''));
    const decimal = sample.decimal ?? (values.some((cell) => cell.includes('.') && !cell.includes(',')) ? '.' : ',');
    const { order } = guessDateOrder(data.map((row) => row[dateColumn] ?? ''));
    /** `7`, `07:00` or `06:00 - 07:00`; a range counts by its end. */
    const numberOf = (cell: string): number => {
      const text = cell.trim();
      const end = /^\d{1,2}:\d{2} ?[-–] ?(\d{1,2}:\d{2})$/.exec(text)?.[1] ?? text;
      const time = parseTimeOfDay(end);
      return time === undefined ? (/^\d+$/.test(text) ? Number(text) : Number.NaN) : time / 3_600_000;
    };
    const numbers = data.map((row) => numberOf(row[hourColumn] ?? '')).filter((hour) => !Number.isNaN(hour));
    const isQuarters = numbers.some((hour) => hour > 25);
    const slotSeconds = isQuarters || numbers.some((hour) => !Number.isInteger(hour)) ? 900 : 3600;
    // Some number the hours from 0 or name their start; 24 tells that 0 is not among them.
    const isFromZero = numbers.includes(0) && !numbers.includes(24);
    const perHour = 3600 / slotSeconds;
    let passed = 0;
    let day = { key: '', number: 0, label: '', slots: [] as NumberedSlot[] };

    const unreadable = (line: number) =>
      findings.note(
        'unreadable-row',
        'warning',
        (count) =>
          plural(count, ['# row could not be read and was left out.', '# rows could not be read and were left out.']),
        line,
      );

    const add = (cells: readonly string[], line: number, label: string, clock: 'utc' | 'local', stampMs: number) => {
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
        collector
          .open({
            register,
            clock,
            ...(clock === 'local' ? { edge: 'end' } : {}),
            ...(label === '' ? {} : { label }),
          })
          .add(stampMs, slotSeconds, value * factor, line, /^e/i.test(method));
      }
    };

    /** A day is numbered through (23 to 25 hours), or by its clock: then the skipped hour is there or one comes twice. */
    const endDay = () => {
      const { number, label, slots } = day;
      day = { ...day, key: '', slots: [] };
      if (slots.length === 0) return;
      const startMs = startOfDayNumber(number, timeZone);
      const slotsOfDay = (startOfDayNumber(number + 1, timeZone) - startMs) / (slotSeconds * 1000);
      const highest = Math.max(...slots.map(({ slot }) => slot));
      const isByClock = slotsOfDay !== 24 * perHour && highest === 24 * perHour - 1;
      const seen = new Set<number>();
      for (const { slot, cells, line } of slots) {
        if (!isByClock) {
          add(cells, line, label, 'utc', startMs + slot * slotSeconds * 1000);
          continue;
        }
        const { kind, ms, laterMs } = instantOfLocal(number * 86_400_000 + slot * slotSeconds * 1000, timeZone);
        if (kind === 'never')
          findings.note(
            'spring-hour',
            columns.some(({ column }) => parseNumber((cells[column] ?? '').trim(), decimal) > 0) ? 'warning' : 'info',
            (count) =>
              plural(count, [
                '# row tells of an hour that the clocks skipped in spring. It was left out.',
                '# rows tell of an hour that the clocks skipped in spring. They were left out.',
              ]),
            line,
          );
        else add(cells, line, label, 'utc', seen.has(slot) ? laterMs : ms);
        seen.add(slot);
      }
    };

    return {
      row(cells, line) {
        if (passed++ <= found.index) return;
        const date = parseStamp(cells[dateColumn] ?? '', order);
        const label = (cells[cupsColumn] ?? '').trim();
        if (date === undefined) {
          if (cells.some((cell) => /\d/.test(cell))) unreadable(line);
          return;
        }
        if (hourColumn < 0) {
          add(cells, line, label, 'local', date.wallMs);
          return;
        }
        const hour = numberOf(cells[hourColumn] ?? '');
        const slot = Math.round(isQuarters ? hour - 1 : isFromZero ? hour * perHour : hour * perHour - 1);
        if (!(slot >= 0 && slot < 25 * perHour)) {
          unreadable(line);
          return;
        }
        const number = Math.floor(date.wallMs / 86_400_000);
        const key = `${number} ${label}`;
        if (key !== day.key) {
          endDay();
          day = { key, number, label, slots: [] };
        }
        day.slots.push({ slot, cells, line });
      },
      end: endDay,
    };
  },
};
