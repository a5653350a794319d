/** The figures of one month that homes compare, from import alone; scales and vector are the protocol's. */
import type { FeatureValues, LoadProfiles } from '../../protocol/features.ts';
import type { ReadingSeries } from '../series/types.ts';
import { baseloadOfDays } from './baseload.ts';
import { hourTable, isFine, isWeekend, type HourTable } from './hour-table.ts';
import { monthDays } from './month.ts';

export interface MonthFeatures {
  readonly values: FeatureValues;
  readonly profiles: LoadProfiles;
}

/** Ratio shown when a home uses nothing on weekdays but something at weekends; in the open top bin of the scale. */
const onlyWeekends = 1000;

class HourMeans {
  readonly #energyWh = new Float64Array(24);
  readonly #seconds = new Float64Array(24);

  add(hour: number, energyWh: number, seconds: number): void {
    this.#energyWh[hour] = (this.#energyWh[hour] ?? 0) + energyWh;
    this.#seconds[hour] = (this.#seconds[hour] ?? 0) + seconds;
  }

  /** Mean energy of each clock hour, Wh. */
  meansWh(): number[] {
    return Array.from(this.#energyWh, (energyWh, hour) => {
      const seconds = this.#seconds[hour] ?? 0;
      return seconds === 0 ? 0 : (energyWh * 3600) / seconds;
    });
  }

  /** Mean power over all its hours, W. */
  powerW(): number {
    const seconds = this.#seconds.reduce((sum, value) => sum + value, 0);
    return seconds === 0 ? 0 : (this.#energyWh.reduce((sum, value) => sum + value, 0) * 3600) / seconds;
  }
}

/**
 * Features over days `fromDay` to before `untilDay` of an hour table, from the hours that are wholly known.
 * Shares of a home that used nothing are 0, its weekend ratio 1.
 * @throws RangeError when two hours in a row are known on no day.
 */
export const featuresOfDays = (table: HourTable, fromDay = 0, untilDay = table.dayCount): MonthFeatures => {
  const baseloadW = baseloadOfDays(table, fromDay, untilDay);
  if (baseloadW === undefined) throw new RangeError('readings: no two hours in a row are known');
  const weekday = new HourMeans();
  const weekend = new HourMeans();
  const highestWh = [0, 0, 0];
  let totalWh = 0;
  let eveningWh = 0;
  let nightWh = 0;
  let middayWh = 0;
  let seconds = 0;
  for (let day = fromDay; day < untilDay; day += 1) {
    const kind = isWeekend(table.firstDay + day) ? weekend : weekday;
    const end = table.dayAt[day + 1] ?? 0;
    for (let i = table.dayAt[day] ?? 0; i < end; i += 1) {
      if (!isFine(table, i)) continue;
      const energyWh = table.energyWh[i] ?? 0;
      const hour = table.hourOfDay[i] ?? 0;
      const length = table.lengthSeconds[i] ?? 0;
      kind.add(hour, energyWh, length);
      totalWh += energyWh;
      seconds += length;
      if (hour >= 17 && hour < 21) eveningWh += energyWh;
      else if (hour >= 10 && hour < 16) middayWh += energyWh;
      else if (hour < 5) nightWh += energyWh;
      if (energyWh > (highestWh[2] ?? 0)) {
        highestWh[2] = energyWh;
        highestWh.sort((a, b) => b - a);
      }
    }
  }
  const meanW = (totalWh * 3600) / seconds;
  const [highest = 0] = highestWh;
  const share = (partWh: number): number => (totalWh === 0 ? 0 : partWh / totalWh);
  const weekdayW = weekday.powerW();
  const weekendW = weekend.powerW();
  return {
    values: {
      meanDailyKwh: (meanW * 24) / 1000,
      baseloadW,
      peakThreeHoursKw: highestWh.reduce((sum, value) => sum + value, 0) / 3000,
      eveningShare: share(eveningWh),
      nightShare: share(nightWh),
      middayShare: share(middayWh),
      weekendRatio: weekdayW > 0 ? weekendW / weekdayW : weekendW > 0 ? onlyWeekends : 1,
      loadFactor: highest === 0 ? 0 : meanW / highest,
    },
    profiles: { weekdayWh: weekday.meansWh(), weekendWh: weekend.meansWh() },
  };
};

/**
 * Features of one month `YYYY-MM` of an import series. Whether the month may be contributed is for
 * `completeMonths` to say; this takes what is known.
 * @throws RangeError when the month has no readings of an hour or less.
 */
export const monthFeatures = (importSeries: ReadingSeries, month: string, timeZone: string): MonthFeatures =>
  featuresOfDays(hourTable(importSeries, timeZone, monthDays(month)));
