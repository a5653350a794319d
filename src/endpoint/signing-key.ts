import { join } from 'node:path';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { instead, nodeDisk, writeFirst } from './disk.ts';

const pathOf = (folder: string): string => join(folder, 'key');

/** The key that is there; undefined if there is none. */
export async function readSigningKey(folder: string): Promise<Signer | undefined> {
  const seed = await nodeDisk.read(pathOf(folder)).catch(instead(undefined, 'ENOENT'));
  if (seed === undefined) return undefined;
  if (seed.length !== 32) throw new Error(`${pathOf(folder)} is damaged: bring it back from a backup`);
  return signerFromSeed(seed);
}

/**
 * The endpoint's own key, which signs receipts and lists: the 32-byte seed in the file `key` of the data folder,
 * readable by its owner alone. Made at the first start; communities name its public key in their manifests.
 *
 * @throws {Error} if the file is there but is no key
 */
export async function openSigningKey(folder: string): Promise<Signer> {
  const there = await readSigningKey(folder);
  if (there !== undefined) return there;
  const seed = randomSeed();
  const temp = `${pathOf(folder)}.new`;
  await nodeDisk.unlink(temp).catch(() => undefined);
  // A link, unlike a rename, never takes the place of a key that is there.
  await writeFirst(nodeDisk, temp, seed, () => nodeDisk.link(temp, pathOf(folder)));
  await nodeDisk.unlink(temp);
  await nodeDisk.syncFolder(folder);
  return signerFromSeed(seed);
}
