/** What the steward screens know: the stewardships of this device, and how the chosen one's founding or rounds stand. */
import { candidateOf, communityIn, listProposals, type ChangeInWords } from '$lib/community/changes.ts';
import { followStewardship, headInWords, type HeadInWords } from '$lib/community/following.ts';
import { giveUpDraft, lookAtFounding, signFounding, stewardLinks, type FoundingView } from '$lib/community/founding.ts';
import {
  advanceRound,
  announceRounds,
  closeRoundNow,
  communityOfSteward,
  giveUpRound,
  holdsSeat,
  planRounds,
  roundInWords,
  stewardRounds,
  type RoundInWords,
  type StewardedCommunity,
  type StewardRound,
} from '$lib/community/steward-rounds.ts';
import type { Advance, AdvanceChoices, AdvanceStep } from '$lib/fhe/client.ts';
import { formatInstant, formatMonth } from '$lib/ui/format.ts';
import { work } from '$lib/ui/work.svelte.ts';
import { wordsOf } from '$lib/ui/words.ts';
import { onVaultChange } from '$lib/vault/changes.ts';
import type { Stewardship } from '$lib/vault/schema.ts';
import { listStewardships } from '$lib/vault/stewards.ts';

/** How often a screen that somebody looks at asks the endpoint what the other stewards have done. */
const everyMs = 6000;

export interface Task {
  /** Month of the round that is worked on; undefined for work on several. */
  readonly month: string | undefined;
  readonly label: string;
  readonly done: number | undefined;
  readonly stop: AbortController;
}

const noChoices: AdvanceChoices = { words: [], acceptUnchecked: false };

class StewardState {
  status = $state<'loading' | 'ready'>('loading');
  problem = $state('');
  all = $state.raw<readonly Stewardship[]>([]);
  /** Id of the chosen one. */
  id = $state<string>();
  view = $state.raw<FoundingView>();
  links = $state.raw<readonly string[]>([]);
  stewarded = $state.raw<StewardedCommunity>();
  /** Undefined while the endpoint has not answered. */
  rounds = $state.raw<readonly StewardRound[]>();
  /** How far each round was taken when it was last tried, by month. */
  advances = $state.raw<Readonly<Record<string, Advance>>>({});
  /** What went wrong with a round, by month. */
  problems = $state.raw<Readonly<Record<string, string>>>({});
  task = $state.raw<Task>();
  /** Changes that still gather signatures. */
  proposals = $state.raw<readonly ChangeInWords[]>([]);
  /** How one who waits for a place says its key to the stewards. */
  candidate = $state.raw<{ readonly link: string; readonly phrase: string }>();

  readonly chosen: Stewardship | undefined = $derived(this.all.find(({ id }) => id === this.id) ?? this.all[0]);

  /** What this device is in the chosen community: a steward, about to become one, or one whose place another took. */
  readonly role: 'draft' | 'steward' | 'waiting' | 'replaced' = $derived.by(() => {
    if (this.stewarded === undefined) return 'draft';
    if (holdsSeat(this.stewarded)) return 'steward';
    return this.stewarded.stewardship.key === undefined ? 'replaced' : 'waiting';
  });
  readonly head: HeadInWords | undefined = $derived(headInWords(this.chosen?.followed));

  /** Rounds that need this steward first, then the others, the newest month first. */
  readonly urgentFirst: readonly StewardRound[] = $derived.by(() => {
    const needs = (round: StewardRound): boolean => !['close', undefined].includes(this.words(round).action);
    const rounds = this.rounds ?? [];
    return [...rounds.filter(needs), ...rounds.filter((round) => !needs(round))];
  });

  /** What was there when a round was last tried, so that it is not tried again for nothing. */
  readonly #tried = new Map<string, string>();
  #asking = false;

