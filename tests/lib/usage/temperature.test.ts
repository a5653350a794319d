import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { dayTemperatures, temperatureOn } from '../../../src/lib/usage/temperature.ts';
import { readTemperatureFile, TemperatureFileError } from '../../../src/lib/usage/temperature-file.ts';
import { dayTotals } from '../../../src/lib/usage/days.ts';
import { hourTable } from '../../../src/lib/usage/hour-table.ts';
import { splitByWeather, weatherAdjusted } from '../../../src/lib/usage/weather-split.ts';
import { seriesOf, zone } from './series.ts';

const first = ({ timeMs, celsius }: { timeMs: Float64Array; celsius: Float32Array }) => [
  new Date(timeMs[0] ?? 0).toISOString(),
  Math.round((celsius[0] ?? 0) * 100) / 100,
];

describe('readTemperatureFile', () => {
  it.each([
    ['dt,tempF\n2015-11-22T00:00:00-06:00,50\n', ['2015-11-22T06:00:00.000Z', 10]],
    [
      'latitude,longitude\n52.5,13.4\n\ntime,temperature_2m (°C)\n2024-07-01T00:00,14.2\n',
      ['2024-06-30T22:00:00.000Z', 14.2],
    ],
    [
      'STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n 44;2024010105;3;   4.5; 88.0;eor\n',
      ['2024-01-01T05:00:00.000Z', 4.5],
    ],
    ['date,hour,temp\n2024-01-01,5,3.5\n', ['2024-01-01T04:00:00.000Z', 3.5]],
    ['"Datum";"Temperatuur (°C)"\n"2024-01-02";"-3,25"\n', ['2024-01-02T11:00:00.000Z', -3.25]],
    ['time (UTC),Temperature\n2024/01/02 03:30,7\n', ['2024-01-02T03:30:00.000Z', 7]],
  ])('%j', (text, expected) => expect(first(readTemperatureFile(text, zone))).toEqual(expected));

  it('skips marks for missing values and says how many, and sorts', () => {
    const file = readTemperatureFile(
      'time,temp\n2024-01-02,-999\n2024-01-03,5\n2024-01-01,4\nx,5\n2024-02-31,5\n',
      zone,
    );
    expect(file.skipped).toBe(3);
    expect([...file.celsius]).toEqual([4, 5]);
  });

  it('refuses in plain words what it cannot read', () => {
    expect(() => readTemperatureFile('hello\nworld', zone)).toThrow(/No column of times and temperatures/);
    expect(() => readTemperatureFile('time,temp\n31.01.2024,4\n', zone)).toThrow(/No temperature could be read/);
  });

  it('either reads or refuses any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          readTemperatureFile(`time,temp\n${text}`, zone);
        } catch (error) {
          expect(error).toBeInstanceOf(TemperatureFileError);
        }
      }),
    );
  });
});

describe('dayTemperatures', () => {
  it('takes the mean of local days that are at least half known', () => {
    const text = Array.from({ length: 60 }, (_, hour) => {
      const ms = Date.UTC(2024, 0, 9, 23 + hour);
      return `${new Date(ms).toISOString().slice(0, 16)}Z,${hour < 24 ? 5 : 8}`;
    }).join('\n');
    const days = dayTemperatures(readTemperatureFile(`time,temp\n${text}`, zone), zone);
    expect(temperatureOn(days, numberOfDay('2024-01-10'))).toBe(5);
    expect(temperatureOn(days, numberOfDay('2024-01-11'))).toBe(8);
    expect(temperatureOn(days, numberOfDay('2024-01-12'))).toBe(8);
    expect(temperatureOn(days, numberOfDay('2024-01-13'))).toBeNaN();
    expect(temperatureOn(days, numberOfDay('2023-01-13'))).toBeNaN();
  });
});

describe('the weather’s part', () => {
  // Two years between −2.5 and 27.5 °C; 6 kWh a day and 0.8 kWh a degree below 15 °C, 10 % less in the second year.
  const start = numberOfDay('2022-01-01');
  const celsiusOf = (day: number) =>
    12.5 - 15 * Math.cos((2 * Math.PI * (day - start)) / 365.25) + (day < start + 365 ? 1 : -1);
  const temperatures = { firstDay: start, celsius: Float32Array.from({ length: 730 }, (_, i) => celsiusOf(start + i)) };
  const days = dayTotals(
    hourTable(
      seriesOf('2022-01-01', '2024-01-01', 3600, ({ dayNumber }) => {
        const kwh = 6 + 0.8 * Math.max(0, 15 - celsiusOf(dayNumber));
        return Math.round(((dayNumber < start + 365 ? 1 : 0.9) * kwh * 1000) / 24);
      }),
      zone,
    ),
  );

  it('compares years at the same weather: a planted 10 % shows, though the second year was colder', () => {
    const compared = weatherAdjusted(days, temperatures, start + 730);
    expect(compared?.change).toBeCloseTo(-0.1, 2);
    expect(weatherAdjusted(days, temperatures, start + 600)).toBeUndefined();
  });

  it('splits energy into heating and the rest', () => {
    const model = {
      baseKwhPerDay: 6,
      heating: { balanceC: 15, kwhPerDegreeDay: 0.8 },
      observations: 365,
      adjustedR2: 1,
      rmseKwh: 0,
      cvrmse: 0,
      nmbe: 0,
    };
    const split = splitByWeather(model, temperatures, start, start + 365);
    expect(split.baseKwh).toBe(6 * 365);
    expect(split.coolingKwh).toBe(0);
    const used = days.slice(0, 365).reduce((sum, day) => sum + day.energyWh / 1000, 0);
    expect(split.heatingKwh + split.baseKwh).toBeCloseTo(used, -1);
  });
});
