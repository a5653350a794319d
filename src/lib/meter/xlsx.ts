/**
 * Workbooks (ECMA-376 SpreadsheetML) as rows of text. Understood: any namespace prefix, cells without references,
 * shared and inline strings, serial dates by number format, the 1904 date system.
 */

import { SaxesParser } from 'saxes';
import { MeterFileError } from './errors.ts';
import type { NumberedRow } from './delimited.ts';
import { piecesOf } from './source.ts';
import { unzip } from './zip.ts';

const workbookPart =
  /^xl\/(workbook\.xml|sharedStrings\.xml|styles\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/i;
/** Excel stops at column XFD and row 1,048,576. */
const columnsLimit = 16_384;
/** Blank cells before others that a sheet may have, in all and for each of its rows: more is no table. */
const blanksLimit = { inAll: 200_000, perRow: 500 };
/** A cell without a value this far off was only coloured or framed. */
const farColumns = 1000;
const dayMs = 86_400_000;

interface XmlHandler {
  open?(name: string, attributes: Record<string, string>): void;
  text?(text: string): void;
  close?(name: string): void;
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Walks a part's elements by local name, in pieces, so that a large sheet is never held as one text. */
const walk = (bytes: Uint8Array, handler: XmlHandler): void => {
  const parser = new SaxesParser({ xmlns: false, position: false });
  parser.on('opentag', ({ name, attributes }) => handler.open?.(localName(name), attributes));
  parser.on('text', (text) => handler.text?.(text));
  parser.on('closetag', ({ name }) => handler.close?.(localName(name)));
  parser.on('error', () => {
    throw new MeterFileError('damaged', 'The Excel file is damaged. Download it again.');
  });
  parser.on('doctype', () => {
    throw new MeterFileError(
      'damaged',
      'The Excel file holds a document type declaration, which no spreadsheet program writes. It was not opened.',
    );
  });
  const decoder = new TextDecoder();
  for (const piece of piecesOf(bytes)) parser.write(decoder.decode(piece, { stream: true }));
  parser.close();
};

const sharedStrings = (bytes: Uint8Array | undefined): string[] => {
  const strings: string[] = [];
  if (bytes === undefined) return strings;
  let current = '';
  let inText = false;
  let phonetic = false;
  walk(bytes, {
    open(name) {
      if (name === 'si') current = '';
      else if (name === 't') inText = true;
      else if (name === 'rPh') phonetic = true;
    },
    text(text) {
      if (inText && !phonetic) current += text;
    },
    close(name) {
      if (name === 'si') strings.push(current);
      else if (name === 't') inText = false;
      else if (name === 'rPh') phonetic = false;
    },
  });
  return strings;
};

/** Built-in number formats that show a date or time (ECMA-376 part 1, 18.8.30). */
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

/** Whether each cell style shows a date. */
const dateStyles = (bytes: Uint8Array | undefined): boolean[] => {
  const styles: boolean[] = [];
  if (bytes === undefined) return styles;
  const custom = new Map<string, boolean>();
  let inCellXfs = false;
  walk(bytes, {
    open(name, attributes) {
      if (name === 'numFmt')
        custom.set(
          attributes.numFmtId ?? '',
          /[dmyhs]/i.test((attributes.formatCode ?? '').replace(/"[^"]*"|\[[^\]]*\]|\\./g, '')),
        );
      else if (name === 'cellXfs') inCellXfs = true;
      else if (name === 'xf' && inCellXfs) {
        const id = attributes.numFmtId ?? '0';
        styles.push(custom.get(id) ?? isBuiltInDate(Number(id)));
      }
    },
    close(name) {
      if (name === 'cellXfs') inCellXfs = false;
    },
  });
  return styles;
};

/** Column index of a reference such as `AB12`; -1 without one. */
const columnOfReference = (reference: string | undefined): number => {
  const letters = /^[A-Z]{1,3}/i.exec(reference ?? '')?.[0];
  if (letters === undefined) return -1;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
};

/** A serial date as text: `2020-01-31`, with the time of day if it has one, or `07:30:00` for a time alone. */
const serialDate = (serial: number, from1904: boolean): string => {
  // Serial 60 is 29 February 1900, which never was; dates of meters are all beyond it.
  const epochMs = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  const ms = epochMs + Math.round(serial * 86_400) * 1000;
  const iso = new Date(ms).toISOString();
  if (serial < 1) return iso.slice(11, 19);
  return ms % dayMs === 0 ? iso.slice(0, 10) : iso.slice(0, 19).replace('T', ' ');
};

/** Numbers are stored with 17 digits; what was meant has at most 15. */
const plainNumber = (text: string): string => {
  const number = Number(text);
  if (text === '' || Number.isNaN(number)) return text;
  return text.length <= 15 ? String(number) : String(Number(number.toPrecision(15)));
};

export interface Sheet {
  readonly name: string;
  readonly rows: readonly NumberedRow[];
}

const sheetRows = (
  bytes: Uint8Array,
  strings: readonly string[],
  dates: readonly boolean[],
  from1904: boolean,
): NumberedRow[] => {
  const rows: NumberedRow[] = [];
  let blanks = 0;
  let cells: string[] = [];
  let line = 0;
  let type = '';
  let style = 0;
  let column = -1;
  let value = '';
  let inValue = false;
  walk(bytes, {
    open(name, attributes) {
      if (name === 'row') {
        cells = [];
        column = -1;
        const given = Number(attributes.r);
        line = Number.isInteger(given) && given > line ? given : line + 1;
      } else if (name === 'c') {
        const given = columnOfReference(attributes.r);
        column = given >= 0 ? given : column + 1;
        type = attributes.t ?? 'n';
        style = Number(attributes.s ?? 0);
        value = '';
      } else if (name === 'v' || name === 't') inValue = true;
    },
    text(text) {
      if (inValue) value += text;
    },
    close(name) {
      if (name === 'v' || name === 't') inValue = false;
      else if (name === 'c' && column < columnsLimit) {
        const gap = Math.max(0, column - cells.length);
        if (value === '' && gap > farColumns) return;
        blanks += gap;
        if (blanks > blanksLimit.inAll + blanksLimit.perRow * rows.length)
          throw new MeterFileError(
            'damaged',
            'The Excel file has values far to the right of its table. Copy the table to a new sheet and save that.',
          );
        while (cells.length < column) cells.push('');
        const number = type === 'n' ? Number(value) : Number.NaN;
        if (type === 's') cells[column] = strings[Number(value)] ?? '';
        else if (type === 'n' && value !== '' && dates[style] === true && number >= 0 && number < 2_958_466)
          cells[column] = serialDate(number, from1904);
        else cells[column] = type === 'n' ? plainNumber(value) : value;
      } else if (name === 'row' && cells.some((cell) => cell !== '')) rows.push({ cells, line });
    },
  });
  return rows;
};

/**
 * The sheets of a workbook, in its order.
 * @throws MeterFileError `damaged`, `too-large` or `protected`
 */
export const readWorkbook = (bytes: Uint8Array): Sheet[] => {
  const parts = new Map<string, Uint8Array>();
  for (const [name, part] of unzip(bytes, (part) => workbookPart.test(part))) parts.set(name.toLowerCase(), part);
  const workbook = parts.get('xl/workbook.xml');
  if (workbook === undefined)
    throw new MeterFileError('damaged', 'The Excel file has no workbook inside. Download it again.');
  const targets = new Map<string, string>();
  const relations = parts.get('xl/_rels/workbook.xml.rels');
  if (relations !== undefined)
    walk(relations, {
      open(name, { Id: id, Target: target }) {
        if (name === 'Relationship' && id !== undefined && target !== undefined)
          targets.set(id, `xl/${target.replace(/^\/?(xl\/)?/i, '')}`.toLowerCase());
      },
    });
  let from1904 = false;
  const listed: { name: string; part: string }[] = [];
  walk(workbook, {
    open(name, attributes) {
      if (name === 'workbookPr') from1904 = /^(1|true)$/i.test(attributes.date1904 ?? '');
      if (name !== 'sheet') return;
      const id = Object.entries(attributes).find(([key]) => localName(key) === 'id')?.[1] ?? '';
      listed.push({
        name: attributes.name ?? '',
        part: targets.get(id) ?? `xl/worksheets/sheet${listed.length + 1}.xml`,
      });
    },
  });
  const strings = sharedStrings(parts.get('xl/sharedstrings.xml'));
  const dates = dateStyles(parts.get('xl/styles.xml'));
  return listed.flatMap(({ name, part }) => {
    const sheet = parts.get(part);
    return sheet === undefined ? [] : [{ name, rows: sheetRows(sheet, strings, dates, from1904) }];
  });
};
