/**
 * An endpoint on a simulated disk, the homes and stewards that use it, and an oracle that knows what must be true:
 * nothing acknowledged is lost, nothing is counted twice, and what was once shown stays.
 */
import { expect } from 'vitest';
import { defaultLimits, Core } from '../../src/endpoint/core.ts';
import { createEndpoint, type Endpoint } from '../../src/endpoint/endpoint.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { StoreError } from '../../src/endpoint/store.ts';
import { verifyAll } from '../../src/endpoint/verify.ts';
import { equalBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { Contribution } from '../../src/protocol/contribution.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { EndpointClient, EndpointError } from '../../src/protocol/endpoint-client.ts';
import { ProtocolError } from '../../src/protocol/error.ts';
import { vectorLength } from '../../src/protocol/features.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkList, decodeList } from '../../src/protocol/list.ts';
import { encodeOpening } from '../../src/protocol/opening.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { checkAnnouncement, encodeAnnouncement, type Announcement } from '../../src/protocol/round-key.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { signerOf } from '../protocol/example.ts';
import { closesMs, countsOf, startMs, TestCommunity } from '../endpoint/support.ts';
import { SimDisk, type Fault, type Session } from './sim-disk.ts';

export const homes = 26;
export const months = ['2026-01', '2026-02'] as const;
export type Month = (typeof months)[number];

/** What all worlds share, because making keys and signatures is slow: the community and contributions made once. */
export class Cast {
  readonly street: TestCommunity;
  readonly announcements: ReadonlyMap<string, Announcement>;
  readonly signer: Signer;
  readonly #contributions = new Map<string, Promise<Contribution>>();

  private constructor(street: TestCommunity, announcements: Map<string, Announcement>, signer: Signer) {
    this.street = street;
    this.announcements = announcements;
    this.signer = signer;
  }

  static async make(): Promise<Cast> {
    const street = await TestCommunity.make(homes);
    const announcements = new Map<string, Announcement>();
    for (const month of months) {
      const keys = await Promise.all([0, 1, 2].map((steward) => street.roundKey(steward, month)));
      announcements.set(month, await checkAnnouncement(encodeAnnouncement(keys), street.community));
    }
    return new Cast(street, announcements, await signerOf('endpoint'));
  }

  announcement(month: Month): Announcement {
    const announcement = this.announcements.get(month);
    if (announcement === undefined) throw new Error('no such round');
    return announcement;
  }

  /** A home's contribution of a version; its tag tells both. */
  contribution(month: Month, home: number, version: number): Promise<Contribution> {
    const key = `${month} ${home} ${version}`;
    const made = this.#contributions.get(key) ?? this.street.contribution(this.announcement(month), home, version);
    this.#contributions.set(key, made);
    return made;
  }
}

interface Known {
  /** Highest version acknowledged, by home. */
  readonly acknowledged: Map<number, number>;
  /** Versions ever sent, by home. */
  readonly sent: Map<number, Set<number>>;
  /** What was shown and must stay: the list, totals. */
  readonly shown: Map<string, Bytes>;
  readonly seals: Set<number>;
  readonly openings: Set<number>;
  /** Whether the list was checked in full. */
  checked: boolean;
}

/** The process died while it was asked. */
export class Died extends Error {}

export class World {
  readonly cast: Cast;
  readonly disk: SimDisk;
  nowMs = startMs;
  readonly #known = new Map<Month, Known>();
  #session: Session;
  #endpoint: Endpoint | undefined;

  constructor(cast: Cast, disk = new SimDisk()) {
    this.cast = cast;
    this.disk = disk;
    this.#session = this.disk.session();
  }

  /** Another world where everything has been as in this one so far; its process is not started. */
  fork(): World {
    const other = new World(this.cast, this.disk.clone());
    for (const [month, { acknowledged, sent, shown, seals, openings, checked }] of this.#known) {
      other.#known.set(month, {
        acknowledged: new Map(acknowledged),
        sent: new Map([...sent].map(([home, versions]) => [home, new Set(versions)])),
        shown: new Map(shown),
        seals: new Set(seals),
        openings: new Set(openings),
        checked,
      });
    }
    return other;
  }

  /** Starts a process whose disk operations fail as told; it may die on the way. */
  async start(faultOf?: (operation: string, index: number) => Fault | undefined): Promise<void> {
    const session = this.disk.session(faultOf);
    this.#session = session;
    this.#endpoint = undefined;
    this.#endpoint = await this.#alive(async () => {
      const store = await FileStore.open('/data', session.disk);
      return createEndpoint({ store, signer: this.cast.signer, origins: [], now: () => this.nowMs });
    });
  }

  /** How many disk operations the process has done, and which. */
  get operations(): readonly string[] {
    return this.#session.operations;
  }

  /** What `work` gives, unless the process dies first. */
  async #alive<T>(work: () => Promise<T>): Promise<T> {
    const working = work();
    working.catch(() => undefined);
    const death = this.#session.death.then((): never => {
      throw new Died();
    });
    return Promise.race([death, working]);
  }

  client(): EndpointClient {
    return new EndpointClient({
      url: 'http://endpoint.test',
      fetch: (url, init) =>
        this.#alive(async () => {
          if (this.#endpoint === undefined) throw new Died();
          return this.#endpoint.fetch(new Request(url, init));
        }),
    });
  }

  known(month: Month): Known {
    const known = this.#known.get(month) ?? {
      acknowledged: new Map<number, number>(),
      sent: new Map<number, Set<number>>(),
      shown: new Map<string, Bytes>(),
      seals: new Set<number>(),
      openings: new Set<number>(),
      checked: false,
    };
    this.#known.set(month, known);
    return known;
  }

  async announce(month: Month): Promise<void> {
    const client = this.client();
    const { street } = this.cast;
    await client.registerCommunity(street.manifest);
    for (const steward of street.stewards.keys()) {
      await client.postRoundKey(street.community.id, await street.roundKey(steward, month));
    }
  }

  /** Sends a home's version; a receipt counts as the endpoint's word. */
  async upload(month: Month, home: number, version: number): Promise<void> {
    const known = this.known(month);
    const contribution = await this.cast.contribution(month, home, version);
    known.sent.set(home, (known.sent.get(home) ?? new Set<number>()).add(version));
    const receipt = await this.client().contribute(this.cast.street.round(month), contribution);
    await checkReceipt(receipt, this.cast.street.community, contribution.signed);
    known.acknowledged.set(home, Math.max(version, known.acknowledged.get(home) ?? 0));
  }

  async close(month: Month): Promise<void> {
    const { street } = this.cast;
    await this.client().close(street.round(month), await street.close(this.cast.announcement(month)));
  }

  async seal(month: Month, steward: number): Promise<void> {
    const list = this.known(month).shown.get('list-hash');
    if (list === undefined) return;
    const { street } = this.cast;
    const body = encodeSeal({ community: street.community.id, month, list });
    await this.client().postSeal(street.round(month), await signMessage('seal', body, [street.steward(steward)]));
    this.known(month).seals.add(steward);
  }

  /** Posts a steward’s opening of the list; its sums mean nothing here. */
  async open(month: Month, steward: number): Promise<void> {
    const { shown, openings } = this.known(month);
    const [list, groups] = [shown.get('list-hash'), shown.get('group-count')?.[0] ?? 0];
    if (list === undefined || groups === 0) return;
    const { street } = this.cast;
    const sums = Array.from({ length: groups }, () => Array<number>(vectorLength).fill(steward));
    const body = encodeOpening({ community: street.community.id, month, list, steward, words: [], sums });
    await this.client().postOpening(street.round(month), await signMessage('opening', body, [street.steward(steward)]));
    openings.add(steward);
  }

  /** Something shown must be the same whenever it is shown again. */
  #show(month: Month, name: string, bytes: Bytes): void {
    const { shown } = this.known(month);
    const before = shown.get(name);
    if (before !== undefined) expect(equalBytes(before, bytes), `${name} of ${month} has changed`).toBe(true);
    shown.set(name, bytes);
  }

  /** Looks at everything that the endpoint shows of a round, and holds it against what is known. */
  async check(month: Month): Promise<void> {
    const client = this.client();
    const { street } = this.cast;
    const round = street.round(month);
    const known = this.known(month);
    const { acknowledged, sent, shown, seals } = known;
    const message = await client.list(round);
    if (message === undefined) {
      expect(shown.has('list'), 'a list that was shown is gone').toBe(false);
      const summary = (await client.rounds(street.community.id)).find((one) => one.month === month);
      expect(summary?.homes ?? 0).toBeGreaterThanOrEqual(acknowledged.size);
      return;
    }
    this.#show(month, 'list', encodeSigned(message));
    this.#show(month, 'list-hash', await sha256(message.body));
    // Signatures are slow, and the list has just been found to be the same as before.
    if (!known.checked) {
      await checkList(message, street.community, this.cast.announcement(month)).catch((error: unknown) => {
        if (!(error instanceof ProtocolError && error.code === 'not-enough-homes')) throw error;
      });
      known.checked = true;
    }
    const list = decodeList(message.body);
    this.#show(month, 'group-count', Uint8Array.of(list.groups.length));
    const listed = new Map<number, number>();
    for (const { invite, version } of list.entries) {
      const home = street.invites.findIndex(({ publicKey }) => toHex(publicKey) === toHex(invite));
      listed.set(home, version);
      expect(sent.get(home)?.has(version), `home ${home} never sent version ${version}`).toBe(true);
    }
    for (const [home, version] of acknowledged) {
      expect(listed.get(home) ?? -1, `home ${home} is lost`).toBeGreaterThanOrEqual(version);
    }
    for (const steward of list.groups.length === 0 ? [] : street.stewards.keys()) {
      const total = await client.total(round, 0, steward);
      this.#show(month, `total ${steward}`, total);
      const counts = countsOf(total, homes);
      expect(counts.homes).toEqual(Array.from({ length: homes }, (_, home) => (listed.has(home) ? 1 : 0)));
      const tags = [...listed].reduce((sum, [home, version]) => sum + 1000 * home + 100_000_000 * steward + version, 0);
      expect(counts.tags).toBe(tags);
    }
    expect((await client.seals(round)).length).toBeGreaterThanOrEqual(seals.size);
    for (const steward of known.openings) {
      const opening = await client.opening(round, steward, street.steward(0), this.nowMs);
      expect(opening, `the opening of steward ${steward} is lost`).toBeDefined();
    }
  }

  /** Whether the endpoint itself says that all it keeps is whole. */
  async faults(): Promise<readonly string[]> {
    const store = await FileStore.open('/data', this.disk.session().disk);
    const core = new Core({
      store,
      signer: this.cast.signer,
      now: () => this.nowMs,
      limits: defaultLimits,
      log: () => undefined,
    });
    return (await verifyAll(core)).faults;
  }
}

/** Whether an error is what the protocol's order leads to, such as a contribution after the closing. */
export const isOutOfOrder = (error: unknown): boolean =>
  error instanceof EndpointError &&
  ['not-enough-seals', 'round-closed', 'superseded', 'not-announced', 'not-found', 'not-closed'].includes(error.code);

/** Whether an error is what a failing disk, a death or the protocol's order may lead to; anything else is a bug. */
export function isExpected(error: unknown, faulty: boolean): boolean {
  if (isOutOfOrder(error)) return true;
  if (error instanceof Died || (error instanceof EndpointError && error.cause instanceof Died)) return faulty;
  if (error instanceof StoreError) return faulty && error.code !== 'damaged';
  return faulty && error instanceof EndpointError && ['storage-failed', 'storage-full'].includes(error.code);
}

export { closesMs };
