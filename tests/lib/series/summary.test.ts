import { describe, expect, it } from 'vitest';
import { summarize } from '../../../src/lib/series/summary.ts';
import { Quality } from '../../../src/lib/series/types.ts';
import { seriesOf } from './arbitrary-series.ts';

describe('summary', () => {
  it('counts, sums and finds the typical step', () => {
    const series = seriesOf([
      [0, 900, 5],
      [900_000, 900, 7, Quality.estimated],
      [1_800_000, 3600, 0, Quality.missing],
    ]);
    expect(summarize(series)).toEqual({
      readings: 3,
      estimated: 1,
      missing: 1,
      firstMs: 0,
      lastMs: 1_800_000,
      endMs: 5_400_000,
      stepSeconds: 900,
      total: 12,
    });
  });

  it('has no period when there is nothing', () => {
    expect(summarize(seriesOf([]))).toMatchObject({
      readings: 0,
      firstMs: undefined,
      endMs: undefined,
      stepSeconds: 0,
    });
  });
});
