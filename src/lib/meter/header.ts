/** Finding a table's header row and its columns by name, whatever case, accents or blanks. */

/** A text without accents; plain ASCII, as nearly every cell is, stays as it is. */
export const withoutAccents = (text: string): string =>
  /[^\0-\x7f]/.test(text) ? text.normalize('NFD').replace(/[\u0300-\u036f]/g, '') : text;

/** A cell's text as header names are compared: lower case, no accents, single blanks, no quotes or byte order mark. */
export const headerKey = (cell: string): string =>
  withoutAccents(cell)
    .replace(/[\ufeff"]/g, '')
    .replace(/[\s_\u00a0]+/g, ' ')
    .trim()
    .toLowerCase();

/** Where a header row stands, and its cells as {@link headerKey}. */
export interface Header {
  /** 0-based index in the sample's rows. */
  readonly index: number;
  readonly keys: readonly string[];
}

const searchedRows = 40;
/** No header has more columns; the rest of a longer row is not looked at. */
const searchedColumns = 1000;

/** A row's keys, and those of them that can be a name: numbers are none. */
interface RowKeys {
  readonly keys: readonly string[];
  readonly names: readonly string[];
}

/** Keys by row: every format looks at the same rows. */
const known = new WeakMap<readonly string[], RowKeys>();

const keysOf = (row: readonly string[]): RowKeys => {
  let found = known.get(row);
  if (found === undefined) {
    const keys = row.slice(0, searchedColumns).map(headerKey);
    found = { keys, names: keys.filter((key) => !/^[-+.,\d]*$/.test(key)) };
    known.set(row, found);
  }
  return found;
};

/** First row in which every pattern matches some cell that is no number. */
export const findHeader = (rows: readonly (readonly string[])[], required: readonly RegExp[]): Header | undefined => {
  for (let index = 0; index < Math.min(rows.length, searchedRows); index++) {
    const { keys, names } = keysOf(rows[index] ?? []);
    if (required.every((pattern) => names.some((key) => pattern.test(key)))) return { index, keys };
  }
  return undefined;
};

/** Column whose key matches, -1 if none. */
export const columnOf = (header: Header, pattern: RegExp): number => header.keys.findIndex((key) => pattern.test(key));
