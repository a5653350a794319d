/**
 * Server keys of homes: uploaded in pieces, each durable by itself, so that a broken connection or a restart loses one
 * piece at most; checked whole when the last piece is there; read piece by piece.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { ByteSource } from '../evaluator/byte-source.ts';
import { EvaluatorError } from '../evaluator/errors.ts';
import { sameParameters } from '../evaluator/parameters.ts';
import { readServerKeyHeader } from '../evaluator/server-key.ts';
import { concatBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { checkKeyAnnouncement, keyPieceBytes } from '../protocol/comparison.ts';
import { ProtocolError } from '../protocol/error.ts';
import { hash, instantMs, integer } from '../protocol/fields.ts';
import type { SignedMessage } from '../protocol/signed.ts';
import { Cache } from './cache.ts';
import type { Core, KeptCommunity } from './core.ts';
import { bindHome, leftHomes } from './homes.ts';
import type { Folder } from './ledger.ts';
import { Problem } from './problem.ts';
import type { Due } from './retention.ts';
import { StoreError } from './store.ts';

const announcedSchema = v.strictTuple([hash, integer(1, Number.MAX_SAFE_INTEGER), instantMs]);

const dayMs = 86_400_000;
/** Entries of a key, which is named by its SHA-256 in hex. */
const folderOf = ({ ledger }: Pick<KeptCommunity, 'ledger'>, key: string): Folder => ledger.at(`server-keys/${key}`);
const pieceName = (index: number): string => `piece-${String(index).padStart(5, '0')}`;
const isPiece = (name: string): boolean => name.startsWith('piece-');

/** Where the upload of a key stands. */
interface Upload {
  readonly key: string;
  /** Of the home that it belongs to, in hex. */
  readonly invite: string;
  readonly size: number;
  /** Bytes that are there, from the first one on without a gap. */
  readonly offset: number;
  readonly isComplete: boolean;
  readonly announcedMs: number;
  /** Of the announcement, or of the day of the last use. */
  readonly usedMs: number;
}

/** Undefined if the key was not announced. */
async function uploadOf(kept: Pick<KeptCommunity, 'ledger'>, key: string): Promise<Upload | undefined> {
  const folder = folderOf(kept, key);
  const entry = await folder.read('announced');
  if (entry === undefined) return undefined;
  const [invite, size, announcedMs] = decodeCbor(announcedSchema, entry, 'The record of a server key');
  const names = await folder.list();
  const isComplete = names.includes('complete');
  const pieces = names.filter(isPiece).filter((name, index) => name === pieceName(index)).length;
  const offset = isComplete ? size : Math.min(size, pieces * keyPieceBytes);
  const uses = names.map((name) => Number(/^used-(\d+)$/.exec(name)?.[1] ?? 0) * dayMs);
  const usedMs = Math.max(announcedMs, ...uses);
  return { key, invite: toHex(invite), size, offset, isComplete, announcedMs, usedMs };
}

/** All keys that are here or on their way. Removed ones may still be listed; one that is damaged holds up no other. */
async function uploads(kept: Pick<KeptCommunity, 'ledger'>): Promise<Upload[]> {
  const keys = await kept.ledger.list('server-keys');
  const all = await Promise.all(keys.map((key) => uploadOf(kept, key).catch(() => undefined)));
  return all.filter((upload) => upload !== undefined);
}

/** Name of the turn in which a community's requests are taken, and what they need is removed. */
export const comparisonsOf = ({ id }: KeptCommunity): string => `comparisons of ${id}`;

/** Whether a comparison waits for the key. */
const isNeeded = ({ jobs }: Core, { key }: Upload): boolean =>
  [...jobs.values()].some(({ serverKey }) => serverKey === key);

/**
 * Begins an upload; again is no error. A home has a few keys at most: the oldest gives way.
 *
 * @throws {ProtocolError} what `checkKeyAnnouncement` throws
 * @throws {Problem} `already-bound`, `too-many`
 */
