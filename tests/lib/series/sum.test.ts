import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addSeries } from '../../../src/lib/series/sum.ts';
import { Quality } from '../../../src/lib/series/types.ts';
import { arbitrarySeries, seriesOf } from './arbitrary-series.ts';

const rows = ({ startMs, lengthSeconds, energyWh, quality }: ReturnType<typeof seriesOf>) =>
  [...startMs].map((start, i) => [start, lengthSeconds[i], energyWh[i], quality[i]]);

describe('sum of channels', () => {
  it('adds intervals that coincide and keeps those that stand alone', () => {
    const a = seriesOf([
      [0, 900, 10],
      [900_000, 900, 20],
    ]);
    const b = seriesOf([
      [900_000, 900, 5, Quality.estimated],
      [1_800_000, 900, 7],
    ]);
    expect(rows(addSeries(a, b))).toEqual([
      [0, 900, 10, 0],
      [900_000, 900, 25, 1],
      [1_800_000, 900, 7, 0],
    ]);
  });

  it('makes one interval of a stretch that is cut differently', () => {
    const hour = seriesOf([[0, 3600, 100]]);
    const quarters = seriesOf([0, 1, 2, 3].map((i) => [i * 900_000, 900, 1] as const));
    expect(rows(addSeries(hour, quarters))).toEqual([[0, 3600, 104, 0]]);
  });

  it('does not know the sum of what one of them knows in part', () => {
    const hour = seriesOf([[0, 3600, 100]]);
    expect(rows(addSeries(hour, seriesOf([[0, 900, 1]])))).toEqual([[0, 3600, 0, Quality.missing]]);
    expect(rows(addSeries(hour, seriesOf([[0, 3600, 0, Quality.missing]])))).toEqual([[0, 3600, 0, Quality.missing]]);
  });

  it('does not depend on the order, and never overlaps', () => {
    fc.assert(
      fc.property(arbitrarySeries, arbitrarySeries, (a, b) => {
        const sum = addSeries(a, b);
        expect(rows(addSeries(b, a))).toEqual(rows(sum));
        expect(rows(addSeries(a, seriesOf([])))).toEqual(rows(a));
        let untilMs = -Infinity;
        for (const [i, start] of sum.startMs.entries()) {
          expect(start).toBeGreaterThanOrEqual(untilMs);
          untilMs = start + (sum.lengthSeconds[i] ?? 0) * 1000;
        }
      }),
      { numRuns: 200 },
    );
  });
});
