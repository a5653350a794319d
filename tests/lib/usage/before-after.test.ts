import { describe, expect, it } from 'vitest';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { beforeAfter, firstAnswerOn } from '../../../src/lib/usage/before-after.ts';
import { dayTotals, type DayTotal } from '../../../src/lib/usage/days.ts';
import { hourTable } from '../../../src/lib/usage/hour-table.ts';
import { dayTemperatures } from '../../../src/lib/usage/temperature.ts';
import { simulateHome } from '../../../src/simulation/homes.ts';
import { simulatedWeather } from '../../../src/simulation/weather.ts';
import { zone } from './series.ts';

const from = '2023-01-01';
const action = '2024-02-01';

const end = '2024-08-01';

const days = (seed: number, index: number): DayTotal[] => {
  const options = { seed, index, timeZone: zone, from, to: end, stepSeconds: 3600, traits: { solarKwp: 0 } } as const;
  return dayTotals(hourTable(simulateHome(options).import, zone));
};

/** The days to before `to`, with a share less of everything from the action on. */
const home = (all: readonly DayTotal[], to: string, fraction: number): DayTotal[] =>
  all
    .filter(({ day }) => day < to)
    .map((day) => (day.day < action ? day : { ...day, energyWh: day.energyWh * (1 - fraction) }));

const temperaturesOf = (seed: number, to: string) => {
  const weather = simulatedWeather(seed, zone);
  const [first, last] = [numberOfDay(from) - 1, numberOfDay(to) + 1];
  const timeMs = Float64Array.from({ length: (last - first) * 8 }, (_, i) => (first * 24 + i * 3) * 3_600_000);
  const celsius = Float32Array.from(timeMs, (ms) => weather.temperatureC(ms));
  return dayTemperatures({ timeMs, celsius }, zone);
};

const runs = Array.from({ length: 200 }, (_, index) => ({
  seed: 100 + (index % 5),
  days: days(100 + (index % 5), index),
}));
const temperatures = new Map([100, 101, 102, 103, 104].map((seed) => [seed, temperaturesOf(seed, end)]));

describe.each([
  ['with temperatures, twelve weeks', '2024-04-25', true],
  ['with temperatures, half a year', end, true],
  ['without temperatures, twelve weeks', '2024-04-25', false],
  ['without temperatures, half a year', end, false],
])('%s after the action', (_, to, withTemperatures) => {
  const results = (fraction: number) =>
    runs.flatMap(({ seed, days: all }) => {
      const known = withTemperatures ? temperatures.get(seed) : undefined;
      return beforeAfter(home(all, to, fraction), action, known) ?? [];
    });

  it('has a saving of 10 % inside its interval in at least 95 % of 200 homes', () => {
    const found = results(0.1);
    expect(found).toHaveLength(200);
    expect(found.filter(({ low, high }) => low <= 0.1 && high >= 0.1).length).toBeGreaterThanOrEqual(190);
    expect(new Set(found.map(({ basis }) => basis))).toEqual(
      new Set([withTemperatures ? 'weather-model' : 'same-season']),
    );
  });

  it('gives at most 5 % false alarms where nothing changed', () => {
    const found = results(0);
    expect(found.filter(({ verdict }) => verdict === 'saved' || verdict === 'more').length).toBeLessThanOrEqual(10);
  });

  it('finds a saving of 30 % in most homes', () => {
    expect(results(0.3).filter(({ verdict }) => verdict === 'saved').length).toBeGreaterThan(100);
  });
});

describe('beforeAfter', () => {
  it('says when it is too early', () => {
    const all = runs[1]?.days ?? [];
    expect(beforeAfter(home(all, '2024-02-20', 0.1), action)?.verdict).toBe('too-early');
    expect(beforeAfter(home(all, '2024-02-05', 0.1), action)).toBeUndefined();
    expect(firstAnswerOn(action)).toBe('2024-02-29');
  });
});
