/**
 * An endpoint on a simulated disk, the homes and stewards that use it, and an oracle that knows what must be true:
 * nothing acknowledged is lost, nothing is counted twice, and what was once shown stays.
 */
import { expect } from 'vitest';
import { defaultLimits, Core } from '../../src/endpoint/core.ts';
import { createEndpoint, type Endpoint, type EndpointOptions } from '../../src/endpoint/endpoint.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { StoreError } from '../../src/endpoint/store.ts';
import { verifyAll } from '../../src/endpoint/verify.ts';
import type { Ciphertext } from '../../src/evaluator/ciphertext.ts';
import { bigDimensionOf } from '../../src/evaluator/parameters.ts';
import { readServerKeyHeader } from '../../src/evaluator/server-key.ts';
import { encryptCodes } from '../../src/lib/fhe/comparison.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import { equalBytes, ownBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import {
  circuitVersion,
  keyPieceBytes,
  normsId,
  requestId,
  signComparisonRequest,
  signKeyAnnouncement,
} from '../../src/protocol/comparison.ts';
import { decodeContribution, encodeContribution } from '../../src/protocol/contribution.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { EndpointClient, EndpointError } from '../../src/protocol/endpoint-client.ts';
import { ProtocolError } from '../../src/protocol/error.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { encodeLeave } from '../../src/protocol/leave.ts';
import { checkList, decodeList } from '../../src/protocol/list.ts';
import { computeNorms, encodeNorms } from '../../src/protocol/norms-message.ts';
import { encodeOpening } from '../../src/protocol/opening.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { checkAnnouncement, encodeAnnouncement, type Announcement } from '../../src/protocol/round-key.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import { encodeSigned, signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { expectedTotal } from '../../src/simulation/oracle.ts';
import { open, toyKey } from '../evaluator/keys.ts';
import { signerOf } from '../protocol/example.ts';
import { exampleVector } from '../protocol/round-example.ts';
import { closesMs, countsOf, startMs, TestCommunity } from '../endpoint/support.ts';
import { Changes, makeScript, type Script } from './changes.ts';
import { Retention } from './retention.ts';
import { SimDisk, type Fault, type Session } from './sim-disk.ts';

/** Keys of homes 0 and 1; a server key belongs to one home. */
const keys = [await open(toyKey('toyA')), await open(toyKey('toyC'))];
const keyOf = (home: number) => {
  const { clientKeyBytes, serverKeyBytes, parameters } = keys[home] ?? fail();
  return { clientKeyBytes, serverKeyBytes: ownBytes(serverKeyBytes), parameters };
};

function fail(): never {
  throw new Error('only homes 0 and 1 compare');
}

export const homes = 26;
export const months = ['2026-01', '2026-02'] as const;
export type Month = (typeof months)[number];

type Pool = NonNullable<EndpointOptions['evaluator']>['pool'];

/**
 * Keys that compute nothing: what is looked at here is what is kept of requests and answers, not what they say.
 *
 * @param mayGoOn - settles when the pool may compute
 */
const idlePool = (mayGoOn: () => Promise<void>): Pool => ({
  use: async (_id, source, task) => {
    await mayGoOn();
    const { parameters } = await readServerKeyHeader(source);
    const words = new Uint32Array(2 * (bigDimensionOf(parameters) + 1));
    const blank: Ciphertext = { words, degree: 1, noiseLevel: 1 };
    return task({
      parameters,
      bootstrapAll: (jobs) => jobs.map(() => blank),
      decompress: () => Promise.resolve({ ...blank, degree: parameters.messageModulus - 1 }),
    });
  },
});

/** Process starts during which comparisons stand still: a job that was begun five times is set aside. */
const mostStandingStarts = 2;

/** A contribution as it is sent. */
interface Sent {
  readonly signed: SignedMessage;
  readonly encoded: Bytes;
}

/** What a function gives for arguments, made when it is first asked for and kept. */
function once<Of extends readonly (string | number)[], T>(make: (...of: Of) => T): (...of: Of) => T {
  const made = new Map<string, T>();
  return (...of) => {
    const name = of.join(' ');
    const value = made.get(name) ?? make(...of);
    made.set(name, value);
    return value;
  };
}

/** What all worlds share, because making keys and signatures is slow: the community, and messages made once. */
export class Cast {
  readonly street: TestCommunity;
  readonly announcements: ReadonlyMap<string, Announcement>;
  readonly signer: Signer;
  readonly script: Script;
  /** Homes by their invites. */
  readonly homeOf: ReadonlyMap<string, number>;

  private constructor(street: TestCommunity, announcements: Map<string, Announcement>, signer: Signer, script: Script) {
    this.street = street;
    this.announcements = announcements;
    this.signer = signer;
    this.script = script;
    this.homeOf = new Map(street.invites.map(({ publicKey }, home) => [toHex(publicKey), home]));
  }

  static async make(): Promise<Cast> {
    const street = await TestCommunity.make(homes);
    const announcements = new Map<string, Announcement>();
    for (const month of months) {
      const keys = await Promise.all([0, 1, 2].map((steward) => street.roundKey(steward, month)));
      announcements.set(month, await checkAnnouncement(encodeAnnouncement(keys), street.community));
    }
    return new Cast(street, announcements, await signerOf('endpoint'), await makeScript(street));
  }

  announcement(month: Month): Announcement {
    const announcement = this.announcements.get(month);
    if (announcement === undefined) throw new Error('no such round');
    return announcement;
  }

  readonly roundKey = once((month: Month, steward: number) => this.street.roundKey(steward, month));

  readonly close = once((month: Month) => this.street.close(this.announcement(month)));

  /** A home's contribution of a version; its tag tells both. */
  readonly contribution = once(async (month: Month, home: number, version: number): Promise<Sent> => {
    const contribution = await this.street.contribution(this.announcement(month), home, version);
    return { signed: contribution.signed, encoded: encodeContribution(contribution) };
  });

  /** SHA-256 of a contribution's ciphertexts, in hex. */
  readonly ciphertexts = once(async (month: Month, home: number, version: number): Promise<string[]> => {
    const { ciphertexts } = decodeContribution((await this.contribution(month, home, version)).encoded);
    return Promise.all(ciphertexts.map(async (ciphertext) => toHex(await sha256(ciphertext))));
  });

  /** What the stewards' share sums are when so many homes are counted. */
  readonly shares = once((count: number): number[][] => {
    const vectors = Array.from({ length: count }, (_, home) => exampleVector(home));
    return splitShares(expectedTotal(vectors), 2, 3);
  });

  readonly asker = once(async (home: number) => {
    const member = await signerOf(`member ${home}`);
    const invite = this.street.invites[home]?.publicKey ?? new Uint8Array(32);
    const certificates = await this.street.certificates(home, member.publicKey);
    return { member, asker: { community: this.street.community.id, invite, certificates } };
  });

  readonly leave = once(async (home: number) => {
    const { member, asker } = await this.asker(home);
    return signMessage('leave', encodeLeave({ ...asker, atMs: startMs }), [member]);
  });

  /** A home's server key, its hash and its announcement. */
  readonly serverKey = once(async (home: number) => {
    const { member, asker } = await this.asker(home);
    const bytes = keyOf(home).serverKeyBytes;
    const hash = await sha256(bytes);
    return {
      bytes,
      hash,
      announced: await signKeyAnnouncement({ ...asker, size: bytes.length, sha256: hash }, member),
    };
  });

  /** A key of three pieces whose upload its home gives up, by its hash and announcement. */
  readonly givenUp = once(async (home: number) => {
    const { member, asker } = await this.asker(home);
    const size = 3 * keyPieceBytes;
    const hash = await sha256(Uint8Array.of(home));
    return { size, hash, announced: await signKeyAnnouncement({ ...asker, size, sha256: hash }, member) };
  });

  /** Codes that a home asks with, encrypted; norms, and so requests, are another's in each world. */
  readonly #codes = once((month: Month, home: number, attempt: number) =>
    encryptCodes(nodeTfhe, keyOf(home).clientKeyBytes, Array<number>(8).fill(16 * attempt)),
  );

  /** A home's request; `attempt` tells what it asks with other codes. */
  async request(month: Month, home: number, norms: Bytes, attempt: number): Promise<SignedMessage> {
    const { member, asker } = await this.asker(home);
    const { hash: serverKey } = await this.serverKey(home);
    const codes = this.#codes(month, home, attempt);
    return signComparisonRequest(
      { ...asker, month, norms, circuits: circuitVersion, cohort: -1, serverKey, codes },
      member,
    );
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
  /** Stewards whose norms were taken. */
  readonly norms: Set<number>;
  /** Requests acknowledged, by home; their answers must come. */
  readonly requests: Map<number, SignedMessage>;
  /** Attempts that were ever sent, by home. */
  readonly asked: Map<number, Set<number>>;
  /** Homes that must not be counted: they had left before the round could have begun to close. */
  readonly left: Set<number>;
  /** Whether the round may have begun to close. */
  mayClose: boolean;
  /** Versions in the list, by home, once it has been shown and checked in full. */
  listed: ReadonlyMap<number, number> | undefined;
  /** When its list says that it closed. */
  closedMs: number;
}

const none = (): Known => ({
  acknowledged: new Map(),
  sent: new Map(),
  shown: new Map(),
  seals: new Set(),
  openings: new Set(),
  norms: new Set(),
  requests: new Map(),
  asked: new Map(),
  left: new Set(),
  mayClose: false,
  listed: undefined,
  closedMs: Infinity,
});

/** The process died while it was asked. */
export class Died extends Error {}

export class World {
  readonly cast: Cast;
  readonly disk: SimDisk;
  nowMs = startMs;
  readonly #changes: Changes;
  readonly #retention: Retention;
  /** Of homes that are leaving or have tried to: how often they began to, and how often that ended. */
  readonly #leaving = new Map<number, { begun: number; ended: number }>();
  /** Lets comparisons go on that stand still. */
  #goOn: (() => void) | undefined;
  #standing: Promise<void> = Promise.resolve();
  #standingStarts = 0;
  readonly #known = new Map<Month, Known>();
  #session: Session;
  #endpoint: Endpoint | undefined;

  constructor(cast: Cast, disk = new SimDisk()) {
    this.cast = cast;
    this.disk = disk;
    this.#changes = new Changes(cast.script);
    this.#retention = new Retention(cast.street);
    this.#session = this.disk.session();
  }

  /** Another world where everything has been as in this one so far; its process is not started. */
  fork(): World {
    const other = new World(this.cast, this.disk.clone());
    for (const [month, known] of this.#known) other.#known.set(month, structuredClone(known));
    return other;
  }

  /** Starts a process whose disk operations fail as told; it may die on the way. */
  async start(faultOf?: (operation: string, index: number) => Fault | undefined): Promise<void> {
    this.#session.end();
    void this.#endpoint?.stop();
    if (++this.#standingStarts > mostStandingStarts) this.goOn();
    const session = this.disk.session(faultOf);
    this.#session = session;
    this.#endpoint = undefined;
    this.#endpoint = await this.#alive(async () => {
      const store = await FileStore.open('/data', session.disk);
      return createEndpoint({
        store,
        signer: this.cast.signer,
        origins: [],
        now: () => this.nowMs,
        keyParameters: [keyOf(0).parameters, keyOf(1).parameters],
        evaluator: { pool: idlePool(() => this.#standing), retryMs: 1 },
      });
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

  /** The status that a path is answered with. */
  async #status(path: string): Promise<number> {
    const { status } = await this.#alive(async () => {
      if (this.#endpoint === undefined) throw new Died();
      return this.#endpoint.fetch(new Request(`http://endpoint.test${path}`));
    });
    if (status >= 500) throw new EndpointError('storage-failed', status, 'The endpoint has failed.');
    return status;
  }

  /** Makes comparisons stand still, as they do when a computer has too much to do. */
  standStill(): void {
    if (this.#goOn !== undefined) return;
    this.#standing = new Promise((done) => (this.#goOn = done));
    this.#standingStarts = 0;
  }

  goOn(): void {
    this.#goOn?.();
    this.#goOn = undefined;
    this.#retention.goesOn();
  }

  known(month: Month): Known {
    const known = this.#known.get(month) ?? none();
    this.#known.set(month, known);
    return known;
  }

  async announce(month: Month): Promise<void> {
    const client = this.client();
    const { street } = this.cast;
    await client.registerCommunity(street.manifest);
    for (const steward of street.stewards.keys()) {
      await client.postRoundKey(street.community.id, await this.cast.roundKey(month, steward));
    }
  }

  /** Sends a home's version; a receipt counts as the endpoint's word. */
  async upload(month: Month, home: number, version: number): Promise<void> {
    const known = this.known(month);
    const contribution = await this.cast.contribution(month, home, version);
    known.sent.set(home, (known.sent.get(home) ?? new Set<number>()).add(version));
    const before = this.#leaves(home);
    const receipt = await this.client().contribute(this.cast.street.round(month), contribution.encoded);
    await checkReceipt(receipt, this.cast.street.community, contribution.signed);
    // What was taken while its home was leaving may be gone by now.
    if (before.begun > before.ended || this.#leaves(home).begun > before.begun) return;
    known.acknowledged.set(home, Math.max(version, known.acknowledged.get(home) ?? 0));
  }

  async close(month: Month): Promise<void> {
    this.known(month).mayClose = true;
    await this.client().close(this.cast.street.round(month), await this.cast.close(month));
  }

  async seal(month: Month, steward: number): Promise<void> {
    const list = this.known(month).shown.get('list-hash');
    if (list === undefined) return;
    const { street } = this.cast;
    const body = encodeSeal({ community: street.community.id, month, list });
    await this.client().postSeal(street.round(month), await signMessage('seal', body, [street.steward(steward)]));
    this.known(month).seals.add(steward);
  }

  /** Posts a steward’s opening of the list, of figures that as many homes could have. */
  async open(month: Month, steward: number): Promise<void> {
    const { shown, openings } = this.known(month);
    const [list, groups] = [shown.get('list-hash'), shown.get('group-count')?.[0] ?? 0];
    if (list === undefined || groups === 0) return;
    const { street } = this.cast;
    const count = this.known(month).shown.get('home-count')?.[0] ?? 0;
    const sums = Array.from({ length: groups }, () => this.cast.shares(count)[steward] ?? []);
    const body = encodeOpening({ community: street.community.id, month, list, steward, words: [], sums });
    await this.client().postOpening(street.round(month), await signMessage('opening', body, [street.steward(steward)]));
    openings.add(steward);
  }

  /** Posts a steward's norms, when all have opened. */
  async norms(month: Month, steward: number): Promise<void> {
    const { shown, openings, norms } = this.known(month);
    const message = openings.size === 3 ? await this.client().list(this.cast.street.round(month)) : undefined;
    if (message === undefined) return;
    const { street } = this.cast;
    const [list, hash] = [decodeList(message.body), shown.get('list-hash') ?? new Uint8Array()];
    const sums = this.cast.shares(list.entries.length);
    const computed = await computeNorms(
      street.community,
      { list, hash },
      [0, 1, 2].map((one) => ({
        community: street.community.id,
        month,
        list: hash,
        steward: one,
        words: [],
        sums: [sums[one] ?? []],
      })),
    );
    const word = await signMessage('norms', encodeNorms(computed.norms), [street.steward(steward)]);
    await this.client().postNorms(street.round(month), word);
    norms.add(steward);
    shown.set('norms-id', await normsId(computed.norms));
  }

  /** A home announces a key and sends what is missing of it, up to an offset. */
  async #upload(home: number, hash: Bytes, announced: SignedMessage, bytes: Bytes, upTo: number): Promise<void> {
    const [client, { id }] = [this.client(), this.cast.street.community];
    const key = toHex(hash);
    this.#retention.announces(key, home, bytes.length, this.nowMs);
    await client.announceKey(id, announced);
    const there = await client.keyOffset(id, hash);
    if (there !== undefined) this.#retention.has(key, there);
    for (let offset = there ?? upTo; offset < upTo;) {
      const piece = bytes.slice(offset, offset + keyPieceBytes);
      this.#retention.sends(key, offset + piece.length);
      offset = await client.sendKeyPiece(id, hash, offset, piece);
      this.#retention.has(key, offset);
    }
  }

  /** A home begins to upload a key, and gives that up. */
  async giveUp(home: number, pieces: number): Promise<void> {
    const { size, hash, announced } = await this.cast.givenUp(home);
    await this.#upload(home, hash, announced, new Uint8Array(size), pieces * keyPieceBytes);
  }

  /** A home uploads its key and asks for its place; what it asks later with other codes must be refused. */
  async compare(month: Month, home: number, attempt: number): Promise<void> {
    const { shown, norms, asked, requests } = this.known(month);
    const id = shown.get('norms-id');
    if (norms.size < 2 || id === undefined) return;
    const { street } = this.cast;
    const client = this.client();
    const { bytes: key, hash, announced } = await this.cast.serverKey(home);
    await this.#upload(home, hash, announced, key, key.length);
    const request = await this.cast.request(month, home, id, attempt);
    const name = toHex(await requestId(request));
    this.#retention.asks(name, month, toHex(hash), this.nowMs, this.#goOn !== undefined);
    const first = requests.get(home);
    try {
      await client.requestComparison(street.round(month), request);
    } catch (error) {
      // Refused for good, if it may have asked otherwise before.
      const others = [...(asked.get(home) ?? [])].some((one) => one !== attempt);
      asked.set(home, (asked.get(home) ?? new Set<number>()).add(attempt));
      if (others && error instanceof EndpointError && error.code === 'already-decided') return;
      throw error;
    }
    expect(equalBytes((first ?? request).body, request.body), `home ${home} has asked twice`).toBe(true);
    asked.set(home, (asked.get(home) ?? new Set<number>()).add(attempt));
    requests.set(home, request);
    this.#retention.acknowledges(name);
  }

  #leaves(home: number): { begun: number; ended: number } {
    return { ...(this.#leaving.get(home) ?? { begun: 0, ended: 0 }) };
  }

  /** A home leaves; where the round cannot have begun to close, it must not be counted any more. */
  async leave(home: number): Promise<void> {
    const { street } = this.cast;
    // From its date on, a round begins to close with whatever is asked next.
    for (const month of months) this.known(month).mayClose ||= this.nowMs >= closesMs;
    // What happens to its contributions is not known until this is answered.
    const open = months.filter((month) => !this.known(month).mayClose);
    for (const month of months) this.known(month).acknowledged.delete(home);
    const { begun, ended } = this.#leaves(home);
    this.#leaving.set(home, { begun: begun + 1, ended });
    this.#retention.leaves(home);
    try {
      await this.client().leave(street.community.id, await this.cast.leave(home));
      for (const month of open) if (!this.known(month).mayClose) this.known(month).left.add(home);
    } finally {
      const now = this.#leaves(home);
      this.#leaving.set(home, { ...now, ended: now.ended + 1 });
    }
  }

  amend(steward: number): Promise<void> {
    return this.#changes.amend(this.client(), steward);
  }

  found(seat: number): Promise<void> {
    return this.#changes.found(this.client(), seat, this.nowMs, this.#retention.tickedMs);
  }

  /** Holds what does not belong to one month against what is known. */
  checkChanges(): Promise<void> {
    return this.#changes.check(this.client(), this.#retention.tickedMs);
  }

  /** What the clock makes the process do. */
  tick(): Promise<void> {
    for (const month of months) this.known(month).mayClose ||= this.nowMs >= closesMs;
    this.#retention.ticks(this.nowMs);
    return this.#alive(async () => this.#endpoint?.tick());
  }

  /** Looks at what is kept for a time only; at the end, when all of it must have gone. */
  async lookAtKept(isEnd = false): Promise<void> {
    for (const month of months) await this.check(month);
    const closed = await Promise.all(
      months.flatMap((month) => {
        const { shown, closedMs } = this.known(month);
        const list = shown.get('list');
        return list ? [sha256(list).then((hash) => ({ month, closedMs, list: toHex(hash) }))] : [];
      }),
    );
    const view = {
      client: this.client(),
      disk: this.disk,
      closed,
      status: (path: string) => this.#status(path),
    };
    await (isEnd ? this.#retention.checkEnd(view) : this.#retention.look(view));
  }

  /** Nothing that a home sent to a round that it left is on the disk any more. */
  async checkLeft(): Promise<void> {
    const { street } = this.cast;
    for (const month of months) {
      const there = this.disk.traces(`/data/blobs/${street.id}.${month}`).map((path) => path.slice(-64));
      const { left, sent } = this.known(month);
      for (const home of left) {
        for (const version of sent.get(home) ?? []) {
          const hashes = await this.cast.ciphertexts(month, home, version);
          const found = hashes.filter((hash) => there.includes(hash));
          expect(found, `what home ${home} sent to ${month} before it left`).toEqual([]);
        }
      }
    }
  }

  /** Waits until no comparison is left to compute. */
  idle(): Promise<void> {
    return this.#alive(async () => this.#endpoint?.idle());
  }

  /** Something shown must be the same whenever it is shown again; whether it is shown for the first time. */
  #show(month: Month, name: string, bytes: Bytes): boolean {
    const { shown } = this.known(month);
    const before = shown.get(name);
    if (before !== undefined) expect(equalBytes(before, bytes), `${name} of ${month} has changed`).toBe(true);
    shown.set(name, bytes);
    return before === undefined;
  }

  /** Looks at everything that the endpoint shows of a round, and holds it against what is known. */
  async check(month: Month): Promise<void> {
    const client = this.client();
    const { street } = this.cast;
    const round = street.round(month);
    const known = this.known(month);
    const { acknowledged, shown, seals } = known;
    if (this.nowMs >= closesMs) known.mayClose = true;
    const message = await client.list(round);
    if (message === undefined) {
      expect(shown.has('list'), 'a list that was shown is gone').toBe(false);
      const summary = (await client.rounds(street.community.id)).find((one) => one.month === month);
      expect(summary?.homes ?? 0).toBeGreaterThanOrEqual(acknowledged.size);
      return;
    }
    this.#show(month, 'list', encodeSigned(message));
    this.#show(month, 'list-hash', await sha256(message.body));
    // What has just been found to be the same as before was checked then.
    known.listed ??= await this.#checkedList(month, message);
    const { listed } = known;
    const isIn = (home: number): boolean => listed.has(home);
    expect([...known.left].filter(isIn), 'homes that had left').toEqual([]);
    const lost = [...acknowledged].filter(([home, version]) => (listed.get(home) ?? -1) < version);
    expect(lost, 'homes and versions that are lost').toEqual([]);
    for (const steward of shown.get('group-count')?.[0] === 0 ? [] : street.stewards.keys()) {
      const total = await client.total(round, 0, steward).catch((error: unknown) => {
        if (!(error instanceof EndpointError && error.code === 'not-found')) throw error;
        expect(this.#retention.isDue(known.closedMs), `total ${steward} of ${month} went before its time`).toBe(true);
      });
      if (total === undefined) continue;
      if (!this.#show(month, `total ${steward}`, total)) continue;
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
    for (const [home, request] of known.requests) {
      const answer = await client.comparison(round, await requestId(request));
      if (answer !== undefined) this.#show(month, `answer ${home}`, answer);
    }
  }

  /** Checks a list that is shown for the first time, and gives the versions in it by home. */
  async #checkedList(month: Month, message: SignedMessage): Promise<Map<number, number>> {
    const { street, homeOf } = this.cast;
    await checkList(message, street.community, this.cast.announcement(month)).catch((error: unknown) => {
      if (!(error instanceof ProtocolError && error.code === 'not-enough-homes')) throw error;
    });
    const { groups, entries, closedMs } = decodeList(message.body);
    this.known(month).closedMs = closedMs;
    this.#show(month, 'group-count', Uint8Array.of(groups.length));
    this.#show(month, 'home-count', Uint8Array.of(entries.length));
    const listed = new Map(entries.map(({ invite, version }) => [homeOf.get(toHex(invite)) ?? -1, version]));
    expect(listed.size, 'a home is listed twice').toBe(entries.length);
    const { sent } = this.known(month);
    const strange = [...listed].filter(([home, version]) => sent.get(home)?.has(version) !== true);
    expect(strange, 'homes and versions that were never sent').toEqual([]);
    return listed;
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
  [
    'not-enough-seals',
    'round-closed',
    'superseded',
    'not-announced',
    'not-found',
    'not-closed',
    'not-opened',
    'left',
  ].includes(error.code);

/** Whether an error says that a key went while it was sent or asked with. */
export const isKeyGone = (error: unknown): boolean =>
  error instanceof EndpointError && ['no-server-key', 'wrong-offset'].includes(error.code);

/** Whether an error is what a failing disk, a death or the protocol's order may lead to; anything else is a bug. */
export function isExpected(error: unknown, faulty: boolean): boolean {
  if (isOutOfOrder(error)) return true;
  if (error instanceof Died || (error instanceof EndpointError && error.cause instanceof Died)) return faulty;
  if (error instanceof StoreError) return faulty && error.code !== 'damaged';
  // By the status, because an answer to HEAD says no more.
  return faulty && error instanceof EndpointError && [503, 507].includes(error.status);
}

export { closesMs };
