import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { localDayNumberOf, numberOfDay } from '../../src/lib/series/local-day.ts';
import { Quality, type ReadingSeries } from '../../src/lib/series/types.ts';
import { dayTotals } from '../../src/lib/usage/days.ts';
import { hourTable } from '../../src/lib/usage/hour-table.ts';
import { dayTemperatures, temperatureOn, type TemperatureSeries } from '../../src/lib/usage/temperature.ts';
import { billingObservations, dailyObservations } from '../../src/lib/usage/weather-data.ts';
import {
  avoidedKwh,
  coolingDegrees,
  fitWeatherModel,
  heatingDegrees,
  type WeatherModel,
  type WeatherObservation,
} from '../../src/lib/usage/weather-model.ts';
import { dataFile, haveData } from './data.ts';

/** The sample is of Illinois. Its published daily degree days are of UTC days. */
const zone = 'America/Chicago';
const celsiusOf = (fahrenheit: number): number => ((fahrenheit - 32) * 5) / 9;

const rows = (name: string): [number, number][] =>
  gunzipSync(dataFile(`dev/eemeter/${name}.csv.gz`))
    .toString('utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [time = '', value = ''] = line.split(',');
      return [Date.parse(time), Number(value)];
    });

const seriesOf = (name: string): ReadingSeries => {
  const list = rows(`il-electricity-cdd-hdd-${name}`);
  const kept = list.slice(0, -1); // The last record is open.
  return {
    register: 'import',
    unit: 'Wh',
    startMs: Float64Array.from(kept, ([time]) => time),
    lengthSeconds: Uint32Array.from(kept, ([time], i) => ((list[i + 1]?.[0] ?? 0) - time) / 1000),
    energyWh: Int32Array.from(kept, ([, value]) => (Number.isNaN(value) ? 0 : Math.round(value * 1000))),
    quality: Uint8Array.from(kept, ([, value]) => (Number.isNaN(value) ? Quality.missing : Quality.measured)),
  };
};

const temperatures = (): TemperatureSeries => {
  const list = rows('il-tempF');
  return {
    timeMs: Float64Array.from(list, ([time]) => time),
    celsius: Float32Array.from(list, ([, value]) => celsiusOf(value)),
  };
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const within = (actual: number | undefined, expected: number, share: number): void =>
  expect(Math.abs((actual ?? NaN) / expected - 1), `${actual} against ${expected}`).toBeLessThanOrEqual(share);

/** Means over periods of °F degree days, for 60 and 61 °F heating and 65 and 66 °F cooling. */
const degreeDays = (periods: readonly (readonly number[])[]): number[] => [
  ...[60, 61].map((f) => mean(periods.map((p) => mean(p.map((t) => 1.8 * heatingDegrees(t, celsiusOf(f))))))),
  ...[65, 66].map((f) => mean(periods.map((p) => mean(p.map((t) => 1.8 * coolingDegrees(t, celsiusOf(f))))))),
];

/** Reporting period of the published savings: mean day temperatures of 30, 31, … °F. */
const rising = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, i) => celsiusOf(30 + from + i));

const expectSaving = (model: WeatherModel | undefined, periods: readonly WeatherObservation[], published: number) => {
  within(model && avoidedKwh(model, periods), published, 0.01);
};

describe.skipIf(!haveData)('weather model against the published CalTRACK results of the Illinois sample', () => {
  const days = () => dayTemperatures(temperatures(), zone);
  const baseline = { from: numberOfDay('2015-12-27'), until: numberOfDay('2016-12-26') };

  it('has the published mean degree days of daily, monthly and bimonthly periods', () => {
    const daily = dayTemperatures(temperatures(), 'UTC');
    const close = (actual: number[], published: number[]) =>
      published.forEach((value, i) =>
        expect(Math.abs((actual[i] ?? NaN) - value), actual.join()).toBeLessThanOrEqual(0.02),
      );
    const meter = seriesOf('daily');
    close(
      degreeDays(Array.from(meter.startMs, (start) => [temperatureOn(daily, localDayNumberOf(start, 'UTC'))])),
      [11.05, 11.61, 3.61, 3.25],
    );
    for (const [name, published] of [
      ['billing_monthly', [10.83, 11.39, 3.68, 3.31]],
      ['billing_bimonthly', [10.94, 11.51, 3.65, 3.28]],
    ] as const) {
      const bills = seriesOf(name);
      const periods = Array.from(bills.startMs, (start, i) => {
        const first = localDayNumberOf(start, 'UTC');
        const length = Math.round((bills.lengthSeconds[i] ?? 0) / 86_400);
        return Array.from({ length }, (_, day) => temperatureOn(daily, first + day));
      });
      close(degreeDays(periods), [...published]);
    }
  });

  const expectTerms = (model: WeatherModel | undefined) => {
    within(model?.baseKwhPerDay, 12.93419, 0.01);
    within(model?.heating?.kwhPerDegreeDay, 1.13576 * 1.8, 0.01);
    within(model?.cooling?.kwhPerDegreeDay, 2.3544 * 1.8, 0.01);
    expect(model?.heating?.balanceC).toBeCloseTo(celsiusOf(53), 9);
    expect(model?.cooling?.balanceC).toBeCloseTo(celsiusOf(67), 9);
    within(model?.adjustedR2, 0.77498, 0.01);
    within(model?.rmseKwh, 7.1391, 0.01);
  };

  it('finds the terms and the saving from daily data', () => {
    const meter = dayTotals(hourTable(seriesOf('daily'), zone));
    const data = dailyObservations(meter, days(), baseline.from, baseline.until);
    expect(data.problem).toBeUndefined();
    const model = fitWeatherModel(data.observations);
    expectTerms(model);
    expectSaving(
      model,
      rising(0, 59).map((t) => ({ kwhPerDay: 1, celsius: [t] })),
      1571.28,
    );
  });

  it('finds the same from hourly data summed by day', () => {
    const meter = dayTotals(hourTable(seriesOf('hourly'), zone));
    const model = fitWeatherModel(dailyObservations(meter, days(), baseline.from, baseline.until).observations);
    expectTerms(model);
    expectSaving(
      model,
      rising(0, 59).map((t) => ({ kwhPerDay: 1, celsius: [t] })),
      1571.28,
    );
  });

  it('finds the saving from monthly bills', () => {
    const data = billingObservations(
      seriesOf('billing_monthly'),
      days(),
      zone,
      Date.parse('2015-12-15T00:00Z'),
      Date.parse('2016-12-26T06:00Z'),
    );
    const model = fitWeatherModel(data.observations);
    // January and February 2011 have temperatures; one kWh was used in each.
    const months = [rising(0, 31), rising(31, 59)].map((celsius) => ({ kwhPerDay: 1 / celsius.length, celsius }));
    expectSaving(model, months, 1625.73);
  });
});
