/** All figures of ten years of quarter hours, on one core: the whole, and the largest parts alone. Best of seven, ms. */
import { numberOfDay, startOfDayNumber } from '../../src/lib/series/local-day.ts';
import type { ReadingSeries } from '../../src/lib/series/types.ts';
import { analyseHome } from '../../src/lib/usage/analysis.ts';
import { baseloadByMonth } from '../../src/lib/usage/baseload.ts';
import { costOf } from '../../src/lib/usage/cost.ts';
import { dayTotals } from '../../src/lib/usage/days.ts';
import { hourTable } from '../../src/lib/usage/hour-table.ts';
import { hourProfile } from '../../src/lib/usage/profile.ts';
import { parseTariff } from '../../src/lib/usage/tariff.ts';
import { dayTemperatures } from '../../src/lib/usage/temperature.ts';
import { unusualDays } from '../../src/lib/usage/unusual-days.ts';
import { dailyObservations } from '../../src/lib/usage/weather-data.ts';
import { fitWeatherModel } from '../../src/lib/usage/weather-model.ts';
import { simulateHome } from '../../src/simulation/homes.ts';
import { simulatedWeather } from '../../src/simulation/weather.ts';

const timeZone = 'Europe/Amsterdam';
const [from, to] = ['2014-01-01', '2024-01-01'];
const runs = 7;

const fastestMs = (work: () => unknown): number => {
  let best = Infinity;
  for (let run = 0; run < runs; run += 1) {
    const started = performance.now();
    work();
    best = Math.min(best, performance.now() - started);
  }
  return Math.round(best * 10) / 10;
};

/** Wall and processor time of one run, ms: the latter is what counts where other programs share the core. */
const once = (work: () => unknown): { wallMs: number; processorMs: number } => {
  const [started, used] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(used);
  return { wallMs: Math.round(performance.now() - started), processorMs: Math.round((user + system) / 1000) };
};

const band = { name: 'Night', perKwh: 0.2, windows: [{ days: 'all', fromMinute: 1380, untilMinute: 420 }] };
const prices = { standingPerDay: 0.4, base: { name: 'Day', perKwh: 0.3 }, bands: [band], exportPerKwh: 0.05 };

/** Figures by name, ms. */
export const bench = (): Promise<Record<string, unknown>> => {
  const importSeries: ReadingSeries = simulateHome({
    seed: 1,
    index: 1,
    timeZone,
    from,
    to,
    stepSeconds: 900,
    traits: { heating: 'heat-pump', heatLossWPerK: 120, solarKwp: 0 },
  }).import;
  const weather = simulatedWeather(1, timeZone);
  const startMs = startOfDayNumber(numberOfDay(from), timeZone);
  const timeMs = Float64Array.from({ length: 3653 * 24 }, (_, hour) => startMs + hour * 3_600_000);
  const temperatures = dayTemperatures(
    { timeMs, celsius: Float32Array.from(timeMs, (ms) => weather.temperatureC(ms)) },
    timeZone,
  );
  const tariff = parseTariff({
    name: 'Two rates',
    currency: 'EUR',
    contracts: Array.from({ length: 10 }, (_, year) => ({ from: `${2014 + year}-01-01`, ...prices })),
  });
  const all = () => analyseHome({ timeZone, importSeries, tariff, otherTariff: tariff, temperatures });
  const first = once(all);
  const table = hourTable(importSeries, timeZone);
  const days = dayTotals(table);
  const period = { fromDay: table.firstDay, untilDay: table.firstDay + table.dayCount };
  const last = period.untilDay;
  return Promise.resolve({
    readings: importSeries.startMs.length,
    'all figures, first time': first,
    'all figures, second time': once(all),
    'all figures (ms)': fastestMs(all),
    'hour table (ms)': fastestMs(() => hourTable(importSeries, timeZone)),
    'day totals (ms)': fastestMs(() => dayTotals(table)),
    'one profile (ms)': fastestMs(() => hourProfile(table)),
    'baseload by month (ms)': fastestMs(() => baseloadByMonth(table)),
    'cost (ms)': fastestMs(() => costOf(tariff, timeZone, period, importSeries)),
    'unusual days (ms)': fastestMs(() => unusualDays(days)),
    'weather model (ms)': fastestMs(() =>
      fitWeatherModel(dailyObservations(days, temperatures, last - 365, last).observations),
    ),
  });
};
