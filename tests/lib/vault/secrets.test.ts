import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url, toHex } from '../../../src/protocol/bytes.ts';
import { forgetDataKey, listWraps } from '../../../src/lib/vault/data-key.ts';
import { closeVault } from '../../../src/lib/vault/open.ts';
import { deleteSecret, keepSecret, readSecret } from '../../../src/lib/vault/secrets.ts';
import { dumpDatabase, freshVault, putRaw } from './fresh-vault.ts';

beforeEach(freshVault);

const random = () => crypto.getRandomValues(new Uint8Array(32));

/** Whether bytes stand anywhere in a value: raw in any buffer, or in a text as hex or base64url. */
function holds(value: unknown, needle: Uint8Array): boolean {
  if (typeof value === 'string') return value.includes(toHex(needle)) || value.includes(toBase64Url(needle));
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return toHex(bytes).includes(toHex(needle));
  }
  if (typeof value === 'object' && value !== null) return Object.values(value).some((part) => holds(part, needle));
  return false;
}

describe('secrets', () => {
  it('come back after a restart and are gone when deleted', async () => {
    const secret = random();
    expect(await keepSecret('member/a', secret)).toEqual(secret);
    await closeVault();
    forgetDataKey();
    expect(await readSecret('member/a')).toEqual(secret);
    await deleteSecret('member/a');
    expect(await readSecret('member/a')).toBeUndefined();
  });

  it('stand nowhere in the clear', async () => {
    const secret = random();
    await keepSecret('member/a', secret);
    expect(holds(await dumpDatabase(), secret)).toBe(false);
    // The search itself works: planted in the clear, each way is found.
    for (const planted of [secret, toHex(secret), toBase64Url(secret)]) {
      await putRaw('receipts', { id: 'planted', planted });
      expect(holds(await dumpDatabase(), secret)).toBe(true);
    }
  });

  it('are one per id, whoever is first', async () => {
    const kept = await Promise.all(Array.from({ length: 5 }, () => keepSecret('member/a', random())));
    expect(new Set(kept.map(toHex)).size).toBe(1);
    expect(await listWraps()).toHaveLength(1);
  });

  it('open only in their own place, unchanged, as their own version', async () => {
    await keepSecret('a', random());
    const [record] = (await dumpDatabase())['secrets'] ?? [];
    const of = (change: object) => ({ ...(record ?? {}), ...change });
    await putRaw('secrets', of({ id: 'b' }));
    await expect(readSecret('b')).rejects.toMatchObject({ code: 'wrong-secret' });
    await putRaw('secrets', of({ version: 2 }));
    await expect(readSecret('a')).rejects.toMatchObject({ code: 'wrong-secret' });
    await putRaw('secrets', of({ sealed: random() }));
    await expect(readSecret('a')).rejects.toMatchObject({ code: 'wrong-secret' });
    await putRaw('secrets', of({ nonce: new Uint8Array(3) }));
    await expect(readSecret('a')).rejects.toMatchObject({ code: 'damaged' });
  });

  it('use a device key that cannot be taken out', async () => {
    await keepSecret('a', random());
    const [wrap] = await listWraps();
    if (wrap?.kind !== 'device') throw new Error('no device wrap');
    await expect(crypto.subtle.exportKey('raw', wrap.deviceKey)).rejects.toThrow();
  });

  it('have fresh nonces', async () => {
    const secret = random();
    for (let i = 0; i < 50; i++) await keepSecret(String(i), secret);
    const sealed = (await dumpDatabase())['secrets'] ?? [];
    expect(new Set(sealed.map((record) => JSON.stringify(record))).size).toBe(50);
    const nonces = sealed.map((record) =>
      typeof record === 'object' && record !== null && 'nonce' in record && record.nonce instanceof Uint8Array
        ? toHex(record.nonce)
        : '',
    );
    expect(new Set(nonces).size).toBe(50);
  });
});
