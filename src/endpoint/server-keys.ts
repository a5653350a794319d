/**
 * Server keys of homes: uploaded in pieces, each durable by itself, so that a broken connection or a restart loses one
 * piece at most; checked whole when the last piece is there; read piece by piece.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { ByteSource } from '../evaluator/byte-source.ts';
import { EvaluatorError } from '../evaluator/errors.ts';
import { sameParameters, type Parameters } from '../evaluator/parameters.ts';
import { readServerKeyHeader } from '../evaluator/server-key.ts';
import { equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { checkKeyAnnouncement, keyPieceBytes } from '../protocol/comparison.ts';
import { ProtocolError } from '../protocol/error.ts';
import { hash, instantMs, integer } from '../protocol/fields.ts';
import type { Community } from '../protocol/manifest.ts';
import type { SignedMessage } from '../protocol/signed.ts';
import { bindHome } from './bindings.ts';
import type { Core } from './core.ts';
import { Problem } from './problem.ts';
import { StoreError } from './store.ts';

const announcedSchema = v.strictTuple([hash, integer(1, Number.MAX_SAFE_INTEGER), instantMs]);

interface Announced {
  readonly invite: Bytes;
  readonly size: number;
  readonly announcedMs: number;
}

/** Where a key's upload stands. */
export interface Upload {
  readonly offset: number;
  readonly size: number;
}

const dayMs = 86_400_000;
const pieceName = (index: number): string => `piece-${String(index).padStart(5, '0')}`;

export class ServerKeys {
  readonly #core: Core;
  readonly #accept: readonly Parameters[];
  /** Ends of the work on each key, so that two requests do not work on one key at a time. */
  readonly #working = new Map<string, Promise<unknown>>();
  readonly #isNeeded: (key: string) => boolean;

  /** @param isNeeded - whether a job waits for the key with this SHA-256 in hex */
  constructor(core: Core, accept: readonly Parameters[], isNeeded: (key: string) => boolean) {
    this.#core = core;
    this.#accept = accept;
    this.#isNeeded = isNeeded;
  }

