/**
 * EDF (FR) “mes puissances atteintes”: under a date on a line of its own the half hours of that day, newest first,
 * mean power in W stamped at the end (00:00 ends the last half hour of the date above). Windows-1252.
 */

import type { TableFormat } from '../format.ts';
import { counted } from '../finding-log.ts';
import { findHeader, headerKey } from '../header.ts';
import { parseNumber } from '../number.ts';
import { parseStamp, parseTimeOfDay } from '../stamp.ts';

const header = [/^puissance atteinte \(w\)$/] as const;
const dayMs = 86_400_000;
const slotSeconds = 1800;

export const edf: TableFormat = {
  id: 'edf',
  name: 'EDF power reached, half-hourly',
  timeZone: 'Europe/Paris',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, header) === undefined
      ? undefined
      : { confidence: 0.98, reason: 'the column “Puissance atteinte (W)”' },
  open({ collector, findings }) {
    const rows = collector.open({ register: 'import', clock: 'local', edge: 'end', kind: 'power' });
    let dateMs: number | undefined;
    return {
      row([first = '', value = '', nature = ''], line) {
        const date = /^\d{1,2}\/\d{1,2}\/\d{4}$/.test(first.trim()) ? parseStamp(first, 'dmy') : undefined;
        if (date !== undefined) {
          dateMs = date.wallMs;
          return;
        }
        const time = parseTimeOfDay(first);
        if (dateMs === undefined || time === undefined) return;
        const power = parseNumber(value.trim(), ',');
        if (Number.isNaN(power) && value.trim() !== '') {
          findings.note(
            'unreadable-row',
            'warning',
            (count) => `${counted(count, 'row')} could not be read and left out.`,
            line,
          );
          return;
        }
        rows.add(dateMs + (time === 0 ? dayMs : time), slotSeconds, power, line, /^estim/.test(headerKey(nature)));
      },
      end() {
        // Every row stands on its own.
      },
    };
  },
};
