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
export const baseload: Typical = { usual: 130, high: 175 };
export const attainableBaseloadW = 100;

/** Shares of the energy above the baseload that fall into these hours. */
export const eveningActivity: Typical = { usual: 0.32, high: 0.37 };
export const nightActivity: Typical = { usual: 0.03, high: 0.07 };
export const middayActivity: Typical = { usual: 0.285, high: 0.315 };

/** Mean weekend day over mean weekday. */
export const weekend: Typical = { usual: 1.05, high: 1.18 };

/** Mean of the three highest hours, kW. */
export const highestHours: Typical = { usual: 3.2, high: 4.1 };

/** Energy of the warm and the cold half of the year above the mild months, as a share of the year (Australian homes). */
export const warmSeason: Typical = { usual: 0.05, high: 0.08 };
export const coldSeason: Typical = { usual: 0.12, high: 0.3 };

/** How far a value stands above the usual: 0 usual or less, 1 high (upper quartile), at most 3. */
export const unusualness = (value: number, { usual, high }: Typical): number =>
  Math.min(3, Math.max(0, (value - usual) / (high - usual)));
