import { simulateHome } from '../../src/simulation/homes.ts';

/** Fourteen months of hours of a simulated home. */
export const madeUpHome = () =>
  simulateHome({
    seed: 7,
    index: 3,
    timeZone: 'Europe/Amsterdam',
    from: '2024-01-01',
    to: '2025-03-01',
    stepSeconds: 3600,
  });

/** {@link madeUpHome} as an hourly DSMR-reader export, for where no real file is at hand. */
export function madeUpMeterFile(): { name: string; mimeType: string; buffer: Buffer } {
  const { startMs, energyWh } = madeUpHome().import;
  const header = 'Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff)';
  const lines = Array.from(
    startMs,
    (ms, i) => `${new Date(ms).toISOString().slice(0, 19)}+00:00,${(energyWh[i] ?? 0) / 1000},0`,
  );
  return { name: 'export.csv', mimeType: 'text/csv', buffer: Buffer.from([header, ...lines].join('\n')) };
}
