/** Numbers as meter files write them. */

export type DecimalMark = '.' | ',';

const plain = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const groupedByComma = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;
const groupedByPoint = /^[-+]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/;
const decimalComma = /^[-+]?(\d+,\d*|,\d+)$/;

/**
 * Reads a number with the given decimal mark; thousands marks, blanks inside and a typographic minus are allowed, `0E-20` too.
 * @returns NaN when the whole text is no such number (also for an empty text)
 */
export const parseNumber = (text: string, mark: DecimalMark): number => {
  if (mark === '.' && plain.test(text)) return Number(text);
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
