/** What all parts of the endpoint share, and the rounds that they work on. */
import { equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519.ts';
import { sha256 } from '../protocol/hash.ts';
import { checkManifest, decodeManifest, type Community } from '../protocol/manifest.ts';
import { checkAnnouncement, type Announcement } from '../protocol/round-key.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import { Cache } from './cache.ts';
import type { ClosedRound } from './closing.ts';
import type { Log } from './log.ts';
import { Problem } from './problem.ts';
import { StoreError, type Store } from './store.ts';

export interface Limits {
  /** Most communities that register by themselves. */
  readonly communities: number;
  /** Most rounds of a community. */
  readonly rounds: number;
  /** Most versions that a home can send to one round. */
  readonly versions: number;
  /** How long after a round closed its contributions are kept. */
  readonly retentionDays: number;
  /** Most server keys that a home has here at a time; a new one takes the place of the oldest. */
  readonly serverKeys: number;
  /** How long an upload may take from its announcement on. */
  readonly uploadDays: number;
  /** Most comparisons of one home that wait at a time … */
  readonly jobsPerHome: number;
  /** … and of all homes. */
  readonly jobs: number;
}

export const defaultLimits: Limits = {
  communities: 100,
  rounds: 240,
  versions: 20,
  retentionDays: 60,
  serverKeys: 2,
  uploadDays: 7,
  jobsPerHome: 4,
  jobs: 4000,
};

/** One community's round of one month. */
export interface Round {
  readonly community: Community;
  readonly month: string;
  /** Of all its ledger entries. */
  readonly prefix: string;
  /** Of all its blobs. */
  readonly bucket: string;
}

export interface CoreOptions {
  readonly store: Store;
  /** The endpoint's own key. */
  readonly signer: Signer;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits: Limits;
  readonly log: Log;
}

export class Core {
  readonly store: Store;
  readonly signer: Signer;
  readonly now: () => number;
  readonly limits: Limits;
  readonly log: Log;
  /** Closed rounds by prefix. */
  readonly closed = new Cache<ClosedRound>(20);
  readonly #communities = new Cache<Community>(100);
  readonly #announcements = new Cache<Announcement>(100);

  constructor({ store, signer, now, limits, log }: CoreOptions) {
    this.store = store;
    this.signer = signer;
    this.now = now;
    this.limits = limits;
    this.log = log;
  }

  /** Keeps a manifest; again is no error. */
  async register(message: SignedMessage): Promise<void> {
    const community = await checkManifest(message);
    if (!equalBytes(community.manifest.endpointKey, this.signer.publicKey)) {
      throw new Problem('wrong-endpoint', 'The manifest names the key of another endpoint.');
    }
    const name = manifestName(toHex(community.id));
    const ids = await this.communityIds();
    if (ids.length >= this.limits.communities && (await this.store.read(name)) === undefined) {
      throw new Problem('too-many', `This endpoint takes ${this.limits.communities} communities at most.`);
    }
    await this.store.create(name, encodeSigned(message));
  }

  /** Ids of all communities, in hex. */
  communityIds(): Promise<string[]> {
    return this.store.list('communities');
  }

  manifest(id: string): Promise<Bytes> {
    return this.need(manifestName(id), 'There is no such community at this endpoint.');
  }

  community(id: string): Promise<Community> {
    return this.#communities.get(id, async () => {
      // Its signatures were checked when it came in; its id says that it is still the same.
      const { body } = decodeSigned(await this.manifest(id));
      const hash = await sha256(body);
      if (toHex(hash) !== id) throw new StoreError('damaged', 'A manifest is not that of its community');
      return { id: hash, manifest: decodeManifest(body) };
    });
  }

  async round(id: string, month: string): Promise<Round> {
    const community = await this.community(id);
    return { community, month, prefix: `communities/${id}/rounds/${month}`, bucket: `${id}.${month}` };
  }

  /** Does something for every round of every community, one after the other. */
  async eachRound(work: (id: string, month: string) => Promise<void>): Promise<void> {
    for (const id of await this.communityIds()) {
      for (const month of await this.store.list(`communities/${id}/rounds`)) await work(id, month);
    }
  }

  /** The encoded announcement of a round, if all stewards' keys are there. */
  announcementBytes({ prefix }: Round): Promise<Bytes | undefined> {
    return this.store.read(`${prefix}/announcement`);
  }

  /** @throws {Problem} `not-announced` */
  announcement(round: Round): Promise<Announcement> {
    return this.#announcements.get(round.prefix, async () => {
      const bytes = await this.announcementBytes(round);
      if (bytes === undefined)
        throw new Problem('not-announced', `Not all stewards have sent their keys for ${round.month}.`);
      return checkAnnouncement(bytes, round.community);
    });
  }

  /** @throws {Problem} `not-found` */
  async need(name: string, otherwise: string): Promise<Bytes> {
    const bytes = await this.store.read(name);
    if (bytes === undefined) throw new Problem('not-found', otherwise);
    return bytes;
  }

  /**
   * Writes what may be written once; the same bytes again are no error.
   *
   * @throws {Problem} by `otherwise` if something else is there
   */
  async createOnce(name: string, bytes: Bytes, otherwise: () => Error): Promise<void> {
    if (await this.store.create(name, bytes)) return;
    const old = await this.store.read(name);
    if (old === undefined || !equalBytes(old, bytes)) throw otherwise();
  }
}

const manifestName = (id: string): string => `communities/${id}/manifest`;
