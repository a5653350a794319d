/** Walks everything that is kept and tells what is wrong with it. */
import { toHex, type Bytes } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/error.ts';
import { decodeSigned, verifySignedBy } from '../protocol/signed.ts';
import { keptVersions, readChecked } from './contributions.ts';
import type { Core, Round } from './core.ts';
import { leftHomes } from './homes.ts';
import { Problem } from './problem.ts';
import { closedFile, closedRound, isClosed, isErased } from './rounds.ts';
import { StoreError } from './store.ts';

export interface Findings {
  readonly entries: number;
  readonly blobs: number;
  /** What is damaged or gone, one line each. */
  readonly faults: readonly string[];
}

/** Reads every ledger entry and blob, and looks for every blob that an entry speaks of; changes nothing. */
export async function verifyAll(core: Core): Promise<Findings> {
  const { store } = core;
  const faults: string[] = [];
  const attempt: Attempt = async (what, work) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof StoreError || error instanceof ProtocolError || error instanceof Problem)) throw error;
      faults.push(`${what}: ${error.message}`);
    }
  };
  let entries = 0;
  const walk = async (name: string): Promise<void> => {
    const below = await store.list(name);
    for (const next of below) await walk(`${name}/${next}`);
    if (below.length > 0) return;
    await attempt(name, async () => {
      if ((await store.read(name)) !== undefined) entries++;
    });
  };
  for (const part of ['communities', 'foundings']) await walk(part);
  let blobs = 0;
  for (const bucket of await store.buckets()) {
    for (const hash of await store.blobs(bucket)) {
      blobs++;
      await attempt(bucket, () => store.readBlob(bucket, hash));
    }
  }
  await core.eachRound((id, month) =>
    attempt(`${id} ${month}`, async () => lookFor(await core.round(id, month), attempt, faults)),
  );
  return { entries, blobs, faults };
}

type Attempt = (what: string, work: () => Promise<unknown>) => Promise<void>;

/** Looks for all blobs that a round's ledger speaks of. */
async function lookFor(round: Round, attempt: Attempt, faults: string[]): Promise<void> {
  const { core, id, month, bucket, community } = round;
  const there = new Set((await core.store.blobs(bucket)).map(toHex));
  const expect = (hash: Bytes, what: string): void => {
    if (!there.has(toHex(hash))) faults.push(`${id} ${month}: ${what} is gone (blob ${toHex(hash)})`);
  };
  const erased = await isErased(round);
  // What is left of homes that have left, whose deletion broke off, is not missed; the list has what was counted.
  const left = await leftHomes(round);
  for (const [invite, versions] of erased ? [] : await keptVersions(round)) {
    for (const version of left.has(invite) ? [] : versions) {
      await attempt(`version ${version} of ${invite}`, async () => {
        const kept = await readChecked(round, invite, version);
        for (const hash of kept?.header.ciphertexts ?? []) expect(hash, `a ciphertext of ${invite}`);
      });
    }
  }
  if (!(await isClosed(round))) return;
  const { files, damaged } = await closedRound(round);
  for (const [path, hash] of files) if (path === 'list' || !erased) expect(hash, path);
  for (const invite of damaged) {
    faults.push(`${id} ${month}: the contribution of ${toHex(invite)} was damaged and left out of the list`);
  }
  const file = await closedFile(round, 'list');
  if (file) await verifySignedBy('list', decodeSigned(file), community.manifest.endpointKey);
}
