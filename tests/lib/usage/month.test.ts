import { describe, expect, it } from 'vitest';
import { localDayBounds } from '../../../src/lib/series/local-day.ts';
import { Quality } from '../../../src/lib/series/types.ts';
import { addMonths, completeMonths, monthDays } from '../../../src/lib/usage/month.ts';
import { seriesOf, without, zone } from './series.ts';

const start = (day: string) => localDayBounds(day, zone).startMs;
const reasons = (states: ReturnType<typeof completeMonths>) => states.map((state) => state.obstacle?.reason);

describe('completeMonths', () => {
  const hourly = seriesOf('2024-01-15', '2024-04-01', 3600, () => 300);

  it('lets whole past months through and names the days that miss of the others', () => {
    const states = completeMonths(hourly, zone, start('2024-04-01'));
    expect(states.map((state) => state.month)).toEqual(['2024-01', '2024-02', '2024-03']);
    expect(reasons(states)).toEqual(['not-enough-measured', undefined, undefined]);
    expect(states[0]?.missingDays).toHaveLength(14);
    expect(states[0]?.missingDays[0]).toBe('2024-01-01');
    expect(states[2]?.measuredShare).toBe(1);
  });

  it('waits until the month is over in the zone of the home', () => {
    expect(reasons(completeMonths(hourly, zone, start('2024-04-01') - 1)).at(-1)).toBe('not-over');
    expect(reasons(completeMonths(hourly, 'America/New_York', start('2024-04-01'))).at(-1)).toBe('not-over');
  });

  it('needs nine tenths measured: three days of thirty may miss, four may not', () => {
    const april = seriesOf('2024-04-01', '2024-05-01', 3600, () => 300);
    const now = start('2024-06-01');
    const three = completeMonths(without(april, start('2024-04-05'), start('2024-04-08')), zone, now);
    expect(reasons(three)).toEqual([undefined]);
    expect(three[0]?.missingDays).toEqual(['2024-04-05', '2024-04-06', '2024-04-07']);
    expect(reasons(completeMonths(without(april, start('2024-04-05'), start('2024-04-09')), zone, now))).toEqual([
      'not-enough-measured',
    ]);
  });

  it('counts estimated readings as not measured', () => {
    const april = seriesOf('2024-04-01', '2024-05-01', 3600, () => 300);
    april.quality.fill(Quality.estimated, 0, 5 * 24);
    expect(completeMonths(april, zone, start('2024-06-01'))[0]?.measuredShare).toBeCloseTo(5 / 6, 12);
  });

  it('says why daily values and net meters cannot be compared', () => {
    const now = start('2024-06-01');
    expect(
      reasons(
        completeMonths(
          seriesOf('2024-03-01', '2024-04-01', 3600, () => 1, { register: 'other' }),
          zone,
          now,
        ),
      ),
    ).toEqual(['not-import']);
    const daily = { ...seriesOf('2024-04-01', '2024-05-01', 86_400, () => 9000) };
    expect(reasons(completeMonths(daily, zone, now))).toEqual(['too-coarse']);
  });

  it('has no month without readings', () => {
    expect(
      completeMonths(
        seriesOf('2024-01-01', '2024-01-01', 3600, () => 1),
        zone,
        0,
      ),
    ).toEqual([]);
  });
});

describe('months', () => {
  it('counts days and months over the end of a year', () => {
    const { fromDay, untilDay } = monthDays('2023-12');
    expect(untilDay - fromDay).toBe(31);
    expect(addMonths('2023-12', 2)).toBe('2024-02');
    expect(addMonths('2024-01', -1)).toBe('2023-12');
  });
});
