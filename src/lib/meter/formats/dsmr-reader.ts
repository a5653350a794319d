import { columnFormat } from '../column-format.ts';

/**
 * Hourly or daily export of DSMR-reader (dsmrreader.readthedocs.io): two tariffs each way, gas, ISO stamps with
 * offset (hours) or plain dates (days).
 */
export const dsmrReader = columnFormat({
  id: 'dsmr-reader',
  name: () => 'DSMR-reader export',
  timeZone: 'Europe/Amsterdam',
  header: [/^(hour start|day|day start|uur|dag)\b/, /^electricity 1\b/, /^electricity 2\b/],
  confidence: 0.98,
  stamp: /^(hour start|day|day start|uur|dag)\b/,
  order: 'ymd',
  decimal: '.',
  values: [
    { name: /^electricity 1 returned\b/, register: 'export', unit: 'kWh', tariff: 'low' },
    { name: /^electricity 2 returned\b/, register: 'export', unit: 'kWh', tariff: 'normal' },
    { name: /^electricity 1\b/, register: 'import', unit: 'kWh', tariff: 'low' },
    { name: /^electricity 2\b/, register: 'import', unit: 'kWh', tariff: 'normal' },
    { name: /^gas\b/, register: 'gas', unit: 'm3' },
  ],
});
