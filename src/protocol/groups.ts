/**
 * Which groups of a closed list open: a fixed function of the list, so that no two stewards can be led to open
 * different sets and take the difference.
 */
import { communityGroup, type Manifest } from './manifest.ts';

/** What the groups depend on: per home, who issued its invite and which cohort it said (−1 for none). */
export interface GroupedHome {
  readonly issuer: number;
  readonly cohort: number;
}

export interface Group {
  /** {@link communityGroup} or a cohort label. */
  readonly name: string;
  /** Positions in the list, ascending. */
  readonly members: readonly number[];
}

/**
 * Whether k of these homes remain when the invites of any t − 1 stewards are left out; so neither the endpoint nor
 * t − 1 stewards with it can surround a home with invented ones.
 */
export function hasEnoughHomes(
  homes: readonly GroupedHome[],
  { stewards, threshold, minimumHomes }: Pick<Manifest, 'stewards' | 'threshold' | 'minimumHomes'>,
): boolean {
  const issued = stewards.map((_, steward) => homes.filter(({ issuer }) => issuer === steward).length);
  const most = issued.sort((a, b) => b - a).slice(0, threshold - 1);
  return homes.length - most.reduce((sum, count) => sum + count, 0) >= minimumHomes;
}

/**
 * The groups that open: the community, and every cohort with enough homes; while the rest (homes of no opened cohort)
 * is neither empty nor enough, the smallest opened cohort is dropped (of equal ones, the first in the manifest).
 * Empty if the community itself has not enough.
 */
export function openedGroups(
  homes: readonly GroupedHome[],
  manifest: Pick<Manifest, 'stewards' | 'threshold' | 'minimumHomes' | 'cohorts'>,
): Group[] {
  if (!hasEnoughHomes(homes, manifest)) return [];
  let opened = manifest.cohorts
    .map((name, cohort) => ({ name, homes: homes.filter((home) => home.cohort === cohort), cohort }))
    .filter((group) => hasEnoughHomes(group.homes, manifest));
  for (;;) {
    const rest = homes.filter((home) => !opened.some(({ cohort }) => cohort === home.cohort));
    if (rest.length === 0 || opened.length === 0 || hasEnoughHomes(rest, manifest)) break;
    const fewest = Math.min(...opened.map((group) => group.homes.length));
    const smallest = opened.find((group) => group.homes.length === fewest);
    opened = opened.filter((group) => group !== smallest);
  }
  const positions = homes.map((_, i) => i);
  return [
    { name: communityGroup, members: positions },
    ...opened.map(({ name, cohort }) => ({ name, members: positions.filter((i) => homes[i]?.cohort === cohort) })),
  ];
}
