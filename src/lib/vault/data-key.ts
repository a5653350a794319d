/**
 * The vault's data key: 32 random bytes under which all secrets are sealed. It is stored only wrapped, by default under
 * an AES key of this device that WebCrypto made non-extractable. Every wrap alone opens it; a vault whose device wrap
 * was taken away is locked until {@link unlock} or {@link unlockByPrf} is given what opens another.
 *
 * This runs in the fhe worker: ending the worker locks the vault.
 */

import type { Bytes } from '../../protocol/bytes.ts';
import { VaultError } from './error.ts';
import { read, write } from './open.ts';
import { isRecoveryCode, keyOfPassphrase, keyOfPrf, keyOfRecoveryCode } from './passphrase.ts';
import { checked, wrapSchema, type KeyWrap, type WrapKind } from './schema.ts';
import { seal, unseal, type Place } from './seal.ts';

/** The data key in this worker's memory. */
export interface DataKey {
  readonly id: string;
  readonly key: CryptoKey;
}

let opened: DataKey | undefined;

/** All wraps of the data key, checked. */
export async function listWraps(): Promise<KeyWrap[]> {
  const wraps = await read(['wraps'], (tx) => tx.store.getAll());
  return wraps.map((wrap) => checked(wrapSchema, wrap, 'The vault’s key'));
}

/** Where a wrap stands, for its associated data. */
export const placeOfWrap = (kind: WrapKind, version: number): Place => ({ store: 'wraps', id: kind, version });

/** The data key's bytes can be taken out again, to wrap them once more; it never leaves the worker. */
const importDataKey = async (id: string, raw: Bytes): Promise<DataKey> => {
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', true, ['encrypt', 'decrypt']);
  raw.fill(0);
  return { id, key };
};

/**
 * The data key, made on first use. It stays in memory as long as this worker lives and the vault is still sealed by it.
 * @throws {VaultError} `locked` when the device does not open it by itself
 */
export async function dataKey(): Promise<DataKey> {
  let wraps = await listWraps();
  if (wraps.length === 0) {
    await createDataKey();
    wraps = await listWraps();
  }
  if (opened !== undefined && holdsKey(wraps, opened)) return opened;
  const device = wraps.find((wrap) => wrap.kind === 'device');
  if (device === undefined) throw new VaultError('locked', 'The app is locked. Unlock it first.');
  const raw = await unseal(device.deviceKey, placeOfWrap('device', device.version), device);
  opened = await importDataKey(device.keyId, raw);
  return opened;
}

/** Whether wraps, as another tab may have left them, are of this data key. */
export const holdsKey = (wraps: readonly KeyWrap[], { id }: DataKey): boolean =>
  wraps.some(({ keyId }) => keyId === id);

/** Forgets the data key in this worker. */
export function forgetDataKey(): void {
  opened = undefined;
}

/** Whether this worker can use the vault's keys without asking its owner. */
export async function isLocked(): Promise<boolean> {
  const wraps = await listWraps();
  if (opened !== undefined && holdsKey(wraps, opened)) return false;
  return wraps.length > 0 && !wraps.some(({ kind }) => kind === 'device');
}

/** Makes the data key and its device wrap, unless another tab was first. */
async function createDataKey(): Promise<void> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const wrap = await wrapForDevice(raw, crypto.randomUUID());
  raw.fill(0);
  await write(['wraps'], async ({ store }) => {
    // In one transaction: of five tabs that come here, one stores its key.
    if ((await store.count()) === 0) await store.add(wrap);
  });
}

/** A new device wrap of the raw data key, under a new device key. */
export async function wrapForDevice(raw: Uint8Array, keyId: string): Promise<KeyWrap> {
  const version = 1;
  const deviceKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  return { kind: 'device', keyId, version, deviceKey, ...(await seal(deviceKey, placeOfWrap('device', version), raw)) };
}

/**
 * Opens the vault in this worker with the passphrase or the recovery code.
 * @throws {VaultError} `wrong-secret`
 */
export async function unlock(passphraseOrCode: string): Promise<void> {
  const wraps = await listWraps();
  const raw = await openWraps(wraps, passphraseOrCode);
  opened = await importDataKey(wraps[0]?.keyId ?? '', raw);
}

/**
 * The raw data key out of its passphrase or recovery wrap.
 * @throws {VaultError} `wrong-secret`
 */
export async function openWraps(wraps: readonly KeyWrap[], passphraseOrCode: string): Promise<Bytes> {
  const isCode = await isRecoveryCode(passphraseOrCode);
  for (const wrap of wraps) {
    const place = placeOfWrap(wrap.kind, wrap.version);
    if (wrap.kind === 'recovery' && isCode)
      return unseal(await keyOfRecoveryCode(passphraseOrCode, wrap.salt), place, wrap);
    if (wrap.kind === 'passphrase' && !isCode)
      return unseal(await keyOfPassphrase(passphraseOrCode, wrap.argon2id), place, wrap);
  }
  throw new VaultError(
    'wrong-secret',
    isCode ? 'No recovery code was made for this data.' : 'No passphrase was set for this data.',
  );
}

/**
 * Opens the vault in this worker with what the screen lock or security key gave for the salt of its wrap.
 * @throws {VaultError} `wrong-secret`
 */
export async function unlockByPrf(output: Bytes): Promise<void> {
  const { wrap, raw } = await openPrfWrap(output);
  opened = await importDataKey(wrap.keyId, raw);
}

/**
 * The raw data key out of its PRF wrap, and that wrap.
 * @throws {VaultError} `wrong-secret`
 */
export async function openPrfWrap(output: Bytes): Promise<{ wrap: KeyWrap; raw: Bytes }> {
  const wrap = (await listWraps()).find(({ kind }) => kind === 'prf');
  if (wrap?.kind !== 'prf')
    throw new VaultError('wrong-secret', 'No screen lock or security key was set up. Enter your passphrase or code.');
  try {
    return { wrap, raw: await unseal(await keyOfPrf(output, wrap.salt), placeOfWrap(wrap.kind, wrap.version), wrap) };
  } catch (cause) {
    throw new VaultError(
      'wrong-secret',
      'This screen lock or security key does not open the app any more. Enter your passphrase or recovery code.',
      { cause },
    );
  }
}
