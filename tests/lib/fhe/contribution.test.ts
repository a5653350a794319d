import { describe, expect, test } from 'vitest';
import { decryptTotal, encryptShares, makeRoundKey } from '../../../src/lib/fhe/contribution.ts';
import { nodeTfhe } from '../../../src/lib/fhe/node.ts';
import { CiphertextSum, checkCiphertext, ciphertextBytes, publicKeyBytes } from '../../../src/protocol/ciphertext.ts';
import { prime } from '../../../src/protocol/shamir.ts';
import { sha256 } from '../../../src/protocol/hash.ts';

const randomShares = () => [...crypto.getRandomValues(new Uint32Array(313))].map((word) => word % prime);
const sumOf = (vectors: readonly number[][]) =>
  Array.from({ length: 313 }, (_, slot) => vectors.reduce((sum, vector) => sum + (vector[slot] ?? 0), 0));

const key = makeRoundKey(nodeTfhe);

describe('contribution ciphertexts', () => {
  test('have the documented sizes and decrypt to what was encrypted', () => {
    expect([ciphertextBytes, publicKeyBytes]).toEqual([19_524, 32_888]);
    expect(key.publicKey).toHaveLength(publicKeyBytes);
    for (const shares of [randomShares(), Array<number>(313).fill(prime - 1), Array<number>(313).fill(0)]) {
      const ciphertext = encryptShares(nodeTfhe, key.publicKey, shares);
      expect(ciphertext).toHaveLength(ciphertextBytes);
      expect(decryptTotal(nodeTfhe, key.secretKey, ciphertext)).toEqual(shares);
    }
  });

  test('differ each time for equal shares', async () => {
    const shares = randomShares();
    const hashes = await Promise.all([1, 2].map(() => sha256(encryptShares(nodeTfhe, key.publicKey, shares))));
    expect(hashes[0]).not.toEqual(hashes[1]);
  });

  test('centred sums of 1, 2, 3 and 56 homes decrypt exactly, unreduced', () => {
    const vectors = Array.from({ length: 56 }, randomShares);
    const sum = new CiphertextSum();
    vectors.forEach((vector, home) => {
      sum.add(encryptShares(nodeTfhe, key.publicKey, vector));
      if ([0, 1, 2, 55].includes(home)) {
        expect(decryptTotal(nodeTfhe, key.secretKey, sum.total(key.publicKey))).toEqual(
          sumOf(vectors.slice(0, home + 1)),
        );
      }
    });
  });

  test('another key’s total decrypts to other numbers', () => {
    const shares = randomShares();
    const ciphertext = encryptShares(nodeTfhe, key.publicKey, shares);
    expect(decryptTotal(nodeTfhe, makeRoundKey(nodeTfhe).secretKey, ciphertext)).not.toEqual(shares);
  });

  test('bytes that are no ciphertext or key are refused before tfhe sees them', () => {
    const ciphertext = encryptShares(nodeTfhe, key.publicKey, randomShares());
    const changed = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const bad = [
      ciphertext.slice(1),
      ciphertext.slice(0, -1),
      changed(ciphertext, 0),
      changed(ciphertext, 19_000),
      new Uint8Array(),
    ];
    for (const bytes of bad) {
      expect(() => checkCiphertext(bytes)).toThrow(expect.objectContaining({ code: 'bad-ciphertext' }));
      expect(() => decryptTotal(nodeTfhe, key.secretKey, bytes)).toThrow('A ciphertext must have');
      expect(() => new CiphertextSum().add(bytes)).toThrow('A ciphertext must have');
    }
    checkCiphertext(changed(ciphertext, 8));
    for (const bytes of [changed(key.publicKey, 0), changed(key.publicKey, 32_880), key.publicKey.slice(1)]) {
      expect(() => encryptShares(nodeTfhe, bytes, randomShares())).toThrow('size, noise and scale');
    }
    expect(() => encryptShares(nodeTfhe, key.publicKey, [1])).toThrow('313');
    expect(() => encryptShares(nodeTfhe, key.publicKey, Array<number>(313).fill(prime))).toThrow('313');
  });

  test('an unaligned copy adds up like an aligned one', () => {
    const ciphertext = encryptShares(nodeTfhe, key.publicKey, randomShares());
    const shifted = new Uint8Array(ciphertextBytes + 3).subarray(3);
    shifted.set(ciphertext);
    const [a, b] = [new CiphertextSum(), new CiphertextSum()];
    a.add(ciphertext);
    b.add(shifted);
    expect(b.total(key.publicKey)).toEqual(a.total(key.publicKey));
  });
});
