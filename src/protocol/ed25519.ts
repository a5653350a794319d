/**
 * Ed25519 (RFC 8032) by WebCrypto, and by @noble/curves where the browser's WebCrypto lacks it.
 */
import { concatBytes, fromBase64Url, fromHex, ownBytes, type Bytes } from './bytes.ts';

/** Whoever can sign; the secret key may live in another thread or machine. */
export interface Signer {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** Ed25519 signature of the bytes (64 bytes). */
  sign(bytes: Bytes): Promise<Bytes>;
}

/** DER of a PKCS #8 Ed25519 key (RFC 8410 section 7) up to the 32 bytes of the seed. */
const pkcs8Head = fromHex('302e020100300506032b657004220420') ?? new Uint8Array();

const importSeed = (seed: Bytes, extractable: boolean): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', concatBytes(pkcs8Head, seed), 'Ed25519', extractable, ['sign']);

const noble = async () => (await import('@noble/curves/ed25519.js')).ed25519;

let supported: Promise<boolean> | undefined;
/** Whether WebCrypto knows Ed25519 here (asked once). */
const hasNative = (): Promise<boolean> =>
  (supported ??= importSeed(new Uint8Array(32), false).then(
    () => true,
    () => false,
  ));

/** A signer from its 32-byte secret seed. */
export async function signerFromSeed(seed: Uint8Array): Promise<Signer> {
  if (seed.length !== 32) throw new RangeError(`seed must be 32 bytes, not ${seed.length}`);
  const own = new Uint8Array(seed);
  if (!(await hasNative())) {
    const curve = await noble();
    return {
      publicKey: ownBytes(curve.getPublicKey(own)),
      sign: (bytes) => Promise.resolve(ownBytes(curve.sign(bytes, own))),
    };
  }
  // WebCrypto derives the public key only on the way through an extractable key; the one that is kept is not.
  const { x } = await crypto.subtle.exportKey('jwk', await importSeed(own, true));
  const publicKey = fromBase64Url(x ?? '');
  if (publicKey?.length !== 32) throw new Error('WebCrypto gave no Ed25519 public key');
  const secret = await importSeed(own, false);
  return {
    publicKey,
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', secret, bytes)),
  };
}

/** A fresh secret seed (32 bytes). */
export const randomSeed = (): Bytes => crypto.getRandomValues(new Uint8Array(32));

/** Whether the signature is this key's over these bytes; false, never a throw, for keys or signatures that are none. */
export async function verifyEd25519(publicKey: Uint8Array, signature: Uint8Array, bytes: Uint8Array): Promise<boolean> {
  try {
    if (!(await hasNative())) return (await noble()).verify(signature, bytes, publicKey, { zip215: false });
    const key = await crypto.subtle.importKey('raw', ownBytes(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, ownBytes(signature), ownBytes(bytes));
  } catch {
    return false;
  }
}
