/** Tables with one row a day and one column an interval (“00:00-00:15”). */

import { plural } from '../../../locales/plural.ts';
import { startOfDayNumber } from '../../series/local-day.ts';
import type { FileSample, TableFormat } from '../format.ts';
import { columnOf, findHeader, type Header } from '../header.ts';
import { guessDecimalMark, parseNumber } from '../number.ts';
import { guessDateOrder, parseStamp } from '../stamp.ts';

interface Slot {
  readonly column: number;
  readonly fromMs: number;
  readonly lengthSeconds: number;
}

const timeOfDay = String.raw`([01]?\d|2[0-5])[:.]([0-5]\d)(?::[0-5]\d)?`;
const slotName = new RegExp(`^${timeOfDay}(?: ?(?:-|–|to|a) ?${timeOfDay})?$`);

/** Columns whose names are times of day or ranges of them. */
const slotsOf = (header: Header): Slot[] => {
  const found = header.keys.flatMap((key, column) => {
    const match = slotName.exec(key);
    if (match === null) return [];
    const fromMs = (Number(match[1]) * 60 + Number(match[2])) * 60_000;
    const untilMs = match[3] === undefined ? undefined : (Number(match[3]) * 60 + Number(match[4])) * 60_000;
    return [{ column, fromMs, untilMs }];
  });
  return found.map(({ column, fromMs, untilMs }, i) => {
    const end = untilMs ?? found[i + 1]?.fromMs ?? 86_400_000;
    return { column, fromMs, lengthSeconds: (end > fromMs ? end - fromMs : end + 86_400_000 - fromMs) / 1000 };
  });
};

const findWide = (
  sample: FileSample,
  dateName: RegExp,
): { header: Header; slots: Slot[]; date: number } | undefined => {
  const header = findHeader(sample.rows, [slotName, dateName]);
  if (header === undefined) return undefined;
  const slots = slotsOf(header);
  const date = columnOf(header, dateName);
  return slots.length >= 24 ? { header, slots, date } : undefined;
};

interface WideFacts {
  readonly id: string;
  readonly name: () => string;
  readonly timeZone: string;
  readonly fixedTimeZone?: boolean;
  readonly confidence: number;
  readonly date: RegExp;
  /** Other columns that must be there. */
  readonly required: readonly RegExp[];
  /** A row whose cell in this column matches was delivered to the grid; all others were taken from it. */
  readonly exported?: { readonly column: RegExp; readonly pattern: RegExp };
  readonly label?: RegExp;
  readonly unitIsGuessed?: boolean;
  readonly estimated?: { readonly column: RegExp; readonly pattern: RegExp };
}

