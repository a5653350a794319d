import { describe, expect, it } from 'vitest';
import { localDayBounds, numberOfDay } from '../../../src/lib/series/local-day.ts';
import { Quality, type ReadingSeries } from '../../../src/lib/series/types.ts';
import { dayTotals, isWholeDay } from '../../../src/lib/usage/days.ts';
import { hourTable } from '../../../src/lib/usage/hour-table.ts';
import { againstLastYear, againstPrevious, monthTotals, periodTotal } from '../../../src/lib/usage/periods.ts';
import { seriesOf, without, zone } from './series.ts';

const daysOf = (series: ReadingSeries) => dayTotals(hourTable(series, zone));

describe('dayTotals', () => {
  it('has the energy of days of 23, 24 and 25 hours', () => {
    const spring = daysOf(seriesOf('2024-03-30', '2024-04-01', 900, () => 25));
    expect(spring.map(({ day, energyWh }) => [day, energyWh])).toEqual([
      ['2024-03-30', 2400],
      ['2024-03-31', 2300],
    ]);
    expect(daysOf(seriesOf('2024-10-27', '2024-10-28', 900, () => 25)).map((day) => day.energyWh)).toEqual([2500]);
  });

  it('tells missing, estimated and spread parts apart', () => {
    const series = seriesOf('2024-06-03', '2024-06-05', 3600, () => 100);
    const { startMs } = localDayBounds('2024-06-03', zone);
    const gappy = without(series, startMs, startMs + 6 * 3_600_000);
    const [first, second] = daysOf({
      ...gappy,
      quality: gappy.quality.map((_, i) => (i >= 18 && i < 24 ? Quality.estimated : 0)),
    });
    expect(first).toMatchObject({ measuredShare: 0.75, estimatedShare: 0, energyWh: 1800 });
    expect(second).toMatchObject({ measuredShare: 0.75, estimatedShare: 0.25, energyWh: 2400 });
    expect(first && isWholeDay(first)).toBe(false);
    expect(second && isWholeDay(second)).toBe(true);
    const bill: ReadingSeries = {
      ...series,
      startMs: Float64Array.of(startMs),
      lengthSeconds: Uint32Array.of(30 * 86_400),
      energyWh: Int32Array.of(300_000),
      quality: Uint8Array.of(0),
    };
    const billed = daysOf(bill);
    expect(billed).toHaveLength(30);
    expect(billed.every((day) => day.spreadShare === 1 && !isWholeDay(day))).toBe(true);
  });
});

describe('periods', () => {
  // 10 kWh a day in 2023, 12 kWh in 2024, and 15 kWh in March 2024.
  const days = daysOf(
    seriesOf('2023-01-01', '2024-05-01', 86_400 / 24, ({ dayNumber }) =>
      dayNumber < numberOfDay('2024-01-01')
        ? 500
        : dayNumber >= numberOfDay('2024-03-01') && dayNumber < numberOfDay('2024-04-01')
          ? 625
          : 500,
    ),
  );

  it('adds months up, an hour short in March', () => {
    const months = monthTotals(days);
    expect(months).toHaveLength(16);
    expect(months.find(({ month }) => month === '2024-03')).toMatchObject({
      energyWh: 625 * (31 * 24 - 1),
      days: 31,
      wholeDays: 31,
      from: '2024-03-01',
      to: '2024-03-31',
    });
  });

  it('sets a month beside the one before and the one a year earlier', () => {
    const [from, until] = [numberOfDay('2024-03-01'), numberOfDay('2024-04-01')];
    const previous = againstPrevious(days, from, until);
    expect(previous?.earlier).toMatchObject({ from: '2024-02-01', to: '2024-02-29', meanDailyWh: 12_000 });
    expect(previous?.change).toBeCloseTo((625 * (31 * 24 - 1)) / 31 / 12_000 - 1, 9);
    expect(againstLastYear(days, from, until)?.earlier).toMatchObject({ from: '2023-03-01', to: '2023-03-31' });
  });

  it('sets a free range beside as many days before it', () => {
    const [from, until] = [numberOfDay('2024-03-08'), numberOfDay('2024-03-15')];
    expect(againstPrevious(days, from, until)?.earlier).toMatchObject({ from: '2024-03-01', to: '2024-03-07' });
  });

  it('compares nothing with what is not known', () => {
    const from = numberOfDay('2023-01-10');
    expect(againstPrevious(days, from, from + 31)).toBeUndefined();
    expect(againstLastYear(days, from, from + 31)).toBeUndefined();
    expect(periodTotal(days, from - 100, from - 90)).toMatchObject({
      energyWh: 0,
      wholeDays: 0,
      meanDailyWh: undefined,
    });
  });

  it('compares the beginnings while the period is not over', () => {
    const [from, until] = [numberOfDay('2024-03-01'), numberOfDay('2024-04-01')];
    const running = days.filter(({ day }) => day < '2024-03-11');
    expect(againstPrevious(running, from, until)?.earlier).toMatchObject({ from: '2024-02-01', to: '2024-02-10' });
    expect(againstLastYear(running, from, until)?.earlier).toMatchObject({ from: '2023-03-01', to: '2023-03-10' });
    // Of 2024 only the first months are known: they are not set beside a whole year.
    const year = againstLastYear(running, numberOfDay('2024-01-01'), numberOfDay('2025-01-01'));
    expect(year?.earlier).toMatchObject({ from: '2023-01-01', to: '2023-03-10' });
  });

  it('takes 28 February for the 29th', () => {
    const day = numberOfDay('2024-02-29');
    expect(againstLastYear(days, day, day + 1)?.earlier.from).toBe('2023-02-28');
  });
});
