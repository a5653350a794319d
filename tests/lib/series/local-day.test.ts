import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import {
  dayOfNumber,
  instantOfLocal,
  isTimeZone,
  localDayBounds,
  localDayNumberOf,
  localDayOf,
  localToUtc,
  numberOfDay,
  offsetMsAt,
} from '../../../src/lib/series/local-day.ts';

const zones = [
  'Europe/Amsterdam',
  'Europe/London',
  'America/New_York',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Africa/Cairo',
  'UTC',
];
const zone = fc.constantFrom(...zones);
const instant = fc.integer({ min: Date.UTC(1995, 0, 1), max: Date.UTC(2035, 0, 1) });

describe('local days', () => {
  it('gives 23, 24 and 25 hours in Amsterdam', () => {
    const hours = (day: string) => {
      const { startMs, endMs } = localDayBounds(day, 'Europe/Amsterdam');
      return (endMs - startMs) / 3_600_000;
    };
    expect([hours('2024-03-31'), hours('2024-06-01'), hours('2024-10-27')]).toEqual([23, 24, 25]);
    expect(localDayBounds('2024-03-31', 'Europe/Amsterdam').startMs).toBe(Date.UTC(2024, 2, 30, 23));
  });

  it('tells the repeated hour, the missing hour and plain hours apart', () => {
    const wall = (month: number, day: number, hour: number) => Date.UTC(2024, month, day, hour, 30);
    expect(instantOfLocal(wall(9, 27, 2), 'Europe/Amsterdam')).toEqual({
      kind: 'twice',
      ms: Date.UTC(2024, 9, 27, 0, 30),
      laterMs: Date.UTC(2024, 9, 27, 1, 30),
    });
    expect(instantOfLocal(wall(2, 31, 2), 'Europe/Amsterdam')).toMatchObject({
      kind: 'never',
      ms: Date.UTC(2024, 2, 31, 1, 30),
    });
    expect(instantOfLocal(wall(9, 27, 3), 'Europe/Amsterdam')).toMatchObject({
      kind: 'once',
      ms: Date.UTC(2024, 9, 27, 2, 30),
    });
    expect(localToUtc(wall(9, 27, 2), 'Europe/Amsterdam', 'second')).toBe(Date.UTC(2024, 9, 27, 1, 30));
  });

  it('agrees with Temporal on offset, local day and its bounds', () => {
    fc.assert(
      fc.property(instant, zone, (ms, name) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(name);
        expect(offsetMsAt(ms, name)).toBe(zoned.offsetNanoseconds / 1e6);
        const day = zoned.toPlainDate();
        expect(localDayOf(ms, name)).toBe(day.toString());
        const { startMs, endMs } = localDayBounds(day.toString(), name);
        expect(startMs).toBe(day.toZonedDateTime(name).epochMilliseconds);
        expect(endMs).toBe(day.add({ days: 1 }).toZonedDateTime(name).epochMilliseconds);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with Temporal on wall-clock times near changes of the clock', () => {
    const near = fc.tuple(
      fc.constantFrom(Date.UTC(2024, 2, 31), Date.UTC(2024, 9, 27), Date.UTC(2024, 2, 10), Date.UTC(2024, 3, 7)),
      fc.integer({ min: -2880, max: 2880 }),
    );
    fc.assert(
      fc.property(near, zone, ([base, minutes], name) => {
        const wall = base + minutes * 60_000;
        const plain = Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO('UTC').toPlainDateTime();
        const { ms, laterMs, kind } = instantOfLocal(wall, name);
        expect(ms).toBe(plain.toZonedDateTime(name, { disambiguation: 'compatible' }).epochMilliseconds);
        if (kind !== 'never')
          expect(laterMs).toBe(plain.toZonedDateTime(name, { disambiguation: 'later' }).epochMilliseconds);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    // Summer time of one week, a change that is not on a quarter hour, and a month without summer time.
    ['America/Fortaleza', '2000-10-01T00:00Z', 30],
    ['Africa/Monrovia', '1972-01-06T20:00Z', 2],
    ['Africa/Casablanca', '2026-02-10T00:00Z', 50],
  ])('finds every change of the clock in %s', (zone, from, days) => {
    const start = Date.parse(from);
    for (let ms = start; ms < start + days * 86_400_000; ms += 1_799_000)
      expect(offsetMsAt(ms, zone)).toBe(
        Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6,
      );
  });

  it('numbers days, and refuses what is no date or no zone', () => {
    expect(numberOfDay('1970-01-02')).toBe(1);
    expect(dayOfNumber(numberOfDay('2024-02-29'))).toBe('2024-02-29');
    expect(localDayNumberOf(-1, 'UTC')).toBe(-1);
    expect(() => numberOfDay('2023-02-29')).toThrow(RangeError);
    expect(() => localDayOf(0, 'Mars/Base')).toThrow(RangeError);
    expect([isTimeZone('Europe/Paris'), isTimeZone('Mars/Base')]).toEqual([true, false]);
  });
});
