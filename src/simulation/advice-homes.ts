/**
 * What the advice model learns from: a home's ranks in one month, and what all its readings say. What an advice may save is
 * found by the app's own rules (`adviceFor`, without any comparison) from a year of fine readings, as a share of the year's
 * energy; the label is in which quarter of its community's homes that puts the home, 3 being those with most to gain. So a
 * score tells from eight coarse ranks of one month what a year of readings would.
 */
import { adviceFor } from '../lib/advice/advice.ts';
import type { ReadingSeries } from '../lib/series/types.ts';
import { monthFeatures } from '../lib/usage/features.ts';
import { homeFigures } from '../lib/usage/home-figures.ts';
import { hourTable } from '../lib/usage/hour-table.ts';
import { completeMonths } from '../lib/usage/month.ts';
import type { ScoredAdvice } from '../protocol/advice-model.ts';
import { codesOf } from '../protocol/features.ts';
import { rankOf } from '../protocol/norms.ts';
import type { Example } from './advice-training.ts';
import { simulateHome } from './homes.ts';
import { expectedNorms, type ExpectedNorms } from './oracle.ts';

export interface AdviceHome {
  /** Per advice the share of a year's energy that it may save; undefined where the readings cannot tell. */
  readonly savings: Readonly<Record<ScoredAdvice, number | undefined>>;
  /** Codes of the features by month `YYYY-MM`. */
  readonly codes: ReadonlyMap<string, readonly number[]>;
}

/**
 * Savings and codes of a home.
 *
 * @param months - which of its complete months
 * @returns undefined if its readings are too few for advice
 */
export function adviceHome(
  series: ReadingSeries,
  timeZone: string,
  months: readonly string[],
  southern = false,
): AdviceHome | undefined {
  const figures = homeFigures(hourTable(series, timeZone), southern);
  if (figures === undefined) return undefined;
  const items = adviceFor(figures);
  const saving = (id: ScoredAdvice): number | undefined => {
    // Without a year's readings nobody knows what the cold months take.
    if (id === 'heating' && figures.seasons === undefined) return undefined;
    return (items.find((item) => item.id === id)?.kwhPerYear ?? 0) / figures.yearKwh;
  };
  return {
    savings: {
      baseload: saving('baseload'),
      evening: saving('evening'),
      night: saving('night'),
      heating: saving('heating'),
    },
    codes: new Map(months.map((month) => [month, codesOf(monthFeatures(series, month, timeZone).values)])),
  };
}

/** So many simulated homes over 2024, each with a month of every season. */
export function simulatedAdviceHomes(seed: number, count: number): AdviceHome[] {
  const timeZone = 'Europe/Amsterdam';
  const months = ['2024-01', '2024-04', '2024-07', '2024-10'];
  return Array.from({ length: count }, (_, index) => {
    const year = { from: '2024-01-01', to: '2025-01-01', stepSeconds: 3600 } as const;
    const { import: series } = simulateHome({ seed, index, timeZone, ...year });
    return adviceHome(series, timeZone, months);
  }).filter((home) => home !== undefined);
}

/** Recorded homes with all their complete months. */
export const recordedAdviceHomes = (
  homes: readonly ReadingSeries[],
  timeZone: string,
  southern: boolean,
): AdviceHome[] =>
  homes
    .map((series) => {
      const complete = completeMonths(series, timeZone, Date.UTC(2100, 0)).filter(({ obstacle }) => !obstacle);
      return adviceHome(
        series,
        timeZone,
        complete.map(({ month }) => month),
        southern,
      );
    })
    .filter((home) => home !== undefined);

/** Norms of a month; a home's own place among them is found as in a community. */
export type MonthNorms = Pick<ExpectedNorms, 'means' | 'deciles'>;

/** Fewest homes whose months make norms. */
const fewestHomes = 10;

/** Norms of every month that enough of the homes have. */
export function normsByMonth(homes: readonly AdviceHome[]): Map<string, MonthNorms> {
  const months = new Set(homes.flatMap(({ codes }) => [...codes.keys()]));
  const norms = new Map<string, MonthNorms>();
  for (const month of months) {
    const all = homes.flatMap(({ codes }) => codes.get(month) ?? []);
    const taking = homes.filter(({ codes }) => codes.has(month)).length;
    if (taking >= fewestHomes) norms.set(month, expectedNorms(totalOf(all, taking)));
  }
  return norms;
}

/** The contribution vectors' total as far as codes make it. */
function totalOf(codes: readonly number[], homes: number): number[] {
  const count = codes.length / homes;
  const bins = Array.from({ length: count * 32 }, () => 0);
  const sums = Array.from({ length: count }, () => 0);
  codes.forEach((code, i) => {
    const feature = i % count;
    const bin = feature * 32 + Math.floor(code / 8);
    bins[bin] = (bins[bin] ?? 0) + 1;
    sums[feature] = (sums[feature] ?? 0) + code;
  });
  return [homes, ...bins, ...sums, ...Array.from({ length: 48 }, () => 0)];
}

/**
 * Savings from which on a home is in the second, third and highest quarter of a community.
 *
 * @returns undefined if too few of the homes can tell
 */
export function quartersOf(id: ScoredAdvice, homes: readonly AdviceHome[]): number[] | undefined {
  const savings = homes.flatMap((home) => home.savings[id] ?? []).sort((a, b) => a - b);
  if (savings.length < fewestHomes) return undefined;
  return [1, 2, 3].map((quarter) => savings[Math.floor((quarter * savings.length) / 4)] ?? 0);
}

/** An example with the codes behind its ranks, as they are encrypted. */
export interface CodedExample extends Example {
  readonly codes: readonly number[];
  readonly month: string;
}

/**
 * Examples of one advice: every home in each of its months that has norms. A home that has nothing to save is in the lowest
 * quarter, however many others have nothing either.
 */
export const examplesOf = (
  id: ScoredAdvice,
  homes: readonly AdviceHome[],
  norms: ReadonlyMap<string, MonthNorms>,
  quarters: readonly number[],
): CodedExample[] =>
  homes.flatMap(({ savings, codes: byMonth }) =>
    [...byMonth].flatMap(([month, codes]) => {
      const saving = savings[id];
      const deciles = norms.get(month)?.deciles;
      if (saving === undefined || deciles === undefined) return [];
      const level = saving > 0 ? quarters.filter((from) => saving >= from).length : 0;
      const ranks = codes.map((code, feature) => rankOf(code, deciles[feature] ?? []));
      return [{ ranks, level, codes, month }];
    }),
  );
