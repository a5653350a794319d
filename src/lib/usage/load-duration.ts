/** How much power for how many hours, and the highest hours. */
import { isFine, type HourTable } from './hour-table.ts';

export interface HighHour {
  readonly startMs: number;
  /** Mean power of the hour, W. */
  readonly watts: number;
}

export interface LoadDuration {
  /** Mean power of the hours from highest to lowest, at shares 0, 0.01, …, 1 of them, W. */
  readonly watts: readonly number[];
  /** Hours that are known. */
  readonly hours: number;
  readonly meanW: number;
  /** Mean power over that of the highest hour, 0..1; 0 without use. */
  readonly loadFactor: number;
  /** The three highest hours, highest first. */
  readonly highest: readonly HighHour[];
}

/**
 * Load duration of days `fromDay` to before `untilDay` of the table, from hours wholly known in intervals of an hour or
 * less; undefined when there is none. An hour cut short by a change of clocks counts by its length.
 */
export const loadDuration = (table: HourTable, fromDay = 0, untilDay = table.dayCount): LoadDuration | undefined => {
  const [from, until] = [table.dayAt[fromDay] ?? 0, table.dayAt[untilDay] ?? 0];
  const watts = new Float64Array(Math.max(0, until - from));
  const highest: HighHour[] = [];
  let count = 0;
  let energyWh = 0;
  let seconds = 0;
  for (let i = from; i < until; i += 1) {
    if (!isFine(table, i)) continue;
    const length = table.lengthSeconds[i] ?? 3600;
    const power = ((table.energyWh[i] ?? 0) * 3600) / length;
    watts[count] = power;
    count += 1;
    energyWh += table.energyWh[i] ?? 0;
    seconds += length;
    if (highest.length < 3 || power > (highest[2]?.watts ?? 0)) {
      highest.push({ startMs: table.startMs[i] ?? 0, watts: power });
      highest.sort((a, b) => b.watts - a.watts);
      if (highest.length > 3) highest.pop();
    }
  }
  if (count === 0) return undefined;
  const ascending = watts.subarray(0, count).sort();
  const meanW = (energyWh * 3600) / seconds;
  const highestW = ascending[count - 1] ?? 0;
  return {
    watts: Array.from({ length: 101 }, (_, percent) => ascending[Math.round((count - 1) * (1 - percent / 100))] ?? 0),
    hours: count,
    meanW,
    loadFactor: highestW > 0 ? meanW / highestW : 0,
    highest,
  };
};
