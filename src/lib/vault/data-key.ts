/**
 * The vault's data key: 32 random bytes under which all secrets are sealed. It is stored only wrapped, by default under
 * an AES key of this device that WebCrypto made non-extractable. Every wrap alone opens it; a vault whose device wrap
 * was taken away is locked until {@link unlock} is given the passphrase or the recovery code.
 *
 * This runs in the fhe worker: ending the worker locks the vault.
 */

import type { Bytes } from '../../protocol/bytes.ts';
import { VaultError } from './error.ts';
import { read, write } from './open.ts';
import { isRecoveryCode, keyOfPassphrase, keyOfRecoveryCode } from './passphrase.ts';
import { checked, wrapSchema, type KeyWrap, type WrapKind } from './schema.ts';
import { seal, unseal, type Place } from './seal.ts';

let opened: Promise<CryptoKey> | undefined;

/** All wraps of the data key, checked. */
export async function listWraps(): Promise<KeyWrap[]> {
  const wraps = await read(['wraps'], (tx) => tx.store.getAll());
  return wraps.map((wrap) => checked(wrapSchema, wrap, 'The vault’s key'));
}

/** Where a wrap stands, for its associated data. */
export const placeOfWrap = (kind: WrapKind, version: number): Place => ({ store: 'wraps', id: kind, version });

/** The data key in memory. Its bytes can be taken out again, to wrap them once more; it never leaves the worker. */
const importDataKey = (raw: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', raw, 'AES-GCM', true, ['encrypt', 'decrypt']);

/**
 * The data key, as long as this worker lives; made on first use.
 * @throws {VaultError} `locked` when only a passphrase or recovery code opens it
 */
export function dataKey(): Promise<CryptoKey> {
  opened ??= openByDevice().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** Forgets the data key in this worker. */
export function forgetDataKey(): void {
  opened = undefined;
}

/** Whether this worker can use the vault's keys without asking its owner. */
export async function isLocked(): Promise<boolean> {
  if (opened !== undefined) return false;
  const wraps = await listWraps();
  return wraps.length > 0 && !wraps.some(({ kind }) => kind === 'device');
}

async function openByDevice(): Promise<CryptoKey> {
  let wraps = await listWraps();
  if (wraps.length === 0) {
    await createDataKey();
    wraps = await listWraps();
  }
  const device = wraps.find((wrap) => wrap.kind === 'device');
  if (device === undefined) throw new VaultError('locked', 'The app is locked. Unlock it first.');
  return importDataKey(await unseal(device.deviceKey, placeOfWrap('device', device.version), device));
}

/** Makes the data key and its device wrap, unless another tab was first. */
async function createDataKey(): Promise<void> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const wrap = await wrapForDevice(raw, 1);
  raw.fill(0);
  await write(['wraps'], async ({ store }) => {
    // In one transaction: of five tabs that come here, one stores its key.
    if ((await store.count()) === 0) await store.add(wrap);
  });
}

/** A new device wrap of the raw data key, under a new device key. */
export async function wrapForDevice(raw: Uint8Array, version: number): Promise<KeyWrap> {
  const deviceKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  return { kind: 'device', version, deviceKey, ...(await seal(deviceKey, placeOfWrap('device', version), raw)) };
}

/**
 * Opens the vault in this worker with the passphrase or the recovery code.
 * @throws {VaultError} `wrong-secret`
 */
export async function unlock(passphraseOrCode: string): Promise<void> {
  const raw = await openWraps(await listWraps(), passphraseOrCode);
  opened = importDataKey(raw);
  await opened;
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
