/** Readings on their way from a parser to a series: instants instead of stamps, but not yet rounded. */

import type { RegisterRule } from './collector.ts';

export interface Readings {
  readonly rule: RegisterRule;
  readonly startMs: Float64Array;
  /** 0 where not yet known. */
  readonly lengthSeconds: Float64Array;
  /** Unrounded, in the rule's unit; NaN where missing. */
  readonly value: Float64Array;
  readonly quality: Uint8Array;
  readonly row: Uint32Array;
}

/** The readings at some places, in that order. */
export const pick = (readings: Readings, places: readonly number[] | Uint32Array): Readings => {
  const take = <T extends Float64Array | Uint8Array | Uint32Array>(from: T, to: T): T => {
    for (let i = 0; i < places.length; i++) to[i] = from[places[i] ?? 0] ?? 0;
    return to;
  };
  return {
    rule: readings.rule,
    startMs: take(readings.startMs, new Float64Array(places.length)),
    lengthSeconds: take(readings.lengthSeconds, new Float64Array(places.length)),
    value: take(readings.value, new Float64Array(places.length)),
    quality: take(readings.quality, new Uint8Array(places.length)),
    row: take(readings.row, new Uint32Array(places.length)),
  };
};

/** End of reading i in ms. */
export const endMsOf = (readings: Readings, i: number): number =>
  (readings.startMs[i] ?? 0) + (readings.lengthSeconds[i] ?? 0) * 1000;

/** Median of some numbers; NaN of none. */
export const medianOf = (numbers: readonly number[] | Float64Array): number => {
  const ordered = Float64Array.from(numbers).sort();
  return ordered[Math.floor((ordered.length - 1) / 2)] ?? Number.NaN;
};
