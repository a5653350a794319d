/**
 * The key that seals readings, where their owner chose that. It is a secret like the others (`secrets.ts`), made and
 * opened in the fhe worker. Pages and other workers are lent a handle of it that no script can take the key out of:
 * they work with the readings themselves.
 */

import { VaultError } from './error.ts';
import { sealingKey } from './seal.ts';
import { keepSecret, readSecret } from './secrets.ts';

/** Id of the secret. It is this device's own: no backup holds it, and a restored device makes another. */
export const readingsKeyId = 'readings';

type Source = () => Promise<CryptoKey>;
const noSource: Source = () =>
  Promise.reject(new VaultError('locked', 'The readings on this device are encrypted. Unlock the app first.'));

let source = noSource;
let lent: { readonly keyId: string; readonly key: Promise<CryptoKey> } | undefined;

/** Says whom this page or worker asks for the handle; it is asked once, when readings that are sealed are first met. */
export function borrowReadingsKey(from: Source): void {
  source = from;
  lent = undefined;
}

/** Asks on behalf of a worker of this page. @throws {VaultError} `locked` */
export const askForReadingsKey: Source = () => source();

/**
 * The handle of the key that the state of the readings names. After everything was erased in another tab there may be
 * another key, and it has another name.
 * @throws {VaultError} `locked`
 */
export function readingsKey(keyId: string): Promise<CryptoKey> {
  if (lent?.keyId !== keyId) {
    const asked = { keyId, key: source() };
    lent = asked;
    asked.key.catch(() => {
      if (lent === asked) lent = undefined;
    });
  }
  return lent.key;
}

/** The handle, out of the vault; for the fhe worker alone. @throws {VaultError} `locked`, `not-found` */
export async function openReadingsKey(): Promise<CryptoKey> {
  const raw = await readSecret(readingsKeyId);
  if (raw === undefined)
    throw new VaultError('not-found', 'The key of the readings on this device is gone. Restore a backup.');
  const key = await sealingKey(raw);
  raw.fill(0);
  return key;
}

/** Makes the key unless it is there; for the fhe worker alone. */
export async function createReadingsKey(): Promise<void> {
  (await keepSecret(readingsKeyId, crypto.getRandomValues(new Uint8Array(32)))).fill(0);
}
