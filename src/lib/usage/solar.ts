/** Import, export, generation and own use, kept apart. What homes compare is import alone. */
import { isWholeDay, type DayTotal } from './days.ts';

export interface SolarBalance {
  /** Days on which all that is needed is known. */
  readonly days: number;
  readonly importWh: number;
  readonly exportWh: number;
  /** Undefined without a generation register: then own use is not known either. */
  readonly generationWh: number | undefined;
  /** Generation − export. */
  readonly ownUseWh: number | undefined;
  /** Import + own use: all the home used. */
  readonly usedWh: number | undefined;
  /** Share of the generation that the home used itself. */
  readonly ownUseShare: number | undefined;
  /** Share of its use that the home made itself. */
  readonly selfMadeShare: number | undefined;
}

/**
 * Balance over local days `fromDay` to before `untilDay` (day numbers) that are whole in every register given. Days'
 * totals come from each register's own hour table.
 */
export const solarBalance = (
  importDays: readonly DayTotal[],
  exportDays: readonly DayTotal[],
  generationDays: readonly DayTotal[] | undefined,
  fromDay: number,
  untilDay: number,
): SolarBalance => {
  const whole = (days: readonly DayTotal[]): Map<number, number> =>
    new Map(days.filter(isWholeDay).map((day) => [day.dayNumber, day.energyWh]));
  const [exports, generations] = [whole(exportDays), generationDays && whole(generationDays)];
  let [days, importWh, exportWh, madeWh] = [0, 0, 0, 0];
  for (const day of importDays) {
    const { dayNumber } = day;
    const [exported, made] = [exports.get(dayNumber), generations?.get(dayNumber)];
    if (dayNumber < fromDay || dayNumber >= untilDay || !isWholeDay(day) || exported === undefined) continue;
    if (generations !== undefined && made === undefined) continue;
    days += 1;
    importWh += day.energyWh;
    exportWh += exported;
    madeWh += made ?? 0;
  }
  if (generations === undefined || days === 0)
    return {
      days,
      importWh,
      exportWh,
      generationWh: undefined,
      ownUseWh: undefined,
      usedWh: undefined,
      ownUseShare: undefined,
      selfMadeShare: undefined,
    };
  const ownUseWh = Math.max(0, madeWh - exportWh);
  const usedWh = importWh + ownUseWh;
  return {
    days,
    importWh,
    exportWh,
    generationWh: madeWh,
    ownUseWh,
    usedWh,
    ownUseShare: madeWh > 0 ? ownUseWh / madeWh : undefined,
    selfMadeShare: usedWh > 0 ? ownUseWh / usedWh : undefined,
  };
};
