import { describe, expect, it } from 'vitest';
import { localDayBounds } from '../../../src/lib/series/local-day.ts';
import { completeMonths } from '../../../src/lib/usage/month.ts';
import { newestCompleteMonth } from '../../../src/lib/usage/newest-month.ts';
import { seriesOf, without, zone } from './series.ts';

const start = (day: string) => localDayBounds(day, zone).startMs;

describe('newestCompleteMonth', () => {
  const year = seriesOf('2023-03-01', '2024-04-01', 3600, () => 300);

  it('says the same of the last two months as going through everything does', () => {
    for (const now of ['2024-02-01', '2024-03-01', '2024-03-31', '2024-04-01', '2024-05-30']) {
      const all = completeMonths(year, zone, start(now)).findLast(({ obstacle }) => obstacle === undefined);
      expect(newestCompleteMonth(year, zone, start(now)), now).toBe(all?.month);
    }
  });

  it('gives the month before where the last has gaps, and nothing where both have or are long ago', () => {
    const gaps = without(year, start('2024-03-05'), start('2024-03-15'));
    expect(newestCompleteMonth(gaps, zone, start('2024-04-02'))).toBe('2024-02');
    expect(
      newestCompleteMonth(without(gaps, start('2024-02-05'), start('2024-02-15')), zone, start('2024-04-02')),
    ).toBe(undefined);
    expect(newestCompleteMonth(year, zone, start('2024-08-01'))).toBe(undefined);
  });
});
