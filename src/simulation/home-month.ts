/** What one simulated home contributes to one month. */
import { addMonths } from '../lib/usage/month.ts';
import { monthFeatures } from '../lib/usage/features.ts';
import { encodeVector } from '../protocol/features.ts';
import { simulateHome } from './homes.ts';

export interface HomeMonth {
  /** Seed of the community's homes. */
  readonly seed: number;
  /** Which home of the community. */
  readonly index: number;
  /** IANA time zone. */
  readonly timeZone: string;
  /** `YYYY-MM` */
  readonly month: string;
}

/** The contribution vector of a simulated home's month; the same for the same seed, home and month. */
export function simulatedVector({ seed, index, timeZone, month }: HomeMonth): number[] {
  const days = { from: `${month}-01`, to: `${addMonths(month, 1)}-01` };
  const { import: series } = simulateHome({ seed, index, timeZone, ...days, stepSeconds: 900 });
  const { values, profiles } = monthFeatures(series, month, timeZone);
  return encodeVector(values, profiles);
}
