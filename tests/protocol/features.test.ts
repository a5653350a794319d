import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  codeOf,
  encodeVector,
  features,
  slotName,
  slots,
  valueOf,
  vectorLength,
  vectorParts,
  type FeatureValues,
} from '../../src/protocol/features.ts';

const values: FeatureValues = {
  meanDailyKwh: 10.1,
  baseloadW: 120,
  peakThreeHoursKw: 2.5,
  eveningShare: 0.3,
  nightShare: 0.1,
  middayShare: 0.25,
  weekendRatio: 1.01,
  loadFactor: 0.2,
};
const flat = { weekdayWh: Array<number>(24).fill(417), weekendWh: Array<number>(24).fill(20_000) };

describe('codes', () => {
  test('known answers, worked out by hand', () => {
    // ln 20.2/ln 400·256 = 128.4; ln 12/ln 500·256 = 102.4; ln 25/ln 250·256 = 149.2; 0.3/0.5·256 = 153.6; …
    expect(features.map((feature) => codeOf(feature, values[feature.name]))).toEqual([
      128, 102, 149, 153, 34, 85, 128, 51,
    ]);
  });

  test.each(features)('$name: ends are open, steps rise, and the middle of a step has its own code', (feature) => {
    expect(codeOf(feature, 0)).toBe(0);
    expect(codeOf(feature, 1e9)).toBe(255);
    for (let code = 0; code < 256; code++) expect(codeOf(feature, valueOf(feature, code))).toBe(code);
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 300, noNaN: true }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (a, b) => {
          expect(codeOf(feature, Math.min(a, b))).toBeLessThanOrEqual(codeOf(feature, Math.max(a, b)));
        },
      ),
    );
    for (const bad of [-0.1, Number.NaN, Infinity]) expect(() => codeOf(feature, bad)).toThrow('must be a number');
  });
});

describe('vector', () => {
  test('has 313 named slots: count, histograms, code sums, profiles in 10 Wh, capped', () => {
    const vector = encodeVector(values, flat);
    expect(vectorLength).toBe(313);
    expect(slots).toHaveLength(313);
    expect(new Set(slots.map(slotName)).size).toBe(313);
    expect(vector).toHaveLength(313);
    const parts = vectorParts(vector);
    expect(parts.count).toBe(1);
    expect(parts.histograms.map((bins) => bins.indexOf(1))).toEqual([16, 12, 18, 19, 4, 10, 16, 6]);
    expect(parts.histograms.map((bins) => bins.reduce((a, b) => a + b))).toEqual(Array(8).fill(1));
    expect(parts.codeSums).toEqual([128, 102, 149, 153, 34, 85, 128, 51]);
    expect(parts.weekday).toEqual(Array(24).fill(42));
    expect(parts.weekend).toEqual(Array(24).fill(1023));
  });

  test('refuses profiles that are no profile', () => {
    expect(() => encodeVector(values, { ...flat, weekdayWh: [1] })).toThrow('24 hours');
    expect(() => encodeVector(values, { ...flat, weekdayWh: Array<number>(24).fill(-1) })).toThrow('at least 0');
    expect(() => vectorParts([1, 2])).toThrow('313');
  });
});
