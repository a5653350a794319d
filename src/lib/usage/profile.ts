/** Energy by hour of the day: the usual value and how far it spreads. */
import { isFine, isWeekend, type HourTable } from './hour-table.ts';
import { quantileOfSorted } from './statistics.ts';

export type DayKind = 'all' | 'weekday' | 'weekend';

/** Energy in each of the 24 local clock hours, Wh, over the days that were taken. */
export interface HourProfile {
  readonly medianWh: readonly number[];
  /** One day in ten lies below. */
  readonly lowWh: readonly number[];
  /** One day in ten lies above. */
  readonly highWh: readonly number[];
  readonly meanWh: readonly number[];
  /** Days of which each hour was known. */
  readonly counts: readonly number[];
}

export interface ProfileOptions {
  /** Indices of days in the table: `fromDay` to before `untilDay`. */
  readonly fromDay?: number;
  readonly untilDay?: number;
  readonly kind?: DayKind;
  /** Months of the year to take, 1..12; all when absent. */
  readonly months?: readonly number[];
}

const monthOfYear = (dayNumber: number): number => new Date(dayNumber * 86_400_000).getUTCMonth() + 1;

/**
 * Median, 10 % and 90 % quantiles and mean of each clock hour, from hours that are wholly known from intervals of an
 * hour or less. An hour that no day knows is NaN. Hours cut by a change of clocks are left out; of the repeated hour of
 * autumn both count.
 */
export const hourProfile = (table: HourTable, options: ProfileOptions = {}): HourProfile => {
  const { fromDay = 0, untilDay = table.dayCount, kind = 'all', months } = options;
  const days: number[] = [];
  for (let day = fromDay; day < untilDay; day += 1) {
    const dayNumber = table.firstDay + day;
    if (kind !== 'all' && isWeekend(dayNumber) !== (kind === 'weekend')) continue;
    if (months === undefined || months.includes(monthOfYear(dayNumber))) days.push(day);
  }
  // No day has an hour more than twice, and few have one twice.
  const room = days.length + 8 + Math.ceil(days.length / 100);
  const columns = Array.from({ length: 24 }, () => new Float64Array(room));
  const counts = new Array<number>(24).fill(0);
  for (const day of days) {
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i < end; i += 1) {
      if (table.lengthSeconds[i] !== 3600 || !isFine(table, i)) continue;
      const hour = table.hourOfDay[i] ?? 0;
      const count = counts[hour] ?? 0;
      const column = columns[hour];
      if (column !== undefined) column[count] = table.energyWh[i] ?? 0;
      counts[hour] = count + 1;
    }
  }
  const sorted = columns.map((column, hour) => column.subarray(0, counts[hour] ?? 0).sort());
  const at = (q: number): number[] => sorted.map((column) => quantileOfSorted(column, q));
  return {
    medianWh: at(0.5),
    lowWh: at(0.1),
    highWh: at(0.9),
    meanWh: sorted.map((column) => column.reduce((sum, value) => sum + value, 0) / column.length),
    counts,
  };
};
