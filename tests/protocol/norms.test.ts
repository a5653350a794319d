import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeVector, vectorLength, type FeatureValues } from '../../src/protocol/features.ts';
import { checkTotal, decileThresholds, isAboveMean, normsOf, rankOf } from '../../src/protocol/norms.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';

const bins = (filled: Record<number, number>) => Array.from({ length: 32 }, (_, bin) => filled[bin] ?? 0);

describe('decile thresholds', () => {
  test('known answers, worked out by hand', () => {
    // 10 homes in bin 4 (codes 32..39): the i/10 quantile is 32 + 8·i/10, rounded up.
    expect(decileThresholds(bins({ 4: 10 }))).toEqual([33, 34, 35, 36, 36, 37, 38, 39, 40]);
    // One home in bin 0 and one in bin 31: up to 5/10 in the first (8·2i/10), then 248 + 8·(2i/10 − 1).
    expect(decileThresholds(bins({ 0: 1, 31: 1 }))).toEqual([2, 4, 5, 7, 8, 250, 252, 253, 255]);
    // All in the lowest bin: never below 1; all in the highest: never above 255.
    expect(decileThresholds(bins({ 0: 1000 }))).toEqual([1, 2, 3, 4, 4, 5, 6, 7, 8]);
    expect(decileThresholds(bins({ 31: 3 }))).toEqual([249, 250, 251, 252, 252, 253, 254, 255, 255]);
  });

  test('agree with the oracle, rise, and rank a home between its neighbours', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 200 }), (codes) => {
        const counts = Array.from({ length: 32 }, (_, bin) => codes.filter((code) => code >> 3 === bin).length);
        const thresholds = decileThresholds(counts);
        const total = Array<number>(vectorLength).fill(0);
        total[0] = codes.length;
        total.splice(1, 32, ...counts);
        expect(thresholds).toEqual(expectedNorms(total).deciles[0]);
        expect(thresholds).toEqual([...thresholds].sort((a, b) => a - b));
        expect(rankOf(0, thresholds)).toBe(0);
        expect(rankOf(255, thresholds)).toBe(9);
      }),
    );
  });
});

test('rank counts every threshold reached; equal ones each count', () => {
  const thresholds = [10, 10, 10, 20, 30, 40, 50, 60, 70];
  expect([9, 10, 19, 20, 70, 255].map((code) => rankOf(code, thresholds))).toEqual([0, 3, 3, 4, 9, 9]);
  expect([99, 100, 101].map((code) => isAboveMean(code, 100))).toEqual([false, false, true]);
});

const share = fc.double({ min: 0, max: 1, noNaN: true });
const values: fc.Arbitrary<FeatureValues> = fc.record({
  meanDailyKwh: fc.double({ min: 0, max: 300, noNaN: true }),
  baseloadW: fc.double({ min: 0, max: 9000, noNaN: true }),
  peakThreeHoursKw: fc.double({ min: 0, max: 40, noNaN: true }),
  eveningShare: share,
  nightShare: share,
  middayShare: share,
  weekendRatio: fc.double({ min: 0, max: 10, noNaN: true }),
  loadFactor: share,
});
const profile = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 24, maxLength: 24 });
const vectors = fc.array(
  fc
    .tuple(values, profile, profile)
    .map(([figures, weekdayWh, weekendWh]) => encodeVector(figures, { weekdayWh, weekendWh })),
  { minLength: 1, maxLength: 12 },
);

test('norms of honest vectors are what the oracle says', () => {
  fc.assert(
    fc.property(vectors, (all) => {
      const total = expectedTotal(all);
      checkTotal(total, all.length);
      expect(normsOf(total, all.length)).toEqual(expectedNorms(total));
    }),
  );
});

test('a total that no honest homes can have is refused', () => {
  const total = expectedTotal([
    encodeVector(
      {
        meanDailyKwh: 9,
        baseloadW: 90,
        peakThreeHoursKw: 2,
        eveningShare: 0.3,
        nightShare: 0.1,
        middayShare: 0.2,
        weekendRatio: 1,
        loadFactor: 0.2,
      },
      { weekdayWh: Array<number>(24).fill(300), weekendWh: Array<number>(24).fill(300) },
    ),
  ]);
  const changed = (slot: number, value: number) => total.map((old, i) => (i === slot ? value : old));
  const bins = total.slice(1, 33).indexOf(1);
  const bad = [
    changed(0, 2),
    changed(1 + bins, 2),
    changed(1 + ((bins + 1) % 32), 1),
    changed(257, 8 * bins - 1),
    changed(257, 8 * bins + 8),
    changed(265, 1024),
    changed(312, 2000),
  ];
  for (const one of bad) expect(() => normsOf(one, 1)).toThrow(expect.objectContaining({ code: 'spoiled' }));
  expect(() => normsOf(total, 2)).toThrow(expect.objectContaining({ code: 'spoiled' }));
});
