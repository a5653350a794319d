/**
 * Home Assistant's energy dashboard, “Download data”: a row an entity, `entity_id,type,unit`, and a column a period, named by
 * its start (UTC). Values are the energy of each period; an empty cell tells nothing.
 */

import type { Register } from '../../series/types.ts';
import type { TableFormat } from '../format.ts';
import { findHeader } from '../header.ts';
import { unitFactors, type ColumnUnit } from '../mapped-table.ts';
import { parseNumber } from '../number.ts';
import { parseStamp } from '../stamp.ts';

const header = [/^entity id$/, /^type$/, /^unit$/] as const;

const registers: Readonly<Record<string, Register>> = {
  grid_consumption: 'import',
  grid_return: 'export',
  solar_production: 'generation',
  gas_consumption: 'gas',
};
const units: Readonly<Record<string, ColumnUnit>> = {
  wh: 'Wh',
  kwh: 'kWh',
  mwh: 'MWh',
  'm³': 'm3',
  m3: 'm3',
  l: 'dm3',
};

export const homeAssistantEnergy: TableFormat = {
  id: 'home-assistant-energy',
  name: () => 'Home Assistant energy dashboard',
  timeZone: 'UTC',
  input: 'rows',
  detect({ rows }) {
    const found = findHeader(rows, header);
    return found?.index === 0 && parseStamp(rows[0]?.[3] ?? '', 'ymd') !== undefined
      ? { confidence: 0.98, reason: /* @wc-include */ 'the columns “entity_id”, “type” and “unit” beside times' }
      : undefined;
  },
  open({ collector, findings }) {
    let starts: readonly (number | undefined)[] | undefined;
    return {
      row(cells, line) {
        const [entity = '', type = '', unitName = '', ...values] = cells;
        if (starts === undefined) {
          starts = values.map((cell) => {
            const stamp = parseStamp(cell, 'ymd');
            return stamp === undefined ? undefined : stamp.wallMs - (stamp.offsetMs ?? 0);
          });
          return;
        }
        const register = registers[type.trim()];
        const unit = units[unitName.trim().toLowerCase()];
        if (register === undefined || unit === undefined) {
          findings.note(
            'other-quantity',
            'info',
            `The row “${entity.trim()}” (${type.trim()}, ${unitName.trim()}) was left out: it is not energy taken, delivered or made.`,
            line,
            `${entity} ${type}`,
          );
          return;
        }
        const isVolume = unit === 'm3' || unit === 'dm3';
        // Several entities of a kind are tariffs or arrays of panels: they are added up.
        const rows = collector.open({
          register,
          clock: 'utc',
          tariff: entity.trim(),
          ...(isVolume ? { unit: 'dm3' } : {}),
        });
        for (const [place, cell] of values.entries()) {
          const startMs = starts[place];
          const value = parseNumber(cell, '.');
          if (startMs !== undefined && !Number.isNaN(value)) rows.add(startMs, 0, value * unitFactors[unit], line);
        }
      },
      end() {
        // Every row stands on its own.
      },
    };
  },
};
