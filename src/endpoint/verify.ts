/** Walks everything that is kept and tells what is wrong with it. */
import { toHex, type Bytes } from '../protocol/bytes.ts';
import { checkSignedContribution } from '../protocol/contribution.ts';
import { ProtocolError } from '../protocol/error.ts';
import { decodeSigned, verifySignedBy } from '../protocol/signed.ts';
import { closedRound, isClosed } from './closing.ts';
import type { Core, Round } from './core.ts';
import { keptVersions, readKept } from './kept.ts';
import { Problem } from './problem.ts';
import { isErased } from './retention.ts';
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
  await core.eachRound(async (id, month) => {
    await attempt(`${id} ${month}`, async () => {
      const round = await core.round(id, month);
      const there = new Set((await store.blobs(round.bucket)).map(toHex));
      await references(core, round, attempt, (hash, of) => {
        if (!there.has(toHex(hash))) faults.push(`${id} ${month}: ${of} is gone (blob ${toHex(hash)})`);
      });
    });
  });
  return { entries, blobs, faults };
}

type Attempt = (what: string, work: () => Promise<unknown>) => Promise<void>;

/** Names all blobs that a round's ledger speaks of. */
async function references(core: Core, round: Round, attempt: Attempt, name: (hash: Bytes, of: string) => void) {
  const erased = await isErased(core, round);
  for (const [invite, versions] of erased ? [] : await keptVersions(core, round)) {
    for (const version of versions) {
      await attempt(`version ${version} of ${invite}`, async () => {
        const kept = await readKept(core, round, invite, version);
        if (kept === undefined) return;
        const { header } = await checkSignedContribution(kept.signed, round.community, await core.announcement(round));
        for (const hash of header.ciphertexts) name(hash, `a ciphertext of ${invite}`);
      });
    }
  }
  if (!(await isClosed(core, round))) return;
  const { listFile, totals, fingerprints, damaged } = await closedRound(core, round);
  name(listFile, 'the list');
  const file = await core.store.readBlob(round.bucket, listFile);
  if (file) await verifySignedBy('list', decodeSigned(file), round.community.manifest.endpointKey);
  for (const hash of erased ? [] : [...totals.flat(), ...fingerprints]) name(hash, 'a total or fingerprints');
  for (const invite of damaged) {
    await attempt('list', () =>
      Promise.reject(new StoreError('damaged', `the contribution of ${toHex(invite)} was damaged and left out`)),
    );
  }
}
