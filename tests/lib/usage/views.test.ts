import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { dayTotals } from '../../../src/lib/usage/days.ts';
import { hourTable, weekdayOf } from '../../../src/lib/usage/hour-table.ts';
import { loadDuration } from '../../../src/lib/usage/load-duration.ts';
import { solarBalance } from '../../../src/lib/usage/solar.ts';
import { weekMap } from '../../../src/lib/usage/week-map.ts';
import { seriesOf, without, zone } from './series.ts';

describe('loadDuration', () => {
  it('is the closed form for a ramp: hour h of every day at 100 × (h + 1) W', () => {
    const table = hourTable(
      seriesOf('2024-06-01', '2024-06-11', 3600, ({ hour }) => 100 * (hour + 1)),
      zone,
    );
    const duration = loadDuration(table);
    expect(duration?.hours).toBe(240);
    expect(duration?.meanW).toBeCloseTo(1250, 9);
    expect(duration?.loadFactor).toBeCloseTo(1250 / 2400, 9);
    expect(duration?.watts[0]).toBe(2400);
    expect(duration?.watts[100]).toBe(100);
    expect(duration?.watts[50]).toBe(1300);
    expect(duration?.highest.map(({ watts }) => watts)).toEqual([2400, 2400, 2400]);
  });

  it('finds the three highest hours and when they were', () => {
    const series = seriesOf('2024-06-01', '2024-06-03', 3600, () => 300);
    for (const [at, energy] of [
      [5, 2000],
      [30, 5000],
      [17, 3000],
    ] as const)
      series.energyWh[at] = energy;
    const highest = loadDuration(hourTable(series, zone))?.highest;
    expect(highest?.map(({ watts }) => watts)).toEqual([5000, 3000, 2000]);
    expect(highest?.[0]?.startMs).toBe(series.startMs[30]);
  });

  it('says nothing of daily readings', () => {
    const daily = seriesOf('2024-06-01', '2024-06-11', 86_400, () => 9000);
    expect(loadDuration(hourTable(daily, zone))).toBeUndefined();
  });
});

describe('weekMap', () => {
  it('has each hour of the week with how often it was seen', () => {
    const series = seriesOf(
      '2024-06-03',
      '2024-06-17',
      3600,
      ({ dayNumber, hour }) => weekdayOf(dayNumber) * 100 + hour,
    );
    const gap = without(series, series.startMs[10] ?? 0, series.startMs[11] ?? 0);
    const { meanWh, counts } = weekMap(hourTable(gap, zone));
    expect(meanWh[6]?.[23]).toBe(623);
    expect(counts[0]?.[10]).toBe(1);
    expect(counts[0]?.[11]).toBe(2);
    expect(weekMap(hourTable(gap, zone), 0, 3).meanWh[4]?.[0]).toBeNaN();
  });
});

describe('solarBalance', () => {
  const days = (energyWh: number) =>
    dayTotals(
      hourTable(
        seriesOf('2024-06-01', '2024-06-11', 3600, () => energyWh),
        zone,
      ),
    );
  const [from, until] = [numberOfDay('2024-06-01'), numberOfDay('2024-06-11')];

  it('keeps import, export, generation and own use apart', () => {
    expect(solarBalance(days(300), days(150), days(400), from, until)).toEqual({
      days: 10,
      importWh: 72_000,
      exportWh: 36_000,
      generationWh: 96_000,
      ownUseWh: 60_000,
      usedWh: 132_000,
      ownUseShare: 60 / 96,
      selfMadeShare: 60 / 132,
    });
  });

  it('does not invent own use without generation', () => {
    expect(solarBalance(days(300), days(150), undefined, from, until)).toMatchObject({
      exportWh: 36_000,
      usedWh: undefined,
    });
  });
});
