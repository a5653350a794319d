/** Finding a table's header row and its columns by name, whatever case, accents or blanks. */

/** A cell's text as header names are compared: lower case, no accents, single blanks, no quotes or byte order mark. */
export const headerKey = (cell: string): string =>
  cell
    .normalize('NFD')
    .replace(/[\u0300-\u036f\ufeff"]/g, '')
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

/** Keys by row: every format looks at the same rows. */
const known = new WeakMap<readonly string[], readonly string[]>();

const keysOf = (row: readonly string[]): readonly string[] => {
  let keys = known.get(row);
  if (keys === undefined) {
    keys = row.slice(0, searchedColumns).map(headerKey);
    known.set(row, keys);
  }
  return keys;
};

/** First row in which every pattern matches some cell. */
export const findHeader = (rows: readonly (readonly string[])[], required: readonly RegExp[]): Header | undefined => {
  for (let index = 0; index < Math.min(rows.length, searchedRows); index++) {
    const keys = keysOf(rows[index] ?? []);
    if (required.every((pattern) => keys.some((key) => pattern.test(key)))) return { index, keys };
  }
  return undefined;
};

/** Column whose key matches, -1 if none. */
export const columnOf = (header: Header, pattern: RegExp): number => header.keys.findIndex((key) => pattern.test(key));
