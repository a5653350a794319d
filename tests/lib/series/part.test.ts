import { describe, expect, it } from 'vitest';
import { partOfSeries } from '../../../src/lib/series/part.ts';
import type { ReadingSeries } from '../../../src/lib/series/types.ts';

const hours = (from: string, count: number): ReadingSeries => ({
  register: 'import',
  unit: 'Wh',
  startMs: Float64Array.from({ length: count }, (_, i) => Date.parse(from) + i * 3_600_000),
  lengthSeconds: new Uint32Array(count).fill(3600),
  energyWh: Int32Array.from({ length: count }, (_, i) => i),
  quality: new Uint8Array(count),
});

describe('part of a series', () => {
  const zone = 'Europe/Amsterdam';
  const series = hours('2024-03-29T23:00:00Z', 72);

  it('cuts at local midnights, and the two parts of a cut are the whole', () => {
    const before = partOfSeries(series, { from: '', until: '2024-04-01' }, zone);
    const after = partOfSeries(series, { from: '2024-04-01', until: '' }, zone);
    // 30 March has 24 hours, 31 March 23.
    expect(before.startMs).toHaveLength(47);
    expect(new Date(after.startMs[0] ?? 0).toISOString()).toBe('2024-03-31T22:00:00.000Z');
    expect([...before.energyWh, ...after.energyWh]).toEqual([...series.energyWh]);
  });

  it('is the series itself without bounds, and empty where nothing lies within', () => {
    expect(partOfSeries(series, { from: '', until: '' }, zone)).toBe(series);
    expect(partOfSeries(series, { from: '2025-01-01', until: '' }, zone).startMs).toHaveLength(0);
    expect(() => partOfSeries(series, { from: 'soon', until: '' }, zone)).toThrow(RangeError);
  });
});
