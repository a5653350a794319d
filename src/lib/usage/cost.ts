/** What energy costs under a tariff: each reading at the price that holds at its time. */
import { dayOfNumber, numberOfDay, offsetMsAt, startOfDayNumber } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import { pricesOf, weekMinutes, weekOfPrices, type Contract, type Tariff } from './tariff.ts';

const minuteMs = 60_000;
const dayMinutes = 1440;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
/** No zone changes its offset and back within this. */
const sameMs = 3 * 24 * hourMs;

/** A line of a bill. */
export interface CostLine {
  readonly kind: 'energy' | 'standing' | 'export';
  readonly name: string;
  /** First local day of the prices it is worked out with. */
  readonly contractFrom: string;
  /** kWh, or days of the standing charge. */
  readonly quantity: number;
  /** Per kWh or day. */
  readonly price: number;
  /** Quantity × price; negative for export that earns. Not rounded. */
  readonly amount: number;
}

export interface Cost {
  readonly currency: string;
  /** First and last local day, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  readonly lines: readonly CostLine[];
  /** Sum of the lines. */
  readonly total: number;
  readonly importKwh: number;
  readonly exportKwh: number;
  /** Energy of days before the first price, kWh; in no line. */
  readonly unpricedKwh: number;
  /** Energy cost, standing charge and export of each local day, in order. */
  readonly byDay: Float64Array;
}

/** Local days `fromDay` to before `untilDay`, as day numbers. */
export interface CostPeriod {
  readonly fromDay: number;
  readonly untilDay: number;
}

/** One contract over its days of the period. */
interface Stretch {
  readonly contract: Contract;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly days: number;
  readonly week: Uint8Array;
  /** Per minute of the week, how many minutes until another price may hold (at most to midnight). */
  readonly minutesLeft: Uint16Array;
  readonly perKwh: Float64Array;
  readonly energyWh: Float64Array;
  exportWh: number;
}

const minutesToChange = (week: Uint8Array): Uint16Array => {
  const left = new Uint16Array(weekMinutes);
  for (let at = weekMinutes - 1; at >= 0; at -= 1) {
    const last = (at + 1) % dayMinutes === 0;
    left[at] = last || week[at] !== week[at + 1] ? 1 : (left[at + 1] ?? 0) + 1;
  }
  return left;
};

const stretchesOf = (tariff: Tariff, timeZone: string, { fromDay, untilDay }: CostPeriod): Stretch[] =>
  tariff.contracts.flatMap((contract, index) => {
    const next = tariff.contracts[index + 1];
    const from = Math.max(fromDay, numberOfDay(contract.from));
    const until = next === undefined ? untilDay : Math.min(untilDay, numberOfDay(next.from));
    if (from >= until) return [];
    const week = weekOfPrices(contract);
    const prices = pricesOf(contract);
    return [
      {
        contract,
        fromMs: startOfDayNumber(from, timeZone),
        untilMs: startOfDayNumber(until, timeZone),
        days: until - from,
        week,
        minutesLeft: minutesToChange(week),
        perKwh: Float64Array.from(prices, ({ perKwh }) => perKwh),
        energyWh: new Float64Array(prices.length),
        exportWh: 0,
      },
    ];
  });

/** Calls `visit` with the pieces of a series that lie within one price of one stretch. */
const eachPiece = (
  series: ReadingSeries,
  stretches: readonly Stretch[],
  timeZone: string,
  visit: (stretch: Stretch, price: number, localDay: number, energyWh: number) => void,
): void => {
  const { startMs, lengthSeconds, energyWh, quality } = series;
  let current = 0;
  // Stretch of time known to have one offset, so that it need not be asked for every reading.
  let [sameFromMs, sameUntilMs, sameOffsetMs] = [0, 0, 0];
  for (let i = 0; i < startMs.length; i += 1) {
    const start = startMs[i] ?? 0;
    const lengthMs = (lengthSeconds[i] ?? 0) * 1000;
    const energy = energyWh[i] ?? 0;
    if (quality[i] === Quality.missing || lengthMs === 0) continue;
    const end = start + lengthMs;
    while (current < stretches.length && (stretches[current]?.untilMs ?? 0) <= start) current += 1;
    let at = start;
    let stretchIndex = current;
    while (at < end) {
      const stretch = stretches[stretchIndex];
      if (stretch === undefined) break;
      if (at < stretch.fromMs) {
        at = stretch.fromMs;
        continue;
      }
      if (at >= stretch.untilMs) {
        stretchIndex += 1;
        continue;
      }
      if (at < sameFromMs || at >= sameUntilMs) {
        sameOffsetMs = offsetMsAt(at, timeZone);
        sameFromMs = at;
        sameUntilMs = offsetMsAt(at + sameMs - 1, timeZone) === sameOffsetMs ? at + sameMs : at + 1;
      }
      const offset = sameOffsetMs;
      const localMinute = Math.floor((at + offset) / minuteMs);
      const localDay = Math.floor(localMinute / dayMinutes);
      // Day number 0 was a Thursday.
      const minuteOfWeek = ((((localDay + 3) % 7) + 7) % 7) * dayMinutes + (localMinute - localDay * dayMinutes);
      const changeMs = (localMinute + (stretch.minutesLeft[minuteOfWeek] ?? 1)) * minuteMs - offset;
      let until = Math.min(end, stretch.untilMs, changeMs);
      // Clocks change on a quarter of an hour: go no further than the hour, or the quarter, that has one offset.
      if (until > sameUntilMs && offsetMsAt(until - 1, timeZone) !== offset) {
        until = Math.min(until, (Math.floor(at / hourMs) + 1) * hourMs);
        if (offsetMsAt(until - 1, timeZone) !== offset)
          until = Math.min(until, (Math.floor(at / quarterMs) + 1) * quarterMs);
      }
      const part = until - at === lengthMs ? energy : (energy * (until - at)) / lengthMs;
      visit(stretch, stretch.week[minuteOfWeek] ?? 0, localDay, part);
      at = until;
    }
  }
};

