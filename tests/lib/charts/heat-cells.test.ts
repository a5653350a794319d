import { expect, it } from 'vitest';
import { cellsPath, heatShapes } from '../../../src/lib/charts/heat-cells.ts';

/** Cells of 10 by 10 pixels in a row, as many as there are values. */
const row = (values: readonly number[]) => values.map((value, i) => ({ x: 10 * i, y: 5, value }));
const cellCount = (path: string): number => path.split('M').length - 1;

it('draws every cell once, stronger the more it holds', () => {
  const shapes = heatShapes(row([0, 1, 250, 250, 999, 1000, 500]), 1000, 8, 8);
  expect(shapes.reduce((sum, { path }) => sum + cellCount(path), 0)).toBe(7);
  const opacityAt = (x: number) => shapes.find(({ path }) => path.includes(`M${x + 2} 5h`))?.opacity ?? Number.NaN;
  expect([0, 10, 20, 30, 40, 50, 60].map(opacityAt)).toEqual([
    opacityAt(0),
    opacityAt(0),
    opacityAt(20),
    opacityAt(20),
    1,
    1,
    opacityAt(60),
  ]);
  expect(opacityAt(0)).toBeGreaterThan(0);
  expect(opacityAt(20)).toBeGreaterThan(opacityAt(0));
  expect(opacityAt(60)).toBeGreaterThan(opacityAt(20));
});

it('draws what was given back as faint as nothing, and nothing at all where there is no cell', () => {
  expect(heatShapes(row([-300, 0]), 0, 8, 8)).toHaveLength(1);
  expect(heatShapes([], 1000, 8, 8)).toEqual([]);
});

it('draws cells of the size asked for', () => {
  expect(cellsPath([{ x: 1.5, y: 2 }], 8, 6)).toBe(
    'M3.5 2h4a2 2 0 0 1 2 2v2a2 2 0 0 1 -2 2h-4a2 2 0 0 1 -2 -2v-2a2 2 0 0 1 2 -2z',
  );
});
