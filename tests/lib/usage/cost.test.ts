import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberOfDay, offsetMsAt } from '../../../src/lib/series/local-day.ts';
import { costOf, type Cost } from '../../../src/lib/usage/cost.ts';
import { isWeekend } from '../../../src/lib/usage/hour-table.ts';
import { meanPriceByHour, parseTariff, type Contract, type Tariff } from '../../../src/lib/usage/tariff.ts';
import { seriesOf, totalWh, zone } from './series.ts';

const contract = (from: string, night: number, peak: number, other: number, standing: number): Contract => ({
  from,
  standingPerDay: standing,
  base: { name: 'Day', perKwh: other },
  bands: [
    { name: 'Night', perKwh: night, windows: [{ days: 'all', fromMinute: 0, untilMinute: 420 }] },
    { name: 'Peak', perKwh: peak, windows: [{ days: 'weekday', fromMinute: 1020, untilMinute: 1200 }] },
  ],
  exportPerKwh: 0.08,
});

const tariff: Tariff = {
  name: 'Three rates',
  currency: 'EUR',
  contracts: [
    contract('2024-01-01', 0.15, 0.35, 0.25, 0.5),
    contract('2024-03-16', 0.17, 0.39, 0.27, 0.55),
    contract('2024-10-15', 0.16, 0.4, 0.28, 0.6),
  ],
};

const days = (from: string, to: string) => ({ fromDay: numberOfDay(from), untilDay: numberOfDay(to) });
const cents = (amount: number) => Math.round(amount * 100);
const bill = (cost: Cost) =>
  cost.lines.map(({ name, quantity, amount }) => [name, Math.round(quantity * 1e6) / 1e6, cents(amount)]);

describe('a bill worked by hand: 1 kWh in every hour, three rates, standing charge, prices change in mid-month', () => {
  const series = seriesOf('2024-03-01', '2024-11-01', 900, () => 250);

  it('March 2024: 743 hours, 11 and 10 weekdays, the hour 2:00 to 3:00 of the 31st does not exist', () => {
    const cost = costOf(tariff, zone, days('2024-03-01', '2024-04-01'), series);
    expect(bill(cost)).toEqual([
      ['Day', 222, 5550], // 15 × 24 − 105 − 33
      ['Night', 105, 1575], // 15 × 7
      ['Peak', 33, 1155], // 11 weekdays × 3
      ['Standing charge', 15, 750],
      ['Day', 242, 6534], // 16 × 24 − 1 − 111 − 30
      ['Night', 111, 1887], // 16 × 7 − 1
      ['Peak', 30, 1170], // 10 weekdays × 3
      ['Standing charge', 16, 880],
    ]);
    expect(cents(cost.total)).toBe(19_501);
    expect(cents(totalWh(cost.byDay))).toBe(19_501);
    // 31 March, a Sunday: 6 h × 0.17 + 17 h × 0.27 + 0.55
    expect(cents(cost.byDay[30] ?? 0)).toBe(616);
  });

  it('October 2024: 745 hours, 10 and 13 weekdays, the hour 2:00 to 3:00 of the 27th comes twice', () => {
    const cost = costOf(tariff, zone, days('2024-10-01', '2024-11-01'), series);
    expect(bill(cost)).toEqual([
      ['Day', 208, 5616],
      ['Night', 98, 1666],
      ['Peak', 30, 1170],
      ['Standing charge', 14, 770],
      ['Day', 250, 7000],
      ['Night', 120, 1920], // 17 × 7 + 1
      ['Peak', 39, 1560],
      ['Standing charge', 17, 1020],
    ]);
    expect(cents(cost.total)).toBe(20_722);
  });

  it('gives the same from one reading a day, as the load is even', () => {
    const daily = seriesOf('2024-10-01', '2024-10-02', 900, () => 0);
    const starts: number[] = [];
    const lengths: number[] = [];
    for (let day = numberOfDay('2024-10-01'); day < numberOfDay('2024-11-01'); day += 1) {
      const start = day * 86_400_000 - offsetMsAt(day * 86_400_000 - 7_200_000, zone);
      starts.push(start);
      lengths.push(day === numberOfDay('2024-10-27') ? 25 : 24);
    }
    const cost = costOf(tariff, zone, days('2024-10-01', '2024-11-01'), {
      ...daily,
      startMs: Float64Array.from(starts),
      lengthSeconds: Uint32Array.from(lengths, (hours) => hours * 3600),
      energyWh: Int32Array.from(lengths, (hours) => hours * 1000),
      quality: new Uint8Array(31),
    });
    expect(cents(cost.total)).toBe(20_722);
  });
});