export async function announceKey(kept: KeptCommunity, message: SignedMessage): Promise<void> {
  const { core } = kept;
  const announcement = await checkKeyAnnouncement(message, kept.community);
  await bindHome(kept, announcement);
  const [key, invite] = [toHex(announcement.sha256), toHex(announcement.invite)];
  await core.inTurn(`server keys of ${invite}`, async () => {
    const there = await uploadOf(kept, key);
    if (there !== undefined && there.invite !== invite) {
      throw new Problem('already-bound', 'The server key came with another invite before.');
    }
    if (there !== undefined) return;
    await makeRoom(kept, invite);
    await checkTotal(core);
    const record = encodeCbor([announcement.invite, announcement.size, core.now()]);
    await folderOf(kept, key).create('announced', record);
  });
}

/** Where a key's upload stands, to go on with it. @throws {Problem} `not-found` if it was not announced */
export const findUpload = (kept: KeptCommunity, key: string): Promise<Upload> =>
  kept.core.inTurn(key, async () => {
    const there = await needUpload(kept, key);
    // The process ended between the last piece and the check.
    if (!there.isComplete && there.offset === there.size) await finish(kept, there);
    return there;
  });

async function needUpload(kept: KeptCommunity, key: string): Promise<Upload> {
  const there = await uploadOf(kept, key);
  if (there === undefined) throw new Problem('not-found', 'No such server key was announced.');
  return there;
}

/**
 * Keeps a piece, and gives the offset of the next one. With the last one the key is checked; a wrong one is forgotten.
 *
 * @throws {Problem} `not-found`, `wrong-offset`, `too-large`
 * @throws {ProtocolError} `bad-key`
 */
export const addPiece = (kept: KeptCommunity, key: string, offset: number, piece: Bytes): Promise<number> =>
  kept.core.inTurn(key, async () => {
    const there = await needUpload(kept, key);
    if (there.isComplete) return there.size;
    if (offset !== there.offset) throw new Problem('wrong-offset', `The upload goes on at ${there.offset}.`);
    const expected = Math.min(keyPieceBytes, there.size - offset);
    if (piece.length !== expected) {
      throw new Problem('too-large', `The piece at ${offset} must have ${expected} bytes.`);
    }
    await folderOf(kept, key).create(pieceName(offset / keyPieceBytes), piece);
    if (offset + piece.length === there.size) await finish(kept, there);
    return offset + piece.length;
  });

/** A complete key, if it belongs to this invite. */
export async function findKey(kept: KeptCommunity, key: string, invite: Bytes): Promise<ByteSource | undefined> {
  const there = await uploadOf(kept, key);
  if (!there?.isComplete || there.invite !== toHex(invite)) return undefined;
  return sourceOf(folderOf(kept, key), there.size);
}

/** Checks a key whose pieces are all there. */
async function finish(kept: KeptCommunity, { key, size }: Upload): Promise<void> {
  const folder = folderOf(kept, key);
  const fault = await faultOf(kept.core, key, sourceOf(folder, size));
  if (fault === undefined) {
    await folder.create('complete', encodeCbor([kept.core.now()]));
    return;
  }
  await folder.clear(isPiece);
  throw new ProtocolError('bad-key', `The server key is not accepted: ${fault}. Nothing of it was kept.`);
}

async function faultOf({ keyParameters }: Core, key: string, source: ByteSource): Promise<string | undefined> {
  const digest = createHash('sha256');
  for (let at = 0; at < source.size; at += keyPieceBytes) {
    digest.update(await source.read(at, Math.min(keyPieceBytes, source.size - at)));
  }
  if (digest.digest('hex') !== key) return 'its bytes are not the announced ones';
  try {
    const { parameters } = await readServerKeyHeader(source);
    if (keyParameters.some((accepted) => sameParameters(accepted, parameters))) return undefined;
    return 'its parameters are others than those of comparisons';
  } catch (error) {
    if (error instanceof EvaluatorError) return error.message;
    throw error;
  }
}

