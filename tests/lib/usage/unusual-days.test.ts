import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { dayTotals, type DayTotal } from '../../../src/lib/usage/days.ts';
import { hourTable } from '../../../src/lib/usage/hour-table.ts';
import { monthAhead } from '../../../src/lib/usage/month-ahead.ts';
import { normalQuantile, studentQuantile } from '../../../src/lib/usage/statistics.ts';
import { unusualDays } from '../../../src/lib/usage/unusual-days.ts';
import { simulateHome } from '../../../src/simulation/homes.ts';
import { seriesOf, zone } from './series.ts';

/** A steady home: 8 kWh on weekdays, 10 at weekends, ±10 % by day. */
const steady = (from: string, to: string, factor: (day: string) => number = () => 1): DayTotal[] =>
  dayTotals(
    hourTable(
      seriesOf(from, to, 3600, ({ dayNumber }) => 333 + ((dayNumber * 7919) % 67)),
      zone,
    ),
  ).map((day) => ({
    ...day,
    energyWh: day.energyWh * factor(day.day),
  }));

describe('unusualDays', () => {
  it('finds a planted spike and a planted empty day, and nothing in a quiet year', () => {
    expect(unusualDays(steady('2023-01-01', '2024-01-01'))).toEqual([]);
    const planted = steady('2023-01-01', '2024-01-01', (day) =>
      day === '2023-05-10' ? 3 : day === '2023-08-02' ? 0.2 : 1,
    );
    const found = unusualDays(planted);
    expect(found.map(({ day, score }) => [day, score > 0])).toEqual([
      ['2023-05-10', true],
      ['2023-08-02', false],
    ]);
    expect(found[0]?.expectedWh).toBeGreaterThan(7000);
    expect(found[0]?.expectedWh).toBeLessThan(10_000);
  });

  it('flags few high days of homes in which people live', () => {
    let flagged = 0;
    for (let index = 0; index < 20; index += 1) {
      const options = {
        seed: 9,
        index,
        timeZone: zone,
        from: '2023-01-01',
        to: '2024-01-01',
        stepSeconds: 3600,
      } as const;
      flagged += unusualDays(dayTotals(hourTable(simulateHome(options).import, zone))).filter(
        ({ score }) => score > 0,
      ).length;
    }
    expect(flagged / 20 / 365).toBeLessThan(0.03);
  });
});

describe('monthAhead', () => {
  it('sees a high month coming and is silent in a usual one', () => {
    const usual = steady('2023-01-01', '2024-03-16');
    expect(monthAhead(usual)).toMatchObject({ month: '2024-03', knownDays: 15, usualIs: 'last-year', isHigh: false });
    const high = monthAhead(steady('2023-01-01', '2024-03-16', (day) => (day >= '2024-02-20' ? 1.6 : 1)));
    expect(high?.isHigh).toBe(true);
    expect(high?.expectedWh).toBeGreaterThan(1.5 * (high?.usualWh ?? 0));
    expect(high && high.lowWh < high.expectedWh && high.expectedWh < high.highWh).toBe(true);
  });

  it('says nothing in the first week, at the end, or with nothing to compare', () => {
    expect(monthAhead(steady('2023-01-01', '2024-03-05'))).toBeUndefined();
    expect(monthAhead(steady('2023-01-01', '2024-04-01'))).toBeUndefined();
    expect(monthAhead(steady('2024-02-20', '2024-03-16'))).toBeUndefined();
  });

  it('covers the month’s true total in nearly all homes', () => {
    let covered = 0;
    for (let index = 0; index < 40; index += 1) {
      const options = {
        seed: 9,
        index,
        timeZone: zone,
        from: '2023-10-01',
        to: '2024-03-01',
        stepSeconds: 3600,
      } as const;
      const days = dayTotals(hourTable(simulateHome(options).import, zone));
      const outlook = monthAhead(days.filter(({ dayNumber }) => dayNumber < numberOfDay('2024-02-15')));
      const total = days.filter(({ day }) => day >= '2024-02-01').reduce((sum, day) => sum + day.energyWh, 0);
      if (outlook && outlook.lowWh <= total && total <= outlook.highWh) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(34);
  });
});

describe('quantiles', () => {
  it.each([
    [0.975, 1.959963985],
    [0.5, 0],
    [0.01, -2.326347874],
  ])('normal %d', (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 7));
  // Student's t, two-sided 95 %, from any table.
  it.each([
    [4, 2.776],
    [10, 2.228],
    [30, 2.042],
  ])('t with %d degrees of freedom', (freedom, t) => expect(studentQuantile(0.975, freedom) / t).toBeCloseTo(1, 2));
});