const wideFormat = (facts: WideFacts): TableFormat => ({
  id: facts.id,
  name: facts.name,
  timeZone: facts.timeZone,
  ...(facts.fixedTimeZone === undefined ? {} : { fixedTimeZone: facts.fixedTimeZone }),
  input: 'rows',
  detect(sample) {
    const found = findWide(sample, facts.date);
    if (found === undefined || !facts.required.every((name) => found.header.keys.some((key) => name.test(key))))
      return undefined;
    return {
      confidence: facts.confidence,
      reason: /* @wc-include */ `one row a day with ${found.slots.length} columns of times`,
    };
  },
  open({ sample, collector, findings, timeZone }) {
    const found = findWide(sample, facts.date);
    if (found === undefined) throw new RangeError(`sample: no ${facts.id} table`);
    const { header, slots, date } = found;
    // Columns beyond 24:00 hold the 25th hour of the autumn day: places are counted from midnight on, not by the clock.
    const isNumbered = slots.some(({ fromMs }) => fromMs >= 86_400_000);
    const data = sample.rows.slice(header.index + 1);
    const decimal =
      sample.decimal ??
      guessDecimalMark(data.slice(0, 10).flatMap((row) => slots.map(({ column }) => row[column] ?? '')));
    const guessed = guessDateOrder(data.map((row) => row[date] ?? ''));
    if (facts.unitIsGuessed === true)
      findings.note(
        'unit-doubt',
        'info',
        'The file does not say in which unit its values are. They were read as kWh taken from the grid; compare the total with your bill.',
      );
    const columnNamed = (name: RegExp | undefined) => (name === undefined ? -1 : columnOf(header, name));
    const [exportColumn, labelColumn, estimatedColumn] = [
      columnNamed(facts.exported?.column),
      columnNamed(facts.label),
      columnNamed(facts.estimated?.column),
    ];
    let passed = 0;
    return {
      row(cells, line) {
        if (passed++ <= header.index) return;
        const stamp = parseStamp(cells[date] ?? '', guessed.order);
        if (stamp === undefined) {
          if (cells.some((cell) => /\d/.test(cell)))
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
        const cell = (column: number): string => (cells[column] ?? '').trim();
        const label = cell(labelColumn);
        const estimated = facts.estimated?.pattern.test(cell(estimatedColumn)) ?? false;
        const rows = collector.open({
          register: facts.exported?.pattern.test(cell(exportColumn)) === true ? 'export' : 'import',
          clock: isNumbered ? 'utc' : 'local',
          ...(label === '' ? {} : { label }),
        });
        const number = Math.floor(stamp.wallMs / 86_400_000);
        const [midnightMs, endMs] = isNumbered
          ? [startOfDayNumber(number, timeZone), startOfDayNumber(number + 1, timeZone)]
          : [0, 0];
        for (const { column, fromMs, lengthSeconds } of slots) {
          if (cells.length <= column) continue;
          const value = parseNumber(cells[column] ?? '', decimal);
          if (Number.isNaN(value) && !/^-?$/.test(cell(column)))
            findings.note(
              'unreadable-row',
              'warning',
              (count) =>
                plural(count, [
                  '# value could not be read and was marked as missing.',
                  '# values could not be read and were marked as missing.',
                ]),
              line,
              'value',
            );
          if (isNumbered) {
            // The place of the 25th hour is empty on all days but one.
            const startMs = midnightMs + fromMs;
            if (startMs < endMs || !Number.isNaN(value))
              rows.add(startMs, lengthSeconds, value * 1000, line, estimated);
          } else rows.add(stamp.wallMs + fromMs, lengthSeconds, value * 1000, line, estimated);
        }
      },
      end() {
        // Every row stands on its own.
      },
    };
  },
});

/** e-distribuzione (IT): `Giorno`, then 96 quarter hours, decimal comma, quoted. */
export const enel = wideFormat({
  id: 'e-distribuzione',
  name: () => /* @wc-include */ 'e-distribuzione (Enel) quarter hours',
  timeZone: 'Europe/Rome',
  confidence: 0.97,
  date: /^(giorno|data)$/,
  required: [],
  exported: { column: /^(tipo|flusso|energia)/, pattern: /immess|produz/i },
});

/**
 * Victorian distributors (AusNet, Jemena, CitiPower, Powercor, United Energy): meter, consumption or generation,
 * date, then 48 half hours. Times are market time (UTC+10) all year.
 */
export const victorianWide = wideFormat({
  id: 'au-wide',
  name: () => 'Australian half hours, a row a day',
  timeZone: 'Australia/Brisbane',
  fixedTimeZone: true,
  confidence: 0.97,
  date: /^date$/,
  required: [/^nmi$/],
  exported: { column: /^(con\/gen|con gen|usage type|register|stream)$/, pattern: /^(gen|b|export|solar)/i },
  label: /^nmi$/,
  estimated: { column: /^estimated\??$/, pattern: /^y/i },
});

/** Any other table of that shape, such as SCE's. */
export const otherWide = wideFormat({
  id: 'wide',
  name: () => 'Table with a row a day and a column an interval',
  timeZone: 'UTC',
  confidence: 0.6,
  unitIsGuessed: true,
  date: /^(date|datum|data|giorno|fecha|jour|day|tag)$/,
  required: [],
});
