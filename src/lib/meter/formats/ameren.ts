/**
 * Ameren (Illinois, Missouri) “Advanced Metering Data”: a preamble, then rows with the usage of the hour and of the
 * quarter hour side by side, `-` where a row has none. The finest column is read, or energy would count twice.
 */

import { plural } from '../../../locales/plural.ts';
import { columnOf, findHeader } from '../header.ts';
import type { TableFormat } from '../format.ts';
import { parseNumber } from '../number.ts';
import { parseStamp } from '../stamp.ts';
import { unitFactors } from '../mapped-table.ts';

const header = [/^start interval date/, /^usage$/, /^interval$/] as const;
const factors: Readonly<Record<string, number>> = { kwh: unitFactors.kWh, wh: unitFactors.Wh };

const lengthOf = (cell: string): number => {
  const match = /^(\d+)\s*(min|hour|hr|day)/i.exec(cell.trim());
  if (match === null) return 0;
  const unit = (match[2] ?? '').toLowerCase();
  return Number(match[1]) * (unit === 'min' ? 60 : unit === 'day' ? 86_400 : 3600);
};

export const ameren: TableFormat = {
  id: 'ameren',
  name: () => 'Ameren interval data',
  timeZone: 'America/Chicago',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, header) === undefined
      ? undefined
      : { confidence: 0.98, reason: /* @wc-include */ 'the columns “Start Interval Date/Time” and “Usage”' },
  open({ sample, collector, findings }) {
    const found = findHeader(sample.rows, header);
    if (found === undefined) throw new RangeError('sample: no Ameren table');
    const stampColumn = columnOf(found, /^start interval date/);
    const meterColumn = columnOf(found, /^meter/);
    const usageColumns = found.keys.flatMap((key, column) => (key === 'usage' ? [column] : []));
    // Each usage column is followed by its unit and interval. The finest of the first full rows is the one to read.
    const lengths = usageColumns.map((column) =>
      Math.min(...sample.rows.slice(found.index + 1).map((row) => lengthOf(row[column + 2] ?? '') || Infinity)),
    );
    const finest = Math.min(...lengths);
    const column = usageColumns[lengths.indexOf(finest)] ?? -1;
    let passed = 0;
    return {
      row(cells, line) {
        if (passed <= found.index) {
          passed++;
          return;
        }
        const stamp = parseStamp(cells[stampColumn] ?? '', 'mdy');
        const factor = factors[(cells[column + 1] ?? '').trim().toLowerCase()] ?? unitFactors.kWh;
        const cell = (cells[column] ?? '').trim();
        const value = parseNumber(cell, '.');
        if (stamp === undefined || (Number.isNaN(value) && cell !== '-' && cell !== '')) {
          findings.note(
            'unreadable-row',
            'warning',
            (count) =>
              plural(count, [
                '# row could not be read and was left out.',
                '# rows could not be read and were left out.',
              ]),
            line,
          );
          return;
        }
        const label = (cells[meterColumn] ?? '').trim();
        collector
          .open({ register: 'import', clock: 'local', ...(label === '' ? {} : { label }) })
          .add(stamp.wallMs, lengthOf(cells[column + 2] ?? '') || finest, value * factor, line);
      },
      end() {
        // Every row stands on its own.
      },
    };
  },
};
