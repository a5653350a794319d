/** What protects the vault's data key, and changes of it. For use in the fhe worker, like the key itself. */

import { equalBytes, type Bytes } from '../../protocol/bytes.ts';
import { dataKey, isLocked, listWraps, openPrfWrap, placeOfWrap, wrapForDevice } from './data-key.ts';
import { VaultError } from './error.ts';
import { write } from './open.ts';
import {
  checkNewPassphrase,
  freshArgon2id,
  freshRecoveryCode,
  keyOfPassphrase,
  keyOfPrf,
  keyOfRecoveryCode,
} from './passphrase.ts';
import type { KeyWrap, WrapKind } from './schema.ts';
import type { PrfCredential } from './screen-lock.ts';
import { seal, unseal } from './seal.ts';

/** Which wraps of the data key there are; without `device` the app asks for one of the others when it is opened. */
export interface Protection {
  readonly device: boolean;
  readonly passphrase: boolean;
  readonly recovery: boolean;
  /** A screen lock or security key, through the PRF of a WebAuthn credential. */
  readonly prf: boolean;
  readonly locked: boolean;
}

export async function readProtection(): Promise<Protection> {
  const kinds = new Set((await listWraps()).map(({ kind }) => kind));
  return {
    // A vault that holds no key yet is made with a device wrap.
    device: kinds.size === 0 || kinds.has('device'),
    passphrase: kinds.has('passphrase'),
    recovery: kinds.has('recovery'),
    prf: kinds.has('prf'),
    locked: await isLocked(),
  };
}

/**
 * Sets or changes the passphrase that opens the vault, beside the other wraps.
 * @throws {VaultError} `locked`; `wrong-secret` when it is too short
 */
export async function setPassphrase(passphrase: string): Promise<void> {
  checkNewPassphrase(passphrase);
  const argon2id = freshArgon2id();
  const key = await keyOfPassphrase(passphrase, argon2id);
  await replaceWrap('passphrase', key, (sealed) => ({ kind: 'passphrase', argon2id, ...sealed }));
}

/** Makes a recovery code that opens the vault, in the place of an older one. It is shown once and stored nowhere. */
export async function makeRecoveryCode(): Promise<string> {
  const code = await freshRecoveryCode();
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await keyOfRecoveryCode(code, salt);
  await replaceWrap('recovery', key, (sealed) => ({ kind: 'recovery', salt, ...sealed }));
  return code;
}

/** Takes the passphrase away, and a screen lock that only it stood beside; the app then opens by itself again. */
export async function removePassphrase(): Promise<void> {
  await openByItself();
  await write(['wraps'], async ({ store }) => {
    await store.delete('passphrase');
    if (!opensWithout(await store.getAllKeys())) await store.delete('prf');
  });
}

/** Whether there is a way in that a broken, reset or lost authenticator does not close. */
const opensWithout = (kinds: readonly WrapKind[]): boolean =>
  kinds.includes('passphrase') || kinds.includes('recovery');

/** @throws {VaultError} `wrong-secret` when a screen lock or security key would be the only way in */
function checkOpensWithout(kinds: readonly WrapKind[]): void {
  if (!opensWithout(kinds))
    throw new VaultError(
      'wrong-secret',
      'Set a passphrase or make a recovery code first: a key can break or get lost.',
    );
}

/**
 * Lets a credential's PRF open the vault, beside the other wraps and in the place of an older credential.
 * @throws {VaultError} `locked`; `wrong-secret` when there is neither a passphrase nor a recovery code
 */
export async function setPrf({ credentialId, salt }: PrfCredential, output: Bytes): Promise<void> {
  const key = await keyOfPrf(output, salt);
  await replaceWrap('prf', key, (sealed) => ({ kind: 'prf', credentialId, salt, ...sealed }));
}

/** Takes the credential's wrap away; what else opens the vault stays. */
export async function removePrf(): Promise<void> {
  await write(['wraps'], async ({ store }) => {
    const kinds = await store.getAllKeys();
    if (kinds.some((kind) => kind !== 'prf')) await store.delete('prf');
  });
}

/**
 * From now on the app asks when it is opened: the device's own wrap is deleted.
 * @throws {VaultError} `wrong-secret` when the output does not open the vault, or nothing else but it would
 */
export async function requirePrf(output: Bytes): Promise<void> {
  const { wrap, raw } = await openPrfWrap(output);
  raw.fill(0);
  await write(['wraps'], async ({ store }) => {
    checkOpensWithout(await store.getAllKeys());
    const current = await store.get('prf');
    if (current?.version === wrap.version) await store.delete('device');
  });
}

/**
 * From now on the app asks for the passphrase: the device's own wrap is deleted.
 * @throws {VaultError} `wrong-secret` when there is no passphrase, or this one does not open the vault
 */
export async function requirePassphrase(passphrase: string): Promise<void> {
  const wrap = (await listWraps()).find(({ kind }) => kind === 'passphrase');
  if (wrap?.kind !== 'passphrase') throw new VaultError('wrong-secret', 'Set a passphrase first.');
  await unseal(await keyOfPassphrase(passphrase, wrap.argon2id), placeOfWrap(wrap.kind, wrap.version), wrap);
  await write(['wraps'], async ({ store }) => {
    // Only if the wrap that was just opened is still there: another tab may have changed it.
    const current = await store.get('passphrase');
    if (current?.version === wrap.version) await store.delete('device');
  });
}

/** The app opens without asking again: the device gets a wrap of its own. */
export async function openByItself(): Promise<void> {
  const wraps = await listWraps();
  if (wraps.some(({ kind }) => kind === 'device')) return;
  const { id, raw } = await rawDataKey();
  const wrap = await wrapForDevice(raw, id);
  raw.fill(0);
  await write(['wraps'], (tx) => tx.store.put(wrap));
}

async function rawDataKey(): Promise<{ id: string; raw: Bytes }> {
  const { id, key } = await dataKey();
  return { id, raw: new Uint8Array(await crypto.subtle.exportKey('raw', key)) };
}

type Sealing = Pick<KeyWrap, 'keyId' | 'version' | 'nonce' | 'sealed'>;

/** Writes a wrap, reads it back and opens it; if it does not open, the one before is put back. */
async function replaceWrap(kind: WrapKind, key: CryptoKey, wrapOf: (sealing: Sealing) => KeyWrap): Promise<void> {
  const { id, raw } = await rawDataKey();
  const before = (await listWraps()).find((wrap) => wrap.kind === kind);
  const version = (before?.version ?? 0) + 1;
  const place = placeOfWrap(kind, version);
  const wrap = wrapOf({ keyId: id, version, ...(await seal(key, place, raw)) });
  await write(['wraps'], async ({ store }) => {
    if (kind === 'prf') checkOpensWithout(await store.getAllKeys());
    await store.put(wrap);
  });
  try {
    const stored = (await listWraps()).find((other) => other.kind === kind);
    if (stored === undefined || !equalBytes(await unseal(key, place, stored), raw)) throw new Error('it differs');
  } catch (cause) {
    await write(['wraps'], async ({ store }) => {
      if (before === undefined) await store.delete(kind);
      else await store.put(before);
    });
    throw new VaultError('damaged', 'The new protection could not be read back. Nothing was changed.', { cause });
  } finally {
    raw.fill(0);
  }
}
