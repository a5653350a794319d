/** Keys from what a person knows, keeps on paper, or has a device compute. */

import { argon2id } from 'hash-wasm';
import { equalBytes, ownBytes, utf8, type Bytes } from '../../protocol/bytes.ts';
import { sha256 } from '../../protocol/hash.ts';
import { VaultError } from './error.ts';
import { sealingKey } from './seal.ts';

/** How a passphrase becomes a key (RFC 9106). */
export interface Argon2idParameters {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
  /** 16 random bytes. */
  readonly salt: Bytes;
}

/** RFC 9106 section 4, second recommended option (64 MiB, three passes), with one lane: WebAssembly has one thread. */
export const freshArgon2id = (): Argon2idParameters => ({
  memoryKib: 64 * 1024,
  iterations: 3,
  parallelism: 1,
  salt: crypto.getRandomValues(new Uint8Array(16)),
});

/** Fewest characters of a new passphrase (NIST SP 800-63B-4 section 3.1.1.2). */
export const shortestPassphrase = 15;

/** @throws {VaultError} `wrong-secret` when a new passphrase is too short */
export function checkNewPassphrase(passphrase: string): void {
  if (Array.from(passphrase.trim()).length < shortestPassphrase)
    throw new VaultError(
      'wrong-secret',
      `A passphrase has at least ${shortestPassphrase} characters: four or five words.`,
    );
}

/** Unicode has several spellings of one character (NFKC makes one); a keyboard may add blanks at the ends. */
const normalized = (passphrase: string): Bytes => utf8(passphrase.normalize('NFKC').trim());

/** The sealing key of a passphrase; about half a second and 64 MiB. */
export async function keyOfPassphrase(
  passphrase: string,
  { memoryKib, iterations, parallelism, salt }: Argon2idParameters,
): Promise<CryptoKey> {
  const raw = await argon2id({
    password: normalized(passphrase),
    salt,
    memorySize: memoryKib,
    iterations,
    parallelism,
    hashLength: 32,
    outputType: 'binary',
  });
  return sealingKey(raw);
}

/** Crockford's base 32: no I, L, O or U, which are read as other characters. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const secretBytes = 16;
const checkBytes = 4;

const checkOf = async (secret: Bytes): Promise<Bytes> => (await sha256(secret)).slice(0, checkBytes);

/** A fresh recovery code: 128 random bits and 32 bits that find typing errors, as eight groups of four characters. */
export async function freshRecoveryCode(): Promise<string> {
  const secret = crypto.getRandomValues(new Uint8Array(secretBytes));
  const bits = [...secret, ...(await checkOf(secret))].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = bits.match(/.{5}/g)?.map((five) => alphabet[Number.parseInt(five, 2)] ?? '') ?? [];
  return characters.join('').match(/.{4}/g)?.join('-') ?? '';
}

/**
 * The sealing key of a recovery code (HKDF, RFC 5869; a code has enough entropy not to need more).
 * @throws {VaultError} `wrong-secret` when the code has a typing error
 */
export async function keyOfRecoveryCode(code: string, salt: Bytes): Promise<CryptoKey> {
  const secret = await secretOfRecoveryCode(code);
  if (secret === undefined)
    throw new VaultError('wrong-secret', 'This recovery code has a typing error. Compare it with what you wrote down.');
  return derivedKey(secret, salt, 'private-energy recovery v1');
}

/** The sealing key of what a WebAuthn credential's PRF gave for a salt: 32 bytes that nobody else can compute. */
export const keyOfPrf = (output: Bytes, salt: Bytes): Promise<CryptoKey> =>
  derivedKey(output, salt, 'private-energy prf v1');

async function derivedKey(secret: Bytes, salt: Bytes, info: string): Promise<CryptoKey> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: ownBytes(salt), info: utf8(info) },
    key,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** Whether a text is a recovery code without typing errors. */
export const isRecoveryCode = async (text: string): Promise<boolean> =>
  (await secretOfRecoveryCode(text)) !== undefined;

async function secretOfRecoveryCode(code: string): Promise<Bytes | undefined> {
  const characters = code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (!/^[0-9A-HJKMNP-TV-Z]{32}$/.test(characters)) return undefined;
  const bits = Array.from(characters, (character) => alphabet.indexOf(character).toString(2).padStart(5, '0')).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (eight) => Number.parseInt(eight, 2));
  const secret = bytes.slice(0, secretBytes);
  return equalBytes(bytes.slice(secretBytes), await checkOf(secret)) ? secret : undefined;
}
