/**
 * Where the home stands with its community, from what is on this device: what waits to be sent, what can be contributed,
 * what was opened. The overview, the app's badge and the look at opening the app follow it.
 */
import { listCommunities, listContributions } from '$lib/vault/communities.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import type { JoinedCommunity, StoredContribution } from '$lib/vault/schema.ts';
import { newestCompleteMonth } from '$lib/usage/newest-month.ts';
import { whatIsDue, type Due } from './due.ts';
import { current } from './home.svelte.ts';

class Standing {
  #communities = $state.raw<readonly JoinedCommunity[]>([]);
  #contributions = $state.raw<readonly StoredContribution[]>([]);
  /** False until the vault has answered once. */
  known = $state(false);

  /** The community of the home that is shown. */
  readonly joined: JoinedCommunity | undefined = $derived(
    this.#communities.find(({ homeId }) => homeId === current.home?.id),
  );
  readonly contributions: readonly StoredContribution[] = $derived(
    this.#contributions.filter(({ communityId }) => communityId === this.joined?.id),
  );

  /** The newest month that may be contributed; undefined while there is none. */
  readonly month: string | undefined = $derived.by(() => {
    const { home, importSeries } = current;
    return home && importSeries && newestCompleteMonth(importSeries, home.timeZone, Date.now());
  });

  /** Months that were counted but whose answer is not here yet. */
  readonly unanswered: readonly string[] = $derived(
    this.contributions
      .filter(
        ({ state, month }) =>
          state === 'counted' && !current.analyses.some(({ comparison }) => comparison.month === month),
      )
      .map(({ month }) => month),
  );

  readonly due: readonly Due[] = $derived(
    this.joined === undefined
      ? []
      : whatIsDue({
          community: this.joined.id,
          month: this.month,
          contributions: this.contributions,
          analyses: current.analyses,
          settings: current.settings,
        }),
  );

  /** Loads and follows changes. Gives the function that ends it. */
  follow(): () => void {
    void this.#load();
    return onVaultChange((stores) => {
      if (stores.some((name) => name === 'communities' || name === 'contributions')) void this.#load();
    });
  }

  async #load(): Promise<void> {
    try {
      const communities = await listCommunities();
      this.#contributions = (await Promise.all(communities.map(({ id }) => listContributions(id)))).flat();
      this.#communities = communities;
    } catch {
      // The screens that need the vault say so themselves.
    }
    this.known = true;
  }
}

export const standing = new Standing();
