import { describe, expect, it } from 'vitest';
import { localDayBounds } from '../../src/lib/series/local-day.ts';
import { simulateHome, type HomeOptions } from '../../src/simulation/homes.ts';
import { simulatedWeather } from '../../src/simulation/weather.ts';

const zone = 'Europe/Amsterdam';
const march: HomeOptions = {
  seed: 7,
  index: 3,
  timeZone: zone,
  from: '2024-03-01',
  to: '2024-04-01',
  stepSeconds: 900,
};
const sum = (values: Int32Array) => values.reduce((total, value) => total + value, 0);
const year = (index: number, more: Partial<HomeOptions> = {}) =>
  simulateHome({ ...march, index, from: '2024-01-01', to: '2025-01-01', stepSeconds: 3600, ...more });

describe('simulateHome', () => {
  it('covers the local month without gaps, an hour shorter where clocks go forward', () => {
    const { startMs, energyWh } = simulateHome(march).import;
    expect(startMs.length).toBe((31 * 24 - 1) * 4);
    expect(startMs[0]).toBe(localDayBounds('2024-03-01', zone).startMs);
    expect((startMs.at(-1) ?? 0) + 900_000).toBe(localDayBounds('2024-03-31', zone).endMs);
    expect(energyWh.every((value) => value >= 0)).toBe(true);
  });

  it('gives a day of a home the same readings whatever else is asked for', () => {
    const month = simulateHome({ ...march, from: '2024-10-01', to: '2024-11-01' });
    const day = simulateHome({ ...march, from: '2024-10-27', to: '2024-10-28' });
    expect(day.import.startMs.length).toBe(25 * 4);
    expect([...day.import.energyWh]).toEqual([...month.import.energyWh.slice(26 * 96, 26 * 96 + 100)]);
  });

  it('counts the same day total at every step', () => {
    const totals = ([300, 900, 1800, 3600] as const).map((stepSeconds) =>
      sum(simulateHome({ ...march, to: '2024-03-02', stepSeconds }).import.energyWh),
    );
    expect(new Set(totals).size).toBe(1);
  });

  it('differs between homes and seeds', () => {
    const totals = [0, 1, 2, 3].map((index) => sum(simulateHome({ ...march, index }).import.energyWh));
    expect(new Set(totals).size).toBe(4);
    expect(sum(simulateHome({ ...march, seed: 8 }).import.energyWh)).not.toBe(totals[3]);
  });

  it('uses between 700 and 16,000 kWh a year, and the middle home 2,000 to 4,500', () => {
    const kwh = Array.from({ length: 40 }, (_, index) => sum(year(index).import.energyWh) / 1000).sort((a, b) => a - b);
    expect(kwh[0]).toBeGreaterThan(700);
    expect(kwh.at(-1)).toBeLessThan(16_000);
    expect(kwh[20]).toBeGreaterThan(2000);
    expect(kwh[20]).toBeLessThan(4500);
  });

  it('heats in winter and exports in summer where it has the means', () => {
    const { import: heated } = year(0, { traits: { heating: 'heat-pump', heatLossWPerK: 150, solarKwp: 0 } });
    expect(sum(heated.energyWh.slice(0, 744))).toBeGreaterThan(2 * sum(heated.energyWh.slice(182 * 24, 213 * 24)));
    const solar = year(0, { traits: { solarKwp: 5 } });
    const exported = solar.export?.energyWh ?? new Int32Array();
    expect(sum(exported.slice(182 * 24, 213 * 24))).toBeGreaterThan(4 * sum(exported.slice(0, 744)));
    const generated = sum(solar.generation?.energyWh ?? new Int32Array()) / 5000;
    expect(generated).toBeGreaterThan(700);
    expect(generated).toBeLessThan(1300);
  });

  it('plants a saving from a date', () => {
    const before = year(1, { traits: { solarKwp: 0 } }).import.energyWh;
    const after = year(1, { traits: { solarKwp: 0 }, saving: { from: '2024-07-01', fraction: 0.1 } }).import.energyWh;
    const change = (31 + 29 + 31 + 30 + 31 + 30) * 24 - 1; // less the hour of 31 March
    expect([...after.slice(0, change)]).toEqual([...before.slice(0, change)]);
    expect(sum(after.slice(change)) / sum(before.slice(change))).toBeCloseTo(0.9, 3);
  });

  it('refuses dates that are none', () => {
    expect(() => simulateHome({ ...march, from: '2024-02-30' })).toThrow(RangeError);
    expect(() => simulateHome({ ...march, to: '2024-01-01' })).toThrow(/before/);
  });
});

describe('simulatedWeather', () => {
  it('has cold winters and long summer days, the other way round in the south', () => {
    const mean = (timeZone: string, month: number, of: 'temperatureC' | 'sunshine') => {
      const weather = simulatedWeather(7, timeZone);
      let total = 0;
      for (let hour = 0; hour < 720; hour += 1) total += weather[of](Date.UTC(2024, month, 1, hour));
      return total / 720;
    };
    expect(mean(zone, 0, 'temperatureC')).toBeLessThan(7);
    expect(mean(zone, 6, 'temperatureC')).toBeGreaterThan(14);
    expect(mean('Australia/Sydney', 6, 'temperatureC')).toBeLessThan(7);
    expect(mean(zone, 5, 'sunshine')).toBeGreaterThan(3 * mean(zone, 11, 'sunshine'));
    expect(mean('Australia/Sydney', 11, 'sunshine')).toBeGreaterThan(3 * mean('Australia/Sydney', 5, 'sunshine'));
  });
});
