/**
 * Baseload: the load that never goes away. The quietest two hours in a row of the home's usual day, so that neither a
 * single quiet hour nor a holiday decides (docs/analysis.md, "Baseload").
 */
import { dayOfNumber } from '../series/local-day.ts';
import { isFine, type HourTable } from './hour-table.ts';
import { addMonths, monthDays } from './month.ts';
import { median } from './statistics.ts';

const runHours = 2;
/** Below this an hour of import counts as hidden by panels: no lived-in home draws so little. */
const hiddenWh = 5;
const hiddenShare = 0.01;
const nightEndHour = 5;

/**
 * Whether a home's own panels hide its load in these days: the import falls to nothing in more than 1 % of the hours
 * between 5 and 24 o'clock. Then only the hours from 0 to 5 tell the baseload.
 */
export const isHiddenByPanels = (table: HourTable, fromDay = 0, untilDay = table.dayCount): boolean => {
  let hidden = 0;
  let known = 0;
  const end = table.dayAt[untilDay] ?? 0;
  for (let i = table.dayAt[fromDay] ?? 0; i < end; i += 1) {
    if ((table.hourOfDay[i] ?? 0) < nightEndHour || !isFine(table, i)) continue;
    known += 1;
    if ((table.energyWh[i] ?? 0) < hiddenWh) hidden += 1;
  }
  return known > 0 && hidden > hiddenShare * known;
};

/**
 * Baseload over days `fromDay` to before `untilDay` of the table, W; undefined when no two hours in a row are known.
 * For each of the day's runs of two hours (0 to 2 o'clock, 1 to 3, …) the median over the days; the lowest of these.
 * Choosing the run over all days, and not anew each day, keeps a fridge's lucky pauses out.
 */
export const baseloadOfDays = (table: HourTable, fromDay = 0, untilDay = table.dayCount): number | undefined => {
  const lastHour = isHiddenByPanels(table, fromDay, untilDay) ? nightEndHour : 24;
  const byHour = Array.from({ length: lastHour - runHours + 1 }, (): number[] => []);
  for (let day = fromDay; day < untilDay; day += 1) {
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i + runHours <= end; i += 1) {
      const watts = meanPowerOfRun(table, i);
      if (watts !== undefined) byHour[table.hourOfDay[i] ?? 0]?.push(watts);
    }
  }
  const medians = byHour.filter((watts) => watts.length > 0).map(median);
  return medians.length === 0 ? undefined : Math.min(...medians);
};

/** Mean power of the two hours from index `first` on, W; undefined unless all are known. */
const meanPowerOfRun = (table: HourTable, first: number): number | undefined => {
  let energyWh = 0;
  let seconds = 0;
  for (let i = first; i < first + runHours; i += 1) {
    if (!isFine(table, i)) return undefined;
    energyWh += table.energyWh[i] ?? 0;
    seconds += table.lengthSeconds[i] ?? 0;
  }
  return (energyWh * 3600) / seconds;
};

/** Fewest days a month's baseload may be drawn from. */
const fewestDays = 10;

export interface MonthBaseload {
  /** `YYYY-MM` */
  readonly month: string;
  readonly baseloadW: number;
}

/** Baseload of each month from day `fromDay` of the table on, W; months of which fewer than ten days are known in hours are left out. */
export const baseloadByMonth = (table: HourTable, fromDay = 0): MonthBaseload[] => {
  if (fromDay >= table.dayCount) return [];
  const months: MonthBaseload[] = [];
  const lastMonth = dayOfNumber(table.firstDay + table.dayCount - 1).slice(0, 7);
  for (let month = dayOfNumber(table.firstDay + fromDay).slice(0, 7); month <= lastMonth; month = addMonths(month, 1)) {
    const bounds = monthDays(month);
    const from = Math.max(fromDay, bounds.fromDay - table.firstDay);
    const until = Math.min(table.dayCount, bounds.untilDay - table.firstDay);
    if (knownDays(table, from, until) < fewestDays) continue;
    const baseloadW = baseloadOfDays(table, from, until);
    if (baseloadW !== undefined) months.push({ month, baseloadW });
  }
  return months;
};

/** Days that have at least twelve hours known from intervals of an hour or less. */
const knownDays = (table: HourTable, fromDay: number, untilDay: number): number => {
  let days = 0;
  for (let day = fromDay; day < untilDay; day += 1) {
    let hours = 0;
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i < end; i += 1) if (isFine(table, i)) hours += 1;
    if (hours >= 12) days += 1;
  }
  return days;
};
