/**
 * The demo community: stewards and 40 simulated homes that take part in real rounds at a real endpoint, so that one
 * person alone can try joining, contributing and comparing. All its secrets are in one folder.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { localDayOf } from '../lib/series/local-day.ts';
import { addMonths } from '../lib/usage/month.ts';
import { equalBytes, toHex } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { cohortNotSaid } from '../protocol/contribution.ts';
import { EndpointClient, type RoundAddress, type RoundSummary } from '../protocol/endpoint-client.ts';
import { instantMs } from '../protocol/fields.ts';
import { encodeInviteLink } from '../protocol/invite.ts';
import { checkManifest, defaultRetentionDays, type Community } from '../protocol/manifest.ts';
import { checkAnnouncement } from '../protocol/round-key.ts';
import type { Steward, StewardStore } from '../protocol/steward.ts';
import { fileStore } from './file-store.ts';
import { decodeFounding, encodeFounding, foundCommunity, type Founding } from './founding.ts';
import { simulatedVector } from './home-month.ts';
import { closeRound, contribute, memberOfInvite, openRound, stewardsOf } from './round.ts';

/** Simulated homes, which use the first invites. */
export const demoHomes = 40;
/** Invites for people who try the app. */
const spareInvites = 60;
export const demoSeed = 20;
export const demoZone = 'Europe/Amsterdam';
/** A round closes by itself after this time if nobody closes it before. */
const openForMs = 30 * 86_400_000;

/** Told what is done: `step` is `wait`, `announce`, `homes`, `close`, `check`, `open` or `publish`. */
export type DemoProgress = (step: string, done: number, total: number) => void;

/** What the app's demo panel is told of the demo community. */
export interface DemoDescription {
  /** Community id, hex. */
  readonly community: string;
  readonly name: string;
  /** Address of its endpoint, without a slash at its end. */
  readonly endpoint: string;
  /** Its rounds so far, ascending by month, as the endpoint tells them. */
  readonly rounds: readonly RoundSummary[];
}

export interface DemoOptions {
  /** Where the community's secrets and records are kept. */
  readonly folder: string;
  /** Address of the endpoint, without a slash at its end. */
  readonly endpointUrl: string;
  /** Origin of the app, for invite links. */
  readonly appOrigin: string;
  /** Told, in words for people, what takes time. */
  readonly say: (line: string) => void;
}

export class DemoCommunity {
  readonly #options: DemoOptions;
  readonly #store: StewardStore;
  readonly #founding: Founding;
  readonly #community: Community;
  readonly #endpoint: EndpointClient;
  readonly #stewards: readonly Steward[];
  /** Ends when all work that was asked for so far is done. */
  #working: Promise<unknown> = Promise.resolve();

  private constructor(
    options: DemoOptions,
    store: StewardStore,
    founding: Founding,
    community: Community,
    endpoint: EndpointClient,
    stewards: readonly Steward[],
  ) {
    this.#options = options;
    this.#store = store;
    this.#founding = founding;
    this.#community = community;
    this.#endpoint = endpoint;
    this.#stewards = stewards;
  }

  /**
   * Founds the community on the first call, and finds it again on later ones; its homes have contributed to the last
   * complete month when this settles.
   *
   * @throws {Error} if the endpoint is another one than the community was founded with
   */
  static async open(options: DemoOptions): Promise<DemoCommunity> {
    const { folder, endpointUrl, say } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = fileStore(folder);
    const endpoint = new EndpointClient({ url: endpointUrl, fetch: (url, init) => fetch(url, init) });
    const endpointKey = await endpoint.identity();
    if ((await store.read('founding')) === undefined) {
      say('Founding the demo community…');
      const founding = await foundCommunity({
        name: 'Demo Street',
        stewards: ['Ada', 'Ben', 'Cleo'],
        threshold: 2,
        minimumHomes: 25,
        cohorts: [],
        publishes: ['profiles'],
        endpointKey,
        lookHours: 0,
        retentionDays: defaultRetentionDays,
        invites: demoHomes + spareInvites,
      });
      await store.create('founding', encodeFounding(founding));
    }
    const founding = decodeFounding((await store.read('founding')) ?? new Uint8Array());
    const community = await checkManifest(founding.manifest);
    if (!equalBytes(community.manifest.endpointKey, endpointKey)) {
      throw new Error(
        `The endpoint at ${endpointUrl} is not the one that the demo community was founded with. ` +
          `Bring its data back, or delete ${folder} to found a new demo community.`,
      );
    }
    await endpoint.registerCommunity(founding.manifest);
    const stewards = await stewardsOf(
      community,
      founding.stewardSeeds,
      () => endpoint,
      (steward) => fileStore(join(folder, 'stewards', String(steward))),
    );
    const demo = new DemoCommunity(options, store, founding, community, endpoint, stewards);
    await demo.#seedLastMonth();
    return demo;
  }

