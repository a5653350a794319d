import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guessDecimalMark, parseNumber } from '../../../src/lib/meter/number.ts';
import { guessDateOrder, parseStamp, parseTimeOfDay } from '../../../src/lib/meter/stamp.ts';

describe('numbers', () => {
  it.each([
    ['12.5', '.', 12.5],
    ['0E-20', '.', 0],
    ['1,234.5', '.', 1234.5],
    ['-.5', '.', -0.5],
    ['0,065', ',', 0.065],
    ['1.528,53700', ',', 1528.537],
    ['-266,129', ',', -266.129],
    ['1 234,5', ',', 1234.5],
    ['−3', '.', -3],
    ['9695', ',', 9695],
    ['0,065', '.', Number.NaN],
    ['12 kWh', '.', Number.NaN],
    ['1,2,3', ',', Number.NaN],
    ['', '.', Number.NaN],
    ['Infinity', '.', Number.NaN],
  ] as const)('%s with %s', (text, mark, value) => expect(parseNumber(text, mark)).toBe(value));

  it('reads back any number it is given, with either mark', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), (thousandths) => {
        const text = (thousandths / 1000).toFixed(3);
        expect(parseNumber(text, '.')).toBeCloseTo(thousandths / 1000, 9);
        expect(parseNumber(text.replace('.', ','), ',')).toBeCloseTo(thousandths / 1000, 9);
      }),
    );
  });

  it('reads every plain decimal as the language itself does', () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), fc.nat({ max: 999_999 }), fc.nat({ max: 6 }), (whole, part, zeros) => {
        const written = `${whole}.${'0'.repeat(zeros)}${part}`;
        expect(parseNumber(written, '.')).toBe(Number(written));
        expect(parseNumber(written.replace('.', ','), ',')).toBe(Number(written));
      }),
    );
  });

  it('guesses the mark from what most cells use', () => {
    expect(guessDecimalMark(['0,35', '1,2', '', 'R'])).toBe(',');
    expect(guessDecimalMark(['0.35', '1,234.5'])).toBe('.');
    expect(guessDecimalMark(['12', '13'])).toBe('.');
  });
});

const utc = (...parts: [number, number, number, number?, number?, number?]) => Date.UTC(...parts);

describe('dates and times', () => {
  it.each([
    ['2024-01-31', 'dmy', utc(2024, 0, 31), undefined],
    ['2024/09/13 00:15', 'dmy', utc(2024, 8, 13, 0, 15), undefined],
    ['31/12/2024 24:00', 'dmy', utc(2025, 0, 1), undefined],
    ['03/30/2024 00:15', 'mdy', utc(2024, 2, 30, 0, 15), undefined],
    ['11/1/2022 12:05 AM', 'mdy', utc(2022, 10, 1, 0, 5), undefined],
    ['1/07/2023 12:29:59 PM', 'dmy', utc(2023, 6, 1, 12, 29, 59), undefined],
    ['01/Dec/2013', 'dmy', utc(2013, 11, 1), undefined],
    ['6 août 2024', 'dmy', utc(2024, 7, 6), undefined],
    ['26.01.24 13:00', 'dmy', utc(2024, 0, 26, 13), undefined],
    ['2024-10-27T02:00:00+01:00', 'dmy', utc(2024, 9, 27, 2), 3_600_000],
    ['2024-10-27 02:00:00 CET+0100', 'dmy', utc(2024, 9, 27, 2), 3_600_000],
    ['2021-12-01 00:15:00 -0330', 'dmy', utc(2021, 11, 1, 0, 15), -12_600_000],
    ['2023-05-08T19:00:00.000Z', 'dmy', utc(2023, 4, 8, 19), 0],
    ['2024-07-01 12:00 AM EDT', 'mdy', utc(2024, 6, 1), -14_400_000],
    ['1/07/2024 0:30 AEST', 'dmy', utc(2024, 6, 1, 0, 30), 36_000_000],
    ['01.01.2024 14:00 MEZ', 'dmy', utc(2024, 0, 1, 14), 3_600_000],
    ['20220131', 'dmy', utc(2022, 0, 31), undefined],
    ['2024-03', 'dmy', utc(2024, 2, 1), undefined],
    ['03/2024', 'mdy', utc(2024, 2, 1), undefined],
    ['mars 2024', 'dmy', utc(2024, 2, 1), undefined],
    ['20250131143000', 'dmy', utc(2025, 0, 31, 14, 30), undefined],
    ['1704067200', 'dmy', utc(2024, 0, 1), 0],
    ['1704067200000', 'dmy', utc(2024, 0, 1), 0],
  ] as const)('%s', (text, order, wallMs, offsetMs) => expect(parseStamp(text, order)).toEqual({ wallMs, offsetMs }));

  it.each(['2024-02-30', '32/01/2024', '13/13/2024', 'Total', '', '12:30', '2024-01-01 25:00', '0.35', '1900-01-01'])(
    'refuses %s',
    (text) => expect(parseStamp(text, 'dmy')).toBeUndefined(),
  );

  it('reads times of day', () => {
    expect(['7:05', '07:05:30', '12:00 AM', '7:05 pm', '24:00'].map(parseTimeOfDay)).toEqual([
      25_500_000, 25_530_000, 0, 68_700_000, 86_400_000,
    ]);
    expect(['25:00', '7', '0,7', '12:61'].map(parseTimeOfDay)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('guesses the order of day and month, and says when it cannot', () => {
    expect(guessDateOrder(['01/02/2024', '01/13/2024'])).toEqual({ order: 'mdy', doubtful: false });
    expect(guessDateOrder(['13-02-2024'])).toEqual({ order: 'dmy', doubtful: false });
    expect(guessDateOrder(['01/02/2024', '03/04/2024']).doubtful).toBe(true);
    expect(guessDateOrder(['2024-01-02'])).toEqual({ order: 'ymd', doubtful: false });
  });
});
