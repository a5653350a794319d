/** Open data of many homes, as researchers and the simulator use them. */

import { columnFormat } from '../column-format.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { findHeader, type Header } from '../header.ts';
import { openMappedTable, type ColumnMapping, type ColumnUnit } from '../mapped-table.ts';

/** Low Carbon London (UK Power Networks, CC BY): half hours in GMT all year, one home or many as rows. */
export const lowCarbonLondon = columnFormat({
  id: 'low-carbon-london',
  name: () => 'Low Carbon London half hours',
  timeZone: 'UTC',
  header: [/^lclid$/, /^(datetime|tstp)$/],
  confidence: 0.98,
  stamp: /^(datetime|tstp)$/,
  clock: 'utc',
  order: 'ymd',
  lengthSeconds: 1800,
  decimal: '.',
  label: /^lclid$/,
  values: [{ name: /^kwh\/hh|^energy\(kwh\/hh\)/, register: 'import', unit: 'kWh' }],
});

/** Start and value (kWh) with offsets, the last row without value marking the end: OpenEEmeter's samples. */
export const startValue = columnFormat({
  id: 'start-value',
  name: () => 'Table of start and value (OpenEEmeter)',
  timeZone: 'America/Chicago',
  header: [/^start$/, /^value$/],
  without: /^(end|unit|type|statistic id|date)$/,
  confidence: 0.8,
  stamp: /^start$/,
  order: 'ymd',
  decimal: '.',
  values: [{ name: /^value$/, register: 'import', unit: 'kWh' }],
});

const homesHeader = (sample: FileSample): { header: Header; unit: ColumnUnit; clock: 'home' | 'utc' } | undefined => {
  const header = findHeader(sample.rows, [/^(datetime|reading datetime( utc)?)$/]);
  if (header?.index !== 0) return undefined;
  const names = header.keys.slice(1).filter((key) => key !== '');
  if (names.length < 2) return undefined;
  if (names.every((key) => /^klant \d+$/.test(key))) return { header, unit: 'Wh', clock: 'home' };
  return names.every((key) => /^\d{6,}$/.test(key)) ? { header, unit: 'kWh', clock: 'utc' } : undefined;
};

/**
 * One column a home: Zonnedael (NL, Liander open data: Wh a quarter hour, local time) and Smart-Grid Smart-City
 * (AU: kWh a half hour). An empty cell is an instant the home has no reading for.
 */
export const homesAsColumns: TableFormat = {
  id: 'homes',
  name: () => 'Research table with one column a home',
  timeZone: (sample) => (homesHeader(sample)?.clock === 'utc' ? 'UTC' : 'Europe/Amsterdam'),
  input: 'rows',
  detect: (sample) =>
    homesHeader(sample) === undefined
      ? undefined
      : { confidence: 0.95, reason: /* @wc-include */ 'one column a home beside “datetime”' },
  open(context) {
    const found = homesHeader(context.sample);
    if (found === undefined) throw new RangeError('sample: no table of homes');
    const { header, unit, clock } = found;
    const mapping: ColumnMapping = {
      skipRows: 1,
      stamp: 0,
      order: 'dmy',
      clock,
      edge: 'start',
      lengthSeconds: unit === 'Wh' ? 900 : 1800,
      decimal: '.',
      values: header.keys.flatMap((key, column) =>
        column === 0 || key === ''
          ? []
          : [
              {
                column,
                register: 'import' as const,
                unit,
                kind: 'interval' as const,
                label: (context.sample.rows[0]?.[column] ?? key).trim(),
              },
            ],
      ),
      skipBlank: true,
    };
    return openMappedTable(mapping, context);
  },
};
