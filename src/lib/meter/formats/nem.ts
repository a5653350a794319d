/**
 * AEMO's Meter Data File Format (AU): NEM12, interval data by channel and day, and NEM13, counter reads. Times are
 * market time (UTC+10 all year; Western Power: UTC+8), whatever the home's clock.
 */

import { plural } from '../../../locales/plural.ts';
import type { FileSample, TableFormat } from '../format.ts';
import type { RegisterRule, RegisterRows } from '../collector.ts';
import { parseNumber } from '../number.ts';
import { parseStamp } from '../stamp.ts';

const marketOffsetMs = 10 * 3_600_000;
const westernOffsetMs = 8 * 3_600_000;
const factors: Readonly<Record<string, number>> = { wh: 1, kwh: 1000, mwh: 1_000_000 };

/** E channels are taken from the grid, B channels delivered to it; others are averages, net or reactive. */
const registerOf = (suffix: string): RegisterRule['register'] =>
  /^e/i.test(suffix) ? 'import' : /^b/i.test(suffix) ? 'export' : 'other';

/** Quality methods: Actual, Estimate, Final substitute, Substitute, Null, Variable. */
const isEstimated = (quality: string): boolean => /^[EFS]/i.test(quality);
const isNull = (quality: string): boolean => /^N/i.test(quality);

const startOfDate = (date: string): number | undefined =>
  /^\d{8}$/.test(date) ? parseStamp(date, 'ymd')?.wallMs : undefined;

/** Whether the header record names Western Power as the sender. */
const isWestern = ({ rows }: FileSample): boolean =>
  rows.some((row) => row[0] === '100' && /^WP|WESTERN/i.test(row[3] ?? ''));

export const nem: TableFormat = {
  id: 'nem12',
  name: () => 'Australian meter data (NEM12, NEM13)',
  timeZone: (sample) => (isWestern(sample) ? 'Australia/Perth' : 'Australia/Brisbane'),
  fixedTimeZone: true,
  input: 'rows',
  detect({ rows }) {
    const header = rows[0]?.[0] === '100' && /^NEM1[23]$/.test((rows[0][1] ?? '').trim());
    const interval =
      rows.some((row) => row[0] === '200' && row.length >= 9) &&
      rows.some((row) => row[0] === '300' && startOfDate(row[1] ?? '') !== undefined);
    const counter = rows.some((row) => row[0] === '250' && row.length >= 15);
    if (!header && !interval && !counter) return undefined;
    return {
      confidence: header ? 0.99 : 0.95,
      reason: header ? /* @wc-include */ 'the record “100,NEM12”' : /* @wc-include */ 'records 200 and 300 of NEM12',
    };
  },
  open({ collector, findings, sample }) {
    const offsetMs = isWestern(sample) ? westernOffsetMs : marketOffsetMs;
    let rows: RegisterRows | undefined;
    let factor = 1;
    let minutes = 30;
    let day: { from: number; count: number } | undefined;
    let ended = false;
    let hasHeader = false;
    const unreadable = (line: number) =>
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

    const openChannel = (
      nmi: string,
      suffix: string,
      unit: string,
      line: number,
      register = registerOf(suffix),
    ): RegisterRows | undefined => {
      const known = factors[unit.trim().toLowerCase()];
      if (known === undefined || register === 'other') {
        findings.note(
          'other-quantity',
          'info',
          `Channel ${suffix} (${unit.trim() === '' ? /* @wc-include */ 'no unit' : unit.trim()}) was left out: it is not energy taken or delivered.`,
          line,
          suffix,
        );
        return undefined;
      }
      factor = known;
      return collector.open({ register, clock: 'utc', label: nmi, channel: suffix });
    };

    const readings = (cells: readonly string[], line: number) => {
      day = undefined;
      const date = startOfDate(cells[1] ?? '');
      const count = Math.round(1440 / minutes);
      if (date === undefined || cells.length < 2 + count) {
        unreadable(line);
        return;
      }
      const quality = (cells[2 + count] ?? '').trim();
      const isMissing = isNull(quality);
      const estimated = isEstimated(quality);
      // More values than the interval length allows: the lengths of records 200 and 300 do not agree.
      if (/^[\d.]/.test(quality)) {
        unreadable(line);
        return;
      }
      if (rows === undefined) return;
      day = { from: rows.length, count };
      let bad = false;
      for (let i = 0; i < count; i++) {
        const cell = cells[2 + i] ?? '';
        const value = isMissing ? Number.NaN : parseNumber(cell, '.');
        bad ||= !isMissing && Number.isNaN(value) && cell.trim() !== '';
        rows.add(date + i * minutes * 60_000 - offsetMs, minutes * 60, value * factor, line, estimated);
      }
      if (bad) unreadable(line);
    };

    /** Record 400: the quality of some intervals of the day above. */
    const qualities = (cells: readonly string[]) => {
      if (rows === undefined || day === undefined) return;
      const from = Number(cells[1]);
      const until = Number(cells[2]);
      const quality = cells[3] ?? '';
      if (!(from >= 1 && until <= day.count)) return;
      for (let i = from; i <= until; i++) {
        const place = day.from + i - 1;
        if (isNull(quality)) rows.markMissing(place);
        else if (isEstimated(quality)) rows.markEstimated(place);
      }
    };

    const counterRead = (cells: readonly string[], line: number) => {
      const [, nmi = '', , registerId = '', suffix = '', , , direction = ''] = cells;
      const from = parseStamp(cells[9] ?? '', 'ymd');
      const until = parseStamp(cells[14] ?? '', 'ymd');
      const quantity = parseNumber((cells[18] ?? '').trim(), '.');
      // Seen from the market: E leaves the pool to the home, I enters it from there.
      const register = /^e/i.test(direction) ? 'import' : /^i/i.test(direction) ? 'export' : registerOf(suffix);
      const target = openChannel(nmi, `${registerId} ${suffix}`, cells[19] ?? '', line, register);
      if (target === undefined) return;
      if (from === undefined || until === undefined || until.wallMs <= from.wallMs || Number.isNaN(quantity)) {
        unreadable(line);
        return;
      }
      target.add(
        from.wallMs - offsetMs,
        (until.wallMs - from.wallMs) / 1000,
        quantity * factor,
        line,
        isEstimated(cells[10] ?? '') || isEstimated(cells[15] ?? ''),
      );
    };

    return {
      row(cells, line) {
        const record = (cells[0] ?? '').trim();
        if (record === '100') hasHeader = true;
        else if (record === '200') {
          const [, nmi = '', , , suffix = '', , , unit = '', length = ''] = cells;
          minutes = Number(length);
          day = undefined;
          rows = openChannel(nmi, suffix, unit, line);
          if (minutes !== 5 && minutes !== 10 && minutes !== 15 && minutes !== 30 && minutes !== 60) {
            unreadable(line);
            rows = undefined;
          }
        } else if (record === '300') readings(cells, line);
        else if (record === '400') qualities(cells);
        else if (record === '250') counterRead(cells, line);
        else if (record === '900') ended = true;
      },
      end() {
        if (hasHeader && !ended)
          findings.note(
            'truncated',
            'warning',
            'The file has no end record (900): it may have been cut off. Compare its last day with what you asked for.',
          );
      },
    };
  },
};
