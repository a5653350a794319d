/**
 * Writes the files of all rounds under the paths that the endpoint serves them at, for a static host to carry
 * (docs/self-hosting.md). What stewards alone may read is not among them.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeCbor } from '../protocol/cbor.ts';
import { toHex, type Bytes } from '../protocol/bytes.ts';
import { closedRound, isClosed } from './closing.ts';
import { comparisonResults, resultName } from './comparisons.ts';
import type { Core } from './core.ts';
import { correctedList, publishedNorms, sealsFile } from './opening.ts';

/** Gives the number of files. */
export async function exportFiles(core: Core, folder: string): Promise<number> {
  let files = 0;
  const write = async (path: string, bytes: Bytes | undefined): Promise<void> => {
    if (bytes === undefined) return;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    // Readers see the old file or the new one, never a part.
    await writeFile(`${file}.part`, bytes);
    await rename(`${file}.part`, file);
    files++;
  };
  await write('identity', encodeCbor({ key: core.signer.publicKey }));
  for (const id of await core.communityIds()) {
    await write(`communities/${id}/manifest`, await core.store.read(`communities/${id}/manifest`));
  }
  await core.eachRound(async (id, month) => {
    const path = `communities/${id}/rounds/${month}`;
    const round = await core.round(id, month);
    const blob = async (name: string, hash: Bytes): Promise<void> =>
      write(`${path}/${name}`, await core.store.readBlob(round.bucket, hash));
    await write(`${path}/announcement`, await core.announcementBytes(round));
    if (!(await isClosed(core, round))) return;
    const { list, listFile, totals, fingerprints } = await closedRound(core, round);
    await blob('list', listFile);
    for (const [group, ofGroup] of totals.entries()) {
      for (const [steward, hash] of ofGroup.entries()) await blob(`totals/${group}-${steward}.bin`, hash);
    }
    for (const [steward, hash] of fingerprints.entries()) await blob(`fingerprints/${steward}.bin`, hash);
    for (const hash of list.entries.flatMap(({ ciphertexts }) => ciphertexts)) {
      await blob(`ciphertexts/${toHex(hash)}.bin`, hash);
    }
    await write(`${path}/corrected-list`, (await correctedList(core, round))?.file);
    await write(`${path}/seals`, await sealsFile(core, round));
    await write(`${path}/norms`, await publishedNorms(core, round));
    for (const id of await comparisonResults(core, round)) {
      await write(`${path}/comparisons/${id}.bin`, await core.store.read(resultName(round, id)));
    }
  });
  return files;
}
