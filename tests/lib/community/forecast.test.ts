import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forecast } from '../../../src/lib/community/forecast.ts';

test('is the share of the expected time, and beyond that still moves and never ends', () => {
  expect(forecast(0, 1000)).toBe(0);
  expect(forecast(450, 1000)).toBeCloseTo(0.45, 9);
  expect(forecast(900, 1000)).toBeCloseTo(0.9, 9);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), (elapsed) => {
      const now = forecast(elapsed, 1000);
      expect(now).toBeGreaterThan(forecast(elapsed - 1, 1000));
      expect(now).toBeLessThan(1);
    }),
  );
});
