/** What the compare screen knows: the home's community, its months, and where each stands. */
import { compareMonth, fetchNorms } from '$lib/community/compare.ts';
import { contribute, type ContributionStep } from '$lib/community/contribute.ts';
import { keyState, setUpKey, type KeyStep } from '$lib/community/comparison-key.ts';
import { findDemo, type Demo } from '$lib/community/demo.ts';
import { compareEncrypted } from '$lib/community/encrypted-comparison.ts';
import { followJoined, headInWords, type HeadInWords } from '$lib/community/following.ts';
import { communityOf } from '$lib/community/membership.ts';
import { checkOnList, isToBeChecked } from '$lib/community/receipt-check.ts';
import { endpointAt } from '$lib/community/requests.ts';
import { sendWaiting } from '$lib/community/send-contribution.ts';
import { monthFeatures } from '$lib/usage/features.ts';
import { completeMonths, type MonthState } from '$lib/usage/month.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import { listCommunities, listContributions } from '$lib/vault/communities.ts';
import { listComparisonRequests } from '$lib/vault/comparisons.ts';
import type { JoinedCommunity, StoredComparisonRequest, StoredContribution } from '$lib/vault/schema.ts';
import type { RoundSummary } from '../../protocol/endpoint-client.ts';
import type { Manifest } from '../../protocol/manifest.ts';
import { current } from '../home.svelte.ts';

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : 'That did not work. Try again.');

/** First and longest wait between two looks for an answer. */
const [firstPollMs, mostPollMs] = [1_000, 30_000];

const isOpen = (state: StoredComparisonRequest['state']): boolean => state === 'waiting' || state === 'sent';

class CompareState {
  status = $state<'loading' | 'ready'>('loading');
  /** What went wrong last, in words; everything that is stored is still shown. */
  problem = $state('');
  joined = $state.raw<JoinedCommunity>();
  manifest = $state.raw<Manifest>();
  demo = $state.raw<Demo>();
  contributions = $state.raw<readonly StoredContribution[]>([]);
  /** Whether this home has a comparison key, and the endpoint its public part. */
  key = $state<'none' | 'made' | 'stored'>('none');
  requests = $state.raw<readonly StoredComparisonRequest[]>([]);
  readonly head: HeadInWords | undefined = $derived(headInWords(this.joined?.followed));
  /** Undefined while the endpoint has not answered. */
  rounds = $state.raw<readonly RoundSummary[]>();
  /** Whether the endpoint is being asked. */
  asking = $state(false);

  readonly months: readonly MonthState[] = $derived(
    current.home === undefined || current.importSeries === undefined
      ? []
      : completeMonths(current.importSeries, current.home.timeZone, Date.now()).toReversed(),
  );

