/** What the compare screen knows: the home's community, its months, and where each stands. */
import { compareMonth, fetchNorms } from '$lib/community/compare.ts';
import { contribute, sendWaiting, type ContributionStep } from '$lib/community/contribute.ts';
import { findDemo, type Demo } from '$lib/community/demo.ts';
import { communityOf } from '$lib/community/membership.ts';
import { endpointAt } from '$lib/community/requests.ts';
import { monthFeatures } from '$lib/usage/features.ts';
import { completeMonths, type MonthState } from '$lib/usage/month.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { listCommunities, listContributions } from '$lib/vault/communities.ts';
import type { JoinedCommunity, StoredContribution } from '$lib/vault/schema.ts';
import type { RoundSummary } from '../../protocol/endpoint-client.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import { current } from '../home.svelte.ts';

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : 'That did not work. Try again.');

class CompareState {
  status = $state<'loading' | 'ready'>('loading');
  /** What went wrong last, in words; everything that is stored is still shown. */
  problem = $state('');
  joined = $state.raw<JoinedCommunity>();
  manifest = $state.raw<Manifest>();
  demo = $state.raw<Demo>();
  contributions = $state.raw<readonly StoredContribution[]>([]);
  /** Undefined while the endpoint has not answered. */
  rounds = $state.raw<readonly RoundSummary[]>();

  readonly months: readonly MonthState[] = $derived(
    current.home === undefined || current.importSeries === undefined
      ? []
      : completeMonths(current.importSeries, current.home.timeZone, Date.now()).toReversed(),
  );

  get isDemo(): boolean {
    return this.joined !== undefined && this.joined.id === this.demo?.community;
  }

  features(month: string) {
    const { importSeries, home } = current;
    return importSeries && home && monthFeatures(importSeries, month, home.timeZone);
  }

  /** Loads, asks the endpoint, and follows changes of the vault. Gives the function that ends it. */
  follow(): () => void {
    void this.load().then(() => this.ask());
    const onBack = () => {
      if (document.visibilityState === 'visible') void this.ask();
    };
    document.addEventListener('visibilitychange', onBack);
    addEventListener('online', onBack);
    const end = onVaultChange((stores) => {
      if (['communities', 'contributions', 'homes'].some((name) => stores.includes(name))) void this.load();
    });
    return () => {
      document.removeEventListener('visibilitychange', onBack);
      removeEventListener('online', onBack);
      end();
    };
  }

  /** Reads what is stored on this device. */
  async load(): Promise<void> {
    try {
      await current.refresh();
      const home = current.home;
      const communities = await listCommunities();
      this.joined = communities.find(({ homeId }) => homeId === home?.id);
      this.manifest = this.joined && (await communityOf(this.joined)).manifest;
      this.contributions = this.joined === undefined ? [] : await listContributions(this.joined.id);
      this.demo ??= await findDemo();
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.status = 'ready';
    }
  }

  /** Asks the endpoint where the rounds stand, sends what waits, and compares what has been opened. */
  async ask(): Promise<void> {
    const joined = this.joined;
    if (joined === undefined) return;
    this.problem = '';
    try {
      const { id } = await communityOf(joined);
      this.rounds = await endpointAt(joined.endpointUrl).rounds(id);
      for (const { state, month } of this.contributions) if (state === 'waiting') await sendWaiting(joined, month);
      for (const { month, state } of this.rounds) {
        const known = current.analyses.some(({ comparison }) => comparison.month === month);
        if (state === 'opened' && !known && this.months.some((own) => own.month === month && !own.obstacle))
          await this.compare(month);
      }
    } catch (error) {
      this.problem = wordsOf(error);
    }
    await this.load();
  }

  /** Compares a month with its published norms and keeps the answer. */
  async compare(month: string): Promise<void> {
    const features = this.features(month);
    if (this.joined === undefined || features === undefined) return;
    const norms = await fetchNorms(this.joined, month);
    if (norms !== undefined) await compareMonth(this.joined, norms, features);
  }

  /** @throws what `contribute` throws */
  async contribute(
    month: string,
    cohort: number,
    onstep: (step: ContributionStep) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const features = this.features(month);
    if (this.joined === undefined || features === undefined) return;
    await contribute({ joined: this.joined, month, features, cohort }, onstep, signal);
    await this.ask();
  }
}

export const compare = new CompareState();
