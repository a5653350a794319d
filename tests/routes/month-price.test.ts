import { describe, expect, it } from 'vitest';
import { parseTariff } from '../../src/lib/usage/tariff.ts';
import { monthPrice } from '../../src/routes/compare/month-price.ts';
import { seriesOf, zone } from '../lib/usage/series.ts';

/** 1 kWh in each hour from 0:00 to 7:00, 2 kWh in each other. */
const importSeries = seriesOf('2024-01-01', '2024-03-01', 3600, ({ hour }) => (hour < 7 ? 1000 : 2000));
const tariffFrom = (from: string) =>
  parseTariff({
    name: 'Two rates',
    currency: 'GBP',
    contracts: [
      {
        from,
        standingPerDay: 5,
        base: { name: 'Day', perKwh: 0.3 },
        bands: [{ name: 'Night', perKwh: 0.1, windows: [{ days: 'all', fromMinute: 0, untilMinute: 420 }] }],
        exportPerKwh: 0,
      },
    ],
  });
const told = { tariff: undefined, price: undefined, importSeries, timeZone: zone };

describe('the price beside a month’s comparison', () => {
  it('is the tariff’s mean over the month’s own hours, without standing charges', () => {
    const price = monthPrice('2024-02', { ...told, tariff: tariffFrom('2023-01-01') });
    expect(price).toMatchObject({ currency: 'GBP', source: 'tariff' });
    expect(price.perKwh).toBeCloseTo((7 * 1 * 0.1 + 17 * 2 * 0.3) / (7 + 34), 9);
  });

  it('is the single price where the tariff does not hold all month, or there is none', () => {
    const price = { currency: 'SEK', perKwh: 2 };
    const late = { ...told, price, tariff: tariffFrom('2024-02-10') };
    expect(monthPrice('2024-02', late)).toEqual({ ...price, source: 'price' });
    expect(monthPrice('2024-02', { ...told, price })).toEqual({ ...price, source: 'price' });
  });

  it('is said to be assumed where nothing is known', () => {
    expect(monthPrice('2024-02', told).source).toBe('assumed');
  });
});
