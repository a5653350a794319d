import { gzipSync, strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { sampleOf } from '../../../src/lib/meter/read-meter-file.ts';
import { kinds, outlines, read } from './reading.ts';

const csv = 'Hour Start,Electricity 1,Electricity 2\n2024-01-01T00:00:00Z,0.1,0.2\n2024-01-01T01:00:00Z,0.3,0\n';
const expected = [['import', 2, '2024-01-01T00:00', '2024-01-01T01:00', 3600, 600, 0]];

const sheet = (rows: string, prefix = '') => {
  const p = prefix === '' ? '' : `${prefix}:`;
  const xmlns = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  return `<?xml version="1.0"?><${p}worksheet ${xmlns}="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><${p}sheetData>${rows}</${p}sheetData></${p}worksheet>`;
};
const workbook = (sheetXml: string, extra: Record<string, string> = {}, properties = '') =>
  zipSync(
    Object.fromEntries(
      Object.entries({
        '[Content_Types].xml': '<Types/>',
        'xl/workbook.xml': `<workbook xmlns:r="r"><workbookPr ${properties}/><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
        'xl/_rels/workbook.xml.rels':
          '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        'xl/styles.xml':
          '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>',
        'xl/worksheets/sheet1.xml': sheetXml,
        ...extra,
      }).map(([name, text]) => [name, strToU8(text)]),
    ),
  );

describe('containers', () => {
  it('opens gzip, ZIP, gzip in ZIP, and several files of a ZIP as one', async () => {
    expect(outlines(await read(gzipSync(strToU8(csv))))).toEqual(expected);
    expect(outlines(await read(zipSync({ 'readme.pdf': strToU8('%PDF-1.4'), 'folder/a.csv': strToU8(csv) })))).toEqual(
      expected,
    );
    expect(outlines(await read(zipSync({ 'a.csv.gz': gzipSync(strToU8(csv)) })))).toEqual(expected);
    const later = csv.replaceAll('2024-01-01', '2024-01-02');
    const both = await read(zipSync({ 'b.csv': strToU8(later), 'a.csv': strToU8(csv) }));
    expect(outlines(both)).toEqual([['import', 4, '2024-01-01T00:00', '2024-01-02T01:00', 3600, 1200, 0]]);
    expect(outlines(await read(zipSync({ 'a.csv': strToU8(csv), 'copy.csv': strToU8(csv) })))).toEqual(expected);
  });

  it('reads UTF-16, Windows-1252 and byte order marks', async () => {
    const utf16 = new Uint8Array([
      0xff,
      0xfe,
      ...Array.from(csv, (letter) => letter.charCodeAt(0)).flatMap((code) => [code, 0]),
    ]);
    expect(outlines(await read(utf16))).toEqual(expected);
    expect(outlines(await read(`\ufeff${csv}`))).toEqual(expected);
    const edf =
      'Date et heure de rel\xe8ve;Puissance atteinte (W);Nature de la donn\xe9e\n18/01/2025;;\n12:00:00;1000;Estim\xe9e\n';
    const latin = Uint8Array.from(edf, (letter) => letter.charCodeAt(0));
    expect((await read(latin)).series[0]?.quality[0]).toBe(1);
  });

  it('reads workbooks: shared and inline strings, serial dates, the 1904 system, prefixes, cells without references', async () => {
    const rows =
      '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Electricity 1</t></is></c><c r="D1" t="str"><v>Electricity 2</v></c></row>' +
      '<row r="2"><c r="A2" s="1"><v>45292</v></c><c r="B2"><v>0.1</v></c><c r="D2"><v>0.2</v></c></row>' +
      '<row r="3"><c r="A3" s="1"><v>45292.041666666664</v></c><c r="B3"><v>0.29999999999999999</v></c></row>';
    const strings = { 'xl/sharedStrings.xml': '<sst><si><r><t>Hour </t></r><r><t>Start</t></r></si></sst>' };
    expect(outlines(await read(workbook(sheet(rows), strings), { timeZone: 'UTC' }))).toEqual([
      ['import', 2, '2024-01-01T00:00', '2024-01-01T01:00', 3600, 600, 0],
    ]);
    const in1904 = await read(workbook(sheet(rows), strings, 'date1904="1"'), { timeZone: 'UTC' });
    expect(outlines(in1904)[0]?.[2]).toBe('2028-01-02T00:00');
    const bare =
      '<x:row><x:c t="str"><x:v>Hour Start</x:v></x:c><x:c t="str"><x:v>Electricity 1</x:v></x:c><x:c t="str"><x:v>Electricity 2</x:v></x:c></x:row>' +
      '<x:row><x:c s="1"><x:v>45292</x:v></x:c><x:c><x:v>0.1</x:v></x:c><x:c><x:v>0.2</x:v></x:c></x:row>' +
      '<x:row><x:c><x:v>45292.041666666664</x:v></x:c><x:c><x:v>0.3</x:v></x:c><x:c><x:v>0</x:v></x:c></x:row>';
    expect(outlines(await read(workbook(sheet(bare, 'x')), { timeZone: 'UTC' }))).toEqual(expected);
  });

  it('passes over cells far to the right that are only coloured, and refuses values there', async () => {
    const rows = (far: string) =>
      '<row><c t="str"><v>Hour Start</v></c><c t="str"><v>Electricity 1</v></c><c t="str"><v>Electricity 2</v></c></row>' +
      Array.from(
        { length: 100 },
        (_, i) => `<row><c s="1"><v>${45292 + i / 24}</v></c><c><v>0.1</v></c><c><v>0.2</v></c>${far}</row>`,
      ).join('');
    const coloured = await read(workbook(sheet(rows('<c r="XFD2" s="1"/>'))), { timeZone: 'UTC' });
    expect(outlines(coloured)[0]?.slice(0, 2)).toEqual(['import', 100]);
    await expect(read(workbook(sheet(rows('<c r="XFD2"><v>1</v></c>'))))).rejects.toMatchObject({ code: 'damaged' });
  });

  it('keeps line numbers across quoted line breaks and blank lines', async () => {
    const file = await read(
      'Hour Start,Electricity 1,Electricity 2,Note\n\n2024-01-01T00:00:00Z,0.1,0.2,"two\nlines"\nbroken 1,0,0,\n2024-01-01T01:00:00Z,0.3,0,\n',
    );
    expect(file.findings.map(({ kind, rows }) => [kind, rows])).toEqual([['unreadable-row', [5]]]);
  });

  it('finds the delimiter also where every field is quoted', () => {
    expect(sampleOf('a,b\n"1;2","3"\n"4;5","6"\n').delimiter).toBe(',');
    expect(sampleOf('sep=;\na;b\n').delimiter).toBe(';');
  });
});

describe('files that are no meter files', () => {
  const bytes = (...parts: (number | string)[]) =>
    Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...strToU8(part)] : [part])));
  it.each([
    ['nothing', bytes(), 'empty', /empty/],
    ['a photo (JPEG)', bytes(0xff, 0xd8, 0xff, 0xe0, 'JFIF'), 'photo', /Meter readings by hand/],
    ['a photo (HEIC)', bytes(0, 0, 0, 24, 'ftypheic'), 'photo', /picture/],
    ['a PDF', bytes('%PDF-1.7'), 'pdf', /bill/],
    ['an old Excel file', bytes(0xd0, 0xcf, 0x11, 0xe0, 0xa1), 'document', /\.xlsx/],
    ['a database', bytes('SQLite format 3'), 'document', /database/],
    ['a text document', zipSync({ 'word/document.xml': strToU8('<w/>') }), 'document', /text document/],
    ['a log-in page', bytes('<!DOCTYPE html><html><title>Log in</title>'), 'document', /log-in/],
    [
      'a web page named .xls',
      bytes('<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>1'),
      'document',
      /calls itself/,
    ],
    ['a letter', bytes('Dear customer,\nthank you for your message.\n'), 'unknown-format', /none of the known/],
    ['a table without dates', bytes('month,hour,kWh\n1,1,0.5\n1,2,0.6\n'), 'unknown-format', /no column of dates/],
    [
      'an unknown table',
      bytes('Zeit;Wert\n2024-01-01 00:00;0,5\n2024-01-01 01:00;0,6\n'),
      'unknown-table',
      /which columns/,
    ],
    [
      'gas only',
      bytes(
        'Resource,Gas\nMeter Number,Date,Start Time,Duration,Consumption\n1,1/1/2024,12:00 AM,60,1\n1,1/1/2024,1:00 AM,60,1\n',
      ),
      'no-electricity',
      /gas only/,
    ],
    ['a header without rows', bytes('Hour Start,Electricity 1,Electricity 2\n'), 'no-readings', /no readings/],
    ['a cut gzip', gzipSync(strToU8(csv.repeat(50))).slice(0, -20), 'truncated', /ends too early/],
    ['a cut ZIP', zipSync({ 'a.csv': strToU8(csv) }).slice(0, 80), 'damaged', /damaged/],
    ['a ZIP with nothing in it', zipSync({ 'a.pdf': strToU8('x') }), 'no-readings', /no file with readings/],
    ['a workbook with entities', workbook(`<!DOCTYPE a [<!ENTITY b "c">]>${sheet('')}`), 'damaged', /document type/],
  ])('says what it is: %s', async (_what, file, code, message) => {
    const refusal = expect(read(file)).rejects;
    await refusal.toMatchObject({ code });
    await expect(read(file)).rejects.toThrow(message);
  });

  it('refuses what is too large, streamed or packed, without reading it all', async () => {
    let given = 0;
    const endless = function* () {
      for (;;) {
        given++;
        yield strToU8(`${'x'.repeat(1 << 18)}\n`);
      }
    };
    const { readMeterFile } = await import('../../../src/lib/meter/read-meter-file.ts');
    const head = function* () {
      yield strToU8(csv);
      yield* endless();
    };
    await expect(readMeterFile(head(), { name: 'endless' })).rejects.toMatchObject({ code: 'too-large' });
    expect(given).toBeLessThan(1000);
    await expect(read(gzipSync(new Uint8Array(200 * 2 ** 20)))).rejects.toMatchObject({ name: 'MeterFileError' });
  });

  it('stops when asked to', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(read(csv, { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('reports progress and refuses unknown zones', async () => {
    const shares: number[] = [];
    await read(csv.repeat(5000), { onProgress: (share) => shares.push(share) });
    expect(shares[shares.length - 1]).toBe(1);
    expect(shares.length).toBeGreaterThan(1);
    await expect(read(csv, { timeZone: 'Mars/Base' })).rejects.toThrow(RangeError);
  });

  it('knows that a repeated table is the same readings', async () => {
    expect(kinds(await read(csv + csv.split('\n').slice(1).join('\n')))).toEqual(['duplicate']);
  });
});
