/** Exports of inverters and energy meters in the home whose columns tell all. Times are the home's unless said. */

import { columnFormat } from '../column-format.ts';

/** Shelly EM and 3EM: Wh of each step (10 minutes, lately 1 minute) in UTC, one column a phase. */
export const shelly = columnFormat({
  id: 'shelly',
  name: () => 'Shelly energy meter',
  timeZone: 'UTC',
  header: [/^date ?\/ ?time( utc)?$/, /^active energy wh/],
  confidence: 0.97,
  stamp: /^date ?\/ ?time( utc)?$/,
  clock: 'utc',
  order: 'ymd',
  decimal: '.',
  values: [
    { name: /^active energy wh/, register: 'import', unit: 'Wh' },
    { name: /^returned energy wh/, register: 'export', unit: 'Wh' },
  ],
  fallbackSeconds: 600,
});

/** Enphase Enlighten reports: Wh an interval; production, exchange with the grid, and the home's whole use. */
export const enphase = columnFormat({
  id: 'enphase',
  name: () => 'Enphase report',
  timeZone: 'UTC',
  header: [/^date\/time$/, /^(energy (produced|consumed)|(exported to|imported from) grid) \(k?wh\)$/],
  confidence: 0.97,
  stamp: /^date\/time$/,
  order: 'mdy',
  decimal: '.',
  values: [
    { name: /^energy produced \(wh\)$/, register: 'generation', unit: 'Wh' },
    { name: /^exported to grid \(wh\)$/, register: 'export', unit: 'Wh' },
    { name: /^imported from grid \(wh\)$/, register: 'import', unit: 'Wh' },
    { name: /^energy consumed \(wh\)$/, register: 'other', unit: 'Wh', label: 'whole use' },
    { name: /^energy produced \(kwh\)$/, register: 'generation', unit: 'kWh' },
    { name: /^exported to grid \(kwh\)$/, register: 'export', unit: 'kWh' },
    { name: /^imported from grid \(kwh\)$/, register: 'import', unit: 'kWh' },
    { name: /^energy consumed \(kwh\)$/, register: 'other', unit: 'kWh', label: 'whole use' },
  ],
  fallbackSeconds: 900,
});

/** iSolarCloud (Sungrow) reports: kWh a day or hour. “Load” is the home's whole use, not what it took from the grid. */
export const iSolarCloud = columnFormat({
  id: 'isolarcloud',
  name: () => /* @wc-include */ 'iSolarCloud report',
  timeZone: 'UTC',
  header: [/^time$/, /^(pv|purchased energy|feed-in|load) ?\(kwh\)$/],
  confidence: 0.97,
  stamp: /^time$/,
  order: 'ymd',
  decimal: '.',
  values: [
    { name: /^(pv|pv yield|yield) ?\(kwh\)$/, register: 'generation', unit: 'kWh' },
    { name: /^purchased energy ?\(kwh\)$/, register: 'import', unit: 'kWh' },
    { name: /^feed-in( energy)? ?\(kwh\)$/, register: 'export', unit: 'kWh' },
    { name: /^load( consumption)? ?\(kwh\)$/, register: 'other', unit: 'kWh', label: 'whole use' },
  ],
  fallbackSeconds: 86_400,
});

/** SolarEdge monitoring portal as CSV; as JSON see solaredge.ts. */
export const solarEdgeCsv = columnFormat({
  id: 'solaredge-csv',
  name: () => 'SolarEdge chart export',
  timeZone: 'UTC',
  header: [
    /^(time|date|date\/time|measurement time)$/,
    /^(system production|solar production|production|energy) \(k?wh?\)$/,
  ],
  confidence: 0.85,
  stamp: /^(time|date|date\/time|measurement time)$/,
  order: 'mdy',
  decimal: '.',
  values: [
    { name: /^(system production|solar production|production|energy) \(wh\)$/, register: 'generation', unit: 'Wh' },
    { name: /^(system production|solar production|production|energy) \(kwh\)$/, register: 'generation', unit: 'kWh' },
    { name: /^(system production|solar production|production) \(w\)$/, register: 'generation', unit: 'W' },
    { name: /^(export|exported|feed-in)( energy)? \(wh\)$/, register: 'export', unit: 'Wh' },
    { name: /^(import|imported|purchased)( energy)? \(wh\)$/, register: 'import', unit: 'Wh' },
  ],
});
