/** Australian retailers' tables with a row an interval. Times are market time (UTC+10) all year. */

import { columnFormat } from '../column-format.ts';

const zone = { timeZone: 'Australia/Brisbane', fixedTimeZone: true } as const;

/** Red Energy: NMI, register (E or B), date, number of the interval, its start and end. */
export const redEnergy = columnFormat({
  id: 'red-energy',
  name: () => 'Red Energy interval data',
  ...zone,
  header: [/^nmi$/, /^register$/, /^date$/, /^start time$/, /^value$/],
  confidence: 0.97,
  stamp: /^date$/,
  timeOfDay: /^start time$/,
  endTimeOfDay: /^end time$/,
  order: 'ymd',
  decimal: '.',
  label: /^nmi$/,
  tariff: /^register$/,
  values: [
    { name: /^value$/, register: 'import', unit: 'kWh', when: { column: /^register$/, pattern: /^E/i } },
    { name: /^value$/, register: 'export', unit: 'kWh', when: { column: /^register$/, pattern: /^B/i } },
  ],
  estimated: { column: /^read type$/, pattern: /^[EFS]/i },
});

/** AGL: register code with the channel, start and end to the second. */
export const agl = columnFormat({
  id: 'agl',
  name: () => 'AGL interval data',
  ...zone,
  header: [/^nmi$/, /^register ?code$/, /^start ?date$/, /^end ?date$/, /^profile ?read ?value$/],
  confidence: 0.97,
  stamp: /^start ?date$/,
  end: /^end ?date$/,
  order: 'dmy',
  decimal: '.',
  label: /^nmi$/,
  tariff: /^register ?code$/,
  values: [
    {
      name: /^profile ?read ?value$/,
      register: 'import',
      unit: 'kWh',
      when: { column: /^register ?code$/, pattern: /(^|#)E/i },
    },
    {
      name: /^profile ?read ?value$/,
      register: 'export',
      unit: 'kWh',
      when: { column: /^register ?code$/, pattern: /(^|#)B/i },
    },
  ],
  estimated: { column: /^quality ?flag$/, pattern: /^[EFS]/i },
});
