/** Delimited text (CSV and its kin) row by row, with the lines the rows stand on. Quoted fields are `d3-dsv`'s work. */

import { dsvFormat } from 'd3';

const delimiters = [',', ';', '\t', '|'] as const;
const sampledLines = 60;
/** A field with a line break inside may hold this much before the file is given up as no table. */
const longestRow = 1 << 20;

const parserOf = (delimiter: string) => dsvFormat(delimiter);

const mayBeQuoted = (text: string): boolean => text.includes('"');

/** Rows of a text, quoted fields and line breaks in them understood. */
export const parseRows = (text: string, delimiter: string): string[][] => {
  if (mayBeQuoted(text)) return parserOf(delimiter).parseRows(text);
  // Without quotes there is nothing to understand, and the engine's own splitting is several times as fast.
  const lines = text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => line.split(delimiter));
};

/**
 * Delimiter of a text: what `sep=` on the first line says, else the one that splits most lines into equally many
 * fields. Undefined when none splits at least two lines alike.
 */
export const guessDelimiter = (text: string): string | undefined => {
  const declared = /^\ufeff?"?sep=(.)/i.exec(text)?.[1];
  if (declared !== undefined) return declared;
  const lines = text.split(/\r\n|\n|\r/, sampledLines).filter((line) => line.trim() !== '');
  let best: { delimiter: string; score: number } | undefined;
  for (const delimiter of delimiters) {
    const counts = new Map<number, number>();
    for (const line of lines) {
      // Within quotes a delimiter is text, and between quoted fields d3-dsv takes any character for one.
      const fields = line.replace(/"[^"]*"?/g, '').split(delimiter).length;
      if (fields > 1) counts.set(fields, (counts.get(fields) ?? 0) + 1);
    }
    for (const [fields, rows] of counts) {
      if (rows < 2) continue;
      // Ties go to more fields, but a decimal comma splits many lines too: semicolon and tab are rarely in values.
      const score = rows * (1 + Math.min(fields, 10) / 20) * (delimiter === ',' ? 1 : 1.5);
      if (best === undefined || score > best.score) best = { delimiter, score };
    }
  }
  return best?.delimiter;
};

export interface NumberedRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/** Splits text pieces into rows, a batch for each piece. Blank lines are left out but counted. */
export class RowSplitter {
  readonly #delimiter: string;
  #rest = '';
  #line = 1;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** Rows that a further piece of text completes. */
  write(text: string): NumberedRow[] {
    const all = this.#rest + text;
    // A carriage return at the very end may be half of a line break.
    let cut = all.lastIndexOf('\n') + 1;
    if (cut === 0) cut = all.endsWith('\r') ? 0 : all.lastIndexOf('\r') + 1;
    // An odd number of quotes means that the last of them opens a field the break is inside of.
    if (cut > 0 && quotesIn(all, cut) % 2 === 1) cut = all.lastIndexOf('\n', all.lastIndexOf('"', cut - 1)) + 1;
    if (cut === 0 && all.length > longestRow) cut = all.length;
    this.#rest = all.slice(cut);
    return this.#rows(all.slice(0, cut));
  }

  /** The last row, if the text does not end with a line break. */
  end(): NumberedRow[] {
    const rows = this.#rows(this.#rest);
    this.#rest = '';
    return rows;
  }

  #rows(text: string): NumberedRow[] {
    const rows: NumberedRow[] = [];
    if (text === '') return rows;
    const mayBreak = mayBeQuoted(text);
    for (const cells of parseRows(text, this.#delimiter)) {
      const line = this.#line++;
      if (cells.length > 1 || (cells[0] ?? '').trim() !== '') rows.push({ cells, line });
      if (mayBreak) for (const cell of cells) if (cell.includes('\n')) this.#line += cell.split('\n').length - 1;
    }
    return rows;
  }
}

const quotesIn = (text: string, until: number): number => {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0 && at < until; at = text.indexOf('"', at + 1)) count++;
  return count;
};
