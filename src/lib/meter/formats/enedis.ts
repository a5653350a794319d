/**
 * Enedis (FR). Until 2024: a row of facts (kind of data, quantity, unit), then `Horodate;Valeur` (load curve) or
 * `Horodate;…;EAS F1;…;EAS T` (daily counters). The load curve is mean power stamped at the end of its slot, in steps
 * of 30 or 60 minutes that change within a file. From 2025 on: `debut;kW` (or `kWh`), stamped at the start; and a
 * workbook with a sheet of days each for what was taken and what was delivered.
 */

import type { Register } from '../../series/types.ts';
import { columnFormat } from '../column-format.ts';
import { MeterFileError } from '../errors.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { columnOf, findHeader, headerKey } from '../header.ts';
import { openMappedTable, type ColumnMapping, type ColumnUnit } from '../mapped-table.ts';

const facts = [/^identifiant prm$/, /^(grandeur physique|type de donnees)$/] as const;

const horodate = /^horodate\b/;

const units: Readonly<Record<string, ColumnUnit>> = { w: 'W', kw: 'kW', wh: 'Wh', kwh: 'kWh' };

const mappingOf = (sample: FileSample): ColumnMapping | undefined => {
  const about = findHeader(sample.rows, facts);
  const header = findHeader(sample.rows, [horodate]);
  if (about === undefined || header === undefined) return undefined;
  const fact = (pattern: RegExp): string => {
    const column = columnOf(about, pattern);
    return column < 0 ? '' : headerKey(sample.rows[about.index + 1]?.[column] ?? '');
  };
  const unitName = fact(/^unite$/);
  if (/reactive|tension|maximale/.test(fact(/^grandeur physique$/)) || /^k?va(r|rh)?$|^v$/.test(unitName))
    throw new MeterFileError(
      'no-electricity',
      'This Enedis file holds the highest power, reactive energy or voltage, not the energy used. Choose “Énergie active” when you download it.',
    );
  const register = /production|injection/.test(fact(/^grandeur metier$/)) ? 'export' : 'import';
  // Some name the unit beside the values instead of among the facts.
  const unit = units[unitName] ?? units[header.keys.map((key) => /\((k?wh?)\)$/.exec(key)?.[1]).find(Boolean) ?? ''];
  const nature = columnOf(header, /^nature/);
  const base = {
    skipRows: header.index + 1,
    stamp: columnOf(header, horodate),
    order: 'ymd',
    clock: 'home',
    decimal: ',',
    ...(nature < 0 ? {} : { estimated: { column: nature, pattern: /^e/i } }),
  } as const;
  const isDaily = /quotidien|journalier/.test(fact(/^type de donnees$/));
  const value = columnOf(header, /^(valeur|puissance moyenne)/);
  if (value >= 0)
    return {
      ...base,
      edge: isDaily ? 'start' : 'end',
      values: [{ column: value, register, unit: unit ?? 'W', kind: 'interval' }],
    };
  // EAS T is the total; without it the supplier's ten registers are added up.
  const total = columnOf(header, /^ea[si] t$/);
  const parts = header.keys.flatMap((key, column) => (/^ea[si] f\d+$/.test(key) ? [column] : []));
  const columns = total >= 0 ? [total] : parts;
  return {
    ...base,
    edge: 'start',
    values: columns.map((column) => ({
      column,
      register,
      unit: unit ?? 'Wh',
      kind: 'counter' as const,
      tariff: header.keys[column] ?? '',
    })),
  };
};

export const enedis: TableFormat = {
  id: 'enedis',
  name: () => 'Enedis load curve or daily counters',
  timeZone: 'Europe/Paris',
  input: 'rows',
  fallbackSeconds: 1800,
  detect: (sample) =>
    findHeader(sample.rows, facts) === undefined || findHeader(sample.rows, [horodate]) === undefined
      ? undefined
      : { confidence: 0.98, reason: /* @wc-include */ 'the columns “Identifiant PRM” and “Horodate”' },
  open(context) {
    const mapping = mappingOf(context.sample);
    if (mapping === undefined || mapping.values.length === 0)
      throw new MeterFileError(
        'no-readings',
        'This Enedis file has no column of values. Choose “courbe de charge” or “index” when you download it.',
      );
    const reader = openMappedTable(mapping, context);
    let ended = false;
    return {
      row(cells, line) {
        // The calendar of tariffs that follows the counters is no reading.
        if (headerKey(cells[0] ?? '') === 'periode') ended = true;
        if (!ended) reader.row(cells, line);
      },
      end: () => reader.end(),
    };
  },
};

const start = /^(date (de )?)?debut$/;

export const enedis2025 = columnFormat({
  id: 'enedis-2025',
  name: () => 'Enedis consumption history (from 2025)',
  timeZone: 'Europe/Paris',
  header: [start, /^(k?wh?|valeur|consommation)( |\(|$)/],
  confidence: 0.95,
  stamp: start,
  end: /^(date (de )?)?fin$/,
  order: 'dmy',
  decimal: ',',
  values: [
    { name: /\bkwh\b/, register: 'import', unit: 'kWh' },
    { name: /\bwh\b/, register: 'import', unit: 'Wh' },
    { name: /\bkw\b/, register: 'import', unit: 'kW' },
    { name: /\bw\b/, register: 'import', unit: 'W' },
    { name: /^valeur$/, register: 'import', unit: 'kWh' },
  ],
  fallbackSeconds: 1800,
});

const daysOf = (register: Register): TableFormat =>
  columnFormat({
    id: 'enedis-days',
    name: () => 'Enedis use per day (workbook)',
    timeZone: 'Europe/Paris',
    header: [/^date$/, /^valeur \(en k?wh\)$/],
    confidence: 0.95,
    stamp: /^date$/,
    order: 'dmy',
    decimal: ',',
    values: [
      { name: /^valeur \(en kwh\)$/, register, unit: 'kWh' },
      { name: /^valeur \(en wh\)$/, register, unit: 'Wh' },
    ],
    fallbackSeconds: 86_400,
  });
const taken = daysOf('import');
const delivered = daysOf('export');

/** Workbook of the customer portal: facts, then `Date`, `Valeur (en kWh)`; the sheet's name or its facts tell the direction. */
export const enedisDays: TableFormat = {
  ...taken,
  open(context) {
    const { rows, sheet = '' } = context.sample;
    const isDelivered = [sheet, ...rows.slice(0, 20).flat()].some((text) =>
      /^(export )?(production|injection)/i.test(text.trim()),
    );
    return (isDelivered ? delivered : taken).open(context);
  },
};
