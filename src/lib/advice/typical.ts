/**
 * What is usual and what is high among real homes: median and upper quartile of 56 Dutch homes (Liander, Zonnedael,
 * first half of 2013) and 10 Australian homes (Smart Grid Smart City, 2012 to 2014), rounded. docs/analysis.md says how
 * they were worked out; tests work them out again from the published readings.
 */
export interface Typical {
  readonly usual: number;
  readonly high: number;
}

/** Load that never goes away, W; a quarter of the homes have no more than {@link attainableBaseloadW}. */
export const baseload: Typical = { usual: 115, high: 145 };
export const attainableBaseloadW = 85;

/** Shares of the energy above the baseload that fall into these hours. */
export const eveningActivity: Typical = { usual: 0.305, high: 0.365 };
export const nightActivity: Typical = { usual: 0.047, high: 0.075 };
export const middayActivity: Typical = { usual: 0.285, high: 0.31 };

/** Mean weekend day over mean weekday. */
export const weekend: Typical = { usual: 1.05, high: 1.14 };

/** Mean of the three highest hours, kW. */
export const highestHours: Typical = { usual: 3.15, high: 4.05 };

/** Energy of the warm and the cold half of the year above the mild months, as a share of the year (Australian homes). */
export const warmSeason: Typical = { usual: 0.04, high: 0.06 };
export const coldSeason: Typical = { usual: 0.13, high: 0.215 };

/** How far a value stands above the usual: 0 usual or less, 1 high (upper quartile), at most 3. */
export const unusualness = (value: number, { usual, high }: Typical): number =>
  Math.min(3, Math.max(0, (value - usual) / (high - usual)));
