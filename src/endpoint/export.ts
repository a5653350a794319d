/**
 * Writes the files of all rounds under the paths that the endpoint serves them at, for a static host to carry
 * (docs/self-hosting.md). What stewards alone may read is not among them.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeCbor } from '../protocol/cbor.ts';
import type { Bytes } from '../protocol/bytes.ts';
import { results } from './comparisons.ts';
import type { Core } from './core.ts';
import { closedFile, closedRound, correctedList, isClosed, publishedNorms, sealsFile } from './rounds.ts';

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
  for (const id of await core.store.list('communities')) {
    await write(`communities/${id}/manifest`, await core.ledger(id).read('manifest'));
  }
  await core.eachRound(async (id, month) => {
    const path = `communities/${id}/rounds/${month}`;
    const round = await core.round(id, month);
    await write(`${path}/announcement`, await round.folder.read('announcement'));
    if (!(await isClosed(round))) return;
    for (const file of (await closedRound(round)).files.keys()) {
      await write(`${path}/${file}`, await closedFile(round, file));
    }
    await write(`${path}/corrected-list`, (await correctedList(round))?.file);
    await write(`${path}/seals`, await sealsFile(round));
    await write(`${path}/norms`, await publishedNorms(round));
    for (const request of await results(round).list()) {
      await write(`${path}/comparisons/${request}.bin`, await results(round).read(request));
    }
  });
  return files;
}
