/** What a kilowatt-hour cost in a month, to put money beside the energy. */
import type { ReadingSeries } from '$lib/series/types.ts';
import { costOf } from '$lib/usage/cost.ts';
import { monthDays } from '$lib/usage/month.ts';
import type { Tariff } from '$lib/usage/tariff.ts';

export interface MonthPrice {
  readonly perKwh: number;
  /** ISO 4217 code. */
  readonly currency: string;
  /** From the tariff and the month's own hours; the single price that was entered; or nobody's, for the sake of a scale. */
  readonly source: 'tariff' | 'price' | 'assumed';
}

/** About what households of the European Union paid in 2024, taxes included (Eurostat, nrg_pc_204). */
const assumed: MonthPrice = { perKwh: 0.29, currency: 'EUR', source: 'assumed' };

export interface Told {
  readonly tariff: Tariff | undefined;
  readonly price: { readonly currency: string; readonly perKwh: number } | undefined;
  readonly importSeries: ReadingSeries | undefined;
  readonly timeZone: string;
}

/** Energy lines of the month's bill over its energy; without a tariff that holds for the whole month, the next best. */
export function monthPrice(month: string, { tariff, price, importSeries, timeZone }: Told): MonthPrice {
  if (tariff !== undefined && importSeries !== undefined) {
    const { lines, importKwh, unpricedKwh, currency } = costOf(tariff, timeZone, monthDays(month), importSeries);
    const energy = lines.filter(({ kind }) => kind === 'energy').reduce((sum, { amount }) => sum + amount, 0);
    if (importKwh > 0 && unpricedKwh === 0) return { perKwh: energy / importKwh, currency, source: 'tariff' };
  }
  return price === undefined ? assumed : { ...price, source: 'price' };
}
