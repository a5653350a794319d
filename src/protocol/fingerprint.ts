/**
 * Fingerprints: f = Σ ρ_i·y_i mod 2^61 − 1 over the shares y of one steward, sealed to that steward. LWE ciphertexts
 * can be multiplied and re-randomised by anyone; a fingerprint cannot be made by one who does not know the share, so
 * the endpoint cannot mix in what it cannot read.
 */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { toHex, utf8, type Bytes } from './bytes.ts';
import { sealedFingerprintBytes } from './contribution.ts';
import { ProtocolError } from './error.ts';
import { vectorLength } from './features.ts';

/** Fingerprints live in the field of this many elements, 2^61 − 1. */
export const fingerprintPrime = 2n ** 61n - 1n;

/**
 * The round's coefficients ρ, one per slot: HKDF-SHA256 (RFC 5869; no salt, info `private-energy rho v1`) of the
 * announcement's hash, read as big-endian 64-bit words modulo 2^61 − 1.
 */
export async function fingerprintCoefficients(announcementHash: Bytes): Promise<bigint[]> {
  const secret = await crypto.subtle.importKey('raw', announcementHash, 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8('private-energy rho v1') };
  const words = new DataView(await crypto.subtle.deriveBits(parameters, secret, vectorLength * 64));
  return Array.from({ length: vectorLength }, (_, slot) => words.getBigUint64(8 * slot) % fingerprintPrime);
}

/** Σ ρ_i·y_i mod 2^61 − 1 of shares or of unreduced sums of shares. */
export function fingerprint(coefficients: readonly bigint[], shares: readonly number[]): bigint {
  return coefficients.reduce((sum, rho, slot) => sum + rho * BigInt(shares[slot] ?? 0), 0n) % fingerprintPrime;
}

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM (RFC 9180). */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() });

/** A steward's key pair for the fingerprints of one round, raw: 32 bytes each. */
export interface HpkeKeyPair {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

export async function makeHpkeKeyPair(): Promise<HpkeKeyPair> {
  const pair = await suite.kem.generateKeyPair();
  const [publicKey, secretKey] = await Promise.all([
    suite.kem.serializePublicKey(pair.publicKey),
    suite.kem.serializePrivateKey(pair.privateKey),
  ]);
  return { publicKey: new Uint8Array(publicKey), secretKey: new Uint8Array(secretKey) };
}

/** For whom a fingerprint is: part of its HPKE info. */
export interface FingerprintContext {
  readonly community: Bytes;
  readonly month: string;
  readonly steward: number;
}

const infoOf = ({ community, month, steward }: FingerprintContext): Bytes =>
  utf8(`private-energy fingerprint v1 ${toHex(community)} ${month} ${steward}`);

/**
 * Seals a fingerprint to a steward.
 *
 * @param header - encoded contribution header, the associated data
 * @returns encapsulated key and ciphertext, 56 bytes
 */
export async function sealFingerprint(
  value: bigint,
  publicKey: Bytes,
  header: Bytes,
  context: FingerprintContext,
): Promise<Bytes> {
  const plain = new DataView(new ArrayBuffer(8));
  plain.setBigUint64(0, value);
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
  const sealed = await suite.seal({ recipientPublicKey, info: infoOf(context) }, plain.buffer, header);
  const whole = new Uint8Array(sealedFingerprintBytes);
  whole.set(new Uint8Array(sealed.enc));
  whole.set(new Uint8Array(sealed.ct), sealed.enc.byteLength);
  return whole;
}

/** Opens sealed fingerprints with one round's secret key. */
export async function fingerprintOpener(
  secretKey: Bytes,
  context: FingerprintContext,
): Promise<(sealed: Bytes, header: Bytes) => Promise<bigint>> {
  const recipientKey = await suite.kem.deserializePrivateKey(secretKey);
  const info = infoOf(context);
  return async (sealed, header) => {
    let plain: ArrayBuffer;
    try {
      const enc = sealed.slice(0, suite.kem.encSize);
      plain = await suite.open({ recipientKey, enc, info }, sealed.slice(suite.kem.encSize), header);
    } catch (cause) {
      throw new ProtocolError('bad-fingerprint', 'A fingerprint was not sealed for this contribution', { cause });
    }
    const value = plain.byteLength === 8 ? new DataView(plain).getBigUint64(0) : fingerprintPrime;
    if (value >= fingerprintPrime)
      throw new ProtocolError('bad-fingerprint', 'A sealed fingerprint holds no fingerprint');
    return value;
  };
}
