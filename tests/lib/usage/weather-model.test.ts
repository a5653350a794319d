import { describe, expect, it } from 'vitest';
import { avoidedKwh, fitWeatherModel, gradeOf, type WeatherObservation } from '../../../src/lib/usage/weather-model.ts';
import { Random } from '../../../src/simulation/random.ts';

/** A year of days between −5 and 30 °C, with use by a rule and even noise of ±`noise` kWh. */
const year = (kwh: (celsius: number) => number, noise: number): WeatherObservation[] => {
  const random = new Random(1, 2, 3, 4);
  return Array.from({ length: 365 }, (_, day) => {
    const celsius = 12.5 - 15 * Math.cos((2 * Math.PI * day) / 365) + random.between(-4, 4);
    return { kwhPerDay: kwh(celsius) + random.between(-noise, noise), celsius: [celsius] };
  });
};

describe('fitWeatherModel', () => {
  it('recovers planted slopes and balance points', () => {
    const model = fitWeatherModel(year((t) => 8 + 1.2 * Math.max(0, 15 - t) + 0.9 * Math.max(0, t - 21), 0.5));
    expect(model?.baseKwhPerDay).toBeCloseTo(8, 0);
    expect(model?.heating?.kwhPerDegreeDay).toBeCloseTo(1.2, 1);
    expect(model?.cooling?.kwhPerDegreeDay).toBeCloseTo(0.9, 1);
    expect(Math.abs((model?.heating?.balanceC ?? 0) - 15)).toBeLessThan(0.6);
    expect(Math.abs((model?.cooling?.balanceC ?? 0) - 21)).toBeLessThan(0.9);
    expect(model && gradeOf(model, 'daily')).toBe('good');
  });

  it('finds neither heating nor cooling where use does not follow the weather, and says how well it fits', () => {
    const flat = fitWeatherModel(year(() => 9, 0));
    expect(flat).toMatchObject({ adjustedR2: 0 });
    expect(flat?.heating).toBeUndefined();
    expect(flat?.cooling).toBeUndefined();
    const wild = fitWeatherModel(year(() => 9, 8.9));
    expect(wild && gradeOf(wild, 'daily')).not.toBe('good');
  });

  it('never gives a negative slope: use that falls with cold is not heating', () => {
    const model = fitWeatherModel(year((t) => 5 + 0.4 * Math.max(0, t - 10), 0.1));
    expect(model?.heating).toBeUndefined();
    expect(model?.cooling?.kwhPerDegreeDay).toBeCloseTo(0.4, 1);
  });

  it('counts avoided energy over the days of a bill', () => {
    const model = fitWeatherModel(year(() => 10, 0));
    const bill: WeatherObservation = { kwhPerDay: 9, celsius: Array.from({ length: 30 }, () => 12) };
    expect(model && avoidedKwh(model, [bill])).toBeCloseTo(30, 6);
  });

  it('needs three observations', () => {
    expect(fitWeatherModel(year(() => 10, 0).slice(0, 2))).toBeUndefined();
  });
});
