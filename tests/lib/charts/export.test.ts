import { describe, expect, it } from 'vitest';
import { csvOf, fileNameOf } from '../../../src/lib/charts/export.ts';

describe('csvOf', () => {
  it('quotes what needs it, leaves the unknown empty, and disarms formulas', () => {
    expect(
      csvOf(
        ['Day', 'kWh'],
        [
          ['Mon, 1 Jan', 12.5],
          ['say "x"', undefined],
          ['=1+1', Number.NaN],
        ],
      ),
    ).toBe('Day,kWh\r\n"Mon, 1 Jan",12.5\r\n"say ""x""",\r\n\'=1+1,\r\n');
  });
});

describe('fileNameOf', () => {
  it('keeps letters of any script', () => {
    expect(fileNameOf('Day by day: März 2024', 'csv')).toBe('day-by-day-märz-2024.csv');
    expect(fileNameOf('…', 'png')).toBe('chart.png');
  });
});