  /** Loads, and asks again and again while somebody looks. Gives the function that ends it. */
  follow(): () => void {
    void this.load().then(() => this.ask());
    const onBack = () => {
      if (document.visibilityState === 'visible') void this.ask();
    };
    const timer = setInterval(onBack, everyMs);
    document.addEventListener('visibilitychange', onBack);
    const end = onVaultChange((stores) => {
      if (stores.includes('stewardships')) void this.load();
    });
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onBack);
      end();
    };
  }

  /** Chooses a stewardship. */
  choose(id: string | undefined): void {
    if (id === this.id) return;
    this.id = id;
    this.view = undefined;
    this.links = [];
    this.stewarded = undefined;
    this.rounds = undefined;
    this.proposals = [];
    this.candidate = undefined;
    this.problem = '';
    void this.load().then(() => this.ask());
  }

  /** Reads what is stored on this device. */
  async load(): Promise<void> {
    try {
      this.all = await listStewardships();
      const { chosen } = this;
      if (chosen === undefined || chosen.manifest.length === 0) this.stewarded = undefined;
      else if (this.#isOld(chosen)) this.stewarded = await communityOfSteward(chosen);
      if (chosen !== undefined) this.candidate = await candidateOf(chosen, location.origin);
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.status = 'ready';
    }
  }

  #isOld({ id, followed, key }: Stewardship): boolean {
    const known = this.stewarded?.stewardship;
    return known?.id !== id || known.followed?.count !== followed?.count || known.key !== key;
  }

  /** Asks the endpoint how things stand, and takes rounds that were begun as far as they now go. */
  async ask(): Promise<void> {
    const { chosen } = this;
    if (chosen === undefined || this.#asking || this.task !== undefined) return;
    this.#asking = true;
    try {
      if (this.stewarded === undefined) await this.#askFounding(chosen);
      else await this.#askRounds(this.stewarded);
      this.problem = '';
    } catch (error) {
      this.problem = wordsOf(error);
    } finally {
      this.#asking = false;
    }
  }

  async #askFounding(chosen: Stewardship): Promise<void> {
    this.view = await lookAtFounding(chosen);
    const { founding } = this.view;
    if (chosen.seat === 0 && this.links.length === 0)
      this.links = await stewardLinks(chosen, founding.terms.seats.length, location.origin);
    await this.load();
  }

  async #askRounds(before: StewardedCommunity): Promise<void> {
    // What the endpoint says is used only once its log has been followed.
    await followStewardship(before.stewardship);
    await this.load();
    const { stewarded } = this;
    if (stewarded === undefined) return;
    this.rounds = await stewardRounds(stewarded);
    this.proposals = await listProposals(stewarded);
    for (const round of this.rounds) {
      const { month, state, words } = round;
      const standing = JSON.stringify([state, words]);
      if (this.words(round).action !== 'continue' || this.#tried.get(month) === standing) continue;
      this.#tried.set(month, standing);
      await this.advance(month);
    }
  }

  words(round: StewardRound): RoundInWords {
    const { stewarded } = this;
    if (stewarded === undefined) return { title: '', waitingFor: [], next: '', action: undefined };
    return roundInWords(round, communityIn(stewarded, round.month), stewarded.stewardship.seat, formatInstant);
  }

  /** Signs the manifest whose phrase was compared. */
  async sign(): Promise<void> {
    const { chosen, view } = this;
    const id = view?.founding.manifest?.id;
    if (chosen === undefined || id === undefined) return;
    await this.#work(undefined, 'Signing', () => signFounding(chosen, id));
  }

  /** Gives the chosen draft up. */
  async giveUpDraft(): Promise<void> {
    const { chosen } = this;
    if (chosen === undefined) return;
    try {
      await giveUpDraft(chosen);
      this.choose(undefined);
      this.view = undefined;
      this.problem = '';
      await this.load();
    } catch (error) {
      this.problem = wordsOf(error);
    }
  }

  /** Publishes keys for months in a row. */
  async announce(from: string, count: number): Promise<void> {
    const { stewarded } = this;
    if (stewarded === undefined) return;
    await this.#work(undefined, 'Getting the encryption module ready', async (stop) => {
      const plan = planRounds(from, count, await stewardRounds(stewarded), Date.now());
      await announceRounds(
        stewarded,
        plan,
        (done, total) =>
          this.#show(undefined, stop, `Making the keys for ${formatMonth(plan[done]?.month ?? from)}`, done / total),
        stop.signal,
      );
    });
  }

  async close(month: string): Promise<void> {
    const { stewarded } = this;
    if (stewarded !== undefined)
      await this.#work(month, 'Asking for the round to be closed', () => closeRoundNow(stewarded, month));
  }

  async giveUp(month: string): Promise<void> {
    const { stewarded } = this;
    if (stewarded !== undefined)
      await this.#work(month, 'Erasing the keys of this round', () => giveUpRound(stewarded, month));
  }

  /** Takes a closed round as far as it goes now. */
  async advance(month: string, choices = noChoices): Promise<void> {
    const { stewarded } = this;
    if (stewarded === undefined) return;
    await this.#work(month, 'Getting the encryption module ready', async (stop) => {
      const at = await advanceRound(
        stewarded,
        month,
        choices,
        ({ doing, done, total }: AdvanceStep) =>
          this.#show(month, stop, stepWords[doing], total > 1 ? done / total : undefined),
        stop.signal,
      );
      this.advances = { ...this.advances, [month]: at };
    });
  }

  #show(month: string | undefined, stop: AbortController, label: string, done: number | undefined): void {
    this.task = { month, label, done, stop };
  }

  /** One piece of work at a time, with progress and a way out; afterwards the endpoint is asked how things stand. */
  async #work(
    month: string | undefined,
    label: string,
    doing: (stop: AbortController) => Promise<void>,
  ): Promise<void> {
    if (this.task !== undefined) return;
    const stop = new AbortController();
    this.#say(month, '');
    this.#show(month, stop, label, undefined);
    try {
      await work.during(doing(stop));
      if (this.stewarded !== undefined) this.rounds = await stewardRounds(this.stewarded);
      else if (this.chosen !== undefined) await this.#askFounding(this.chosen);
    } catch (error) {
      if (!stop.signal.aborted) this.#say(month, wordsOf(error));
    } finally {
      this.task = undefined;
    }
  }

  #say(month: string | undefined, words: string): void {
    if (month === undefined) this.problem = words;
    else this.problems = { ...this.problems, [month]: words };
  }
}

const stepWords: Record<AdvanceStep['doing'], string> = {
  check: 'Checking what the homes sent and what the endpoint added up',
  open: 'Opening your share of the totals',
  publish: 'Putting the stewards’ shares together and checking them',
};

export const steward = new StewardState();
