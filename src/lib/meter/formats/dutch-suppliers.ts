/** Exports of Dutch suppliers, meter readers and portals. */

import { columnFormat } from '../column-format.ts';

const amsterdam = 'Europe/Amsterdam';

/** HomeWizard Energy app: counters each quarter hour or day; P1 meter (two tariffs), kWh meter, gas. */
export const homeWizard = columnFormat({
  id: 'homewizard',
  name: () => 'HomeWizard export',
  timeZone: amsterdam,
  header: [/^time$/, /^(import|export|gas)( t\d)? (kwh|m3|m³)$/],
  confidence: 0.97,
  stamp: /^time$/,
  order: 'ymd',
  decimal: '.',
  values: [
    { name: /^import( t\d)? kwh$/, register: 'import', unit: 'kWh', kind: 'counter' },
    { name: /^export( t\d)? kwh$/, register: 'export', unit: 'kWh', kind: 'counter' },
    { name: /^gas (m3|m³)$/, register: 'gas', unit: 'm3', kind: 'counter' },
  ],
});

/** GreenChoice “meterstanden”: one row a day with the counters of two tariffs each way, newest first. */
export const greenChoice = columnFormat({
  id: 'greenchoice',
  name: () => 'GreenChoice meter readings',
  timeZone: amsterdam,
  header: [/^opname ?datum$/, /^stand/],
  confidence: 0.97,
  stamp: /^opname ?datum$/,
  order: 'ymd',
  decimal: ',',
  values: [
    { name: /^stand ?(normaal|dal|enkel|hoog|laag|totaal)$/, register: 'import', unit: 'kWh', kind: 'counter' },
    {
      name: /^teruglevering ?(normaal|dal|enkel|hoog|laag|totaal)?$/,
      register: 'export',
      unit: 'kWh',
      kind: 'counter',
    },
    { name: /^(stand ?gas|stand|gas)$/, register: 'gas', unit: 'm3', kind: 'counter' },
  ],
});

/** Engie (NL): import, export and gas as rows of one table, told by the column “Type”; tariff by “Piek”. */
export const engie = columnFormat({
  id: 'engie',
  name: () => 'Engie export',
  timeZone: amsterdam,
  header: [/^datum$/, /^ean$/, /^verbruik$/, /^type$/],
  confidence: 0.97,
  stamp: /^datum$/,
  order: 'ymd',
  decimal: '.',
  tariff: /^piek$/,
  values: [
    {
      name: /^verbruik$/,
      register: 'import',
      unit: 'kWh',
      when: { column: /^type$/, pattern: /^(elektriciteit|stroom|levering)$/i },
    },
    { name: /^verbruik$/, register: 'export', unit: 'kWh', when: { column: /^type$/, pattern: /terug/i } },
    { name: /^verbruik$/, register: 'gas', unit: 'm3', when: { column: /^type$/, pattern: /^gas$/i } },
  ],
});

/**
 * Eneco workbook: two header rows, counters and use of each day. The use is read: the counters break off when the
 * meter is changed.
 */
export const eneco = columnFormat({
  id: 'eneco',
  name: () => 'Eneco use per day or hour',
  timeZone: amsterdam,
  header: [/^datum$/, /^(verbruik|gebruik) (laag|hoog|enkel|normaal|dal|gas)/],
  confidence: 0.96,
  stamp: /^datum$/,
  order: 'dmy',
  decimal: ',',
  values: [
    { name: /^(verbruik|gebruik) (laag|hoog|enkel|normaal|dal) ?tarief$/, register: 'import', unit: 'kWh' },
    { name: /^(teruglevering|levering terug) (laag|hoog|enkel|normaal|dal) ?tarief$/, register: 'export', unit: 'kWh' },
    { name: /^(verbruik|gebruik) gas/, register: 'gas', unit: 'm3' },
  ],
  estimated: { column: /^geschat/, pattern: /^[jy]/i },
  fallbackSeconds: 86_400,
});

/** Energie Manager Online: one row a day (or hour) from–to; export negative; the last row is the total of all. */
export const energieManager = columnFormat({
  id: 'energie-manager',
  name: () => 'Energie Manager Online export',
  timeZone: amsterdam,
  header: [/^vanaf$/, /^tot$/, /^(verbruik|teruglevering|totaal)\b/],
  confidence: 0.97,
  stamp: /^vanaf$/,
  end: /^tot$/,
  order: 'ymd',
  decimal: ',',
  values: [
    { name: /^verbruik (laag|hoog|enkel|normaal)/, register: 'import', unit: 'kWh' },
    { name: /^teruglevering/, register: 'export', unit: 'kWh', negated: true },
    { name: /^(verbruik gas|gas|verbruik)( |$)/, register: 'gas', unit: 'm3' },
  ],
});

/**
 * Energie Manager by its API: counters of one or several codes as rows, in thousandths told by “factor”. `ell` is taken
 * from the grid (levering), `elt` delivered (teruglevering), `gas` gas; the last letter but one may tell a tariff.
 */
export const energieManagerApi = columnFormat({
  id: 'energie-manager-api',
  name: () => 'Energie Manager export of counters',
  timeZone: amsterdam,
  header: [/^code$/, /^moment$/, /^value$/, /^factor$/],
  confidence: 0.97,
  stamp: /^moment$/,
  order: 'ymd',
  decimal: '.',
  label: /^ean$/,
  tariff: /^code$/,
  factor: /^factor$/,
  values: [
    { name: /^value$/, register: 'import', unit: 'kWh', kind: 'counter', when: { column: /^code$/, pattern: /^ell/i } },
    { name: /^value$/, register: 'export', unit: 'kWh', kind: 'counter', when: { column: /^code$/, pattern: /^elt/i } },
    { name: /^value$/, register: 'gas', unit: 'm3', kind: 'counter', when: { column: /^code$/, pattern: /gas/i } },
  ],
});
