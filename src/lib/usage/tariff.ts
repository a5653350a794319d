/** Tariffs: what a kilowatt-hour costs when, and what stands on the bill besides. */
import * as v from 'valibot';
import { numberOfDay } from '../series/local-day.ts';

/** Minutes since local midnight, 0..1440. */
const Minute = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1440));
const Price = v.pipe(v.number(), v.finite(), v.minValue(-10_000), v.maxValue(10_000));
const Name = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(60));

const isDay = (day: string): boolean => {
  try {
    numberOfDay(day);
    return true;
  } catch {
    return false;
  }
};
const Day = v.pipe(v.string(), v.check(isDay, 'must be a date such as 2024-04-01'));

/**
 * Hours in which another price holds. The weekday is that of the local day on which the moment lies; a window that ends
 * before it begins (23:00 to 7:00) reaches over midnight, each part by its own day. Equal ends mean the whole day.
 */
const Window = v.object({
  days: v.picklist(['all', 'weekday', 'weekend']),
  fromMinute: Minute,
  untilMinute: Minute,
});

const Band = v.object({ name: Name, perKwh: Price, windows: v.pipe(v.array(Window), v.maxLength(20)) });

const Contract = v.object({
  /** First local day on which it holds; it holds until the next one begins. */
  from: Day,
  standingPerDay: Price,
  /** Name and price of all hours that no band takes. */
  base: v.object({ name: Name, perKwh: Price }),
  /** The first band with a window that holds gives the price. */
  bands: v.pipe(v.array(Band), v.maxLength(10)),
  exportPerKwh: Price,
});

const TariffSchema = v.object({
  name: Name,
  /** ISO 4217 code. */
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, 'must be three letters such as EUR')),
  /** Ascending by first day, at least one. */
  contracts: v.pipe(
    v.array(Contract),
    v.minLength(1, 'needs at least one price'),
    v.maxLength(100),
    v.check(
      (contracts) => contracts.every((contract, i) => i === 0 || (contracts[i - 1]?.from ?? '') < contract.from),
      'must begin on different days, earliest first',
    ),
  ),
});

/** Hours of the day and days of the week in which a band's price holds. */
export type PriceWindow = Readonly<v.InferOutput<typeof Window>>;
/** A name, a price, and when it holds. */
export interface PriceBand {
  readonly name: string;
  /** Whole units of the currency per kWh, all taxes included. */
  readonly perKwh: number;
  readonly windows: readonly PriceWindow[];
}
/** Prices that hold from one day on. */
export interface Contract {
  readonly from: string;
  readonly standingPerDay: number;
  readonly base: { readonly name: string; readonly perKwh: number };
  readonly bands: readonly PriceBand[];
  /** What a kWh given to the grid earns. */
  readonly exportPerKwh: number;
}
/** A tariff with its changes over time. */
export interface Tariff {
  readonly name: string;
  readonly currency: string;
  readonly contracts: readonly Contract[];
}

/** A tariff that cannot be; the message names the field. */
export class TariffError extends Error {
  override readonly name = 'TariffError';
}

/** A tariff from what was typed or stored. @throws TariffError naming what is wrong and where */
export const parseTariff = (value: unknown): Tariff => {
  const result = v.safeParse(TariffSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new TariffError(`${v.getDotPath(issue) ?? 'tariff'}: ${issue.message}`);
};

/** Minutes in a week; minute 0 is Monday 0:00. */
export const weekMinutes = 7 * 1440;

/** Whether a window holds at a minute of a day of the week (0 Monday). */
const holds = ({ days, fromMinute, untilMinute }: PriceWindow, weekday: number, minute: number): boolean => {
  if (days !== 'all' && weekday >= 5 !== (days === 'weekend')) return false;
  return fromMinute < untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute;
};

/** Which price holds in each minute of a local week: 0 for the base, 1 + i for band i. */
export const weekOfPrices = ({ bands }: Contract): Uint8Array => {
  const prices = new Uint8Array(weekMinutes);
  const ends = bands.flatMap(({ windows }) =>
    windows.flatMap(({ fromMinute, untilMinute }) => [fromMinute, untilMinute]),
  );
  const bounds = [...new Set([0, ...ends, 1440])].sort((x, y) => x - y);
  for (let weekday = 0; weekday < 7; weekday += 1)
    bounds.forEach((from, i) => {
      const band = bands.findIndex(({ windows }) => windows.some((window) => holds(window, weekday, from)));
      prices.fill(band + 1, weekday * 1440 + from, weekday * 1440 + (bounds[i + 1] ?? 1440));
    });
  return prices;
};

/** Prices of a contract in the order of {@link weekOfPrices}. */
export const pricesOf = ({ base, bands }: Contract): readonly { readonly name: string; readonly perKwh: number }[] => [
  base,
  ...bands,
];

/** Mean price of each local clock hour over a week, per kWh. */
export const meanPriceByHour = (contract: Contract): number[] => {
  const week = weekOfPrices(contract);
  const prices = pricesOf(contract);
  const sums = new Array<number>(24).fill(0);
  week.forEach((price, at) => {
    const hour = Math.floor((at % 1440) / 60);
    sums[hour] = (sums[hour] ?? 0) + (prices[price]?.perKwh ?? 0);
  });
  return sums.map((sum) => sum / (7 * 60));
};

/** The contract that holds on a local day; undefined before the first. */
export const contractOn = (tariff: Tariff, day: string): Contract | undefined =>
  tariff.contracts.findLast((contract) => contract.from <= day);
