/** Octopus Energy: two layouts of the United Kingdom, one of New Zealand. */

import { plural } from '../../../locales/plural.ts';
import { columnFormat } from '../column-format.ts';
import type { TableFormat } from '../format.ts';
import { columnOf, findHeader } from '../header.ts';
import { lengthBetween } from '../mapped-table.ts';
import { parseNumber } from '../number.ts';
import { parseStamp } from '../stamp.ts';

const header = [/^consumption \((kwh|m3|m³)\)$/, /^start$/, /^end$/] as const;

/** Half hours with ISO offsets, blanks after commas; the older layout, and gas in m³. */
const plain = columnFormat({
  id: 'octopus',
  name: () => 'Octopus Energy half-hourly consumption',
  timeZone: 'Europe/London',
  header,
  confidence: 0.97,
  stamp: /^start$/,
  end: /^end$/,
  order: 'ymd',
  decimal: '.',
  values: [
    { name: /^consumption \(kwh\)$/, register: 'import', unit: 'kWh' },
    { name: /^consumption \((m3|m³)\)$/, register: 'gas', unit: 'm3' },
  ],
  fallbackSeconds: 1800,
});

/** Half hours in a row that are taken for zeros; a longer hole is a meter that did not report. */
const longestZeroMs = 24 * 3_600_000;

/**
 * Since August 2024 the layout with costs leaves out half hours without any use. Holes of up to a day in such a file
 * are filled with zeros, unless the file tells zeros itself.
 */
export const octopus: TableFormat = {
  ...plain,
  open(context) {
    const reader = plain.open(context);
    const found = findHeader(context.sample.rows, header);
    const withCosts = found !== undefined && columnOf(found, /^estimated cost/) >= 0;
    return {
      row: (cells, line) => reader.row(cells, line),
      end() {
        reader.end();
        if (!withCosts) return;
        for (const rows of context.collector.all()) {
          const count = rows.length;
          const stamps = rows.stampMs.slice(0, count);
          if (rows.rule.clock !== 'utc' || rows.value.subarray(0, count).includes(0)) continue;
          const order = Uint32Array.from(stamps, (_, i) => i).sort((a, b) => (stamps[a] ?? 0) - (stamps[b] ?? 0));
          for (let n = 1; n < count; n++) {
            const before = order[n - 1] ?? 0;
            const length = rows.lengthSeconds[before] ?? 0;
            const until = stamps[order[n] ?? 0] ?? 0;
            let at = (stamps[before] ?? 0) + length * 1000;
            if (length === 0 || until - at > longestZeroMs) continue;
            for (; at + length * 1000 <= until; at += length * 1000) {
              rows.add(at, length, 0, rows.row[before] ?? 0);
              context.findings.note(
                'zero-omitted',
                'info',
                (places) =>
                  plural(places, [
                    '# half hour is not in the file. Octopus leaves out those without any use, so they were read as zero.',
                    '# half hours are not in the file. Octopus leaves out those without any use, so they were read as zero.',
                  ]),
                rows.row[before] ?? 0,
              );
            }
          }
        }
      },
    };
  },
};

/** New Zealand time, with or without summer time, as EIEP13A's “NZDT adjustment” says. */
const newZealandOffsetMs: Readonly<Record<string, number>> = { NZST: 12 * 3_600_000, NZDT: 13 * 3_600_000 };

/**
 * Consumption files of New Zealand (Electricity Authority EIEP 13A, also what Octopus NZ gives): `HDR`, then `DET`
 * rows with ICP, meter, direction (X taken from the grid, I injected), from, to, `RD` read or `ES` estimated, kWh.
 */
export const newZealand: TableFormat = {
  id: 'nz-eiep13a',
  name: () => 'New Zealand consumption file (EIEP 13A)',
  timeZone: 'Pacific/Auckland',
  input: 'rows',
  detect: ({ rows }) => {
    const header = rows[0]?.[0] === 'HDR' && /^ICP/.test(rows[0][1] ?? '');
    const detail = rows
      .slice(0, 3)
      .some((row) => row[0] === 'DET' && row.filter((cell) => parseStamp(cell, 'dmy') !== undefined).length >= 2);
    return detail
      ? { confidence: header ? 0.98 : 0.9, reason: /* @wc-include */ 'records “DET” with two times each' }
      : undefined;
  },
  open({ collector, findings }) {
    return {
      row(cells, line) {
        if (cells[0] !== 'DET') return;
        const [, , icp = '', , adjustment = '', meter = '', flow = 'X', content = ''] = cells;
        const at = cells.findIndex((cell, i) => i > 3 && /[/-].*:/.test(cell) && parseStamp(cell, 'dmy') !== undefined);
        const start = parseStamp(cells[at] ?? '', 'dmy');
        const end = parseStamp(cells[at + 1] ?? '', 'dmy');
        const value = parseNumber((cells[at + 3] ?? '').trim(), '.');
        if (start === undefined || end === undefined || Number.isNaN(value)) {
          findings.note(
            'unreadable-row',
            'warning',
            (count) =>
              plural(count, [
                '# record could not be read and was left out.',
                '# records could not be read and were left out.',
              ]),
            line,
          );
          return;
        }
        const offsetMs = newZealandOffsetMs[adjustment.trim()];
        const length = lengthBetween(start.wallMs, end.wallMs) ?? 1800;
        collector
          .open({
            register: flow.trim() === 'I' ? 'export' : 'import',
            clock: offsetMs === undefined ? 'local' : 'utc',
            label: icp.trim(),
            tariff: `${meter} ${content}`.trim(),
          })
          .add(start.wallMs - (offsetMs ?? 0), length, value * 1000, line, (cells[at + 2] ?? '').trim() === 'ES');
      },
      end() {
        // Every record stands on its own.
      },
    };
  },
};
