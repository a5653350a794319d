import { describe, expect, it } from 'vitest';
import { guessColumns, previewMapping } from '../../../src/lib/meter/columns.ts';
import { readTableGuess, sampleOf } from '../../../src/lib/meter/read-meter-file.ts';
import { outlines, read } from './reading.ts';

const guess = (text: string) => guessColumns(sampleOf(text).sample);
const lines = (...rows: string[]) => `${rows.join('\n')}\n`;

const german = lines(
  'Zeitpunkt;Zähler;Verbrauch (kWh)',
  ...Array.from({ length: 20 }, (_, i) => `${String(i + 1).padStart(2, '0')}.03.2024 00:00;4711;${i},5`),
);

describe('column mapper', () => {
  it('guesses time, value, unit, decimal mark and date order', () => {
    const found = guess(german);
    expect(found?.mapping).toMatchObject({
      skipRows: 1,
      stamp: 0,
      order: 'dmy',
      decimal: ',',
      edge: 'start',
      clock: 'home',
    });
    expect(found?.mapping.values).toMatchObject([{ column: 2, unit: 'kWh', register: 'import' }]);
    expect(found?.names).toEqual(['Zeitpunkt', 'Zähler', 'Verbrauch (kWh)']);
    expect(found?.rows).toHaveLength(5);
  });

  it('shows what it reads, row by row, also after a correction', () => {
    const found = guess(german);
    if (found === undefined) throw new Error('no guess');
    expect(previewMapping(found.mapping, found.rows).slice(0, 2)).toEqual([
      { wallMs: Date.UTC(2024, 2, 1), offsetMs: undefined, values: [500] },
      { wallMs: Date.UTC(2024, 2, 2), offsetMs: undefined, values: [1500] },
    ]);
    const corrected = { ...found.mapping, order: 'mdy' as const };
    expect(previewMapping(corrected, found.rows)[0]?.wallMs).toBe(Date.UTC(2024, 0, 3));
  });

  it('reads the file by the mapping', async () => {
    const found = guess(german);
    const values = found?.mapping.values.map((value) => ({ ...value, kind: 'interval' as const }));
    if (found === undefined || values === undefined) throw new Error('no guess');
    await expect(read(german)).rejects.toMatchObject({ code: 'unknown-table' });
    const file = await read(german, { mapping: { ...found.mapping, values }, timeZone: 'Europe/Berlin' });
    expect(file.format).toBe('columns');
    expect(outlines(file)).toEqual([['import', 20, '2024-02-29T23:00', '2024-03-19T23:00', 86_400, 200_000, 0]]);
  });

  it('tells counters, exports, dates and times in columns of their own, and ends', () => {
    const counter = guess(
      lines(
        'Date,Time,Meter reading,Export kWh',
        ...Array.from({ length: 24 }, (_, i) => `2024-01-13,${i}:00,${1000 + i * 0.4},${i % 3}`),
      ),
    );
    expect(counter?.mapping).toMatchObject({ stamp: 0, timeOfDay: 1 });
    expect(counter?.mapping.values).toMatchObject([
      { column: 2, kind: 'counter', register: 'import' },
      { column: 3, kind: 'interval', register: 'export', unit: 'kWh' },
    ]);
    const ranged = guess(
      lines('From,To,Value', '2024-01-01 00:00,2024-01-01 01:00,5', '2024-01-01 01:00,2024-01-01 02:00,4'),
    );
    expect(ranged?.mapping).toMatchObject({ stamp: 0, end: 1 });
    expect(ranged?.doubts).toContain('unit');
  });

  it('takes energies of two decimals for no times of day, and a number of the meter for no energy', () => {
    const found = guess(lines('consumption,interval_start', '0.25,2024-01-01T00:00:00Z', '0.30,2024-01-01T00:30:00Z'));
    expect(found?.mapping).toMatchObject({ stamp: 1, values: [{ column: 0 }] });
    const net = guess(lines('Meter number,Date,Net', '0001,2024-01-13,0.5', '0001,2024-01-14,-0.1'));
    expect(net?.mapping.values).toMatchObject([{ column: 2 }]);
  });

  it.each([
    ['from one', [1, 2, 24], [0, 1, 23]],
    ['from zero', [0, 1, 23], [0, 1, 23]],
  ])('reads hours numbered %s', async (_, numbers, expected) => {
    const text = lines('Date,Hour,kWh', ...numbers.map((hour) => `2024-01-13,${hour},0.5`));
    const found = guess(text);
    if (found === undefined) throw new Error('no guess');
    expect(previewMapping(found.mapping, found.rows).map(({ wallMs }) => wallMs)).toEqual(
      expected.map((hour) => Date.UTC(2024, 0, 13, hour)),
    );
    const file = await read(text, { mapping: found.mapping, timeZone: 'UTC' });
    expect([...(file.series[0]?.startMs ?? [])]).toEqual(expected.map((hour) => Date.UTC(2024, 0, 13, hour)));
  });

  it('takes whole watt-hours with commas for thousands, and gas for cubic metres', () => {
    const found = guess(
      lines('Start,Usage (Wh),Gas usage', '2024-01-01 00:00,"1,234",0.1', '2024-01-01 01:00,"1,034",0.2'),
    );
    expect(found?.mapping).toMatchObject({ decimal: '.', values: [{ unit: 'Wh' }, { unit: 'm3', register: 'gas' }] });
  });

  it('reads months, and leaves the total out', async () => {
    const text = lines('Month;kWh', '2024-01;310', '02/2024;290', 'Mar 2024;300', 'Total;900');
    const found = guess(text);
    if (found === undefined) throw new Error('no guess');
    const file = await read(text, { mapping: found.mapping, timeZone: 'UTC' });
    expect([...(file.series[0]?.startMs ?? [])]).toEqual([0, 1, 2].map((month) => Date.UTC(2024, month)));
    expect(file.findings).toMatchObject([{ kind: 'totals-row', rows: [5] }]);
  });

  it('says what it doubts', () => {
    expect(guess(lines('a,b', '01/02/2024 00:00,1.5', '02/02/2024 00:00,1.4'))?.doubts.toSorted()).toEqual([
      'date-order',
      'register',
      'time-zone',
      'unit',
    ]);
    expect(guess(lines('2024-01-01 00:00,1.5', '2024-01-01 01:00,1.4'))?.doubts).toContain('header');
  });

  it('passes over lines before the header, costs and identifiers', () => {
    const found = guess(
      lines(
        'Report of,Someone',
        'Created,today',
        'Timestamp,Meter,Cost,Usage kWh',
        '2024-01-01T00:00:00Z,8717181718,0.25,1.5',
        '2024-01-01T01:00:00Z,8717181718,0.20,1.2',
      ),
    );
    expect(found?.mapping).toMatchObject({ skipRows: 3, stamp: 0, values: [{ column: 3 }] });
    expect(found?.doubts).not.toContain('time-zone');
  });

  it('gives the same key for files with the same header', () => {
    expect(guess(german)?.key).toBe(
      guess(german.replaceAll('03.2024', '04.2024').replace('Zeitpunkt', 'ZEITPUNKT '))?.key,
    );
  });

  it('has no guess without dates or numbers', async () => {
    expect(guess(lines('a,b', '1,2', '3,4'))).toBeUndefined();
    expect(await readTableGuess(new TextEncoder().encode('only text\nand more\n'))).toBeUndefined();
  });
});