/** A key read from its pieces, each of which is held against its checksum. */
function sourceOf(folder: Folder, size: number): ByteSource {
  // What is read next mostly lies in the same piece.
  const held = new Cache<Promise<Bytes | undefined>>(1);
  return {
    size,
    read: async (offset, length) => {
      const parts: Bytes[] = [];
      for (let at = offset - (offset % keyPieceBytes); at < offset + length; at += keyPieceBytes) {
        const name = pieceName(at / keyPieceBytes);
        const piece = await held.get(name, () => folder.read(name));
        parts.push(piece?.subarray(Math.max(0, offset - at), offset + length - at) ?? new Uint8Array());
      }
      const whole = concatBytes(...parts);
      if (whole.length !== length) throw new StoreError('damaged', 'A piece of a server key is gone or not whole');
      return whole;
    },
  };
}

/** @throws {Problem} `too-many` if there is no room for one more key */
async function checkTotal(core: Core): Promise<void> {
  let keys = 0;
  for (const id of await core.store.list('communities')) keys += (await uploads({ ledger: core.ledger(id) })).length;
  if (keys < core.limits.allServerKeys) return;
  throw new Problem('too-many', 'This endpoint has no room for more server keys. Tell who runs it.', 86_400);
}

/** Removes a home's oldest keys, so that there is room for one more. */
async function makeRoom(kept: KeptCommunity, invite: string): Promise<void> {
  const ofHome = (await uploads(kept)).filter((upload) => upload.invite === invite);
  const surplus = ofHome.length + 1 - kept.core.limits.serverKeys;
  if (surplus <= 0) return;
  const removable = ofHome.filter((upload) => !isNeeded(kept.core, upload));
  if (removable.length < surplus) {
    const wait = 'Comparisons still wait for the server keys that are here. Try again later.';
    throw new Problem('too-many', wait, 600);
  }
  const oldest = removable.sort((a, b) => a.announcedMs - b.announcedMs).slice(0, surplus);
  for (const upload of oldest) await removeKey(kept, upload);
}

/** Remembers that a key was used today, which puts off its deletion. */
export async function noteUse(kept: KeptCommunity, key: string): Promise<void> {
  await folderOf(kept, key).create(`used-${Math.floor(kept.core.now() / dayMs)}`, new Uint8Array());
}

/**
 * Keys that were last needed before one instant, or whose home has left, and uploads that were begun before another
 * instant and never completed.
 */
export async function oldServerKeys(kept: KeptCommunity, sinceMs: number, abandonedMs: number): Promise<Due[]> {
  const left = await leftHomes(kept);
  const isDue = ({ invite, isComplete, usedMs, announcedMs }: Upload): boolean =>
    left.has(invite) || (isComplete ? usedMs < sinceMs : announcedMs < abandonedMs);
  const due = (await uploads(kept)).filter((upload) => isDue(upload) && !isNeeded(kept.core, upload));
  return due.map((upload) => ({
    kind: upload.isComplete ? 'server-key' : 'upload',
    hash: upload.key,
    remove: () => removeKey(kept, upload, isDue),
  }));
}

/** Removes a home's server keys, but for those that a comparison still waits for. */
export async function removeServerKeys(kept: KeptCommunity, invite: string): Promise<void> {
  for (const upload of await uploads(kept)) {
    if (upload.invite === invite && !isNeeded(kept.core, upload)) await removeKey(kept, upload);
  }
}

/**
 * Removes a key, unless a comparison has come to need it, or it is not due any more: requests that name it are taken
 * before or after. The beginning goes last, so that what is left of a removal that broke off is found again.
 */
async function removeKey(kept: KeptCommunity, { key }: Upload, isDue: (now: Upload) => boolean = () => true) {
  const { core } = kept;
  const remove = async (): Promise<void> => {
    const now = await uploadOf(kept, key);
    if (now === undefined || isNeeded(core, now) || !isDue(now)) return;
    const folder = folderOf(kept, key);
    await folder.remove('complete');
    // Among them `announced`, whose name is the first and which so is removed last.
    await folder.clear();
  };
  await core.inTurn(comparisonsOf(kept), () => core.inTurn(key, remove));
}