describe('costOf', () => {
  it('takes a window over midnight by the day on which the moment lies, and half hours', () => {
    const night: Tariff = {
      name: 'Car',
      currency: 'GBP',
      contracts: [
        {
          from: '2024-01-01',
          standingPerDay: 0,
          base: { name: 'Day', perKwh: 1 },
          bands: [{ name: 'Night', perKwh: 0, windows: [{ days: 'weekday', fromMinute: 1410, untilMinute: 330 }] }],
          exportPerKwh: 0,
        },
      ],
    };
    // Friday 3 May to Monday 6 May 2024, 1 kWh an hour: Friday 5.5 h + 0.5 h cheap, Saturday and Sunday none, Monday 6 h.
    const cost = costOf(
      night,
      zone,
      days('2024-05-03', '2024-05-07'),
      seriesOf('2024-05-03', '2024-05-07', 3600, () => 1000),
    );
    expect([...cost.byDay].map((amount) => Math.round(amount * 1000) / 1000)).toEqual([18, 24, 24, 18]);
  });

  it('tells what no price covers, and what export earns', () => {
    const imported = seriesOf('2023-12-30', '2024-01-02', 3600, () => 1000);
    const exported = seriesOf('2023-12-30', '2024-01-02', 3600, ({ hour }) => (hour === 12 ? 500 : 0), {
      register: 'export',
    });
    const cost = costOf(tariff, zone, days('2023-12-30', '2024-01-02'), imported, exported);
    expect(cost.unpricedKwh).toBe(48);
    expect(cost.importKwh).toBe(24);
    expect(cost.lines.find(({ kind }) => kind === 'export')).toMatchObject({ quantity: 0.5, amount: -0.04 });
  });

  it('adds up over any cut of the period, and the days to the lines', () => {
    const series = seriesOf(
      '2024-03-10',
      '2024-04-10',
      1800,
      ({ hour, dayNumber }) => Math.round(hour * 20) + (isWeekend(dayNumber) ? 300 : 0),
    );
    const whole = costOf(tariff, zone, days('2024-03-10', '2024-04-10'), series);
    expect(totalWh(whole.byDay)).toBeCloseTo(whole.total, 9);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), (cut) => {
        const middle = numberOfDay('2024-03-10') + cut;
        const parts = [
          { fromDay: numberOfDay('2024-03-10'), untilDay: middle },
          { fromDay: middle, untilDay: numberOfDay('2024-04-10') },
        ].map((period) => costOf(tariff, zone, period, series).total);
        expect((parts[0] ?? 0) + (parts[1] ?? 0)).toBeCloseTo(whole.total, 8);
      }),
    );
  });
});

describe('tariffs', () => {
  it('have a mean price by hour', () => {
    const [first] = tariff.contracts;
    const prices = first === undefined ? [] : meanPriceByHour(first);
    expect(prices[3]).toBeCloseTo(0.15, 9);
    expect(prices[18]).toBeCloseTo((5 * 0.35 + 2 * 0.25) / 7, 9);
    expect(prices[12]).toBeCloseTo(0.25, 9);
  });

  it('are refused with the field named', () => {
    expect(parseTariff(tariff)).toEqual(tariff);
    expect(() => parseTariff({ ...tariff, currency: 'euro' })).toThrow(/currency: must be three letters/);
    expect(() => parseTariff({ ...tariff, contracts: [] })).toThrow(/contracts: needs at least one price/);
    expect(() => parseTariff({ ...tariff, contracts: tariff.contracts.toReversed() })).toThrow(/earliest first/);
    expect(() => parseTariff({ ...tariff, contracts: [{ ...tariff.contracts[0], from: '2024-02-30' }] })).toThrow(
      /contracts.0.from: must be a date/,
    );
  });
});
