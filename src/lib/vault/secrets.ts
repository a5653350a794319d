/** Secret keys, stored sealed under the vault's data key. For use in the fhe worker alone: the page never calls this. */

import { equalBytes, type Bytes } from '../../protocol/bytes.ts';
import { dataKey, holdsKey, type DataKey } from './data-key.ts';
import { VaultError } from './error.ts';
import { read, write } from './open.ts';
import { checked, secretSchema, type StoredSecret } from './schema.ts';
import { seal, unseal, type Place } from './seal.ts';

/** Ids of secrets: what the key is for, and the community (a steward’s: the founding) it belongs to. */
export const secretId = (kind: 'member' | 'comparison' | 'steward', communityId: string): string =>
  `${kind}/${communityId}`;

const placeOf = ({ id, version }: Pick<StoredSecret, 'id' | 'version'>): Place => ({ store: 'secrets', id, version });

/**
 * The secret under this id, or `undefined`.
 * @throws {VaultError} `locked`, `wrong-secret`, `damaged`
 */
export async function readSecret(id: string): Promise<Bytes | undefined> {
  const record = await read(['secrets'], (tx) => tx.store.get(id));
  if (record === undefined) return undefined;
  const stored = checked(secretSchema, record, 'A secret key');
  return unseal((await dataKey()).key, placeOf(stored), stored);
}

/**
 * Stores a secret for good and gives the one that now stands under this id: this one, or the one that was there before
 * (from another tab, say), so that there is never a second. Resolves only after the secret was read back from the disk
 * and opened, so that whatever is made with it can be used again later.
 * @throws {VaultError} `locked`, `no-space`
 */
export async function keepSecret(id: string, secret: Uint8Array): Promise<Bytes> {
  const key = await dataKey();
  const version = 1;
  const record = { id, version, createdMs: Date.now(), ...(await seal(key.key, placeOf({ id, version }), secret)) };
  const isNew = await write(['secrets', 'wraps'], async (tx) => {
    const secrets = tx.objectStore('secrets');
    if ((await secrets.getKey(id)) !== undefined) return false;
    // Another tab may have erased the vault since the key was opened; nothing may be sealed for which no wrap is left.
    if (!holdsKey(await tx.objectStore('wraps').getAll(), key))
      throw new VaultError('not-found', 'The app’s data was erased in another tab. Please start again.');
    await secrets.add(record);
    return true;
  });
  const stored = await readSecret(id);
  if (stored === undefined || (isNew && !equalBytes(stored, secret)))
    throw new VaultError('damaged', 'A secret key could not be read back after it was stored. Please try again.');
  return stored;
}

/** A record of a secret as it is to be stored, under the data key given with it. */
export interface SealedSecret {
  readonly record: StoredSecret;
  readonly key: DataKey;
}

/** Seals a secret for a record that takes the place of one of an older version. */
export async function sealSecret(id: string, secret: Uint8Array): Promise<SealedSecret> {
  const key = await dataKey();
  const before = await read(['secrets'], (tx) => tx.store.get(id));
  const version = (before?.version ?? 0) + 1;
  const sealed = await seal(key.key, placeOf({ id, version }), secret);
  return { record: { id, version, createdMs: Date.now(), ...sealed }, key };
}

/** Deletes a secret. */
export async function deleteSecret(id: string): Promise<void> {
  await write(['secrets'], (tx) => tx.store.delete(id));
}

/** Ids of all secrets. */
export const listSecretIds = (): Promise<string[]> => read(['secrets'], (tx) => tx.store.getAllKeys());
