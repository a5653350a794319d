import { ownBytes, type Bytes } from './bytes.ts';

/** SHA-256 (FIPS 180-4) of bytes: 32 bytes. */
export async function sha256(bytes: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', ownBytes(bytes)));
}
