import { numberFormat } from './formats.ts';

const english = (count: number): number => (count === 1 ? 0 : 1);

/**
 * A text in the form that goes with a count, `#` being the count: `plural(days, ['# day', '# days'])`. The forms are
 * written out at the call, where the build takes them for translation and adds the language's rule.
 */
export const plural = (count: number, forms: readonly string[], rule = english): string =>
  (forms[rule(count)] ?? '').replace('#', numberFormat({ maximumFractionDigits: 0 }).format(count));