  /** Whether this home wants to be compared. While it does not, nothing is asked of the endpoint. */
  get on(): boolean {
    return current.settings.showComparison !== false;
  }

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
      this.#pollMs = firstPollMs;
      if (document.visibilityState === 'visible') void this.ask();
    };
    document.addEventListener('visibilitychange', onBack);
    addEventListener('online', onBack);
    const end = onVaultChange((stores) => {
      const shown = ['communities', 'contributions', 'homes', 'serverKeys', 'comparisonRequests', 'settings'];
      if (shown.some((name) => stores.includes(name))) void this.load();
    });
    return () => {
      document.removeEventListener('visibilitychange', onBack);
      removeEventListener('online', onBack);
      clearTimeout(this.#pollTimer);
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
      this.key = this.joined === undefined ? 'none' : await keyState(this.joined);
      this.requests = this.joined === undefined ? [] : await listComparisonRequests(this.joined.id);
      this.demo ??= await findDemo();
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.status = 'ready';
    }
  }

  /** Asks the endpoint where the rounds stand, sends what waits, and compares what has been opened. */
  async ask(): Promise<void> {
    const before = this.joined;
    if (before === undefined || before.elsewhereMs !== undefined || !this.on) return;
    this.problem = '';
    this.asking = true;
    try {
      // What the endpoint says is used, and anything sent to it, only once its log has been followed.
      const joined = (this.joined = await followJoined(before));
      if (joined.elsewhereMs !== undefined) {
        this.asking = false;
        await this.load();
        return;
      }
      const { id } = await communityOf(joined);
      this.rounds = await endpointAt(joined.endpointUrl).rounds(id);
      for (const { state, month } of this.contributions) if (state === 'waiting') await sendWaiting(joined, month);
      await this.#checkReceipts(joined, this.rounds);
      for (const { month, state } of this.rounds) {
        const known = current.analyses.some(({ comparison }) => comparison.month === month);
        if (state === 'opened' && !known && this.months.some((own) => own.month === month && !own.obstacle))
          await this.compare(month);
      }
      await this.#compareEncrypted(joined);
    } catch (error) {
      this.problem = wordsOf(error);
    }
    this.asking = false;
    await this.load();
    this.#pollLater();
  }

  /** Looks for what was counted on the lists of the rounds that have closed. */
  async #checkReceipts(joined: JoinedCommunity, rounds: readonly RoundSummary[]): Promise<void> {
    for (const own of this.contributions.filter(isToBeChecked)) {
      const round = rounds.find(({ month }) => month === own.month);
      const isClosed = round !== undefined && ['closed', 'sealed', 'opened'].includes(round.state);
      if (isClosed || (round !== undefined && round.state !== 'expired' && round.closesMs < Date.now()))
        await checkOnList(joined, own);
    }
  }

  /** Compares a month with its published norms and keeps the answer. */
  async compare(month: string): Promise<void> {
    const features = this.features(month);
    if (this.joined === undefined || features === undefined) return;
    const norms = await fetchNorms(this.joined, month);
    if (norms !== undefined) await compareMonth(this.joined, norms, features);
  }

  #pollMs = firstPollMs;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  /** Brings the encrypted comparisons of all opened months that this home took part in as far as they go now. */
  async #compareEncrypted(joined: JoinedCommunity): Promise<void> {
    const key = await keyState(joined);
    for (const { month, state } of this.rounds ?? []) {
      const known = this.requests.find((request) => request.month === month)?.state;
      const tookPart = this.contributions.some((own) => own.month === month && own.state === 'counted');
      if (known === undefined && (key !== 'stored' || !tookPart)) continue;
      const features = this.months.some((own) => own.month === month && !own.obstacle) && this.features(month);
      if (state !== 'opened' || !isOpen(known ?? 'waiting') || !features) continue;
      const norms = await fetchNorms(joined, month);
      if (norms !== undefined) await compareEncrypted(joined, norms, features);
    }
  }

  /** Looks again for answers that are not there yet, less and less often, while the app is in the foreground. */
  #pollLater(): void {
    clearTimeout(this.#pollTimer);
    if (!this.on || !this.requests.some(({ state }) => isOpen(state)) || document.visibilityState !== 'visible') return;
    this.#pollTimer = setTimeout(() => void this.ask(), this.#pollMs);
    this.#pollMs = Math.min(mostPollMs, this.#pollMs * 1.5);
  }

  /**
   * Makes and uploads this home's comparison key, and asks for the comparisons that wait for it.
   * @throws what `setUpKey` throws
   */
  async setUpKey(onstep: (step: KeyStep) => void, signal: AbortSignal): Promise<void> {
    if (this.joined === undefined) return;
    const joined = (this.joined = await followJoined(this.joined));
    await setUpKey(joined, onstep, signal);
    this.#pollMs = firstPollMs;
    await this.ask();
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
    const joined = (this.joined = await followJoined(this.joined));
    await contribute({ joined, month, features, cohort }, onstep, signal);
    await this.ask();
  }
}

export const compare = new CompareState();
