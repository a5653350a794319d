/** Authenticated encryption of one record of the vault: AES-256-GCM (NIST SP 800-38D) with a fresh nonce. */

import { ownBytes, type Bytes } from '../../protocol/bytes.ts';
import { encodeCbor } from '../../protocol/cbor.ts';
import { VaultError } from './error.ts';

/** The record that a sealed value belongs to; it opens in no other place and as no other version. */
export interface Place {
  readonly store: string;
  readonly id: string;
  readonly version: number;
}

export interface Sealed {
  /** 12 bytes, random. */
  readonly nonce: Bytes;
  /** Ciphertext and 16-byte tag. */
  readonly sealed: Bytes;
}

const associatedData = ({ store, id, version }: Place): Bytes =>
  encodeCbor(['private-energy vault v1', store, id, version]);

export async function seal(key: CryptoKey, place: Place, plain: Uint8Array): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: associatedData(place) },
    key,
    ownBytes(plain),
  );
  return { nonce, sealed: new Uint8Array(sealed) };
}

/**
 * Opens what {@link seal} sealed for this place.
 * @throws {VaultError} `wrong-secret` when the key is another or a byte was changed
 */
export async function unseal(key: CryptoKey, place: Place, { nonce, sealed }: Sealed): Promise<Bytes> {
  try {
    const plain = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: ownBytes(nonce), additionalData: associatedData(place) },
      key,
      ownBytes(sealed),
    );
    return new Uint8Array(plain);
  } catch (cause) {
    throw new VaultError('wrong-secret', 'A sealed record does not open with this key, or was changed.', { cause });
  }
}

/** A key for {@link seal} from 32 bytes; it cannot be extracted again. */
export const sealingKey = (raw: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', ownBytes(raw), 'AES-GCM', false, ['encrypt', 'decrypt']);
