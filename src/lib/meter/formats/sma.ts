/**
 * SMA inverters (WebUI, “Version CSV3”; Sunny Explorer and SBFspot, “Version CSV1”): `sep=`, several header rows (device,
 * type, serial number, channel, kind), a row with the date's layout and the units, then counters. `NaN` is no value.
 * Channels of a missing grid meter stay zero.
 */

import type { Register } from '../../series/types.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { registerName } from '../finding-log.ts';
import { findHeader } from '../header.ts';
import { openMappedTable, type ColumnMapping, type ColumnUnit, type ValueColumn } from '../mapped-table.ts';
import { guessDecimalMark } from '../number.ts';
import type { DateOrder } from '../stamp.ts';

const channels: Readonly<Record<string, Register>> = {
  'metering.totwhout': 'generation',
  'metering.gridms.totwhout': 'export',
  'metering.gridms.totwhin': 'import',
};
const units: Readonly<Record<string, ColumnUnit>> = { '[wh]': 'Wh', '[kwh]': 'kWh', wh: 'Wh', kwh: 'kWh' };

/** A date's layout in English, German or French: `DD.MM.YYYY`, `TT.MM.JJJJ`, `JJ/MM/AAAA`. */
const layoutName = /^[dmytja]{2,4}[./-]/i;
const orderOf = (layout: string): DateOrder =>
  /^([ya]|jjjj)/i.test(layout) ? 'ymd' : /^m/i.test(layout) ? 'mdy' : 'dmy';

const counterRegister = (kind: string): Register | undefined =>
  /^counter$/i.test(kind.trim()) ? 'generation' : undefined;

const mappingOf = ({ rows, decimal }: FileSample): ColumnMapping | undefined => {
  const named = findHeader(rows, [/^metering\./]);
  // Sunny Explorer tells the kind of a column instead of its channel: the counter is what the panels made.
  const kinds = named === undefined ? findHeader(rows, [/^counter$/]) : undefined;
  const channelRow = named?.index ?? kinds?.index ?? -1;
  const unitRow = rows.findIndex((row, index) => index > channelRow && layoutName.test((row[0] ?? '').trim()));
  if (channelRow < 0 || unitRow < 0) return undefined;
  const data = rows.slice(unitRow + 1);
  const values = (rows[channelRow] ?? []).flatMap((cell, column): ValueColumn[] => {
    const register = kinds === undefined ? channels[cell.trim().toLowerCase()] : counterRegister(cell);
    const unit = units[(rows[unitRow]?.[column] ?? '').trim().toLowerCase()];
    if (register === undefined || unit === undefined) return [];
    const serial = (rows[channelRow - (kinds === undefined ? 1 : 2)]?.[column] ?? '').trim();
    return [{ column, register, unit, kind: 'counter', ...(serial === '' ? {} : { label: serial }) }];
  });
  if (values.length === 0) return undefined;
  return {
    skipRows: unitRow + 1,
    stamp: 0,
    order: orderOf((rows[unitRow]?.[0] ?? '').trim()),
    clock: 'home',
    edge: 'start',
    decimal: decimal ?? guessDecimalMark(data.flatMap((row) => values.map(({ column }) => row[column] ?? ''))),
    values,
  };
};

export const sma: TableFormat = {
  id: 'sma',
  name: () => 'SMA inverter',
  timeZone: 'UTC',
  input: 'rows',
  detect: (sample) =>
    mappingOf(sample) === undefined
      ? undefined
      : { confidence: 0.97, reason: /* @wc-include */ 'header rows of an SMA inverter' },
  open(context) {
    const mapping = mappingOf(context.sample);
    if (mapping === undefined) throw new RangeError('sample: no SMA table');
    const reader = openMappedTable(mapping, context);
    return {
      row: (cells, line) => reader.row(cells, line),
      end() {
        reader.end();
        for (const rows of context.collector.all()) {
          if (rows.rule.register === 'generation' || rows.value.subarray(0, rows.length).some((value) => value > 0))
            continue;
          context.findings.note(
            'empty-register',
            'info',
            `The file has a column for ${registerName(rows.rule.register)}, but the inverter counted nothing in it (there is no grid meter). It was left out.`,
            0,
            rows.rule.register,
          );
          rows.length = 0;
        }
      },
    };
  },
};
