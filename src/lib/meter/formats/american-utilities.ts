/** Utilities of the United States beside Ameren: PG&E and Exelon, SDG&E, Xcel bills, United Power. */

import { plural } from '../../../locales/plural.ts';
import { columnFormat } from '../column-format.ts';
import { MeterFileError } from '../errors.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { lengthBetween } from '../mapped-table.ts';
import { parseNumber } from '../number.ts';
import { parseStamp } from '../stamp.ts';

const refuseGas = ({ rows }: FileSample): void => {
  const preamble = rows
    .slice(0, 15)
    .filter((row) => row.length <= 2 || row.slice(2).every((cell) => cell.trim() === ''));
  if (
    preamble.some(
      ([name = '', value = '']) => /^(resource|commodity|service)$/i.test(name.trim()) && /\bgas\b/i.test(value),
    )
  )
    throw new MeterFileError(
      'no-electricity',
      'This file holds gas only. Choose your electricity meter when you download the data.',
    );
};

const withGasRefused = (format: TableFormat): TableFormat => ({
  ...format,
  open(context) {
    refuseGas(context.sample);
    return format.open(context);
  },
});

const electric = { column: /^type$/, pattern: /elec/i } as const;
const gas = { column: /^type$/, pattern: /gas/i } as const;

/**
 * Opower “Download My Data” (PG&E, Exelon: PECO, BGE, ComEd; SDG&E until 2023): a preamble, then a row an interval
 * with date, start and end (its last minute); or a row a bill. Usage may be net: negative when solar is exported.
 */
export const opower = withGasRefused(
  columnFormat({
    id: 'opower',
    name: () => 'Opower usage (PG&E, PECO, BGE, ComEd)',
    timeZone: 'America/Los_Angeles',
    header: [/^type$/, /^(date|start date)$/, /^(start time|end date)$/, /^(usage|import)( \((kwh|therms)\))?$/],
    confidence: 0.96,
    stamp: /^(date|start date)$/,
    timeOfDay: /^start time$/,
    end: /^end date$/,
    endTimeOfDay: /^end time$/,
    endIsLastDay: true,
    order: 'mdy',
    decimal: '.',
    values: [
      { name: /^(usage|import)( \(kwh\))?$/, register: 'import', unit: 'kWh', when: electric },
      { name: /^export \(kwh\)$/, register: 'export', unit: 'kWh', when: electric },
      { name: /^usage( \(therms\))?$/, register: 'gas', unit: 'therm', when: gas },
    ],
    estimated: { column: /^notes$/, pattern: /estimat/i },
  }),
);

/** SDG&E from 2024: preamble, then date, time of day with AM/PM, minutes, what was taken and what was delivered. */
export const sdge = withGasRefused(
  columnFormat({
    id: 'sdge',
    name: () => 'SDG&E interval data',
    timeZone: 'America/Los_Angeles',
    header: [/^meter number$/, /^date$/, /^start time$/, /^duration$/],
    confidence: 0.97,
    stamp: /^date$/,
    timeOfDay: /^start time$/,
    minutes: /^duration$/,
    order: 'mdy',
    decimal: '.',
    label: /^meter number$/,
    values: [
      { name: /^(consum|value$|usage)/, register: 'import', unit: 'kWh' },
      { name: /^generat/, register: 'export', unit: 'kWh' },
    ],
  }),
);

/** Bills by date (Xcel Energy and others): the use since the bill before, newest first. */
export const xcelBills = columnFormat({
  id: 'bills',
  name: () => 'Bills with usage (Xcel Energy and others)',
  timeZone: 'America/Denver',
  header: [
    /^(bill|billing|read|statement) (end )?date$/,
    /^(electric |electricity |billed )?(usage|consumption)( \(kwh\))?$|^gas usage/,
  ],
  // Readings by the hour name their columns alike.
  without: /\btime$|^hour\b|^interval\b/,
  confidence: 0.93,
  stamp: /^(bill|billing|read|statement) (end )?date$/,
  edge: 'end',
  order: 'mdy',
  decimal: '.',
  values: [
    { name: /^(electric |electricity |billed )?(usage|consumption)( \(kwh\))?$/, register: 'import', unit: 'kWh' },
    { name: /^gas (usage|consumption) \(therms\)$/, register: 'gas', unit: 'therm' },
  ],
  fallbackSeconds: 30 * 86_400,
});

const range = /^\s*(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)\s+to\s+(\d{4}-\d{2}-\d{2} \d{2}:\d{2}(?::\d{2})?)\s*$/;

/**
 * United Power (CO), and Southern California Edison alike: a printed report with banners. Each section has its own unit; sections in kW are peak demand.
 * A section without a name of its own is what was used, delivered (all negative) or net (both signs).
 */
export const unitedPower: TableFormat = {
  id: 'united-power',
  name: () => 'United Power usage report',
  timeZone: 'America/Denver',
  input: 'rows',
  detect: ({ rows, text }) =>
    /^[ \t"]*(?:Energy )?Usage Information[ \t\r",;]*$/m.test(text) &&
    /Type of readings:/.test(text) &&
    rows.some((row) => range.test(row[0] ?? ''))
      ? { confidence: 0.97, reason: /* @wc-include */ 'the banner “Usage Information” and ranges of time' }
      : undefined,
  open({ collector, findings }) {
    interface Section {
      readonly isEnergy: boolean;
      readonly rows: { startMs: number; seconds: number; kWh: number; line: number }[];
    }
    const sections: Section[] = [];
    return {
      row(cells, line) {
        const text = cells.join(',');
        if (/type of readings:/i.test(text)) {
          sections.push({ isEnergy: /electricity/i.test(text) && !/in kilowatts\b/i.test(text), rows: [] });
          return;
        }
        const match = range.exec(cells[0] ?? '');
        if (match === null) return;
        const start = parseStamp(match[1] ?? '', 'ymd');
        const end = parseStamp(match[2] ?? '', 'ymd');
        const kWh = parseNumber((cells[1] ?? '').trim(), '.');
        if (start === undefined || end === undefined || Number.isNaN(kWh)) {
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
        sections
          .at(-1)
          ?.rows.push({ startMs: start.wallMs, seconds: lengthBetween(start.wallMs, end.wallMs) ?? 0, kWh, line });
      },
      end() {
        for (const { isEnergy, rows } of sections) {
          if (!isEnergy) {
            findings.note(
              'other-quantity',
              'info',
              'A section in kilowatts was left out: it is the highest power, not energy.',
              rows[0]?.line ?? 0,
            );
            continue;
          }
          const negative = rows.some(({ kWh }) => kWh < 0);
          const positive = rows.some(({ kWh }) => kWh > 0);
          const register = negative ? (positive ? 'other' : 'export') : 'import';
          const target = collector.open({
            register,
            clock: 'local',
            ...(register === 'other' ? { label: 'net' } : {}),
          });
          for (const { startMs, seconds, kWh, line } of rows)
            target.add(startMs, seconds, (register === 'export' ? -kWh : kWh) * 1000, line);
        }
      },
    };
  },
};
