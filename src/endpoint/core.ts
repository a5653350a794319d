/** What all parts of the endpoint share, and the communities and rounds that they work on. */
import { message2Carry2, type Parameters } from '../evaluator/parameters.ts';
import { checkAmendments, communityOf, type AmendedCommunity } from '../protocol/amendment.ts';
import { toHex } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519.ts';
import { sha256 } from '../protocol/hash.ts';
import { decodeManifest, type Community } from '../protocol/manifest.ts';
import type { Announcement } from '../protocol/round-key.ts';
import { decodeSigned } from '../protocol/signed.ts';
import { Cache } from './cache.ts';
import type { Job } from './comparisons.ts';
import { History } from './history.ts';
import { Folder } from './ledger.ts';
import type { Log } from './log.ts';
import type { Due } from './retention.ts';
import type { ClosedRound } from './rounds.ts';
import { StoreError, type Store } from './store.ts';

export const defaultLimits = {
  /** Most communities that register by themselves. */
  communities: 100,
  /** Most rounds of a community. */
  rounds: 240,
  /** Most versions that a home can send to one round. */
  versions: 20,
  /** How long at most what is not needed any more is kept, if a community's manifest allows for more. */
  retentionDays: 366,
  /** Most server keys that a home has here at a time; a new one takes the place of the oldest. */
  serverKeys: 2,
  /** Most server keys that are here at a time, 28.5 MB each. */
  allServerKeys: 2000,
  /** How long an upload may take from its announcement on. */
  uploadDays: 7,
  /** Most comparisons of one home that wait at a time … */
  jobsPerHome: 4,
  /** … and of all homes. */
  jobs: 4000,
};
export type Limits = Readonly<typeof defaultLimits>;

/** A community as it is kept here. */
export interface KeptCommunity {
  readonly core: Core;
  /** In hex. */
  readonly id: string;
  readonly community: Community;
  /** All its ledger entries. */
  readonly ledger: Folder;
}

/** One community's round of one month; the community is as it is for that month. */
export interface Round extends KeptCommunity {
  readonly month: string;
  /** The round's own ledger entries. */
  readonly folder: Folder;
  /** Of all its blobs. */
  readonly bucket: string;
}

export interface CoreOptions {
  readonly store: Store;
  /** The endpoint's own key. */
  readonly signer: Signer;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  /** Parameter sets of server keys that are taken. */
  readonly keyParameters?: readonly Parameters[];
}

export class Core {
  readonly store: Store;
  readonly signer: Signer;
  readonly now: () => number;
  readonly limits: Limits;
  readonly log: Log;
  readonly keyParameters: readonly Parameters[];
  /** What each community's log says. */
  readonly history = new History(this);
  /** By the rounds' buckets: announcements, what rounds have closed to, … */
  readonly announcements = new Cache<Promise<Announcement>>(100);
  readonly closed = new Cache<Promise<ClosedRound>>(20);
  /** … and of how many groups and homes, for the many that are long past … */
  readonly sizes = new Cache<Promise<{ readonly groups: number; readonly homes: number }>>(10_000);
  /** … which versions of homes' contributions are there … */
  readonly versions = new Cache<Promise<Map<string, number[]>>>(20);
  /** … and homes that have a seat in a round that is collecting: on the disk or on their way there. */
  readonly seats = new Map<string, Set<string>>();
  /** Comparisons that wait to be computed, by their request's id. */
  readonly jobs = new Map<string, Job>();
  /** When each community was last looked through for what is to be deleted, and what of that is still to go. */
  readonly lookedMs = new Map<string, number>();
  readonly deleting = new Map<string, Due[]>();
  readonly #communities = new Cache<Promise<AmendedCommunity>>(100);
  readonly #asOf = new WeakMap<AmendedCommunity, Map<string, Community>>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: CoreOptions) {
    this.store = options.store;
    this.signer = options.signer;
    this.now = options.now ?? Date.now;
    this.limits = { ...defaultLimits, ...options.limits };
    this.log = options.log ?? (() => undefined);
    this.keyParameters = options.keyParameters ?? [message2Carry2];
  }

  /** All ledger entries of a community. */
  ledger(id: string): Folder {
    return new Folder(this.store, `communities/${id}`);
  }

  /** A community with the amendments in force. @throws {Problem} `not-found` */
  amended(id: string): Promise<AmendedCommunity> {
    return this.#communities.get(id, async () => {
      const ledger = this.ledger(id);
      // Its signatures were checked when it came in; its id says that it is still the same.
      const { body } = decodeSigned(await ledger.need('manifest', 'There is no such community at this endpoint.'));
      const hash = await sha256(body);
      if (toHex(hash) !== id) throw new StoreError('damaged', 'A manifest is not that of its community');
      return checkAmendments({ id: hash, manifest: decodeManifest(body) }, await ledger.messages('amendments'));
    });
  }

  /** A community as it is for a month's round, or now. @throws {Problem} `not-found` */
  async community(id: string, month = ''): Promise<KeptCommunity> {
    const amended = await this.amended(id);
    const known = this.#asOf.get(amended) ?? new Map<string, Community>();
    this.#asOf.set(amended, known);
    const community = known.get(month) ?? communityOf(amended, month || undefined);
    known.set(month, community);
    return { core: this, id, community, ledger: this.ledger(id) };
  }

  /** @throws {Problem} `not-found` */
  async round(id: string, month: string): Promise<Round> {
    const kept = await this.community(id, month);
    return { ...kept, month, folder: kept.ledger.at(`rounds/${month}`), bucket: `${id}.${month}` };
  }

  /** Reads a community anew when it is asked for next, and these rounds' announcements. */
  forget(id: string, months: readonly string[] = []): void {
    this.#communities.delete(id);
    for (const month of months) this.announcements.delete(`${id}.${month}`);
  }

  /** Does something for every round of every community, one after the other. */
  async eachRound(work: (id: string, month: string) => Promise<void>): Promise<void> {
    for (const id of await this.store.list('communities')) {
      for (const month of await this.ledger(id).list('rounds')) await work(id, month);
    }
  }

  /** Does what is asked under one name one after the other. */
  async inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => undefined);
    this.#turns.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === settled) this.#turns.delete(name);
    }
  }
}
