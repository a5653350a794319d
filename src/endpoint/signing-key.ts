/**
 * The endpoint's own key, which signs receipts and lists: the 32-byte seed in the file `key` of the data folder, readable
 * by its owner alone. Communities name its public key in their manifests.
 */
import { join } from 'node:path';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { instead, nodeDisk, writeFirst } from './disk.ts';

/** The key that is there; undefined if there is none. @throws {Error} if the file is there but is no key */
export async function readSigningKey(folder: string): Promise<Signer | undefined> {
  const path = join(folder, 'key');
  const seed = await nodeDisk.read(path).catch(instead(undefined, 'ENOENT'));
  if (seed === undefined) return undefined;
  if (seed.length !== 32) throw new Error(`${path} is damaged: bring it back from a backup`);
  return signerFromSeed(seed);
}

/** Makes the key, at the first start. A link, unlike a rename, never takes the place of a key that is there. */
export async function makeSigningKey(folder: string): Promise<Signer> {
  const seed = randomSeed();
  const [path, temp] = [join(folder, 'key'), join(folder, 'key.new')];
  await nodeDisk.unlink(temp).catch(() => undefined);
  await writeFirst(nodeDisk, temp, seed, () => nodeDisk.link(temp, path));
  await nodeDisk.unlink(temp);
  await nodeDisk.syncFolder(folder);
  return signerFromSeed(seed);
}
