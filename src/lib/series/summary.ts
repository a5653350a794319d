/** The figures one shows of a series before it is accepted: period, step, total, how many readings of which quality. */

import { Quality, type ReadingSeries } from './types.ts';

export interface SeriesSummary {
  /** Readings in all, missing ones included. */
  readonly readings: number;
  readonly estimated: number;
  readonly missing: number;
  /** Start of the first and of the last interval, and end of the last; `undefined` for an empty series. */
  readonly firstMs: number | undefined;
  readonly lastMs: number | undefined;
  readonly endMs: number | undefined;
  /** Most frequent interval length (the shorter of two equally frequent), 0 for an empty series. */
  readonly stepSeconds: number;
  /** Sum in the series' unit (Wh or dm³). */
  readonly total: number;
}

/** Most frequent value of a column, the smaller of two equally frequent; 0 when empty. */
export const typicalStep = (lengthSeconds: Uint32Array): number => {
  const counts = new Map<number, number>();
  for (let i = 0; i < lengthSeconds.length;) {
    const length = lengthSeconds[i] ?? 0;
    const from = i;
    // Equal lengths mostly come one after the other.
    while (lengthSeconds[i] === length) i++;
    counts.set(length, (counts.get(length) ?? 0) + i - from);
  }
  let best = 0;
  let bestCount = 0;
  for (const [length, count] of counts)
    if (count > bestCount || (count === bestCount && length < best)) [best, bestCount] = [length, count];
  return best;
};

/** Summary of a series. */
export const summarize = (series: ReadingSeries): SeriesSummary => {
  const { startMs, lengthSeconds, energyWh, quality } = series;
  let total = 0;
  let estimated = 0;
  let missing = 0;
  for (let i = 0; i < startMs.length; i++) {
    total += energyWh[i] ?? 0;
    if (quality[i] === Quality.estimated) estimated++;
    else if (quality[i] === Quality.missing) missing++;
  }
  const lastMs = startMs.at(-1);
  return {
    readings: startMs.length,
    estimated,
    missing,
    firstMs: startMs.at(0),
    lastMs,
    endMs: lastMs === undefined ? undefined : lastMs + (lengthSeconds.at(-1) ?? 0) * 1000,
    stepSeconds: typicalStep(lengthSeconds),
    total,
  };
};
