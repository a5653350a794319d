import fc from 'fast-check';
import type { ReadingSeries } from '../../../src/lib/series/types.ts';

/** A series from rows of [start ms, length s, energy, quality]. */
export const seriesOf = (rows: readonly (readonly [number, number, number, number?])[]): ReadingSeries => ({
  register: 'import',
  unit: 'Wh',
  startMs: Float64Array.from(rows, (row) => row[0]),
  lengthSeconds: Uint32Array.from(rows, (row) => row[1]),
  energyWh: Int32Array.from(rows, (row) => row[2]),
  quality: Uint8Array.from(rows, (row) => row[3] ?? 0),
});

/** Series without overlaps, with gaps and mixed lengths, on a grid of quarter hours. */
export const arbitrarySeries = fc
  .tuple(
    fc.integer({ min: 0, max: 20 }),
    fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 3 }),
        length: fc.constantFrom(1, 1, 1, 4, 96),
        energy: fc.integer({ min: 0, max: 500 }),
        quality: fc.constantFrom(0, 0, 0, 1, 2),
      }),
      { maxLength: 30 },
    ),
  )
  .map(([start, items]) => {
    let at = Date.UTC(2024, 9, 26) + start * 900_000;
    return seriesOf(
      items.map(({ gap, length, energy, quality }) => {
        const startMs = at + gap * 900_000;
        at = startMs + length * 900_000;
        return [startMs, length * 900, quality === 2 ? 0 : energy, quality] as const;
      }),
    );
  });
