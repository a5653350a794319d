import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { Quality, type ReadingSeries } from '../../../src/lib/series/types.ts';
import { hourTable, isFine, isWeekend, weekdayOf } from '../../../src/lib/usage/hour-table.ts';
import { seriesOf, totalWh, zone } from './series.ts';

const hoursOfDay = (table: ReturnType<typeof hourTable>, day: number) => [
  ...table.hourOfDay.slice(table.dayAt[day], table.dayAt[day + 1]),
];

describe('hourTable', () => {
  it('has 23 hours without the third in spring and 25 with the third twice in autumn', () => {
    const spring = hourTable(
      seriesOf('2024-03-30', '2024-04-02', 900, () => 10),
      zone,
    );
    expect(hoursOfDay(spring, 0)).toHaveLength(24);
    expect(hoursOfDay(spring, 1)).toEqual([0, 1, ...Array.from({ length: 21 }, (_, i) => i + 3)]);
    const autumn = hourTable(
      seriesOf('2024-10-27', '2024-10-28', 900, () => 10),
      zone,
    );
    expect(hoursOfDay(autumn, 0)).toEqual([0, 1, 2, 2, ...Array.from({ length: 21 }, (_, i) => i + 3)]);
    expect(autumn.energyWh.every((value) => value === 40)).toBe(true);
  });

  it('cuts hours where clocks change by half an hour', () => {
    const timeZone = 'Australia/Lord_Howe';
    const table = hourTable(
      seriesOf('2024-04-07', '2024-04-08', 1800, () => 50, { timeZone }),
      timeZone,
    );
    expect(totalWh(table.lengthSeconds)).toBe(24.5 * 3600);
    expect(totalWh(table.energyWh)).toBe(49 * 50);
    expect(hoursOfDay(table, 0).filter((hour) => hour === 1)).toHaveLength(2);
  });

  it('shares a reading that crosses hours out by time, and marks what is coarse', () => {
    const series: ReadingSeries = {
      register: 'import',
      unit: 'Wh',
      startMs: Float64Array.of(Date.UTC(2024, 0, 1, 0, 30), Date.UTC(2024, 0, 1, 2, 0)),
      lengthSeconds: Uint32Array.of(3600, 7200),
      energyWh: Int32Array.of(100, 60),
      quality: Uint8Array.of(Quality.measured, Quality.estimated),
    };
    const table = hourTable(series, 'UTC');
    expect([...table.energyWh.slice(0, 4)]).toEqual([50, 50, 30, 30]);
    expect([0, 1, 2].map((hour) => isFine(table, hour))).toEqual([false, false, false]);
    expect([...table.fineSeconds.slice(0, 3)]).toEqual([1800, 1800, 0]);
    expect([...table.estimatedSeconds.slice(1, 4)]).toEqual([0, 3600, 3600]);
  });

  it('knows nothing of missing intervals and keeps zero as a value', () => {
    const series = seriesOf('2024-01-01', '2024-01-02', 3600, () => 0);
    series.quality[5] = Quality.missing;
    const table = hourTable(series, zone);
    expect(isFine(table, 4)).toBe(true);
    expect(isFine(table, 5)).toBe(false);
  });

  it('marks a bill as spread', () => {
    const series = seriesOf('2024-01-01', '2024-01-31', 30 * 86_400, () => 300_000);
    const table = hourTable(series, zone);
    expect(table.dayCount).toBe(30);
    expect(table.spreadSeconds[17]).toBe(3600);
    expect(totalWh(table.energyWh)).toBeCloseTo(300_000, 6);
  });

  it('neither makes nor loses energy, wherever intervals lie', () => {
    const interval = fc.record({
      gap: fc.integer({ min: 0, max: 9000 }),
      seconds: fc.integer({ min: 1, max: 200_000 }),
      energyWh: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(interval, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 365 }),
        (rows, day) => {
          let at = Date.UTC(2024, 0, 1) + day * 86_400_000;
          const starts = rows.map((row) => {
            at += row.gap * 1000;
            const start = at;
            at += row.seconds * 1000;
            return start;
          });
          const table = hourTable(
            {
              register: 'import',
              unit: 'Wh',
              startMs: Float64Array.from(starts),
              lengthSeconds: Uint32Array.from(rows, (row) => row.seconds),
              energyWh: Int32Array.from(rows, (row) => row.energyWh),
              quality: new Uint8Array(rows.length),
            },
            'America/New_York',
          );
          expect(totalWh(table.energyWh)).toBeCloseTo(totalWh(rows.map((row) => row.energyWh)), 4);
          expect(totalWh(table.knownSeconds)).toBe(totalWh(rows.map((row) => row.seconds)));
          expect(table.knownSeconds.every((seconds, i) => seconds <= (table.lengthSeconds[i] ?? 0))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('tells weekdays', () => {
    expect(weekdayOf(numberOfDay('2024-01-01'))).toBe(0);
    expect(isWeekend(numberOfDay('2024-01-06'))).toBe(true);
    expect(isWeekend(numberOfDay('1969-12-29'))).toBe(false);
  });
});