const energyWithin = (
  { startMs, lengthSeconds, energyWh, quality }: ReadingSeries,
  fromMs: number,
  untilMs: number,
) => {
  let total = 0;
  for (let i = 0; i < startMs.length; i += 1) {
    const [start, length] = [startMs[i] ?? 0, (lengthSeconds[i] ?? 0) * 1000];
    if (quality[i] === Quality.missing || length === 0 || start >= untilMs || start + length <= fromMs) continue;
    total += ((energyWh[i] ?? 0) * (Math.min(untilMs, start + length) - Math.max(fromMs, start))) / length;
  }
  return total;
};

/**
 * Cost of a home's import (less what its export earns) over a period of local days: Σ energy × price valid at its time,
 * plus standing charge × days on which a price holds. A reading over a change of price is shared out by time.
 */
export const costOf = (
  tariff: Tariff,
  timeZone: string,
  period: CostPeriod,
  importSeries: ReadingSeries,
  exportSeries?: ReadingSeries,
): Cost => {
  const stretches = stretchesOf(tariff, timeZone, period);
  const byDay = new Float64Array(Math.max(0, period.untilDay - period.fromDay));
  const addToDay = (localDay: number, amount: number): void => {
    const day = localDay - period.fromDay;
    byDay[day] = (byDay[day] ?? 0) + amount;
  };
  eachPiece(importSeries, stretches, timeZone, (stretch, price, localDay, energyWh) => {
    stretch.energyWh[price] = (stretch.energyWh[price] ?? 0) + energyWh;
    addToDay(localDay, (energyWh / 1000) * (stretch.perKwh[price] ?? 0));
  });
  if (exportSeries !== undefined)
    eachPiece(exportSeries, stretches, timeZone, (stretch, _price, localDay, energyWh) => {
      stretch.exportWh += energyWh;
      addToDay(localDay, (-energyWh / 1000) * stretch.contract.exportPerKwh);
    });
  const lines: CostLine[] = [];
  let importWh = 0;
  let exportWh = 0;
  for (const stretch of stretches) {
    const { contract, days } = stretch;
    const contractFrom = contract.from;
    pricesOf(contract).forEach(({ name, perKwh: price }, index) => {
      const energyWh = stretch.energyWh[index] ?? 0;
      importWh += energyWh;
      if (energyWh === 0) return;
      const quantity = energyWh / 1000;
      lines.push({ kind: 'energy', name, contractFrom, quantity, price, amount: quantity * price });
    });
    const firstDay = Math.max(period.fromDay, numberOfDay(contract.from));
    for (let day = 0; day < days; day += 1) addToDay(firstDay + day, contract.standingPerDay);
    if (contract.standingPerDay !== 0) {
      const price = contract.standingPerDay;
      lines.push({
        kind: 'standing',
        name: 'Standing charge',
        contractFrom,
        quantity: days,
        price,
        amount: days * price,
      });
    }
    exportWh += stretch.exportWh;
    if (stretch.exportWh > 0) {
      const quantity = stretch.exportWh / 1000;
      const price = contract.exportPerKwh;
      lines.push({ kind: 'export', name: 'Export', contractFrom, quantity, price, amount: -quantity * price });
    }
  }
  const [fromMs, untilMs] = [startOfDayNumber(period.fromDay, timeZone), startOfDayNumber(period.untilDay, timeZone)];
  const pricedFromMs = stretches[0]?.fromMs ?? untilMs;
  return {
    currency: tariff.currency,
    from: dayOfNumber(period.fromDay),
    to: dayOfNumber(period.untilDay - 1),
    lines,
    total: lines.reduce((sum, line) => sum + line.amount, 0),
    importKwh: importWh / 1000,
    exportKwh: exportWh / 1000,
    unpricedKwh: pricedFromMs <= fromMs ? 0 : energyWithin(importSeries, fromMs, pricedFromMs) / 1000,
    byDay,
  };
};
