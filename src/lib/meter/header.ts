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

/** First row in which every pattern matches some cell. */
export const findHeader = (rows: readonly (readonly string[])[], required: readonly RegExp[]): Header | undefined => {
  for (let index = 0; index < Math.min(rows.length, searchedRows); index++) {
    const keys = (rows[index] ?? []).map(headerKey);
    if (required.every((pattern) => keys.some((key) => pattern.test(key)))) return { index, keys };
  }
  return undefined;
};

/** Column whose key matches, -1 if none. */
export const columnOf = (header: Header, pattern: RegExp): number => header.keys.findIndex((key) => pattern.test(key));
