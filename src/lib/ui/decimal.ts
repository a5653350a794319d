/** Decimal numbers as people type them. */
import { numberFormat } from '../../locales/formats.ts';
import { parseNumber } from '../meter/number.ts';

const plain = { useGrouping: false, maximumFractionDigits: 6 };

/** A number as it is offered for typing over: the locale's decimal mark, no grouping. */
export const decimalText = (value: number | null): string =>
  value === null || Number.isNaN(value) ? '' : numberFormat(plain).format(value);

/** A typed number: comma and point are both decimal marks, whatever the locale. Null for no text, NaN for no number. */
export const parseDecimal = (text: string): number | null =>
  text.trim() === '' ? null : parseNumber(text.trim().replace(',', '.'), '.');
