/**
 * The log of each community (docs/protocol.md, "Head"): a hash chain of everything that must not be changed, taken back
 * or shown to some only. Entries that come together are written together.
 */
import { toHex, type Bytes } from '../protocol/bytes.ts';
import { sha256 } from '../protocol/hash.ts';
import {
  decodeEntries,
  encodeEntries,
  encodeHead,
  encodeHeadAnswer,
  extend,
  firstPosition,
  type LogEntry,
  type Position,
} from '../protocol/head.ts';
import { signMessage } from '../protocol/signed.ts';
import { Cache } from './cache.ts';
import type { Core, KeptCommunity } from './core.ts';

interface Log {
  readonly entries: readonly LogEntry[];
  readonly known: ReadonlySet<string>;
  readonly end: Position;
}

const keyOf = ({ kind, hash }: LogEntry): string => `${kind}/${toHex(hash)}`;

export class History {
  readonly #core: Core;
  readonly #logs = new Cache<Promise<Log>>(Infinity);
  /** Entries on their way to the disk, by community. */
  readonly #waiting = new Map<string, LogEntry[]>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Enters what is not in a community's log yet; durable when this settles. */
  async enter(kept: KeptCommunity, entries: readonly LogEntry[]): Promise<void> {
    const { known } = await this.#log(kept);
    if (entries.every((entry) => known.has(keyOf(entry)))) return;
    const waiting = this.#waiting.get(kept.id) ?? [];
    this.#waiting.set(kept.id, waiting);
    waiting.push(...entries);
    // Whoever's turn comes first writes for all that wait by then.
    await this.#core.inTurn(`log of ${kept.id}`, () => this.#write(kept));
  }

  /** Enters a message by the SHA-256 of its body. */
  async enterMessage(kept: KeptCommunity, kind: LogEntry['kind'], { body }: { readonly body: Bytes }): Promise<void> {
    await this.enter(kept, [{ kind, hash: await sha256(body) }]);
  }

  async #write(kept: KeptCommunity): Promise<void> {
    const { entries, known: before, end } = await this.#log(kept);
    const known = new Set(before);
    const waiting = this.#waiting.get(kept.id) ?? [];
    this.#waiting.delete(kept.id);
    const fresh = waiting.filter((entry) => !known.has(keyOf(entry)) && known.add(keyOf(entry)));
    if (fresh.length === 0) return;
    const grown = { entries: [...entries, ...fresh], known, end: await extend(end, fresh) };
    const name = `log/${String(end.count).padStart(10, '0')}`;
    try {
      if (!(await kept.ledger.create(name, encodeEntries(fresh)))) throw new Error(`${name} is there already`);
    } finally {
      // Whether it was written is unknown if that failed: the disk is asked the next time.
      this.#logs.delete(kept.id);
    }
    await this.#logs.get(kept.id, () => Promise.resolve(grown));
  }

  /** The signed head, and the entries from `since` on, as the route gives them. */
  async answer(kept: KeptCommunity, since: number): Promise<Bytes> {
    const { entries, end } = await this.#log(kept);
    const body = encodeHead({ community: kept.community.id, ...end, atMs: this.#core.now() });
    const head = await signMessage('head', body, [this.#core.signer]);
    return encodeHeadAnswer({ head, entries: entries.slice(since) });
  }

  #log({ id, community, ledger }: KeptCommunity): Promise<Log> {
    return this.#logs.get(id, async () => {
      const entries: LogEntry[] = [];
      for (const name of await ledger.list('log')) {
        entries.push(...decodeEntries(await ledger.need(`log/${name}`, 'A part of the log is gone.')));
      }
      return { entries, known: new Set(entries.map(keyOf)), end: await extend(firstPosition(community.id), entries) };
    });
  }
}
