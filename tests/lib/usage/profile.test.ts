import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { baseloadByMonth } from '../../../src/lib/usage/baseload.ts';
import { hourTable, isWeekend } from '../../../src/lib/usage/hour-table.ts';
import { homeFigures } from '../../../src/lib/usage/home-figures.ts';
import { hourProfile } from '../../../src/lib/usage/profile.ts';
import { seriesOf, zone } from './series.ts';

describe('hourProfile', () => {
  const first = numberOfDay('2024-01-01');
  // Weekdays: hour × 10 + day of year; weekends 1000 more.
  const table = hourTable(
    seriesOf(
      '2024-01-01',
      '2024-12-30',
      900,
      ({ dayNumber, hour }) => Math.floor(hour) * 10 + (dayNumber - first) + (isWeekend(dayNumber) ? 1000 : 0),
    ),
    zone,
  );

  it('recovers median and band of a known profile', () => {
    const { medianWh, lowWh, highWh, meanWh, counts } = hourProfile(table, {
      fromDay: 0,
      untilDay: 56,
      kind: 'weekday',
    });
    // Forty weekdays with day offsets 0..4, 7..11, …, 49..53: median 26.5 of them by symmetry.
    expect(counts[7]).toBe(40);
    expect(medianWh[7]).toBeCloseTo(4 * (70 + 26.5), 9);
    expect(meanWh[7]).toBeCloseTo(4 * (70 + 26.5), 9);
    expect((lowWh[7] ?? 0) + (highWh[7] ?? 0)).toBeCloseTo(2 * 4 * (70 + 26.5), 9);
    expect(lowWh[7]).toBeCloseTo(4 * (70 + 3.9), 9);
  });

  it('takes weekends and months apart', () => {
    expect(hourProfile(table, { kind: 'weekend' }).medianWh[0]).toBeGreaterThan(4000);
    expect(hourProfile(table, { months: [2] }).counts[12]).toBe(29);
    expect(hourProfile(table, { untilDay: 0 }).medianWh[0]).toBeNaN();
  });

  it('has one night less at 2:00 in spring and one more in autumn', () => {
    const { counts } = hourProfile(table, { months: [3] });
    expect([counts[1], counts[2], counts[3]]).toEqual([31, 30, 31]);
    expect(hourProfile(table, { months: [10] }).counts[2]).toBe(32);
  });
});

describe('baseload', () => {
  it('follows a change by the month', () => {
    const series = seriesOf('2024-01-01', '2024-07-06', 3600, ({ dayNumber, hour }) =>
      hour >= 1 && hour < 5 ? (dayNumber < numberOfDay('2024-04-01') ? 200 : 120) : 500,
    );
    expect(baseloadByMonth(hourTable(series, zone))).toEqual([
      ...['2024-01', '2024-02', '2024-03'].map((month) => ({ month, baseloadW: 200 })),
      ...['2024-04', '2024-05', '2024-06'].map((month) => ({ month, baseloadW: 120 })),
    ]);
  });
});

describe('homeFigures', () => {
  it('are of the last 365 days, and need two weeks', () => {
    const long = hourTable(
      seriesOf('2022-01-01', '2024-01-01', 3600, ({ dayNumber }) =>
        dayNumber < numberOfDay('2023-01-01') ? 9000 : 200,
      ),
      zone,
    );
    expect(homeFigures(long)).toMatchObject({ from: '2023-01-01', to: '2023-12-31', coversYear: true, baseloadW: 200 });
    expect(homeFigures(long)?.yearKwh).toBeCloseTo(0.2 * 24 * 365, 6);
    expect(
      homeFigures(
        hourTable(
          seriesOf('2024-01-01', '2024-01-13', 3600, () => 100),
          zone,
        ),
      ),
    ).toBeUndefined();
    expect(
      homeFigures(
        hourTable(
          seriesOf('2024-01-01', '2024-03-01', 86_400, () => 9000),
          zone,
        ),
      ),
    ).toBeUndefined();
  });

  it('tells the seasons apart, the other way round in the south', () => {
    const table = hourTable(
      seriesOf('2023-01-01', '2024-01-01', 3600, ({ dayNumber }) =>
        dayNumber < numberOfDay('2023-03-01')
          ? 600
          : dayNumber >= numberOfDay('2023-07-01') && dayNumber < numberOfDay('2023-08-01')
            ? 300
            : 100,
      ),
      zone,
    );
    const seasons = homeFigures(table)?.seasons;
    expect(seasons?.coldKwh).toBeCloseTo(0.5 * 24 * 59, 0);
    expect(seasons?.warmKwh).toBeCloseTo(0.2 * 24 * 31, 0);
    expect(homeFigures(table, true)?.seasons?.warmKwh).toBeCloseTo(0.5 * 24 * 59, 0);
  });
});
