/** Numbers as meter files write them. */

export type DecimalMark = '.' | ',';

const plain = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const groupedByComma = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;
const groupedByPoint = /^[-+]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/;
const decimalComma = /^[-+]?(\d+,\d*|,\d+)$/;

/** Powers of ten that are exact. */
const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/**
 * Reads digits with at most one mark among them, as nearly all values are written; NaN for anything else. Up to 15
 * digits are an exact integer and so is the power of ten, so that the one division rounds as `Number` does.
 */
const simpleDecimal = (text: string, mark: DecimalMark): number => {
  const { length } = text;
  if (length > 15) return Number.NaN;
  const markCode = mark.charCodeAt(0);
  let digits = 0;
  let markAt = -1;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (digit + 48 === markCode && markAt < 0) markAt = i;
    else return Number.NaN;
  }
  if (markAt < 0) return length === 0 ? Number.NaN : digits;
  return length === 1 ? Number.NaN : digits / (powersOfTen[length - 1 - markAt] ?? Number.NaN);
};

/**
 * Reads a number with the given decimal mark; thousands marks, blanks inside and a typographic minus are allowed, `0E-20` too.
 * @returns NaN when the whole text is no such number (also for an empty text)
 */
export const parseNumber = (text: string, mark: DecimalMark): number => {
  const simple = simpleDecimal(text, mark);
  return Number.isNaN(simple) ? parseOther(text, mark) : simple;
};

const parseOther = (text: string, mark: DecimalMark): number => {
  const bare = text.replace(/[\s\u00a0\u202f'’]/g, '').replace('−', '-');
  if (mark === '.') {
    if (plain.test(bare)) return Number(bare);
    return groupedByComma.test(bare) ? Number(bare.replaceAll(',', '')) : Number.NaN;
  }
  if (groupedByPoint.test(bare)) return Number(bare.replaceAll('.', '').replace(',', '.'));
  if (decimalComma.test(bare)) return Number(bare.replace(',', '.'));
  return plain.test(bare) ? Number(bare) : Number.NaN;
};

/** Decimal mark that most of some cells use; a point when they tell nothing. */
export const guessDecimalMark = (cells: Iterable<string>): DecimalMark => {
  let commas = 0;
  let points = 0;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^[-+]?[\d.]*\d,\d+$/.test(text)) commas += groupedByComma.test(text) ? 0.5 : 1;
    else if (/^[-+]?[\d,]*\d\.\d+$/.test(text)) points += groupedByPoint.test(text) ? 0.5 : 1;
  }
  return commas > points ? ',' : '.';
};

/** Decimal mark of cells of which some can only have that one; undefined when there are none, or some of each. */
export const settledDecimalMark = (cells: Iterable<string>): DecimalMark | undefined => {
  let comma = false;
  let point = false;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^[-+]?\d*,\d+$/.test(text) && !groupedByComma.test(text)) comma = true;
    else if (/^[-+]?\d*\.\d+$/.test(text) && !groupedByPoint.test(text)) point = true;
  }
  return comma === point ? undefined : comma ? ',' : '.';
};
