/**
 * Round keys: for each round every steward signs a fresh tfhe public key and a fresh HPKE key. The n of them together
 * are the round's announcement; its hash stands in every contribution.
 */
import * as v from 'valibot';
import { concatBytes, equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { schemaVersion } from './features.ts';
import { bytesUpTo, hash, instantMs, key, month, mostStewards, stewardIndex } from './fields.ts';
import { sha256 } from './hash.ts';
import type { Community } from './manifest.ts';
import { decodeSigned, encodeSigned, verifySignedBy, type SignedMessage } from './signed.ts';

export interface RoundKey {
  readonly community: Bytes;
  readonly month: string;
  /** Index of the steward in the manifest. */
  readonly steward: number;
  readonly schema: number;
  /** When the round closes by itself. */
  readonly closesMs: number;
  /** Serialized tfhe compact public key. */
  readonly publicKey: Bytes;
  /** X25519 public key for fingerprints. */
  readonly hpkeKey: Bytes;
}

const roundKeySchema = v.strictObject({
  community: hash,
  month,
  steward: stewardIndex,
  schema: v.literal(schemaVersion),
  closesMs: instantMs,
  publicKey: bytesUpTo(40_000),
  hpkeKey: key,
});

export const encodeRoundKey = (roundKey: RoundKey): Bytes => encodeCbor({ ...roundKey });

/** @throws {ProtocolError} `malformed` */
export const decodeRoundKey = (body: Uint8Array): RoundKey => decodeCbor(roundKeySchema, body, 'The round key');

/**
 * Checks one steward's round key.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function checkRoundKey(message: SignedMessage, { id, manifest }: Community): Promise<RoundKey> {
  const roundKey = decodeRoundKey(message.body);
  if (!equalBytes(roundKey.community, id)) {
    throw new ProtocolError('wrong-community', 'The round key belongs to another community');
  }
  const steward = manifest.stewards[roundKey.steward];
  if (steward === undefined)
    throw new ProtocolError('wrong-signer', 'The round key names a steward who does not exist');
  await verifySignedBy('round-key', message, steward.key);
  return roundKey;
}

/** A round that homes can contribute to. */
export interface Announcement {
  /** The {@link announcementHash} of its round keys. */
  readonly hash: Bytes;
  readonly month: string;
  readonly closesMs: number;
  /** One per steward, in the manifest's order. */
  readonly roundKeys: readonly RoundKey[];
}

const announcementSchema = v.pipe(v.array(bytesUpTo(50_000)), v.minLength(2), v.maxLength(mostStewards));

/** CBOR array of the encoded signed round keys in steward order. */
export const encodeAnnouncement = (messages: readonly SignedMessage[]): Bytes => encodeCbor(messages.map(encodeSigned));

/** SHA-256 of each signed round key of an announcement. @throws {ProtocolError} `malformed` */
export const roundKeyHashes = (announcement: Uint8Array): Promise<Bytes[]> =>
  Promise.all(decodeCbor(announcementSchema, announcement, 'The announcement').map(sha256));

/**
 * The hash of an announcement: over the hashes of its round keys, so that a steward, who needs no other steward's key,
 * can have it without fetching them.
 */
export const announcementHash = (hashes: readonly Bytes[]): Promise<Bytes> => sha256(concatBytes(...hashes));

/**
 * Checks an announcement in full.
 *
 * @throws {ProtocolError} the errors of {@link checkRoundKey}, or `bad-announcement` unless there is one key of each
 *   steward, in order, for the same month and closing time
 */
export async function checkAnnouncement(bytes: Uint8Array, community: Community): Promise<Announcement> {
  const encoded = decodeCbor(announcementSchema, bytes, 'The announcement');
  const roundKeys = await Promise.all(encoded.map((one) => checkRoundKey(decodeSigned(one), community)));
  const [first] = roundKeys;
  const agree = roundKeys.every(
    ({ steward, month, closesMs }, i) => steward === i && month === first?.month && closesMs === first.closesMs,
  );
  if (first === undefined || roundKeys.length !== community.manifest.stewards.length || !agree) {
    throw new ProtocolError(
      'bad-announcement',
      'The announcement must hold one key of each steward, in order, for one month and closing time',
    );
  }
  const hash = await announcementHash(await Promise.all(encoded.map(sha256)));
  return { hash, month: first.month, closesMs: first.closesMs, roundKeys };
}
