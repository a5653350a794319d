import { hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fingerprint,
  fingerprintCoefficients,
  fingerprintOpener,
  fingerprintPrime,
  makeHpkeKeyPair,
  sealFingerprint,
} from '../../src/protocol/fingerprint.ts';
import { seedOf } from './example.ts';

const community = new Uint8Array(32).fill(7);
const context = { community, month: '2026-01', steward: 1 };
const header = Uint8Array.of(1, 2, 3);

test('coefficients are HKDF of the announcement’s hash, by another implementation', async () => {
  const hash = await seedOf('announcement');
  const words = new DataView(hkdfSync('sha256', hash, new Uint8Array(), 'private-energy rho v1', 313 * 8));
  const expected = Array.from({ length: 313 }, (_, i) => words.getBigUint64(8 * i) % (2n ** 61n - 1n));
  expect(await fingerprintCoefficients(hash)).toEqual(expected);
});

test('fingerprints of sums are sums of fingerprints', async () => {
  const rho = await fingerprintCoefficients(await seedOf('announcement'));
  const share = fc.array(fc.integer({ min: 0, max: 1_048_572 }), { minLength: 313, maxLength: 313 });
  fc.assert(
    fc.property(share, share, (a, b) => {
      const sum = a.map((y, i) => y + (b[i] ?? 0));
      expect(fingerprint(rho, sum)).toBe((fingerprint(rho, a) + fingerprint(rho, b)) % fingerprintPrime);
    }),
    { numRuns: 20 },
  );
});

describe('sealed', () => {
  test('opens with the right key, header, community, month and steward, and no other', async () => {
    const keys = await makeHpkeKeyPair();
    expect([keys.publicKey.length, keys.secretKey.length]).toEqual([32, 32]);
    const sealed = await sealFingerprint(fingerprintPrime - 1n, keys.publicKey, header, context);
    expect(sealed).toHaveLength(56);
    expect(await (await fingerprintOpener(keys.secretKey, context))(sealed, header)).toBe(fingerprintPrime - 1n);
    const other = await makeHpkeKeyPair();
    const wrong = [
      [keys.secretKey, context, Uint8Array.of(1, 2, 4)],
      [keys.secretKey, { ...context, month: '2026-02' }, header],
      [keys.secretKey, { ...context, steward: 0 }, header],
      [keys.secretKey, { ...context, community: new Uint8Array(32) }, header],
      [other.secretKey, context, header],
    ] as const;
    for (const [key, place, aad] of wrong) {
      await expect((await fingerprintOpener(key, place))(sealed, aad)).rejects.toMatchObject({
        code: 'bad-fingerprint',
      });
    }
    expect(await sealFingerprint(1n, keys.publicKey, header, context)).not.toEqual(
      await sealFingerprint(1n, keys.publicKey, header, context),
    );
  });

  test('what is sealed but no fingerprint is refused', async () => {
    const keys = await makeHpkeKeyPair();
    const open = await fingerprintOpener(keys.secretKey, context);
    for (const value of [fingerprintPrime, 2n ** 64n - 1n]) {
      const sealed = await sealFingerprint(value, keys.publicKey, header, context);
      await expect(open(sealed, header)).rejects.toMatchObject({ code: 'bad-fingerprint' });
    }
  });
});
