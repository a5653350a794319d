/** Money as the reader's locale writes it. */
import { numberFormat } from '../../locales/formats.ts';

/** An amount of a currency (ISO 4217) with its usual digits. */
export const formatMoney = (amount: number, currency: string): string =>
  numberFormat({ style: 'currency', currency }).format(amount);

/** A price per unit, with up to four decimals. */
export const formatPrice = (price: number, currency: string): string =>
  numberFormat({ style: 'currency', currency, maximumFractionDigits: 4 }).format(price);
