/**
 * Deleting what is not needed any more, after the time that a community's manifest states: contributions, ciphertexts,
 * totals and fingerprints of closed rounds; server keys, requests and results of comparisons; uploads that were given
 * up. What goes is listed before it goes, so a deletion that breaks off goes on, and whoever is of the community can
 * look.
 */
import { equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeDeletions, encodeDeletions, type Deletion } from '../protocol/deletions.ts';
import { oldRequests } from './comparisons.ts';
import type { KeptCommunity, Round } from './core.ts';
import { closedRound, closingMs, isErased } from './rounds.ts';
import { oldServerKeys } from './server-keys.ts';

const dayMs = 86_400_000;
/** The least time between two looks for what is to be deleted. */
const lookMs = 3_600_000;

/** Something that may go now. */
export interface Due {
  readonly kind: Deletion['kind'];
  /** SHA-256 of a server key, id of a request; in hex. */
  readonly hash: string;
  readonly remove: () => Promise<void>;
}

/** What was last needed before this instant goes; the operator may set less than the manifest. */
const keptSinceMs = ({ core, community: { manifest } }: KeptCommunity): number =>
  core.now() - Math.min(manifest.retentionDays, core.limits.retentionDays) * dayMs;

/** Erases a closed round if its time has come. What stays is the announcement, the list, and the stewards' words. */
export async function eraseIfDue(round: Round): Promise<void> {
  const { core, folder, bucket, month } = round;
  if (!(await isErased(round))) {
    // Not by the list, which is large: this is looked at with every tick.
    if ((await closingMs(round)) > keptSinceMs(round)) return;
    const { files } = await closedRound(round);
    const blobs = (await core.store.blobs(bucket)).filter((blob) => !equalBytes(blob, files.get('list') ?? blob));
    await folder.create('erased', encodeDeletions([{ atMs: core.now(), kind: 'round', month, hashes: blobs }]));
    core.log('info', 'round-erased', { month, files: blobs.length });
  }
  const entry = await folder.need('erased', 'The record of an erasure is gone.');
  const erased = decodeDeletions(entry).flatMap(({ hashes }) => hashes);
  const there = new Set((await core.store.blobs(bucket)).map(toHex));
  for (const blob of erased.filter((one) => there.has(toHex(one)))) await core.store.removeBlob(bucket, blob);
  for (const part of ['contributions', 'ciphertexts', 'sums']) await folder.at(part).clear();
}

/**
 * Deletes what is due of a community's comparisons. It is looked for once an hour at most; what could not be deleted is
 * tried again each time.
 */
export async function deleteOld(kept: KeptCommunity): Promise<void> {
  const { core, id } = kept;
  const nowMs = core.now();
  if (!core.deleting.get(id)?.length) {
    if (Math.abs(nowMs - (core.lookedMs.get(id) ?? -Infinity)) < lookMs) return;
    core.deleting.set(id, await listDue(kept, nowMs));
    core.lookedMs.set(id, nowMs);
  }
  const due = core.deleting.get(id) ?? [];
  const files = due.length;
  for (let next = due[0]; next !== undefined; next = due[0]) {
    await next.remove();
    due.shift();
  }
  if (files > 0) core.log('info', 'old-deleted', { files });
}

/** Looks for what is due, and lists it as deleted. */
async function listDue(kept: KeptCommunity, nowMs: number): Promise<Due[]> {
  const { core, ledger } = kept;
  const sinceMs = keptSinceMs(kept);
  const abandonedMs = nowMs - core.limits.uploadDays * dayMs;
  const due = [...(await oldServerKeys(kept, sinceMs, abandonedMs)), ...(await oldRequests(kept, sinceMs))];
  if (due.length === 0) return [];
  const hashes = (kind: Due['kind']): Bytes[] =>
    due.flatMap((one) => (one.kind === kind ? (fromHex(one.hash) ?? []) : []));
  const kinds = [...new Set(due.map(({ kind }) => kind))];
  const listed = kinds.map((kind) => ({ atMs: nowMs, kind, month: undefined, hashes: hashes(kind) }));
  // By the clock of a moment ago, other things may have been listed at this very instant.
  const name = (ms: number): string => `deletions/${String(ms).padStart(15, '0')}`;
  for (let ms = nowMs; !(await ledger.create(name(ms), encodeDeletions(listed))); ms++);
  return due;
}

/** What has been deleted in a community, as the route gives it. */
export async function deletionsFile({ ledger }: KeptCommunity): Promise<Bytes> {
  const rounds = (await ledger.list('rounds')).map((month) => `rounds/${month}/erased`);
  const others = (await ledger.list('deletions')).map((name) => `deletions/${name}`);
  const all: Deletion[] = [];
  for (const name of [...rounds, ...others]) {
    const entry = await ledger.read(name);
    if (entry !== undefined) all.push(...decodeDeletions(entry));
  }
  return encodeDeletions(all.sort((a, b) => a.atMs - b.atMs));
}
