/** Two series walked side by side, in groups of intervals that overlap one another. */

import type { ReadingSeries } from './types.ts';

/** A run of intervals [from, until) of a series. */
export interface Run {
  readonly from: number;
  readonly until: number;
}

/** Intervals of both series that overlap one another, directly or through others; either run may be empty. */
export interface OverlapGroup {
  readonly a: Run;
  readonly b: Run;
  readonly startMs: number;
  readonly endMs: number;
}

const endOf = (series: ReadingSeries, i: number): number =>
  (series.startMs[i] ?? 0) + (series.lengthSeconds[i] ?? 0) * 1000;

/** All intervals of two series in smallest groups, ascending; groups do not overlap each other. */
export function* overlapGroups(a: ReadingSeries, b: ReadingSeries): Generator<OverlapGroup> {
  let i = 0;
  let j = 0;
  while (i < a.startMs.length || j < b.startMs.length) {
    const from = { i, j };
    const aStart = a.startMs[i] ?? Infinity;
    const bStart = b.startMs[j] ?? Infinity;
    let endMs = aStart <= bStart ? endOf(a, i++) : endOf(b, j++);
    // The group grows as long as either side has an interval that begins within it.
    for (;;) {
      if ((a.startMs[i] ?? Infinity) < endMs) endMs = Math.max(endMs, endOf(a, i++));
      else if ((b.startMs[j] ?? Infinity) < endMs) endMs = Math.max(endMs, endOf(b, j++));
      else break;
    }
    yield { a: { from: from.i, until: i }, b: { from: from.j, until: j }, startMs: Math.min(aStart, bStart), endMs };
  }
}
