/**
 * Deleting what is not needed any more: some time after a round closed, opened or not, its contributions, ciphertexts,
 * totals and fingerprints go. What stays is the announcement, the list, and the stewards' words.
 */
import * as v from 'valibot';
import { equalBytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { hash, instantMs } from '../protocol/fields.ts';
import { closedRound, closesNow } from './closing.ts';
import type { Core, Round } from './core.ts';

const erasedSchema = v.strictTuple([instantMs, v.array(hash)]);
const erasedName = ({ prefix }: Round): string => `${prefix}/erased`;
const dayMs = 86_400_000;

export const isErased = async (core: Core, round: Round): Promise<boolean> =>
  (await core.store.read(erasedName(round))) !== undefined;

/** Erases a round if its time has come; what is erased is written down first, so a broken-off erasure goes on. */
export async function eraseIfDue(core: Core, round: Round): Promise<void> {
  const { store, now, limits } = core;
  if (!(await closesNow(core, round))) return;
  const { list, listFile } = await closedRound(core, round);
  if (now() < list.closedMs + limits.retentionDays * dayMs) return;
  const blobs = (await store.blobs(round.bucket)).filter((blob) => !equalBytes(blob, listFile));
  if (await store.create(erasedName(round), encodeCbor([now(), blobs]))) {
    core.log('info', 'round-erased', { month: round.month, files: blobs.length });
  }
  const entry = await core.need(erasedName(round), 'The record of an erasure is gone.');
  const [, erased] = decodeCbor(erasedSchema, entry, 'The record of an erasure');
  const there = await store.blobs(round.bucket);
  for (const blob of erased.filter((one) => there.some((other) => equalBytes(one, other)))) {
    await store.removeBlob(round.bucket, blob);
  }
  for (const part of ['contributions', 'ciphertexts']) {
    for (const name of await store.list(`${round.prefix}/${part}`))
      await store.remove(`${round.prefix}/${part}/${name}`);
  }
}
