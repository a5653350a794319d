/** Tariffs of one register added up to one series of readings. */

import { Quality } from '../series/types.ts';
import { endMsOf, type Readings } from './readings.ts';

/**
 * Adds two registers' readings where they share an interval and takes the others as they are. A missing part of an
 * interval adds nothing. @returns undefined when intervals of the two overlap without being the same
 */
export const addReadings = (a: Readings, b: Readings): Readings | undefined => {
  const size = a.startMs.length + b.startMs.length;
  const startMs = new Float64Array(size);
  const lengthSeconds = new Float64Array(size);
  const value = new Float64Array(size);
  const quality = new Uint8Array(size);
  const row = new Uint32Array(size);
  let at = 0;
  let i = 0;
  let j = 0;
  let untilMs = -Infinity;
  while (i < a.startMs.length || j < b.startMs.length) {
    const aStart = a.startMs[i] ?? Infinity;
    const bStart = b.startMs[j] ?? Infinity;
    const both = aStart === bStart;
    if (both && a.lengthSeconds[i] !== b.lengthSeconds[j]) return undefined;
    if (Math.min(aStart, bStart) < untilMs) return undefined;
    const from = aStart <= bStart ? a : b;
    const place = aStart <= bStart ? i : j;
    startMs[at] = from.startMs[place] ?? 0;
    lengthSeconds[at] = from.lengthSeconds[place] ?? 0;
    row[at] = from.row[place] ?? 0;
    if (both) {
      const aMissing = a.quality[i] === Quality.missing;
      const bMissing = b.quality[j] === Quality.missing;
      value[at] = aMissing ? (b.value[j] ?? 0) : bMissing ? (a.value[i] ?? 0) : (a.value[i] ?? 0) + (b.value[j] ?? 0);
      quality[at] =
        aMissing || bMissing
          ? Math.min(a.quality[i] ?? 0, b.quality[j] ?? 0)
          : Math.max(a.quality[i] ?? 0, b.quality[j] ?? 0);
    } else {
      value[at] = from.value[place] ?? 0;
      quality[at] = from.quality[place] ?? 0;
    }
    untilMs = endMsOf(from, place);
    if (aStart <= bStart) i++;
    if (bStart <= aStart) j++;
    at++;
  }
  return {
    rule: a.rule,
    startMs: startMs.slice(0, at),
    lengthSeconds: lengthSeconds.slice(0, at),
    value: value.slice(0, at),
    quality: quality.slice(0, at),
    row: row.slice(0, at),
  };
};
