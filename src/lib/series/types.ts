/**
 * The words that meter, vault, usage and charts share: what a meter measured, when, and how good it is.
 * Columns are typed arrays so that ten years of quarter hours (350,000 readings) stay small and fast.
 */

/** What a register counts. Net meters give `other`, with a finding that says so. */
export type Register = 'import' | 'export' | 'generation' | 'gas' | 'other';

/** Quality of one interval, stored as a byte in {@link ReadingSeries.quality}. */
export const Quality = { measured: 0, estimated: 1, missing: 2 } as const;
export type Quality = (typeof Quality)[keyof typeof Quality];

/**
 * One register of one meter as a run of intervals, ascending by start, never overlapping.
 * Interval i covers `[startMs[i], startMs[i] + lengthSeconds[i] * 1000)`. Intervals need not touch: a gap in time
 * is a gap in knowledge. All columns have equal length.
 */
export interface ReadingSeries {
  readonly register: Register;
  /** `Wh` for electricity, `dm3` for gas by volume. */
  readonly unit: 'Wh' | 'dm3';
  /** Interval starts, milliseconds since 1970-01-01T00:00Z. */
  readonly startMs: Float64Array;
  /** Interval lengths in seconds. */
  readonly lengthSeconds: Uint32Array;
  /**
   * Energy of each interval in whole {@link unit}. Sources with finer values are rounded cumulatively (the rounding
   * rest is carried to the next interval), so that any sum is within one unit of the source. 0 where missing.
   */
  readonly energyWh: Int32Array;
  /** One {@link Quality} per interval. */
  readonly quality: Uint8Array;
  /** What the file calls the meter or channel, where it tells several apart; shown to the user. */
  readonly label?: string;
}

/** Something odd about a file or a merge, in words for its owner. */
export interface Finding {
  /** Stable kind, such as `gap`, `overlap`, `duplicate`, `totals-row`, `autumn-hour`, `unit-doubt`. */
  readonly kind: string;
  readonly severity: 'info' | 'warning';
  /** A full sentence: what was found and what was done about it. */
  readonly message: string;
  /** 1-based lines (or data rows) of the file this is about, at most the first 20. */
  readonly rows: readonly number[];
  /** How many places there are in all. */
  readonly count: number;
}
