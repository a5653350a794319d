/** EDF (FR): what “suivi conso” gives, in Windows-1252. */

import { plural } from '../../../locales/plural.ts';
import { columnFormat } from '../column-format.ts';
import type { TableFormat } from '../format.ts';
import { findHeader, headerKey } from '../header.ts';
import { parseNumber } from '../number.ts';
import { parseStamp, parseTimeOfDay } from '../stamp.ts';

const header = [/^puissance atteinte \(w\)$/] as const;
const dayMs = 86_400_000;
const slotSeconds = 1800;

/**
 * “Mes puissances atteintes”: under a date on a line of its own the half hours of that day, newest first, mean power in
 * W stamped at the end (00:00 ends the last half hour of the date above).
 */
export const edf: TableFormat = {
  id: 'edf',
  name: () => 'EDF power reached, half-hourly',
  timeZone: 'Europe/Paris',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, header) === undefined
      ? undefined
      : { confidence: 0.98, reason: /* @wc-include */ 'the column “Puissance atteinte (W)”' },
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
            (count) =>
              plural(count, [
                '# row could not be read and was left out.',
                '# rows could not be read and were left out.',
              ]),
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

/** “Ma consommation quotidienne”, a row a day, and “mensuelle”, a row a month and one a year. */
export const edfDays = columnFormat({
  id: 'edf-days',
  name: () => 'EDF use per day or month',
  timeZone: 'Europe/Paris',
  header: [/^(date|periode) de consommation$/, /^consommation \(k?wh\)$/],
  confidence: 0.97,
  stamp: /^(date|periode) de consommation$/,
  order: 'dmy',
  decimal: ',',
  values: [
    { name: /^consommation \(kwh\)$/, register: 'import', unit: 'kWh' },
    { name: /^consommation \(wh\)$/, register: 'import', unit: 'Wh' },
  ],
  estimated: { column: /^nature/, pattern: /^estim/i },
  fallbackSeconds: 86_400,
});

/** “Mes index”: counters of each tariff by day, newest first. */
export const edfIndex = columnFormat({
  id: 'edf-index',
  name: () => 'EDF meter readings',
  timeZone: 'Europe/Paris',
  header: [/^date de releve/, /^index\b.*\(kwh\)$/],
  confidence: 0.97,
  stamp: /^date de releve/,
  order: 'dmy',
  decimal: ',',
  values: [{ name: /^index\b.*\(kwh\)$/, register: 'import', unit: 'kWh', kind: 'counter' }],
  estimated: { column: /^type/, pattern: /^(index )?estim/i },
});
