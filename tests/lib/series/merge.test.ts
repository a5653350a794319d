import fc from 'fast-check';
import { minuteWords } from '../../../src/locales/dates.ts';
import { describe, expect, it } from 'vitest';
import { mergeSeries } from '../../../src/lib/series/merge.ts';
import { Quality, type ReadingSeries } from '../../../src/lib/series/types.ts';
import { arbitrarySeries, seriesOf } from './arbitrary-series.ts';

const hour = 3_600_000;
const total = (series: ReadingSeries) => series.energyWh.reduce((sum, value) => sum + value, 0);
const overlaps = ({ startMs, lengthSeconds }: ReadingSeries) =>
  startMs.some((start, i) => i > 0 && start < (startMs[i - 1] ?? 0) + (lengthSeconds[i - 1] ?? 0) * 1000);

describe('merge', () => {
  it('counts an interval once when files overlap, within the rounding rest', () => {
    const a = seriesOf([
      [0, 3600, 100],
      [hour, 3600, 200],
    ]);
    const b = seriesOf([
      [hour, 3600, 201],
      [2 * hour, 3600, 300],
    ]);
    const merged = mergeSeries(a, b);
    expect(merged).toMatchObject({ added: 1, agreed: 1, replaced: 0, conflicts: 0, findings: [] });
    expect(total(merged.series)).toBe(600);
  });

  it('keeps what was stored where both are measured and differ, and says so', () => {
    const merged = mergeSeries(seriesOf([[0, 3600, 100]]), seriesOf([[0, 3600, 150]]));
    expect(total(merged.series)).toBe(100);
    expect(merged.conflicts).toBe(1);
    expect(merged.findings[0]).toMatchObject({ kind: 'merge-conflict', severity: 'warning', count: 1, rows: [1] });
    expect(merged.findings[0]?.message).toContain(`First at: ${minuteWords(0)}.`);
    expect(merged.differences).toEqual([{ startMs: 0, endMs: hour, kept: 100, incoming: 150 }]);
  });

  it('tells differences in the home’s time, the first twenty one by one', () => {
    const at = (energy: number) => seriesOf(Array.from({ length: 30 }, (_, i) => [i * hour, 3600, energy + i]));
    const merged = mergeSeries(at(100), at(500), 'Europe/Amsterdam');
    expect(merged.findings[0]?.message).toContain(`First at: ${minuteWords(hour)}.`);
    expect(merged.conflicts).toBe(30);
    expect(merged.differences).toHaveLength(20);
    expect(merged.differences[19]).toEqual({ startMs: 19 * hour, endMs: 20 * hour, kept: 119, incoming: 519 });
    // A day beside its quarters differs as a whole.
    const day = mergeSeries(
      seriesOf([[0, 86_400, 2400]]),
      seriesOf([
        [hour, 3600, 100],
        [2 * hour, 3600, 90],
      ]),
    );
    expect(day.differences).toEqual([{ startMs: 0, endMs: 24 * hour, kept: 2400, incoming: 190 }]);
  });

  it('lets measured replace estimated and missing, never the other way round', () => {
    const weak = seriesOf([
      [0, 3600, 100, Quality.estimated],
      [hour, 3600, 0, Quality.missing],
    ]);
    const strong = seriesOf([
      [0, 3600, 150],
      [hour, 3600, 70],
    ]);
    expect(total(mergeSeries(weak, strong).series)).toBe(220);
    expect(total(mergeSeries(strong, weak).series)).toBe(220);
  });

  it('takes the finer of two that tell the same energy, whichever came first', () => {
    const day = seriesOf([[0, 3600, 100]]);
    const quarters = seriesOf([0, 1, 2, 3].map((i) => [i * 900_000, 900, 25] as const));
    expect(mergeSeries(day, quarters).series.startMs).toHaveLength(4);
    expect(mergeSeries(quarters, day).series.startMs).toHaveLength(4);
  });

  it('does not trade a whole day for a part of it', () => {
    const day = seriesOf([[0, 86_400, 2400]]);
    const part = seriesOf([
      [0, 3600, 500],
      [hour, 3600, 500],
    ]);
    expect(total(mergeSeries(day, part).series)).toBe(2400);
    expect(mergeSeries(day, part).conflicts).toBe(1);
  });

  it('refuses another register', () => {
    expect(() => mergeSeries(seriesOf([]), { ...seriesOf([]), register: 'export' })).toThrow(RangeError);
  });

  it('is idempotent, ascending and free of overlaps for any two series', () => {
    fc.assert(
      fc.property(arbitrarySeries, arbitrarySeries, (a, b) => {
        const once = mergeSeries(a, b).series;
        expect(overlaps(once)).toBe(false);
        expect(mergeSeries(once, b).series).toEqual(once);
        expect(mergeSeries(a, a).series).toEqual(a);
        expect(mergeSeries(a, a).conflicts).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
