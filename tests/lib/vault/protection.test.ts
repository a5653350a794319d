import { hkdfSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { forgetDataKey, unlock, unlockByPrf } from '../../../src/lib/vault/data-key.ts';
import { closeVault } from '../../../src/lib/vault/open.ts';
import { freshRecoveryCode, isRecoveryCode, keyOfPassphrase, keyOfPrf } from '../../../src/lib/vault/passphrase.ts';
import {
  makeRecoveryCode,
  openByItself,
  readProtection,
  removePassphrase,
  removePrf,
  requirePassphrase,
  requirePrf,
  setPassphrase,
  setPrf,
} from '../../../src/lib/vault/protection.ts';
import { keepSecret, readSecret } from '../../../src/lib/vault/secrets.ts';
import { deleteRaw, dumpDatabase, freshVault, putRaw } from './fresh-vault.ts';

const passphrase = 'wind over quiet meters';
const secret = new Uint8Array(32).fill(7);

/** The worker ends, as when the app is closed or locked. */
async function restart(): Promise<void> {
  await closeVault();
  forgetDataKey();
}

beforeEach(async () => {
  await freshVault();
  await keepSecret('member/a', secret);
});

describe('a passphrase', () => {
  it('opens the vault once the device alone does not, and only the right one', async () => {
    await setPassphrase(passphrase);
    await requirePassphrase(passphrase);
    await restart();
    expect(await readProtection()).toEqual({
      device: false,
      passphrase: true,
      recovery: false,
      prf: false,
      locked: true,
    });
    await expect(readSecret('member/a')).rejects.toMatchObject({ code: 'locked' });
    await expect(keepSecret('member/b', secret)).rejects.toMatchObject({ code: 'locked' });
    await expect(unlock('wind over quiet metres')).rejects.toMatchObject({ code: 'wrong-secret' });
    await expect(readSecret('member/a')).rejects.toMatchObject({ code: 'locked' });
    await unlock(` ${passphrase} `);
    expect(await readSecret('member/a')).toEqual(secret);
    await openByItself();
    await restart();
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('can be changed and taken away without losing a secret', async () => {
    await setPassphrase(passphrase);
    await setPassphrase('another one of enough words');
    await requirePassphrase('another one of enough words');
    await restart();
    await expect(unlock(passphrase)).rejects.toMatchObject({ code: 'wrong-secret' });
    await unlock('another one of enough words');
    await removePassphrase();
    await restart();
    expect(await readProtection()).toEqual({
      device: true,
      passphrase: false,
      recovery: false,
      prf: false,
      locked: false,
    });
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('is refused when short, and does not lock anybody out when mistyped', async () => {
    await expect(setPassphrase('too short')).rejects.toMatchObject({ code: 'wrong-secret' });
    await expect(requirePassphrase(passphrase)).rejects.toMatchObject({ code: 'wrong-secret' });
    await setPassphrase(passphrase);
    await expect(requirePassphrase('wind over quiet metres')).rejects.toMatchObject({ code: 'wrong-secret' });
    await restart();
    expect(await readSecret('member/a')).toEqual(secret);
  });
});

describe('a recovery code', () => {
  it('opens the vault, however it is typed', async () => {
    await setPassphrase(passphrase);
    const code = await makeRecoveryCode();
    await requirePassphrase(passphrase);
    await restart();
    await expect(unlock(await freshRecoveryCode())).rejects.toMatchObject({ code: 'wrong-secret' });
    await unlock(code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l'));
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('shows every single typing error', async () => {
    const code = await freshRecoveryCode();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(await isRecoveryCode(code)).toBe(true);
    for (let i = 0; i < code.length; i++) {
      if (code[i] === '-') continue;
      const mistyped = `${code.slice(0, i)}${code[i] === '7' ? '8' : '7'}${code.slice(i + 1)}`;
      expect(await isRecoveryCode(mistyped), mistyped).toBe(false);
    }
  });

  it('made anew takes the place of the old one', async () => {
    const old = await makeRecoveryCode();
    await makeRecoveryCode();
    forgetDataKey();
    await expect(unlock(old)).rejects.toMatchObject({ code: 'wrong-secret' });
  });
});

describe('the PRF of a credential', () => {
  const credential = { credentialId: new Uint8Array(16).fill(1), salt: new Uint8Array(32).fill(2) };
  const output = new Uint8Array(32).fill(3);
  const other = new Uint8Array(32).fill(4);

  it('opens the vault beside the passphrase, and no other output does', async () => {
    await setPassphrase(passphrase);
    await setPrf(credential, output);
    await expect(requirePrf(other)).rejects.toMatchObject({ code: 'wrong-secret' });
    await requirePrf(output);
    await restart();
    expect(await readProtection()).toEqual({
      device: false,
      passphrase: true,
      recovery: false,
      prf: true,
      locked: true,
    });
    await expect(readSecret('member/a')).rejects.toMatchObject({ code: 'locked' });
    await expect(unlockByPrf(other)).rejects.toMatchObject({ code: 'wrong-secret' });
    await expect(readSecret('member/a')).rejects.toMatchObject({ code: 'locked' });
    await unlockByPrf(output);
    expect(await readSecret('member/a')).toEqual(secret);
    await restart();
    await unlock(passphrase);
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('is never the only way in', async () => {
    await expect(setPrf(credential, output)).rejects.toMatchObject({ code: 'wrong-secret' });
    expect(await readProtection()).toMatchObject({ device: true, prf: false });

    await setPassphrase(passphrase);
    await setPrf(credential, output);
    await requirePrf(output);
    await removePassphrase();
    expect(await readProtection()).toMatchObject({ device: true, passphrase: false, prf: false });
    await restart();
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('does not take the device’s wrap away when the others are gone', async () => {
    await makeRecoveryCode();
    await setPrf(credential, output);
    await deleteRaw('wraps', 'recovery');
    await expect(requirePrf(output)).rejects.toMatchObject({ code: 'wrong-secret' });
    expect(await readProtection()).toMatchObject({ device: true, recovery: false });
  });

  it('stays beside a recovery code when the passphrase goes, and goes alone', async () => {
    await setPassphrase(passphrase);
    const code = await makeRecoveryCode();
    await setPrf(credential, output);
    await removePassphrase();
    await requirePrf(output);
    await removePrf();
    await restart();
    expect(await readProtection()).toMatchObject({ device: false, passphrase: false, recovery: true, prf: false });
    await expect(unlockByPrf(output)).rejects.toMatchObject({ code: 'wrong-secret' });
    await unlock(code);
    expect(await readSecret('member/a')).toEqual(secret);
  });

  it('opens its wrap in its own place only', async () => {
    await setPassphrase(passphrase);
    await setPrf(credential, output);
    const wrap = (await dumpDatabase())['wraps']?.find(
      (one) => typeof one === 'object' && one !== null && 'credentialId' in one,
    );
    await putRaw('wraps', { ...wrap, version: 9 });
    await expect(unlockByPrf(output)).rejects.toMatchObject({ code: 'wrong-secret' });
  });

  it('gives the key that HKDF of RFC 5869 gives', async () => {
    const raw = new Uint8Array(hkdfSync('sha256', output, credential.salt, 'private-energy prf v1', 32));
    const reference = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
    const encrypt = (key: CryptoKey) => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, secret);
    expect(Buffer.from(await encrypt(await keyOfPrf(output, credential.salt)))).toEqual(
      Buffer.from(await encrypt(reference)),
    );
  });
});

it('refuses a wrap of another kind or version', async () => {
  await setPassphrase(passphrase);
  const wraps = (await dumpDatabase())['wraps'] ?? [];
  const wrap = wraps.find((one) => typeof one === 'object' && one !== null && 'argon2id' in one);
  await putRaw('wraps', { ...wrap, version: 9 });
  await expect(unlock(passphrase)).rejects.toMatchObject({ code: 'wrong-secret' });
});

it('makes keys of passphrases as the reference implementation of Argon2id does', async () => {
  // phc-winner-argon2, src/test.c: Argon2id, version 19, t = 2, m = 2^16 KiB, p = 1.
  const answer = '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7';
  const ours = await keyOfPassphrase('password', {
    memoryKib: 65536,
    iterations: 2,
    parallelism: 1,
    salt: new TextEncoder().encode('somesalt'),
  });
  const raw = Uint8Array.from(Buffer.from(answer, 'hex'));
  const reference = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  const encrypt = (key: CryptoKey) => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, secret);
  expect(Buffer.from(await encrypt(ours))).toEqual(Buffer.from(await encrypt(reference)));
});