  async #seedLastMonth(): Promise<void> {
    const month = lastCompleteMonth();
    let told = -1;
    await this.prepareMonth(month, (step, done, total) => {
      const quarter = Math.floor((4 * done) / total);
      if (step !== 'homes' || quarter === told) return;
      told = quarter;
      this.#options.say(`Encrypting what ${total} simulated homes contribute to ${month}: ${done} of ${total}`);
    });
  }

  async description(): Promise<DemoDescription> {
    const rounds = await this.#endpoint.rounds(this.#community.id);
    return {
      community: toHex(this.#community.id),
      name: this.#community.manifest.name,
      endpoint: this.#options.endpointUrl,
      rounds: [...rounds].sort((a, b) => (a.month < b.month ? -1 : 1)),
    };
  }

  /** An invite link that was never given out before, or undefined when there is none left. */
  async nextInvite(): Promise<string | undefined> {
    const { endpointUrl, appOrigin } = this.#options;
    for (const [i, seed] of this.#founding.inviteSeeds.entries()) {
      if (i >= demoHomes && (await this.#store.create(`invites/${i}`, new Uint8Array()))) {
        return encodeInviteLink(appOrigin, { endpointUrl, community: this.#community.id, seed });
      }
    }
    return undefined;
  }

  /**
   * Announces a month's round, and lets the simulated homes contribute to it; nothing is done twice.
   *
   * @throws {RangeError} if the month is not over
   */
  prepareMonth(month: string, progress: DemoProgress): Promise<void> {
    return this.#inTurn(progress, () => this.#prepare(month, progress));
  }

  /**
   * Closes a month's round, and lets the stewards check, open and publish it; nothing is done twice.
   *
   * @throws {ProtocolError} what the stewards find wrong
   */
  closeMonth(month: string, progress: DemoProgress): Promise<void> {
    return this.#inTurn(progress, () => this.#close(month, progress));
  }

  /** One after the other, so that two calls for one month do its work once. */
  #inTurn(progress: DemoProgress, work: () => Promise<void>): Promise<void> {
    progress('wait', 0, 1);
    const turn = this.#working.then(work, work);
    this.#working = turn.catch(() => undefined);
    return turn;
  }

  #address(month: string): RoundAddress {
    return { community: this.#community.id, month };
  }

  async #prepare(month: string, progress: DemoProgress): Promise<void> {
    if (month > lastCompleteMonth()) throw new RangeError(`${month} is not over yet; choose an earlier month`);
    const done = `${month}/contributed`;
    if ((await this.#store.read(done)) !== undefined) return;

    for (const [i, steward] of this.#stewards.entries()) {
      progress('announce', i, this.#stewards.length);
      await steward.announce(month, await this.#closesMs(month));
    }
    const bytes = await this.#endpoint.announcement(this.#address(month));
    if (bytes === undefined) throw new Error(`The endpoint does not show the round of ${month}`);
    const announcement = await checkAnnouncement(bytes, this.#community);
    // After a start that was broken off, a home's contribution may be there: each try has a later version, which replaces it.
    let version = 0;
    while (!(await this.#store.create(`${month}/try-${version}`, new Uint8Array()))) version += 1;
    for (const [index, inviteSeed] of this.#founding.inviteSeeds.slice(0, demoHomes).entries()) {
      progress('homes', index, demoHomes);
      const member = await memberOfInvite(this.#community.id, inviteSeed);
      const vector = simulatedVector({ seed: demoSeed, index, timeZone: demoZone, month });
      const input = { community: this.#community, announcement, vector, cohort: cohortNotSaid, version };
      await contribute(this.#endpoint, member, input);
    }
    progress('homes', demoHomes, demoHomes);
    await this.#store.create(done, new Uint8Array());
  }

  /** When a month's round closes: the same whenever it is asked. */
  async #closesMs(month: string): Promise<number> {
    const name = `${month}/closes`;
    await this.#store.create(name, encodeCbor(Date.now() + openForMs));
    return decodeCbor(instantMs, (await this.#store.read(name)) ?? new Uint8Array(), 'The closing time');
  }

  async #close(month: string, progress: DemoProgress): Promise<void> {
    const state = async () => (await this.#endpoint.rounds(this.#community.id)).find((r) => r.month === month)?.state;
    const before = await state();
    if (before === undefined) throw new RangeError(`There is no round of ${month} yet`);
    if (before === 'announced' || before === 'collecting') {
      progress('close', 0, 1);
      await closeRound(this.#stewards, this.#community, this.#endpoint, this.#address(month));
    }
    if (before !== 'opened') await openRound(this.#stewards, month, progress);
    for (const steward of this.#stewards) await steward.erase(month);
  }
}

/** The last month that is over for the demo's homes, `YYYY-MM`. */
const lastCompleteMonth = (): string => addMonths(localDayOf(Date.now(), demoZone).slice(0, 7), -1);
