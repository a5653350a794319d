import type { FeatureName, FeatureValues } from '../../protocol/features.ts';
import { plural } from '../../locales/plural.ts';
import { withUnit } from '../../locales/formats.ts';
import { formatKilowatts, formatOne, formatShare, formatTwo, formatWatts } from './format.ts';

/** How a figure of the month is called and written, and how it is worked out. */
export interface FeatureText {
  readonly title: string;
  readonly how: string;
  readonly format: (value: number) => string;
  /** A difference of two values; as `format` where that cannot be taken for something else. */
  readonly formatGap?: (difference: number) => string;
  /** Words for a value above and below the mean. */
  readonly more: string;
  readonly less: string;
}

/** Differences of shares, which “9 % less” would not tell from a ratio. */
const formatPoints = (difference: number): string =>
  plural(Math.round(difference * 100), ['# percentage point', '# percentage points']);

/** The words for each figure of the feature schema. */
export const featureTexts: Readonly<Record<FeatureName, FeatureText>> = {
  meanDailyKwh: {
    title: 'Energy a day',
    how: 'All energy taken from the grid in the month, divided by its days.',
    format: (value) => withUnit(formatOne(value), 'kWh'),
    more: /* @wc-include */ 'more',
    less: /* @wc-include */ 'less',
  },
  baseloadW: {
    title: 'Always-on power',
    how: 'The power that remains in the quietest hours of the month.',
    format: formatWatts,
    more: /* @wc-include */ 'more',
    less: /* @wc-include */ 'less',
  },
  peakThreeHoursKw: {
    title: 'Highest hours',
    how: 'The mean power of the three hours of the month with the highest use.',
    format: formatKilowatts,
    more: /* @wc-include */ 'higher',
    less: /* @wc-include */ 'lower',
  },
  eveningShare: {
    title: 'Evening share',
    how: 'The share of the month’s energy used from 17:00 to 21:00.',
    format: formatShare,
    formatGap: formatPoints,
    more: /* @wc-include */ 'more',
    less: /* @wc-include */ 'less',
  },
  nightShare: {
    title: 'Night share',
    how: 'The share of the month’s energy used from 0:00 to 5:00.',
    format: formatShare,
    formatGap: formatPoints,
    more: /* @wc-include */ 'more',
    less: /* @wc-include */ 'less',
  },
  middayShare: {
    title: 'Midday share',
    how: 'The share of the month’s energy used from 10:00 to 16:00.',
    format: formatShare,
    formatGap: formatPoints,
    more: /* @wc-include */ 'more',
    less: /* @wc-include */ 'less',
  },
  weekendRatio: {
    title: 'Weekend against weekday',
    how: 'The mean weekend day divided by the mean weekday.',
    format: (value) => `${formatTwo(value)} times`,
    more: /* @wc-include */ 'higher',
    less: /* @wc-include */ 'lower',
  },
  loadFactor: {
    title: 'Evenness',
    how: 'Mean power divided by the power of the highest hour; 100% would be perfectly even.',
    format: formatShare,
    formatGap: formatPoints,
    more: 'more even',
    less: 'less even',
  },
};

/** All figures of a month in the schema's order, as title and written value. */
export const writtenFigures = (values: FeatureValues): { name: FeatureName; title: string; value: string }[] =>
  Object.entries(featureTexts).flatMap(([name, text]) =>
    isFeatureName(name) ? [{ name, title: text.title, value: text.format(values[name]) }] : [],
  );

const isFeatureName = (name: string): name is FeatureName => name in featureTexts;
