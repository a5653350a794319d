/** Closing a round: the list, each steward's totals and fingerprints. */
import { concatBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { CiphertextSum } from '../protocol/ciphertext.ts';
import { ProtocolError } from '../protocol/error.ts';
import { sha256 } from '../protocol/hash.ts';
import { encodeList, groupsOf, makeList } from '../protocol/list.ts';
import { encodeSigned, signMessage } from '../protocol/signed.ts';
import { listVersions, readChecked, type Counted } from './contributions.ts';
import type { Round } from './core.ts';
import { hasLeft } from './homes.ts';
import { reasonOf } from './log.ts';
import { announcementOf } from './rounds.ts';
import { StoreError } from './store.ts';

/** Hashes of the blobs that closing makes, by the path that they are served at below the round; invites left out. */
export type Closing = [files: [path: string, blob: Bytes][], damaged: Bytes[]];

/** How many ciphertexts are added at a time. */
const fanIn = 32;

/** A ciphertext, or the sum of several. */
interface Part {
  /** Of a blob. */
  readonly hash: Bytes;
  readonly homes: number;
}

/** Makes and writes everything of a round that has begun to close. The same ledger gives the same bytes. */
export async function finishClosing(round: Round, closedMs: number): Promise<Closing> {
  const { core, community, bucket, month } = round;
  const put = (bytes: Bytes): Promise<Bytes> => core.store.putBlob(bucket, bytes);
  const announcement = await announcementOf(round);
  const { counted, damaged } = await readAll(round);
  const list = makeList(community, announcement, counted, closedMs);
  const signed = await signMessage('list', encodeList(list), [core.signer]);
  const files: [string, Bytes][] = [['list', await put(encodeSigned(signed))]];
  const groups = groupsOf(list.entries, community);
  for (const [steward, { publicKey }] of announcement.roundKeys.entries()) {
    const column = counted.map(({ sealedFingerprints }) => sealedFingerprints[steward] ?? new Uint8Array());
    files.push([`fingerprints/${steward}.bin`, await put(concatBytes(...column))]);
    for (const [group, { members }] of groups.entries()) {
      const ciphertexts = members.flatMap((home) => list.entries[home]?.ciphertexts[steward] ?? []);
      const parts = ciphertexts.map((hash) => ({ hash, homes: 1 }));
      const total = (await addUp(round, parts)).total(publicKey);
      files.push([`totals/${group}-${steward}.bin`, await put(total)]);
    }
  }
  await core.history.enterMessage(round, 'list', signed);
  core.log('info', 'round-closed', { month, homes: counted.length, damaged: damaged.length });
  return [files, damaged];
}

/** All homes' latest contributions, read once with all that is kept of them, and the invites of those that cannot be. */
async function readAll(round: Round): Promise<{ counted: Counted[]; damaged: Bytes[] }> {
  const damaged: Bytes[] = [];
  const counted: Counted[] = [];
  for (const [invite, versions] of await listVersions(round)) {
    try {
      const kept = await readChecked(round, invite, versions.at(-1) ?? 0);
      if (kept === undefined) throw new StoreError('damaged', `The contribution of ${invite} is gone`);
      for (const ciphertext of kept.header.ciphertexts) await readCiphertext(round, ciphertext);
      counted.push(kept);
    } catch (error) {
      // A disk that fails may work again later; bytes that have changed stay changed, and so does what an amendment,
      // which came while the contribution was on its way, took the ground from.
      const isForGood = error instanceof ProtocolError || (error instanceof StoreError && error.code === 'damaged');
      if (!isForGood) throw error;
      // Its home has left, and the deletion broke off: it has gone, and was not lost.
      if (await hasLeft(round, invite)) continue;
      round.core.log('error', 'contribution-damaged', { month: round.month, reason: reasonOf(error) });
      damaged.push(fromHex(invite) ?? new Uint8Array());
    }
  }
  return { counted, damaged };
}

/**
 * Adds ciphertexts in a tree: sums of 32, of which again 32 are summed, and so on. Each sum below the last is kept
 * under the hash of what it adds up, so whoever goes on where another process ended finds what is done.
 */
async function addUp(round: Round, parts: readonly Part[]): Promise<CiphertextSum> {
  const sum = new CiphertextSum();
  if (parts.length <= fanIn) {
    for (const { hash, homes } of parts) sum.add(await readCiphertext(round, hash), homes);
    return sum;
  }
  const sums: Part[] = [];
  for (let at = 0; at < parts.length; at += fanIn) sums.push(await keptSum(round, parts.slice(at, at + fanIn)));
  return addUp(round, sums);
}

async function keptSum(round: Round, parts: readonly Part[]): Promise<Part> {
  const { folder, bucket, core } = round;
  const homes = parts.reduce((all, part) => all + part.homes, 0);
  const name = `sums/${toHex(await sha256(concatBytes(...parts.map(({ hash }) => hash))))}`;
  const there = await folder.read(name);
  // A kept sum that is damaged or gone is made again; it can only become the same.
  const isWhole = there && (await core.store.readBlob(bucket, there).catch(() => undefined)) !== undefined;
  if (isWhole) return { hash: there, homes };
  const hash = await core.store.putBlob(bucket, (await addUp(round, parts)).sum());
  await folder.create(name, hash);
  return { hash, homes };
}

async function readCiphertext({ core, bucket }: Round, blob: Bytes): Promise<Bytes> {
  const bytes = await core.store.readBlob(bucket, blob);
  if (bytes === undefined) throw new StoreError('damaged', `The ciphertext ${toHex(blob)} is gone`);
  return bytes;
}
