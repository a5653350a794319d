import type { MeterFile } from '../../../src/lib/meter/meter-file.ts';
import { readMeterFile, type ReadOptions } from '../../../src/lib/meter/read-meter-file.ts';
import { summarize } from '../../../src/lib/series/summary.ts';
import type { ReadingSeries } from '../../../src/lib/series/types.ts';

/** Reads a text or bytes as a meter file. */
export const read = (source: string | Uint8Array, options: Partial<ReadOptions> = {}): Promise<MeterFile> =>
  readMeterFile(typeof source === 'string' ? new TextEncoder().encode(source) : source, { name: 'sample', ...options });

const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().slice(0, 16);

/** What tests look at: register (and label), readings, first and last start (UTC), step, total, missing. */
export const outline = (series: ReadingSeries) => {
  const { readings, firstMs, lastMs, stepSeconds, total, missing } = summarize(series);
  const name = series.label === undefined ? series.register : `${series.register} ${series.label}`;
  return [name, readings, iso(firstMs), iso(lastMs), stepSeconds, total, missing] as const;
};

/** Outlines of all series of a file. */
export const outlines = ({ series }: MeterFile) => series.map(outline);

export const kinds = ({ findings }: MeterFile): string[] => findings.map(({ kind }) => kind);
