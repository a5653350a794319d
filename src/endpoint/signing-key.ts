import { join } from 'node:path';
import type { Bytes } from '../protocol/bytes.ts';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { nodeDisk } from './disk.ts';

/**
 * The endpoint's own key, which signs receipts and lists: the 32-byte seed in the file `key` of the data folder,
 * readable by its owner alone. Made at the first start; communities name its public key in their manifests.
 *
 * @throws {Error} if the file is there but is no key
 */
export async function openSigningKey(folder: string): Promise<Signer> {
  const path = join(folder, 'key');
  const read = (): Promise<Bytes | undefined> =>
    nodeDisk.read(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
  const old = await read();
  if (old !== undefined) {
    if (old.length !== 32) throw new Error(`${path} is damaged: bring it back from a backup of the data folder`);
    return signerFromSeed(old);
  }
  const seed = randomSeed();
  const temp = `${path}.${process.pid}`;
  await nodeDisk.unlink(temp).catch(() => undefined);
  const file = await nodeDisk.create(temp);
  await file.write(seed, 0);
  await file.sync();
  await file.close();
  // A link, unlike a rename, never takes the place of a key that another process has made meanwhile.
  await nodeDisk.link(temp, path);
  await nodeDisk.unlink(temp);
  await nodeDisk.syncFolder(folder);
  return signerFromSeed(seed);
}
