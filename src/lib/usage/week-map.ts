/** Usual energy of each hour of the week. */
import { isFine, weekdayOf, type HourTable } from './hour-table.ts';

/** Seven days (0 Monday) of 24 hours. */
export interface WeekMap {
  /** Mean energy, Wh; NaN where no such hour is known. */
  readonly meanWh: readonly (readonly number[])[];
  /** How many such hours are known. */
  readonly counts: readonly (readonly number[])[];
}

/** Mean energy of each weekday's hours over days `fromDay` to before `untilDay` of the table, from whole known hours. */
export const weekMap = (table: HourTable, fromDay = 0, untilDay = table.dayCount): WeekMap => {
  const sums = new Float64Array(7 * 24);
  const counts = new Uint32Array(7 * 24);
  for (let day = fromDay; day < untilDay; day += 1) {
    const row = weekdayOf(table.firstDay + day) * 24;
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i < end; i += 1) {
      if (table.lengthSeconds[i] !== 3600 || !isFine(table, i)) continue;
      const at = row + (table.hourOfDay[i] ?? 0);
      sums[at] = (sums[at] ?? 0) + (table.energyWh[i] ?? 0);
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  const rows = <T>(value: (at: number) => T): T[][] =>
    Array.from({ length: 7 }, (_, weekday) => Array.from({ length: 24 }, (_hour, hour) => value(weekday * 24 + hour)));
  return {
    meanWh: rows((at) => (counts[at] === 0 ? Number.NaN : (sums[at] ?? 0) / (counts[at] ?? 1))),
    counts: rows((at) => counts[at] ?? 0),
  };
};
