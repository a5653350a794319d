/**
 * SHA-256 and Ed25519 by Node's own OpenSSL, on the spot: WebCrypto's, which is the same, goes through other threads for
 * each hash, which takes longer than the hash. Ed25519 signs the same bytes alike each time, and a signature that was
 * found to be valid or not stays so: both are done once. For tests that play thousands of rounds; `vi.mock` puts these
 * in the place of `protocol/hash.ts` and `protocol/ed25519.ts`.
 */
import { createPrivateKey, createPublicKey, hash, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';

const digest = (bytes: Uint8Array): Bytes => new Uint8Array(hash('sha256', bytes, 'buffer'));

export const sha256 = (bytes: Uint8Array): Promise<Bytes> => Promise.resolve(digest(bytes));

/** DER (RFC 8410) up to the 32 bytes of a seed, and of a public key. */
const pkcs8Head = fromHex('302e020100300506032b657004220420') ?? new Uint8Array();
const spkiHead = fromHex('302a300506032b6570032100') ?? new Uint8Array();

/** Keeps what was made of bytes. */
class Made<T> {
  readonly #made = new Map<string, T>();

  of(bytes: Uint8Array, make: () => T): T {
    const name = Buffer.from(bytes).toString('latin1');
    const value = this.#made.get(name) ?? make();
    if (this.#made.size >= 20_000) this.#made.clear();
    this.#made.set(name, value);
    return value;
  }
}
const signatures = new Made<Bytes>();
const keys = new Made<KeyObject>();
const verified = new Made<boolean>();

export function signerFromSeed(seed: Uint8Array): Promise<Signer> {
  const key = createPrivateKey({ key: Buffer.from(concatBytes(pkcs8Head, seed)), format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
  const signed = (bytes: Uint8Array): Bytes =>
    signatures.of(concatBytes(publicKey, digest(bytes)), () => new Uint8Array(sign(null, bytes, key)));
  return Promise.resolve({ publicKey, sign: (bytes) => Promise.resolve(signed(bytes).slice()) });
}

export const randomSeed = (): Bytes => new Uint8Array(randomBytes(32));

export function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  const all = concatBytes(publicKey, signature, digest(bytes));
  return Promise.resolve(verified.of(all, () => check(publicKey, signature, bytes)));
}

function check(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean {
  try {
    const der = Buffer.from(concatBytes(spkiHead, publicKey));
    const key = keys.of(publicKey, () => createPublicKey({ key: der, format: 'der', type: 'spki' }));
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}
