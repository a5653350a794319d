import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import { analyseHome, type AnalysisInput } from '../../../src/lib/usage/analysis.ts';
import { AnalysisClient, type WorkerHandle } from '../../../src/lib/usage/client.ts';
import { isSouthern } from '../../../src/lib/usage/hemisphere.ts';
import { monthFeatures } from '../../../src/lib/usage/features.ts';
import { dayTemperatures } from '../../../src/lib/usage/temperature.ts';
import { simulateHome } from '../../../src/simulation/homes.ts';
import { simulatedWeather } from '../../../src/simulation/weather.ts';
import { seriesOf, totalWh, zone } from './series.ts';

const home = simulateHome({
  seed: 2,
  index: 5,
  timeZone: zone,
  from: '2022-01-01',
  to: '2024-01-01',
  stepSeconds: 3600,
  traits: { heating: 'resistive', heatLossWPerK: 80, solarKwp: 4 },
});
const weather = simulatedWeather(2, zone);
const timeMs = Float64Array.from({ length: 731 * 24 }, (_, hour) => Date.UTC(2021, 11, 31, 23 + hour));
const input: AnalysisInput = {
  timeZone: zone,
  importSeries: home.import,
  ...(home.export && { exportSeries: home.export }),
  ...(home.generation && { generationSeries: home.generation }),
  temperatures: dayTemperatures({ timeMs, celsius: Float32Array.from(timeMs, (ms) => weather.temperatureC(ms)) }, zone),
  tariff: {
    name: 'Flat',
    currency: 'EUR',
    contracts: [
      { from: '2022-01-01', standingPerDay: 1, base: { name: 'All', perKwh: 0.3 }, bands: [], exportPerKwh: 0.1 },
    ],
  },
};

describe('analyseHome', () => {
  const analysis = analyseHome(input);

  it('agrees with itself and with what it is made of', () => {
    const total = totalWh(home.import.energyWh);
    expect(totalWh(analysis.days.map((day) => day.energyWh))).toBeCloseTo(total, 3);
    expect(totalWh(analysis.months.map((month) => month.energyWh))).toBeCloseTo(total, 3);
    expect(analysis.cost?.total).toBeCloseTo(
      (total * 0.3 - totalWh(home.export?.energyWh ?? []) * 0.1) / 1000 + 730,
      6,
    );
    expect(analysis.monthFeatures).toHaveLength(24);
    expect(analysis.monthFeatures[3]?.values).toEqual(monthFeatures(home.import, '2022-04', zone).values);
    expect(analysis.weather?.model?.heating?.kwhPerDegreeDay).toBeGreaterThan(1);
    expect(analysis.weather?.split?.days).toBe(365);
    expect(Math.abs(analysis.weather?.years?.change ?? 1)).toBeLessThan(0.15);
  });

  it('can be sent to a page', () => {
    expect(structuredClone(analysis)).toEqual(analysis);
  });

  it('works for bills alone, and for nothing at all', () => {
    const bills = seriesOf('2023-01-01', '2023-12-27', 30 * 86_400, () => 300_000);
    const rest = analyseHome({ timeZone: zone, importSeries: bills });
    expect(rest.figures).toBeUndefined();
    expect(rest.months).toHaveLength(12);
    expect(
      analyseHome({ timeZone: zone, importSeries: seriesOf('2023-01-01', '2023-01-01', 900, () => 0) }).days,
    ).toEqual([]);
  });
});

describe('AnalysisClient', () => {
  const start = (api: object) => (): WorkerHandle => {
    const { port1, port2 } = new MessageChannel();
    expose(api, port1);
    port1.start();
    return Object.assign(port2, {
      terminate: () => {
        port1.close();
        port2.close();
      },
    });
  };

  it('answers with the newest request only', async () => {
    let asked = 0;
    const client = new AnalysisClient(
      start({
        analyse: (one: AnalysisInput) => {
          asked += 1;
          return analyseHome(one);
        },
      }),
    );
    const answers = await Promise.all([client.analyse(input), client.analyse(input), client.analyse(input)]);
    expect(answers.map((answer) => answer?.days.length)).toEqual([undefined, undefined, 730]);
    expect(asked).toBe(1);
    client.stop();
  });

  it('says in words that it failed, and starts anew for the next request', async () => {
    let workers = 0;
    const client = new AnalysisClient(() => {
      workers += 1;
      const api =
        workers === 1 ? { analyse: () => Promise.reject(new RangeError('out of memory')) } : { analyse: analyseHome };
      return start(api)();
    });
    await expect(client.analyse(input)).rejects.toThrow(/Close other apps/);
    expect((await client.analyse(input))?.days.length).toBe(730);
    client.stop();
  });
});

it('knows the south by its zone', () => {
  expect(['Australia/Sydney', 'America/Sao_Paulo', 'Africa/Johannesburg'].map(isSouthern)).toEqual([true, true, true]);
  expect(['Europe/Amsterdam', 'America/Chicago', 'Asia/Kolkata', 'UTC'].map(isSouthern)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
