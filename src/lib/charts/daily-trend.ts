import { formatDay, formatKwh } from '../ui/format.ts';

/** One local day of one register. */
export interface DayTotal {
  /** `YYYY-MM-DD` in the home's zone. */
  readonly day: string;
  readonly energyWh: number;
  /** Share of the day that was measured, 0 to 1. */
  readonly measuredShare: number;
}

/** A day counts for averages and comparisons when nearly all of it was measured. */
const isWhole = (day: DayTotal): boolean => day.measuredShare >= 0.9;

const mean = (days: readonly DayTotal[]): number => days.reduce((sum, day) => sum + day.energyWh, 0) / days.length;

/**
 * Trailing mean of the last `length` days in Wh, over days that are nearly whole; undefined where fewer than half of
 * the window is.
 */
export function movingAverage(days: readonly DayTotal[], length: number): (number | undefined)[] {
  return days.map((_, index) => {
    const window = days.slice(Math.max(0, index - length + 1), index + 1).filter(isWhole);
    return window.length * 2 < length ? undefined : mean(window);
  });
}

/** The trend in one sentence: the mean day, and whether the later half uses more or less than the earlier one. */
export function describeTrend(days: readonly DayTotal[]): string {
  const whole = days.filter(isWhole);
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return 'There are no readings in this period yet.';
  const span = `From ${formatDay(first.day)} to ${formatDay(last.day)}`;
  if (whole.length === 0) return `${span}, no day was measured completely.`;
  const sentence = `${span} you used ${formatKwh(mean(whole))} on a mean day`;
  const gaps = days.length - whole.length;
  const note =
    gaps === 0
      ? '.'
      : `. ${gaps} ${gaps === 1 ? 'day has' : 'days have'} gaps and ${gaps === 1 ? 'is' : 'are'} left out of this mean.`;
  if (whole.length < 14) return sentence + note;
  const half = Math.floor(whole.length / 2);
  const change = mean(whole.slice(-half)) / mean(whole.slice(0, half)) - 1;
  const percent = Math.round(Math.abs(change) * 100);
  if (!Number.isFinite(change) || percent < 3) return `${sentence}, about the same throughout${note}`;
  return `${sentence}, ${percent} % ${change > 0 ? 'more' : 'less'} in the second half than in the first${note}`;
}
