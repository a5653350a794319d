/** A made-up home to try the app with, simulated on this device. */
import { dayOfNumber, localDayNumberOf } from '$lib/series/local-day.ts';
import type { ReadingSeries } from '$lib/series/types.ts';
import { simulateHome } from '../../simulation/homes.ts';

const months = 14;

/** A family in a flat that never quite sleeps and dries its laundry in the evening: something to find in it. */
const family = {
  seed: 20,
  index: 4,
  stepSeconds: 900,
  traits: {
    occupants: 3,
    baseloadW: 235,
    electricCooking: true,
    dishwasher: true,
    tumbleDryer: true,
    hotWater: 'none',
    heating: 'none',
    heatLossWPerK: 0,
    coolingWPerK: 0,
    carKwhPerWeek: 0,
    solarKwp: 0,
  },
} as const;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** First of the month `back` months before that of a day. */
const monthStart = (day: string, back: number): string =>
  new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 - back, 1)).toISOString().slice(0, 10);

/**
 * Quarter hours of the demo home from the first of the month 14 months ago to the end of yesterday. It is made month by
 * month, so that the page stays responsive, and says which share of them is made.
 */
export async function demoReadings(
  timeZone: string,
  nowMs: number,
  onprogress: (share: number) => void,
): Promise<ReadingSeries> {
  const today = dayOfNumber(localDayNumberOf(nowMs, timeZone));
  const firsts = Array.from({ length: months + 1 }, (_, i) => monthStart(today, months - i));
  const parts: ReadingSeries[] = [];
  for (const [i, from] of firsts.entries()) {
    parts.push(simulateHome({ ...family, timeZone, from, to: firsts[i + 1] ?? today }).import);
    onprogress((i + 1) / firsts.length);
    await pause();
  }
  const all = (column: (part: ReadingSeries) => ArrayLike<number>): number[] =>
    parts.flatMap((part) => Array.from(column(part)));
  return {
    register: 'import',
    unit: 'Wh',
    startMs: Float64Array.from(all(({ startMs }) => startMs)),
    lengthSeconds: Uint32Array.from(all(({ lengthSeconds }) => lengthSeconds)),
    energyWh: Int32Array.from(all(({ energyWh }) => energyWh)),
    quality: Uint8Array.from(all(({ quality }) => quality)),
  };
}
