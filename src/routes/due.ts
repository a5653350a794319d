import type { Analysis, StoredContribution } from '$lib/vault/schema.ts';
import type { Settings } from '$lib/vault/settings.ts';

/** What the owner of a home in a community may want to know of or do. */
export interface Due {
  /** A contribution is not on the list, waits to be sent, or could be made; or its month was opened, with an answer. */
  readonly kind: 'missing' | 'waiting' | 'opened' | 'contribute';
  readonly month: string;
}

/** What is known of the home. */
export interface Known {
  readonly community: string;
  /** The newest month that may be contributed; undefined while there is none. */
  readonly month: string | undefined;
  /** To this community. */
  readonly contributions: readonly Pick<StoredContribution, 'month' | 'state' | 'listed'>[];
  /** Of any community, the newest first. */
  readonly analyses: readonly (Pick<Analysis, 'communityId' | 'madeMs'> & {
    readonly comparison: Pick<Analysis['comparison'], 'month'>;
  })[];
  readonly settings: Partial<Pick<Settings, 'comparisonSeenMs' | 'notContributed'>>;
}

/** What is due, the most urgent first. */
export function whatIsDue({ community, month, contributions, analyses, settings }: Known): Due[] {
  const due = (kind: Due['kind'], months: readonly string[]): Due[] => months.map((one) => ({ kind, month: one }));
  const [newest] = analyses;
  const isNew = newest !== undefined && newest.madeMs > (settings.comparisonSeenMs ?? 0);
  const canContribute =
    month !== undefined &&
    month !== settings.notContributed &&
    !contributions.some((one) => one.month === month) &&
    // What was opened takes no more homes.
    !analyses.some(({ communityId, comparison }) => communityId === community && comparison.month === month);
  const missing = contributions.filter(({ listed }) => listed !== undefined && listed.state !== 'listed');
  const waiting = contributions.filter(({ state }) => state === 'waiting');
  return [
    ...due(
      'missing',
      missing.map((one) => one.month),
    ),
    ...due(
      'waiting',
      waiting.map((one) => one.month),
    ),
    ...due('opened', isNew ? [newest.comparison.month] : []),
    ...due('contribute', canContribute ? [month] : []),
  ];
}
