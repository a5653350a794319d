import { describe, expect, it } from 'vitest';
import { encodeVector, vectorLength } from '../../../src/protocol/features.ts';
import { localDayBounds } from '../../../src/lib/series/local-day.ts';
import { monthFeatures } from '../../../src/lib/usage/features.ts';
import { isWeekend } from '../../../src/lib/usage/hour-table.ts';
import { simulateHome } from '../../../src/simulation/homes.ts';
import { seriesOf, without, zone } from './series.ts';

describe('monthFeatures', () => {
  it('gives the figures of a month worked by hand', () => {
    // 200 Wh an hour, but 1,000 in each of 17..20; weekends twice that. April 2024: 22 weekdays, 8 weekend days.
    const april = seriesOf('2024-04-01', '2024-05-01', 3600, ({ dayNumber, hour }) => {
      return (hour >= 17 && hour < 21 ? 1000 : 200) * (isWeekend(dayNumber) ? 2 : 1);
    });
    const { values, profiles } = monthFeatures(april, '2024-04', zone);
    expect(values.meanDailyKwh).toBeCloseTo((8 * (22 + 16)) / 30, 9);
    expect(values.baseloadW).toBe(200);
    expect(values.peakThreeHoursKw).toBe(2);
    expect(values.eveningShare).toBeCloseTo(0.5, 12);
    expect(values.nightShare).toBeCloseTo(1 / 8, 12);
    expect(values.middayShare).toBeCloseTo(1.2 / 8, 12);
    expect(values.weekendRatio).toBeCloseTo(2, 12);
    expect(values.loadFactor).toBeCloseTo((8 * 38) / 30 / 24 / 2, 12);
    expect(profiles.weekdayWh).toEqual(Array.from({ length: 24 }, (_, hour) => (hour >= 17 && hour < 21 ? 1000 : 200)));
    expect(profiles.weekendWh[3]).toBe(400);
  });

  it('gives the same from hourly as from quarter-hourly readings', () => {
    const options = { seed: 5, index: 9, timeZone: zone, from: '2024-10-01', to: '2024-11-01' } as const;
    const hourly = simulateHome({ ...options, stepSeconds: 3600 }).import;
    const quarterly = simulateHome({ ...options, stepSeconds: 900 }).import;
    expect(monthFeatures(quarterly, '2024-10', zone)).toEqual(monthFeatures(hourly, '2024-10', zone));
  });

  it('takes only the asked month of a longer series', () => {
    const options = { seed: 5, index: 2, timeZone: zone, stepSeconds: 900 } as const;
    const year = simulateHome({ ...options, from: '2024-01-01', to: '2025-01-01' }).import;
    const march = simulateHome({ ...options, from: '2024-03-01', to: '2024-04-01' }).import;
    expect(monthFeatures(year, '2024-03', zone)).toEqual(monthFeatures(march, '2024-03', zone));
  });

  it('is not moved by a gap of three days in a steady month', () => {
    const steady = seriesOf('2024-06-01', '2024-07-01', 1800, ({ hour }) => (hour < 6 ? 50 : 200));
    const gap = without(steady, localDayBounds('2024-06-10', zone).startMs, localDayBounds('2024-06-13', zone).startMs);
    const whole = monthFeatures(steady, '2024-06', zone).values;
    const part = monthFeatures(gap, '2024-06', zone).values;
    expect(part.meanDailyKwh).toBeCloseTo(whole.meanDailyKwh, 9);
    expect(part.nightShare).toBeCloseTo(whole.nightShare, 9);
  });

  it('makes a vector of every simulated home, an empty one included', () => {
    for (let index = 0; index < 20; index += 1) {
      const home = simulateHome({
        seed: 3,
        index,
        timeZone: zone,
        from: '2024-01-01',
        to: '2024-02-01',
        stepSeconds: 3600,
      });
      const { values, profiles } = monthFeatures(home.import, '2024-01', zone);
      expect(encodeVector(values, profiles)).toHaveLength(vectorLength);
      expect(values.eveningShare + values.nightShare + values.middayShare).toBeLessThan(1);
    }
    const empty = monthFeatures(
      seriesOf('2024-01-01', '2024-02-01', 3600, () => 0),
      '2024-01',
      zone,
    );
    expect(encodeVector(empty.values, empty.profiles)).toHaveLength(vectorLength);
  });

  it('finds a planted baseload of 180 W within 5 W, whoever lives there and with panels too', () => {
    for (let index = 0; index < 30; index += 1) {
      for (const [month, next] of [
        ['2024-02', '2024-03'],
        ['2024-06', '2024-07'],
      ] as const) {
        const home = simulateHome({
          seed: 11,
          index,
          timeZone: zone,
          from: `${month}-01`,
          to: `${next}-01`,
          stepSeconds: 900,
          traits: { baseloadW: 180, heating: 'none', heatLossWPerK: 0, hotWater: 'morning' },
        });
        const found = monthFeatures(home.import, month, zone).values.baseloadW;
        expect(Math.abs(found - 180), `home ${index} in ${month}: ${found}`).toBeLessThanOrEqual(5);
      }
    }
  });

  it('refuses a month without fine readings', () => {
    const daily = seriesOf('2024-01-01', '2024-02-01', 86_400, () => 9000);
    expect(() => monthFeatures(daily, '2024-01', zone)).toThrow(RangeError);
    expect(() => monthFeatures(daily, '2024-13', zone)).toThrow(RangeError);
  });
});
