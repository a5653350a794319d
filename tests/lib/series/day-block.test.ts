import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinDays, splitByDay } from '../../../src/lib/series/day-block.ts';
import { localDayOf } from '../../../src/lib/series/local-day.ts';
import { arbitrarySeries, seriesOf } from './arbitrary-series.ts';

describe('day blocks', () => {
  it('puts the 25 hours of an autumn day in one block', () => {
    const startMs = Date.UTC(2024, 9, 26, 22);
    const hours = seriesOf(Array.from({ length: 49 }, (_, i) => [startMs + i * 3_600_000, 3600, i] as const));
    const blocks = splitByDay(hours, 'Europe/Amsterdam');
    expect(blocks.map(({ day, startMs: starts }) => [day, starts.length])).toEqual([
      ['2024-10-27', 25],
      ['2024-10-28', 24],
    ]);
    expect(blocks[1]?.energyWh.buffer.byteLength).toBe(24 * 4);
  });

  it('keeps an interval longer than a day as one reading', () => {
    const month = seriesOf([[Date.UTC(2024, 0, 1), 31 * 86_400, 300_000]]);
    expect(splitByDay(month, 'UTC')).toHaveLength(1);
  });

  it('joins what it split, in any order of blocks', () => {
    fc.assert(
      fc.property(arbitrarySeries, fc.constantFrom('Europe/Amsterdam', 'Asia/Kolkata', 'UTC'), (series, zone) => {
        const blocks = splitByDay(series, zone);
        for (const { day, startMs } of blocks) for (const ms of startMs) expect(localDayOf(ms, zone)).toBe(day);
        const joined = joinDays(blocks.toReversed());
        if (series.startMs.length === 0) expect(joined).toBeUndefined();
        else expect(joined).toEqual(series);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses blocks that overlap or mix registers', () => {
    const [block] = splitByDay(seriesOf([[0, 900, 1]]), 'UTC');
    if (block === undefined) throw new Error('no block');
    expect(() => joinDays([block, block])).toThrow(RangeError);
    expect(() => joinDays([block, { ...block, day: '1970-01-02', register: 'export' }])).toThrow(RangeError);
  });
});
