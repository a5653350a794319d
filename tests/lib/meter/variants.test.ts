import { gzipSync, strToU8, zipSync } from 'fflate';
import { dsvFormat } from 'd3';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kinds, outlines, read } from './reading.ts';

/** Samples of docs/formats.md by format. */
const samples = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/formats.md'), 'utf8').matchAll(
    /^## [^\n]*\(`([^`]+)`\)\n[\s\S]*?```(\w+)\n([\s\S]*?)```/gm,
  ),
].map(([, id = '', language = '', sample = '']) => ({ id, language, sample }));

const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
};

const delimiterOf = (text: string): string => {
  const lines = text.split('\n');
  return lines.filter((line) => line.includes(';')).length > lines.length / 2 ? ';' : ',';
};
const rowsOf = (text: string) => dsvFormat(delimiterOf(text)).parseRows(text);

/** The same file as other programs write it. */
const wrappings: Readonly<Record<string, (text: string) => string | Uint8Array>> = {
  'with a byte order mark': (text) => `\ufeff${text}`,
  'in UTF-16 with a mark': (text) => utf16(`\ufeff${text}`, true),
  'in UTF-16, the other way round': (text) => utf16(`\ufeff${text}`, false),
  'in UTF-16 without a mark': (text) => utf16(text, true),
  'with carriage returns': (text) => text.replaceAll('\n', '\r\n'),
  'with carriage returns alone': (text) => text.replaceAll('\n', '\r'),
  'with blank lines at the end': (text) => `${text}\n\n  \n\n`,
  'without a last line break': (text) => text.trimEnd(),
  'with a blank line before': (text) => `\n${text}`,
  gzipped: (text) => gzipSync(strToU8(text)),
  zipped: (text) => zipSync({ 'a/b.csv': strToU8(text) }),
  'zipped twice': (text) => zipSync({ 'a.zip': zipSync({ 'b.csv': strToU8(text) }) }),
  'zipped, then gzipped': (text) => gzipSync(zipSync({ 'b.csv': strToU8(text) })),
  'gzipped, then zipped': (text) => zipSync({ 'a.csv.gz': gzipSync(strToU8(text)) }),
  'twice in one archive': (text) => zipSync({ 'a.csv': strToU8(text), 'b.csv': strToU8(text) }),
};
const tableWrappings: typeof wrappings = {
  'with semicolons': (text) => dsvFormat(';').formatRows(rowsOf(text)),
  'with tabs': (text) => dsvFormat('\t').formatRows(rowsOf(text)),
  'with every field in quotes': (text) =>
    rowsOf(text)
      .map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiterOf(text)))
      .join('\n'),
};

describe.each(samples)('$id reads the same', ({ language, sample }) => {
  const all = language === 'csv' ? { ...wrappings, ...tableWrappings } : wrappings;
  it.each(Object.entries(all))('%s', async (_, wrap) => {
    const plain = await read(sample);
    const file = await read(wrap(sample));
    expect(file.format).toBe(plain.format);
    expect(outlines(file)).toEqual(outlines(plain));
  });
});

describe('archives', () => {
  const usage = (day: string) =>
    strToU8(
      `TYPE,DATE,START TIME,END TIME,USAGE (kWh),NOTES\n${Array.from(
        { length: 24 },
        (_, hour) => `Electric usage,${day},${hour}:00,${hour}:59,0.5,\n`,
      ).join('')}`,
    );

  it('reads what goes together and names what it leaves out', async () => {
    const archive = zipSync({
      'a gas.csv': strToU8('time,Gas m3\n2026-01-01 00:00,10\n2026-01-02 00:00,12\n'),
      'b bill.pdf': strToU8('%PDF-1.4'),
      'c march.csv': usage('2018-03-08'),
      'd april.csv': usage('2018-03-09'),
      '__MACOSX/._c': strToU8('x'),
    });
    const file = await read(archive, { timeZone: 'America/New_York' });
    expect(outlines(file)).toEqual([['import', 48, '2018-03-08T05:00', '2018-03-10T04:00', 3600, 24_000, 0]]);
    const left = file.findings.filter(({ kind }) => kind === 'file-left-out').map(({ message }) => message);
    expect(left).toHaveLength(2);
    expect(left.join()).toMatch(/“b bill\.pdf”.*PDF/);
    expect(left.join()).toMatch(/“a gas\.csv”.*HomeWizard/);
  });

  it('says what the only file of an archive is', async () => {
    await expect(read(zipSync({ 'bill.pdf': strToU8('%PDF-1.4') }))).rejects.toMatchObject({ code: 'pdf' });
    await expect(read(zipSync({ 'a.txt': strToU8('hello'), 'b.txt': strToU8('good day') }))).rejects.toMatchObject({
      code: 'no-readings',
      message: expect.stringContaining('“a.txt”') as string,
    });
  });

  it('does not follow archives in archives without end', async () => {
    let nested: Uint8Array = strToU8('Hour Start,Electricity 1,Electricity 2\n2024-01-01T00:00:00Z,0.1,0.2\n');
    for (let depth = 0; depth < 6; depth++) nested = zipSync({ 'a.zip': nested });
    await expect(read(nested)).rejects.toMatchObject({ code: 'damaged' });
  });
});

