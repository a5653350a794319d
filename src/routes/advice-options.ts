/** What advice is told besides a home's figures: prices, sun, weather, and the community. */
import type { AdviceOptions } from '$lib/advice/advice.ts';
import type { HomeAnalysis } from '$lib/usage/analysis.ts';
import type { Cost } from '$lib/usage/cost.ts';
import { meanPriceByHour, type Tariff } from '$lib/usage/tariff.ts';
import { solarBalance } from '$lib/usage/solar.ts';

interface Told {
  readonly tariff: Tariff | undefined;
  readonly otherTariff: Tariff | undefined;
  /** A single price, where no tariff was entered. */
  readonly price: { readonly currency: string; readonly perKwh: number } | undefined;
  readonly comparison: AdviceOptions['comparison'] | undefined;
  readonly scores?: AdviceOptions['scores'] | undefined;
}

const yearDays = 365;

const lastYear = (byDay: Float64Array): number =>
  byDay.subarray(Math.max(0, byDay.length - yearDays)).reduce((sum, amount) => sum + amount, 0);

/** What the last year would have cost less under the other tariff, in a year; undefined unless both price all of it. */
export const savingOf = (cost: Cost | undefined, other: Cost | undefined): number | undefined => {
  if (cost === undefined || other === undefined || cost.currency !== other.currency) return undefined;
  if (cost.unpricedKwh > 0 || other.unpricedKwh > 0) return undefined;
  const days = Math.min(yearDays, cost.byDay.length);
  return days < 28 ? undefined : ((lastYear(cost.byDay) - lastYear(other.byDay)) * yearDays) / days;
};

/** Price now: the energy lines of the newest prices over their energy, by the hour where prices change by the hour. */
const priceOf = ({ tariff, price }: Told, cost: Cost | undefined): AdviceOptions['price'] => {
  const contract = tariff?.contracts.at(-1);
  if (tariff === undefined || contract === undefined) return price;
  const energy = cost?.lines.filter((line) => line.kind === 'energy' && line.contractFrom === contract.from) ?? [];
  const kwh = energy.reduce((sum, line) => sum + line.quantity, 0);
  const amount = energy.reduce((sum, line) => sum + line.amount, 0);
  return {
    currency: tariff.currency,
    perKwh: kwh > 0 ? amount / kwh : contract.base.perKwh,
    ...(contract.bands.length > 0 && { byHour: meanPriceByHour(contract) }),
  };
};

/** Options of `adviceFor` from an analysis and what the user told. */
export const adviceOptionsOf = (analysis: HomeAnalysis, told: Told): AdviceOptions => {
  const { weather, exportDays, generationDays, days, cost, otherCost } = analysis;
  const price = priceOf(told, cost);
  const saving = savingOf(cost, otherCost);
  const untilDay = (days.at(-1)?.dayNumber ?? 0) + 1;
  const balance = exportDays && solarBalance(days, exportDays, generationDays, untilDay - yearDays, untilDay);
  return {
    ...(price !== undefined && { price }),
    ...(told.comparison !== undefined && { comparison: told.comparison }),
    ...(told.scores !== undefined && { scores: told.scores }),
    ...(weather?.split !== undefined &&
      weather.grade !== 'weak' && {
        weather: { heatingKwh: weather.split.heatingKwh, coolingKwh: weather.split.coolingKwh },
      }),
    ...(balance !== undefined &&
      balance.days >= 28 && {
        solar: {
          exportKwh: (balance.exportWh / 1000 / balance.days) * yearDays,
          exportPerKwh: told.tariff?.contracts.at(-1)?.exportPerKwh ?? 0,
        },
      }),
    ...(saving !== undefined &&
      told.otherTariff !== undefined && { cheaperTariff: { name: told.otherTariff.name, savingPerYear: saving } }),
  };
};
