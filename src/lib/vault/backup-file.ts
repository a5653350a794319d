/** The outside of a backup file: CBOR, an AES-256-GCM key of its own and who can open it (docs/backup-format.md). */

import * as v from 'valibot';
import { concatBytes, equalBytes, ownBytes, type Bytes } from '../../protocol/bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from '../../protocol/cbor.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { bytes, bytesUpTo, integer } from '../../protocol/fields.ts';
import { sha256 } from '../../protocol/hash.ts';
import { openWraps } from './data-key.ts';
import { VaultError } from './error.ts';
import { freshArgon2id, isRecoveryCode, keyOfPassphrase } from './passphrase.ts';
import type { KeyWrap } from './schema.ts';
import { seal, sealingKey, unseal, type Place } from './seal.ts';

export const backupVersion = 1;
const magic = 'private-energy backup';
const mostBytes = 1 << 29;

const sealed = (length: number) => v.strictTuple([bytes(12), bytes(length)]);
const headSchema = v.strictTuple([
  v.literal(magic),
  v.literal(backupVersion),
  v.strictTuple([integer(8, 1 << 20), integer(1, 100), integer(1, 16), bytes(16), sealed(48)]),
  v.nullable(v.strictTuple([integer(1, 0xffff_ffff), bytes(16), sealed(48), sealed(48)])),
]);
const fileSchema = v.strictTuple([bytesUpTo(1024), bytes(12), bytesUpTo(mostBytes)]);

const place = (id: string): Place => ({ store: 'backup', id, version: backupVersion });

/** The vault's recovery wrap and its data key: with them a file opens with the recovery code too. */
export interface Recovery {
  readonly wrap: Extract<KeyWrap, { kind: 'recovery' }>;
  readonly dataKey: CryptoKey;
}

/** Seals content so that the passphrase opens it and, if given, the vault's recovery code. */
export async function sealBackup(content: Bytes, passphrase: string, recovery: Recovery | null): Promise<Bytes> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const argon2id = freshArgon2id();
  const byPassphrase = await seal(await keyOfPassphrase(passphrase, argon2id), place('passphrase'), raw);
  const byRecovery = recovery === null ? null : await seal(recovery.dataKey, place('recovery'), raw);
  const pair = ({ nonce, sealed: box }: { nonce: Bytes; sealed: Bytes }): CborValue => [nonce, box];
  const head = encodeCbor([
    magic,
    backupVersion,
    [argon2id.memoryKib, argon2id.iterations, argon2id.parallelism, argon2id.salt, pair(byPassphrase)],
    recovery === null || byRecovery === null
      ? null
      : [recovery.wrap.version, recovery.wrap.salt, pair(recovery.wrap), pair(byRecovery)],
  ]);
  const fileKey = await sealingKey(raw);
  raw.fill(0);
  const box = await seal(fileKey, await placeOfContent(head), content);
  const file = encodeCbor([head, box.nonce, box.sealed]);
  return concatBytes(file, await sha256(file));
}

/** The content is bound to the whole head. */
const placeOfContent = async (head: Bytes): Promise<Place> => {
  const digest = await sha256(head);
  return place(`content ${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
};

/**
 * Opens a backup file with its passphrase or the recovery code.
 * @throws {VaultError} `not-a-backup` when it is none or damaged, `newer-version`, `wrong-secret`
 */
export async function openBackup(file: Uint8Array, passphraseOrCode: string): Promise<Bytes> {
  const { head, nonce, box } = await readOutside(file);
  const [, , [memoryKib, iterations, parallelism, salt, byPassphrase], byRecovery] = readHead(head);
  let raw: Bytes;
  if (byRecovery !== null && (await isRecoveryCode(passphraseOrCode))) {
    const [version, recoverySalt, [wrapNonce, wrapped], [keyNonce, key]] = byRecovery;
    const wrap: KeyWrap = {
      kind: 'recovery',
      keyId: 'backup',
      version,
      salt: recoverySalt,
      nonce: wrapNonce,
      sealed: wrapped,
    };
    const dataKey = await sealingKey(await openWraps([wrap], passphraseOrCode));
    raw = await unseal(dataKey, place('recovery'), { nonce: keyNonce, sealed: key });
  } else {
    const key = await keyOfPassphrase(passphraseOrCode, { memoryKib, iterations, parallelism, salt });
    const [keyNonce, sealedKey] = byPassphrase;
    raw = await unseal(key, place('passphrase'), { nonce: keyNonce, sealed: sealedKey }).catch((cause: unknown) => {
      throw new VaultError('wrong-secret', 'This is not the passphrase of this backup. Nothing was changed.', {
        cause,
      });
    });
  }
  return unseal(await sealingKey(raw), await placeOfContent(head), { nonce, sealed: box });
}

const notABackup = (what: string, cause?: unknown) =>
  new VaultError('not-a-backup', `${what} Nothing was changed.`, { cause });

async function readOutside(file: Uint8Array): Promise<{ head: Bytes; nonce: Bytes; box: Bytes }> {
  const outside = ownBytes(file.subarray(0, -32));
  // The hash tells damage from a wrong passphrase, before anything of the file is acted on.
  if (file.length < 64 || !equalBytes(await sha256(outside), file.subarray(-32)))
    throw notABackup('This file is no backup of this app, or it is damaged or cut short.');
  try {
    const [head, nonce, box] = decodeCbor(fileSchema, outside, 'The backup');
    return { head, nonce, box };
  } catch (error) {
    throw error instanceof ProtocolError ? notABackup('This file is no backup of this app.', error) : error;
  }
}

function readHead(head: Bytes): v.InferOutput<typeof headSchema> {
  try {
    return decodeCbor(headSchema, head, 'The backup');
  } catch (cause) {
    throw new VaultError(
      'newer-version',
      'This backup was made by a newer version of the app. Update the app and try again. Nothing was changed.',
      { cause },
    );
  }
}
