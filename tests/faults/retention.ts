/**
 * What an endpoint keeps for a time only, and what must be true of it whatever happens: nothing goes before its time, or
 * while a comparison waits for it; what goes is listed, and what is listed stays listed; what has gone does not come back
 * by itself; and in the end all of it has gone, and nothing else.
 */
import { expect } from 'vitest';
import { defaultLimits } from '../../src/endpoint/core.ts';
import { toHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { Deletion } from '../../src/protocol/deletions.ts';
import type { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { encodeSigned } from '../../src/protocol/signed.ts';
import type { TestCommunity } from '../endpoint/support.ts';
import type { SimDisk } from './sim-disk.ts';

const dayMs = 86_400_000;
const uploadMs = defaultLimits.uploadDays * dayMs;

/** A server key, of which pieces are there. */
interface Key {
  readonly home: number;
  readonly size: number;
  /** When it was announced, and last used by a request, or earlier. */
  readonly announcedMs: number;
  usedMs: number;
  /** Bytes that are there for sure, and bytes that may be. */
  offset: number;
  sent: number;
}

interface Request {
  readonly month: string;
  readonly key: string;
  /** When it was sent first. */
  readonly askedMs: number;
  isAcknowledged: boolean;
  isAnswered: boolean;
  /** Whether the computer of comparisons has stood still since it was sent. */
  waits: boolean;
}

/** A closed round as its list says. */
export interface Closed {
  readonly month: string;
  readonly closedMs: number;
  /** SHA-256 of the list's file, in hex. */
  readonly list: string;
}

/** How to look at an endpoint. */
export interface View {
  readonly client: EndpointClient;
  readonly disk: SimDisk;
  readonly closed: readonly Closed[];
  /** The status that a path is answered with. */
  readonly status: (path: string) => Promise<number>;
}

const nameOf = ({ atMs, kind, month, hashes }: Deletion): string =>
  [atMs, kind, month ?? '-', ...hashes.map(toHex)].join(' ');

export class Retention {
  readonly #street: TestCommunity;
  readonly #retentionMs: number;
  readonly #keys = new Map<string, Key>();
  readonly #requests = new Map<string, Request>();
  /** Keys and requests that have gone and were not sent since, and where they were. */
  readonly #gone = new Map<string, string>();
  /** Homes that have left, or may have: what they leave behind goes unlisted, and may go at any time. */
  readonly #left = new Set<number>();
  /** Blobs that closed rounds have had, and those of them that have gone. */
  readonly #blobs = new Map<string, { readonly known: Set<string>; readonly gone: Set<string> }>();
  /** The deletions as they were shown last. */
  #listed: ReadonlySet<string> = new Set();
  /** What stays of rounds, by its name. */
  readonly #stays = new Map<string, string>();
  #tickedMs = -Infinity;

  constructor(street: TestCommunity) {
    this.#street = street;
    this.#retentionMs = Math.min(street.community.manifest.retentionDays, defaultLimits.retentionDays) * dayMs;
  }

  /** Until when the endpoint has been made to do what is due. */
  get tickedMs(): number {
    return this.#tickedMs;
  }

  ticks(nowMs: number): void {
    this.#tickedMs = Math.max(this.#tickedMs, nowMs);
  }

  /** A home is leaving. */
  leaves(home: number): void {
    this.#left.add(home);
  }

  /** Whether what was last needed then may have been deleted. */
  isDue(neededMs: number): boolean {
    return neededMs <= this.#tickedMs - this.#retentionMs;
  }

  /** A key is being announced. */
  announces(key: string, home: number, size: number, nowMs: number): void {
    this.#gone.delete(key);
    if (!this.#keys.has(key)) {
      this.#keys.set(key, { home, size, announcedMs: nowMs, usedMs: 0, offset: 0, sent: 0 });
    }
  }

  /** A key's pieces are being sent up to an offset. */
  sends(key: string, offset: number): void {
    const known = this.#keys.get(key);
    if (known) known.sent = Math.max(known.sent, offset);
  }

  /** So many bytes of a key were shown to be there. */
  has(key: string, offset: number): void {
    const known = this.#keys.get(key);
    if (known === undefined) return;
    if (offset < known.offset) {
      expect(this.#mayGo(key, known), `the key of home ${known.home} went before its time`).toBe(true);
      known.sent = offset;
    }
    expect(offset, `pieces of the key of home ${known.home} have come back`).toBeLessThanOrEqual(known.sent);
    known.offset = offset;
  }

  /** A request is being sent, while the computer of comparisons stands still or not. */
  asks(request: string, month: string, key: string, nowMs: number, waits: boolean): void {
    this.#gone.delete(request);
    const known = this.#requests.get(request);
    if (known) known.isAnswered = false;
    else {
      const fresh = { month, key, askedMs: nowMs, isAcknowledged: false, isAnswered: false, waits };
      this.#requests.set(request, fresh);
    }
  }

  acknowledges(request: string): void {
    const known = this.#requests.get(request);
    if (known === undefined) return;
    known.isAcknowledged = true;
    // The endpoint remembers days.
    const key = this.#keys.get(known.key);
    if (key) key.usedMs = Math.max(key.usedMs, Math.floor(known.askedMs / dayMs) * dayMs);
  }

  /** The computer of comparisons goes on. */
  goesOn(): void {
    for (const request of this.#requests.values()) request.waits = false;
  }

  #mayGo(name: string, { home, size, offset, announcedMs, usedMs }: Key): boolean {
    if (this.#left.has(home)) return true;
    for (const { key, waits, isAcknowledged } of this.#requests.values()) {
      if (key === name && waits && isAcknowledged) return false;
    }
    if (offset < size && announcedMs < this.#tickedMs - uploadMs) return true;
    return this.isDue(Math.max(announcedMs, usedMs));
  }

  #isOver({ askedMs, isAcknowledged, waits }: Request): boolean {
    return this.isDue(askedMs) && !(isAcknowledged && waits);
  }

  /** Holds everything that is shown, and what is on the disk, against what is known. */
  async look(view: View): Promise<void> {
    const listed = await this.#lookAtListed(view);
    for (const [key, known] of this.#keys) await this.#lookAtKey(view, key, known, listed);
    for (const [request, known] of this.#requests) await this.#lookAtRequest(view, request, known, listed);
    for (const [name, path] of this.#gone) expect(await view.status(path), `${name} has come back`).toBe(404);
    for (const closed of view.closed) this.#lookAtRound(view, closed, listed);
    for (const { month } of view.closed) await this.#lookAtWhatStays(view.client, month);
  }

  /** Hashes that are listed as deleted. */
  async #lookAtListed({ client, closed }: View): Promise<ReadonlySet<string>> {
    const deletions = await client.deletions(this.#street.community.id);
    const names = new Set(deletions.map(nameOf));
    expect(
      [...this.#listed].filter((name) => !names.has(name)),
      'deletions that are not listed any more',
    ).toEqual([]);
    for (const deletion of deletions) {
      const { atMs, kind, month, hashes } = deletion;
      if (this.#listed.has(nameOf(deletion))) continue;
      const round = closed.find((one) => one.month === month);
      if (kind === 'round') expect(this.isDue(round?.closedMs ?? Infinity), 'a round is erased early').toBe(true);
      for (const hash of kind === 'round' ? [] : hashes.map(toHex)) {
        const [key, request] = [this.#keys.get(hash), this.#requests.get(hash)];
        // What was sent anew since then was not what is listed, and what was used just then stays this time. (The clock
        // may have been put back by hours, and uses are remembered by their day.)
        const sinceMs = Math.max(key?.announcedMs ?? 0, key?.usedMs ?? 0, request?.askedMs ?? 0);
        if (sinceMs > atMs - dayMs) continue;
        if (key) expect(this.#mayGo(hash, key), `${kind} ${hash} is listed early`).toBe(true);
        if (request) expect(this.#isOver(request), `${kind} ${hash} is listed early`).toBe(true);
        if (!key && !request) expect(this.#gone.has(hash), `${kind} ${hash}, which never was, is listed`).toBe(true);
      }
    }
    this.#listed = names;
    return new Set(deletions.flatMap(({ hashes }) => hashes.map(toHex)));
  }

  async #lookAtKey(view: View, key: string, known: Key, listed: ReadonlySet<string>): Promise<void> {
    const offset = await view.client.keyOffset(this.#street.community.id, hashOf(key));
    const isLess = offset === undefined ? known.offset > 0 : offset < known.offset;
    this.has(key, offset ?? 0);
    if (isLess && !this.#left.has(known.home)) {
      expect(listed.has(key), `the key ${key} went without being listed`).toBe(true);
    }
    if (offset !== undefined) return;
    this.#keys.delete(key);
    this.#gone.set(key, `${this.#path}/comparison-keys/${key}`);
  }

  async #lookAtRequest(view: View, request: string, known: Request, listed: ReadonlySet<string>): Promise<void> {
    const path = `${this.#path}/rounds/${known.month}/comparisons/${request}.bin`;
    const status = await view.status(path);
    if (status === 404 && !known.isAcknowledged) return;
    if (status === 404) {
      expect(this.#isOver(known), `the request ${request} went before its time`).toBe(true);
      expect(listed.has(request), `the request ${request} went without being listed`).toBe(true);
      this.#requests.delete(request);
      this.#gone.set(request, path);
      return;
    }
    expect([200, 204], `the request ${request}`).toContain(status);
    expect(known.isAnswered && status === 204, `the request ${request} is computed again`).toBe(false);
    known.isAnswered = status === 200;
  }

  #lookAtRound({ disk }: View, { month, closedMs, list }: Closed, listed: ReadonlySet<string>): void {
    const there = this.#blobsOf(disk, month);
    const { known, gone } = this.#blobs.get(month) ?? { known: new Set(), gone: new Set() };
    this.#blobs.set(month, { known, gone });
    expect(
      [...there].filter((blob) => gone.has(blob)),
      `files of ${month} that have come back`,
    ).toEqual([]);
    for (const blob of there) known.add(blob);
    for (const blob of known) if (!there.has(blob)) gone.add(blob);
    expect(there.has(list), `the list of ${month} is there`).toBe(true);
    if (gone.size > 0) expect(this.isDue(closedMs), `files of ${month} went before their time`).toBe(true);
    const unlisted = [...gone].filter((blob) => !listed.has(blob));
    expect(unlisted, `files of ${month} that went without being listed`).toEqual([]);
  }

  async #lookAtWhatStays(client: EndpointClient, month: string): Promise<void> {
    const round = this.#street.round(month);
    const [announcement, norms] = [await client.announcement(round), await client.norms(round)];
    const seals = (await client.seals(round)).map((seal) => [`seal ${toHex(encodeSigned(seal))}`, seal.body] as const);
    for (const [what, bytes] of [
      ['announcement', announcement],
      ['norms', norms && encodeSigned(norms)],
      ...seals,
    ] as const) {
      const name = `${month} ${what}`;
      const before = this.#stays.get(name);
      if (before !== undefined) expect(bytes && toHex(bytes), `${name} has gone or changed`).toBe(before);
      if (bytes !== undefined) this.#stays.set(name, toHex(bytes));
    }
    const seen = [...this.#stays.keys()].filter((name) => name.startsWith(`${month} seal`));
    expect(seals.length, `seals of ${month}`).toBe(seen.length);
  }

  /** Looks, when everything that may go must have gone. */
  async checkEnd(view: View): Promise<void> {
    await this.look(view);
    const { disk } = view;
    const ledger = `/data/ledger${this.#path}`;
    const rounds = [
      'contributions',
      'ciphertexts',
      'sums',
      'comparison-requests',
      'comparison-results',
      'comparison-aside',
    ];
    const folders = [
      ...['server-keys', 'server-keys-of'].map((part) => `${ledger}/${part}`),
      ...view.closed.flatMap(({ month }) => rounds.map((part) => `${ledger}/rounds/${month}/${part}`)),
      '/data/ledger/comparison-attempts',
      '/data/ledger/foundings',
    ];
    expect(
      folders.flatMap((folder) => disk.traces(folder)),
      'entries that should have gone',
    ).toEqual([]);
    for (const { month, list } of view.closed) {
      expect([...this.#blobsOf(disk, month)], `files of ${month}`).toEqual([list]);
    }
  }

  get #path(): string {
    return `/communities/${this.#street.id}`;
  }

  /** Names of a round's files, also of those that a power cut may bring back. */
  #blobsOf(disk: SimDisk, month: string): Set<string> {
    const paths = disk.traces(`/data/blobs/${this.#street.id}.${month}`);
    return new Set(paths.map((path) => path.slice(path.lastIndexOf('/') + 1)));
  }
}

const hashOf = (hex: string): Bytes => new Uint8Array(Buffer.from(hex, 'hex'));