describe('clock changes', () => {
  const zone = 'Europe/Brussels';
  const fluvius = (...rows: string[]) =>
    ['Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN;Register;Volume;Eenheid;Validatiestatus', ...rows].join(
      '\n',
    );

  it('takes an interval across the spring change for as long as it was', async () => {
    const file = await read(
      fluvius(
        '26-03-2023;01:45:00;26-03-2023;03:00:00;="1";Afname Nacht;0,100;kWh;Uitgelezen',
        '26-03-2023;03:00:00;26-03-2023;03:15:00;="1";Afname Nacht;0,200;kWh;Uitgelezen',
      ),
      { timeZone: zone },
    );
    expect(outlines(file)).toEqual([['import', 2, '2023-03-26T00:45', '2023-03-26T01:00', 900, 300, 0]]);
    expect(kinds(file)).toEqual([]);
  });

  it('takes zeros in the skipped hour of a table for places without an hour', async () => {
    const names = Array.from({ length: 24 }, (_, i) => `${String(i).padStart(2, '0')}:00`).join();
    const day = (date: string, values: (hour: number) => string) =>
      `${date},${Array.from({ length: 24 }, (_, hour) => values(hour)).join()}`;
    const file = await read(
      [`Date,${names}`, day('2024-03-31', (hour) => (hour === 2 ? '0' : '0.5')), day('2024-04-01', () => '0.5')].join(
        '\n',
      ),
      { timeZone: zone },
    );
    expect(outlines(file)).toEqual([['import', 47, '2024-03-30T23:00', '2024-04-01T21:00', 3600, 23_500, 0]]);
    expect(kinds(file)).toContain('spring-hour');
  });

  it('reads ends that are named by the clock before the change', async () => {
    const rows = ['03:30', '03:00', '02:30', '03:00', '02:30', '02:00', '01:30'].map(
      (time) => `${time}:00;1000;Réelle`,
    );
    const file = await read(
      ['Date et heure de relève par le distributeur;Puissance atteinte (W);Nature', '27/10/2024;;', ...rows].join('\n'),
    );
    expect(outlines(file)).toEqual([['import', 7, '2024-10-26T23:00', '2024-10-27T02:00', 1800, 3500, 0]]);
  });
});

describe('Spanish curves', () => {
  const hours = (date: string, from: number, until: number, value: (hour: number) => string = () => '0,1') =>
    Array.from({ length: until - from + 1 }, (_, i) => `ES1;${date};${from + i};${value(from + i)};R`);
  const cups = (...rows: string[]) => ['CUPS;Fecha;Hora;AE_kWh;REAL/ESTIMADO', ...rows].join('\n');

  it.each([
    ['numbered through a day of 25 hours', cups(...hours('27/10/2024', 1, 25)), 25, '2024-10-27T22:00', 2500],
    ['numbered through a day of 23 hours', cups(...hours('31/03/2024', 1, 23)), 23, '2024-03-31T21:00', 2300],
    [
      'numbered by the clock in spring',
      cups(...hours('31/03/2024', 1, 24, (hour) => (hour === 3 ? '0' : '0,1'))),
      23,
      '2024-03-31T21:00',
      2300,
    ],
    [
      'numbered by the clock in autumn',
      cups(...hours('27/10/2024', 1, 3), ...hours('27/10/2024', 3, 24)),
      25,
      '2024-10-27T22:00',
      2500,
    ],
    ['numbered from zero', cups(...hours('01/02/2024', 0, 23)), 24, '2024-02-01T22:00', 2400],
    ['dates with the year first', cups(...hours('2024/02/01', 1, 24)), 24, '2024-02-01T22:00', 2400],
  ])('%s', async (_, text, readings, last, total) => {
    const [one] = outlines(await read(text));
    expect(one?.slice(0, 2)).toEqual(['import', readings]);
    expect(one?.slice(3)).toEqual([last, 3600, total, 0]);
  });

  it('takes date and hour in one column for the hour that ends then', async () => {
    const file = await read(
      'CUPS;FECHA-HORA;INV / VER;CONSUMO Wh;GENERACION Wh\nES1;2024/01/01 01:00;1;500;0\nES1;2024/01/01 02:00;1;300;0\n',
    );
    expect(outlines(file)[0]).toEqual(['import', 2, '2023-12-31T23:00', '2024-01-01T00:00', 3600, 800, 0]);
  });
});

describe('files saved once more elsewhere', () => {
  it('lets numbers settle the decimal mark', async () => {
    const file = await read(
      'TYPE;DATE;START TIME;END TIME;USAGE (kWh);NOTES\nElectric usage;2024-06-01;00:00;00:59;0,5;\nElectric usage;2024-06-01;01:00;01:59;1.001,25;\n',
    );
    expect(outlines(file)[0]?.[5]).toBe(1_001_750);
  });

  it('reads Fluvius in German', async () => {
    const file = await read(
      'Von (Datum);Von (Uhrzeit);Bis (Datum);Bis (Uhrzeit);EAN;Register;Volumen;Einheit;Validierungsstatus\n26-03-2023;00:00:00;26-03-2023;00:15:00;="1";Einspeisung Nacht;0,100;kWh;Geschätzt\n',
    );
    expect(outlines(file)).toEqual([['export', 1, '2023-03-25T23:00', '2023-03-25T23:00', 900, 100, 0]]);
    expect(kinds(file)).toContain('estimated');
  });

  it('reads words with accents as those without', async () => {
    const file = await read(
      'De (date);De (heure);A (date);A (heure);Code EAN;Registre;Volume;Unité;Statut de validation\n26-03-2023;00:00:00;26-03-2023;00:15:00;="1";Prélèvement Nuit;0,100;kWh;Estimé\n',
    );
    expect(outlines(file)).toEqual([['import', 1, '2023-03-25T23:00', '2023-03-25T23:00', 900, 100, 0]]);
    expect(kinds(file)).toEqual(['estimated']);
  });
});
