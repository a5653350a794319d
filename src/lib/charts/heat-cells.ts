/**
 * Cells of a heat map as a few shapes, all cells of a shade in one: thousands of shapes, a day each, would keep a phone waiting.
 */
import { group, scaleQuantize } from 'd3';

/** Where a cell stands, in pixels, and what it holds. */
export interface HeatCell {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

export interface HeatShape {
  /** 0 to 1: how much of the colour. */
  readonly opacity: number;
  /** Path data of all its cells. */
  readonly path: string;
}

const shades = 24;
const faintest = 0.06;
const radius = 2;

const written = (value: number): string => value.toFixed(2).replace(/\.?0+$/, '');

/** Path data of cells of one size, their corners a little round. */
export function cellsPath(cells: readonly Pick<HeatCell, 'x' | 'y'>[], width: number, height: number): string {
  const [across, down] = [width - 2 * radius, height - 2 * radius].map((side) => written(Math.max(0, side)));
  const corner = (x: number, y: number): string => `a${radius} ${radius} 0 0 1 ${x * radius} ${y * radius}`;
  const outline = `h${across}${corner(1, 1)}v${down}${corner(-1, 1)}h-${across}${corner(-1, -1)}v-${down}${corner(1, -1)}z`;
  return cells.map(({ x, y }) => `M${written(x + radius)} ${written(y)}${outline}`).join('');
}

/** The shapes of cells from nothing (faint) to `most` (the full colour). */
export function heatShapes(cells: readonly HeatCell[], most: number, width: number, height: number): HeatShape[] {
  const shadeOf = scaleQuantize(
    [0, Math.max(1, most)],
    Array.from({ length: shades }, (_, step) => (faintest * (shades - 1 - step) + step) / (shades - 1)),
  );
  return Array.from(
    group(cells, ({ value }) => shadeOf(value)),
    ([opacity, same]) => ({ opacity, path: cellsPath(same, width, height) }),
  );
}