  /**
   * Begins an upload; again is no error. A home has a few keys at most: the oldest gives way.
   *
   * @throws {ProtocolError} what `checkKeyAnnouncement` throws
   * @throws {Problem} `already-bound`, `too-many`
   */
  async announce(community: Community, message: SignedMessage): Promise<void> {
    const announcement = await checkKeyAnnouncement(message, community);
    await bindHome(this.#core, community, announcement);
    const id = toHex(community.id);
    const key = toHex(announcement.sha256);
    const invite = toHex(announcement.invite);
    await this.#inTurn(`of ${invite}`, async () => {
      const there = await this.#announced(id, key);
      if (there !== undefined) {
        if (!equalBytes(there.invite, announcement.invite)) {
          throw new Problem('already-bound', 'The server key came with another invite before.');
        }
        return;
      }
      await this.#makeRoom(id, invite);
      const nowMs = this.#core.now();
      await this.#core.store.create(`communities/${id}/server-keys-of/${invite}/${key}`, encodeCbor([nowMs]));
      const entry = encodeCbor([announcement.invite, announcement.size, nowMs]);
      await this.#core.store.create(`${folderOf(id, key)}/announced`, entry);
    });
  }

  /** Where the upload stands; undefined if the key was not announced. */
  async upload(id: string, key: string): Promise<Upload | undefined> {
    const announced = await this.#announced(id, key);
    if (announced === undefined) return undefined;
    const { size } = announced;
    if (await this.#isComplete(id, key)) return { offset: size, size };
    const offset = Math.min(size, (await this.#pieces(id, key)) * keyPieceBytes);
    if (offset < size) return { offset, size };
    // The process ended between the last piece and the check.
    await this.#inTurn(key, () => this.#finish(id, key, size));
    return { offset: size, size };
  }

  /**
   * Keeps a piece, and gives the offset of the next one. With the last one the key is checked; a wrong one is forgotten.
   *
   * @throws {Problem} `not-found`, `wrong-offset`, `too-large`
   * @throws {ProtocolError} `bad-key`
   */
  addPiece(id: string, key: string, offset: number, piece: Bytes): Promise<number> {
    return this.#inTurn(key, async () => {
      const announced = await this.#announced(id, key);
      if (announced === undefined) throw new Problem('not-found', 'No such server key was announced.');
      const { size } = announced;
      if (await this.#isComplete(id, key)) return size;
      const index = await this.#pieces(id, key);
      if (offset !== index * keyPieceBytes) {
        throw new Problem('wrong-offset', `The upload goes on at ${Math.min(size, index * keyPieceBytes)}.`);
      }
      const expected = Math.min(keyPieceBytes, size - offset);
      if (piece.length !== expected)
        throw new Problem('too-large', `The piece at ${offset} must have ${expected} bytes.`);
      await this.#core.store.create(`${folderOf(id, key)}/${pieceName(index)}`, piece);
      const next = offset + piece.length;
      if (next === size) await this.#finish(id, key, size);
      return next;
    });
  }

  /** A complete key, if it belongs to this invite. */
  async find(id: string, key: string, invite: Bytes): Promise<ByteSource | undefined> {
    const announced = await this.#announced(id, key);
    if (announced === undefined || !equalBytes(announced.invite, invite)) return undefined;
    return (await this.#isComplete(id, key)) ? this.#source(id, key, announced.size) : undefined;
  }

  /** Removes uploads that were begun long ago and never completed. */
  async dropAbandoned(): Promise<void> {
    for (const id of await this.#core.communityIds()) {
      for (const invite of await this.#core.store.list(`communities/${id}/server-keys-of`)) {
        for (const key of await this.#core.store.list(`communities/${id}/server-keys-of/${invite}`)) {
          const announced = await this.#announced(id, key);
          const isOld = (announced?.announcedMs ?? 0) + this.#core.limits.uploadDays * dayMs < this.#core.now();
          if (isOld && !(await this.#isComplete(id, key))) {
            await this.#inTurn(key, () => this.#remove(id, invite, key));
          }
        }
      }
    }
  }

  async #announced(id: string, key: string): Promise<Announced | undefined> {
    const entry = await this.#core.store.read(`${folderOf(id, key)}/announced`);
    if (entry === undefined) return undefined;
    const [invite, size, announcedMs] = decodeCbor(announcedSchema, entry, 'The record of a server key');
    return { invite, size, announcedMs };
  }

  async #isComplete(id: string, key: string): Promise<boolean> {
    return (await this.#core.store.read(`${folderOf(id, key)}/complete`)) !== undefined;
  }

  /** Number of pieces from the first on without a gap. */
  async #pieces(id: string, key: string): Promise<number> {
    const names = new Set(await this.#core.store.list(folderOf(id, key)));
    let count = 0;
    while (names.has(pieceName(count))) count++;
    return count;
  }

  #source(id: string, key: string, size: number): ByteSource {
    let held: { index: number; bytes: Bytes } | undefined;
    const pieceAt = async (index: number): Promise<Bytes> => {
      if (held?.index === index) return held.bytes;
      const bytes = await this.#core.store.read(`${folderOf(id, key)}/${pieceName(index)}`);
      if (bytes === undefined) throw new StoreError('damaged', `A piece of the server key ${key} is gone`);
      held = { index, bytes };
      return bytes;
    };
    return {
      size,
      read: async (offset, length) => {
        const whole = new Uint8Array(length);
        for (let at = 0; at < length;) {
          const index = Math.floor((offset + at) / keyPieceBytes);
          const from = offset + at - index * keyPieceBytes;
          const part = (await pieceAt(index)).subarray(from, from + length - at);
          if (part.length === 0) throw new StoreError('damaged', `A piece of the server key ${key} is not whole`);
          whole.set(part, at);
          at += part.length;
        }
        return whole;
      },
    };
  }

  /** Checks a key whose pieces are all there. */
  async #finish(id: string, key: string, size: number): Promise<void> {
    const source = this.#source(id, key, size);
    const digest = createHash('sha256');
    for (let at = 0; at < size; at += keyPieceBytes) {
      digest.update(await source.read(at, Math.min(keyPieceBytes, size - at)));
    }
    const fault = digest.digest('hex') === key ? await this.#faultOf(source) : 'its bytes are not the announced ones';
    if (fault === undefined) {
      await this.#core.store.create(`${folderOf(id, key)}/complete`, encodeCbor([this.#core.now()]));
      return;
    }
    await this.#removePieces(id, key);
    throw new ProtocolError('bad-key', `The server key is not accepted: ${fault}. Nothing of it was kept.`);
  }

  async #faultOf(source: ByteSource): Promise<string | undefined> {
    try {
      const { parameters } = await readServerKeyHeader(source);
      if (this.#accept.some((accepted) => sameParameters(accepted, parameters))) return undefined;
      return 'its parameters are others than those of comparisons';
    } catch (error) {
      if (error instanceof EvaluatorError) return error.message;
      throw error;
    }
  }

  /** Removes a home's server keys, but for those that a comparison still waits for. */
  async removeAllOf(id: string, invite: string): Promise<void> {
    for (const key of await this.#core.store.list(`communities/${id}/server-keys-of/${invite}`)) {
      if (!this.#isNeeded(key)) await this.#remove(id, invite, key);
    }
  }

  async #makeRoom(id: string, invite: string): Promise<void> {
    const keys = await this.#core.store.list(`communities/${id}/server-keys-of/${invite}`);
    const dated = await Promise.all(
      keys.map(async (key) => ({ key, atMs: (await this.#announced(id, key))?.announcedMs ?? 0 })),
    );
    const removable = dated.sort((a, b) => a.atMs - b.atMs).filter(({ key }) => !this.#isNeeded(key));
    for (let left = keys.length; left >= this.#core.limits.serverKeys; left--) {
      const oldest = removable.shift();
      if (oldest === undefined) {
        throw new Problem(
          'too-many',
          'Comparisons still wait for the server keys that are here. Try again later.',
          600,
        );
      }
      await this.#remove(id, invite, oldest.key);
    }
  }

  async #remove(id: string, invite: string, key: string): Promise<void> {
    const { store } = this.#core;
    await store.remove(`${folderOf(id, key)}/complete`);
    await this.#removePieces(id, key);
    await store.remove(`${folderOf(id, key)}/announced`);
    await store.remove(`communities/${id}/server-keys-of/${invite}/${key}`);
  }

  /** The last one first, so that what is left is always a beginning. */
  async #removePieces(id: string, key: string): Promise<void> {
    const names = await this.#core.store.list(folderOf(id, key));
    for (const name of names.filter((one) => one.startsWith('piece-')).reverse()) {
      await this.#core.store.remove(`${folderOf(id, key)}/${name}`);
    }
  }

  async #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#working.get(name) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => undefined);
    this.#working.set(name, settled);
    try {
      return await turn;
    } finally {
      if (this.#working.get(name) === settled) this.#working.delete(name);
    }
  }
}

const folderOf = (id: string, key: string): string => `communities/${id}/server-keys/${key}`;
