/** A reading series cut into local days and put together again: what storage keeps, never one record a reading. */

import { dayOfNumber, localDayNumberOf, startOfDayNumber } from './local-day.ts';
import type { ReadingSeries, Register } from './types.ts';

/**
 * The intervals of one register that start on one local day. An interval longer than a day stays one reading, on the
 * day it starts. Columns as in {@link ReadingSeries}; each has a buffer of its own.
 */
export interface DayBlock {
  readonly register: Register;
  readonly unit: ReadingSeries['unit'];
  /** Local day, `YYYY-MM-DD`. */
  readonly day: string;
  readonly startMs: Float64Array;
  readonly lengthSeconds: Uint32Array;
  readonly energyWh: Int32Array;
  readonly quality: Uint8Array;
}

/** Day blocks of a series in a zone, ascending; days without a reading have none. The label is not kept. */
export const splitByDay = (series: ReadingSeries, zone: string): DayBlock[] => {
  const blocks: DayBlock[] = [];
  const { startMs, lengthSeconds, energyWh, quality, register, unit } = series;
  let from = 0;
  while (from < startMs.length) {
    const day = localDayNumberOf(startMs[from] ?? 0, zone);
    const endMs = startOfDayNumber(day + 1, zone);
    let until = from + 1;
    while (until < startMs.length && (startMs[until] ?? 0) < endMs) until++;
    blocks.push({
      register,
      unit,
      day: dayOfNumber(day),
      startMs: startMs.slice(from, until),
      lengthSeconds: lengthSeconds.slice(from, until),
      energyWh: energyWh.slice(from, until),
      quality: quality.slice(from, until),
    });
    from = until;
  }
  return blocks;
};

/**
 * The series that day blocks of one register make, ascending; `undefined` without blocks.
 * @throws RangeError when the blocks are of different registers or units, or overlap.
 */
export const joinDays = (blocks: readonly DayBlock[]): ReadingSeries | undefined => {
  const ordered = blocks.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const first = ordered[0];
  if (first === undefined) return undefined;
  const length = ordered.reduce((sum, block) => sum + block.startMs.length, 0);
  const startMs = new Float64Array(length);
  const lengthSeconds = new Uint32Array(length);
  const energyWh = new Int32Array(length);
  const quality = new Uint8Array(length);
  let at = 0;
  let endMs = -Infinity;
  for (const block of ordered) {
    if (block.register !== first.register || block.unit !== first.unit)
      throw new RangeError(`blocks: ${block.day} is of another register or unit`);
    const count = block.startMs.length;
    if ((block.startMs[0] ?? Infinity) < endMs) throw new RangeError(`blocks: ${block.day} overlaps the day before`);
    startMs.set(block.startMs, at);
    lengthSeconds.set(block.lengthSeconds, at);
    energyWh.set(block.energyWh, at);
    quality.set(block.quality, at);
    at += count;
    endMs = (block.startMs[count - 1] ?? endMs) + (block.lengthSeconds[count - 1] ?? 0) * 1000;
  }
  return { register: first.register, unit: first.unit, startMs, lengthSeconds, energyWh, quality };
};
