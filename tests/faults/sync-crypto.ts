/**
 * SHA-256 and Ed25519 by Node's own OpenSSL, on the spot: WebCrypto's, which is the same, goes through other threads for
 * each hash, which takes longer than the hash. A signature that was found to be valid or not stays so, and is not looked
 * at twice. For tests that play thousands of rounds; `vi.mock` puts these in the place of `protocol/hash.ts` and
 * `protocol/ed25519.ts`.
 */
import { createPrivateKey, createPublicKey, hash, randomBytes, sign, verify, type KeyObject } from 'node:crypto';
import { concatBytes, fromHex, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';

const digest = (bytes: Uint8Array): Bytes => new Uint8Array(hash('sha256', bytes, 'buffer'));

export const sha256 = (bytes: Uint8Array): Promise<Bytes> => Promise.resolve(digest(bytes));

/** DER (RFC 8410) up to the 32 bytes of a seed, and of a public key. */
const pkcs8Head = fromHex('302e020100300506032b657004220420') ?? new Uint8Array();
const spkiHead = fromHex('302a300506032b6570032100') ?? new Uint8Array();

export function signerFromSeed(seed: Uint8Array): Promise<Signer> {
  const key = createPrivateKey({ key: Buffer.from(concatBytes(pkcs8Head, seed)), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  return Promise.resolve({
    publicKey: new Uint8Array(publicKey),
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  });
}

export const randomSeed = (): Bytes => new Uint8Array(randomBytes(32));

const keys = new Map<string, KeyObject>();
const verified = new Map<string, boolean>();
const mostVerified = 20_000;

export function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  const name = toHex(concatBytes(publicKey, signature, digest(bytes)));
  const known = verified.get(name);
  if (known !== undefined) return Promise.resolve(known);
  const isValid = check(publicKey, signature, bytes);
  if (verified.size >= mostVerified) verified.clear();
  verified.set(name, isValid);
  return Promise.resolve(isValid);
}

function check(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean {
  try {
    const name = toHex(publicKey);
    const der = Buffer.from(concatBytes(spkiHead, publicKey));
    const key = keys.get(name) ?? createPublicKey({ key: der, format: 'der', type: 'spki' });
    keys.set(name, key);
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}
