/**
 * The manifest: who a community is. All its stewards sign it, and the SHA-256 of its body is the community's id, which
 * stands in every invite link, so nobody can swap the stewards.
 */
import * as v from 'valibot';
import { compareBytes, equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { schemaVersion } from './features.ts';
import {
  bytes,
  fewestHomes,
  integer,
  key,
  label,
  mostCohorts,
  mostHomes,
  mostStewards,
  signature,
  stewardIndex,
} from './fields.ts';
import { ProtocolError } from './error.ts';
import { sha256 } from './hash.ts';
import type { Signer } from './ed25519.ts';
import {
  signMessage,
  verifySignatures,
  verifySignedBy,
  verifySignedByMany,
  type MessageType,
  type SignedMessage,
} from './signed.ts';

/** Most invites of a community. */
export const mostInvitesInAll = 4 * mostHomes;

/** The group of all homes; no cohort may be called so. */
export const communityGroup = 'community';

/** Parts of the norms that a community may publish; the rest stays with stewards and endpoint. */
export const publishable = ['profiles', 'means', 'deciles'] as const;
export type Publishable = (typeof publishable)[number];

export interface ManifestSteward {
  readonly name: string;
  /** Ed25519 public key. */
  readonly key: Bytes;
}

/** A one-time invite, issued by one steward. */
export interface ManifestInvite {
  /** Ed25519 public key of the invite. */
  readonly key: Bytes;
  /** Index of the steward who issued it. */
  readonly steward: number;
  /** That steward's signature, see {@link signInvite}. */
  readonly signature: Bytes;
}

export interface Manifest {
  readonly name: string;
  /** Feature schema, {@link schemaVersion}. */
  readonly schema: number;
  readonly stewards: readonly ManifestSteward[];
  /** How many stewards open a total. */
  readonly threshold: number;
  /** Fewest homes of an opened group, not counting the invites of any threshold − 1 stewards. */
  readonly minimumHomes: number;
  /** Labels of "homes like yours". */
  readonly cohorts: readonly string[];
  readonly publishes: readonly Publishable[];
  readonly endpointKey: Bytes;
  /** How long members can look at a closed list before it may be sealed. */
  readonly lookHours: number;
  /** How long the endpoint keeps ciphertexts, server keys, requests and results, see {@link retentionDays}. */
  readonly retentionDays: number;
  /** Ascending by key. */
  readonly invites: readonly ManifestInvite[];
  /** Makes the id of every community its own. */
  readonly salt: Bytes;
}

/** Days that ciphertexts are kept at the endpoint when they are needed no more; a manifest that does not say means 60. */
export const defaultRetentionDays = 60;
export const retentionDays = v.optional(integer(7, 366), defaultRetentionDays);

const manifestSchema = v.strictObject({
  name: label(60),
  schema: v.literal(schemaVersion),
  stewards: v.pipe(v.array(v.strictTuple([label(40), key])), v.minLength(2), v.maxLength(mostStewards)),
  threshold: integer(2, mostStewards),
  minimumHomes: integer(fewestHomes, mostHomes),
  cohorts: v.pipe(v.array(label(40)), v.maxLength(mostCohorts)),
  publishes: v.array(v.picklist(publishable)),
  endpointKey: key,
  lookHours: integer(0, 24 * 14),
  retentionDays,
  invites: v.pipe(v.array(v.strictTuple([key, stewardIndex, signature])), v.maxLength(mostInvitesInAll)),
  salt: bytes(16),
});

export function encodeManifest(manifest: Manifest): Bytes {
  return encodeCbor({
    ...manifest,
    stewards: manifest.stewards.map(({ name, key }) => [name, key]),
    invites: manifest.invites.map(({ key, steward, signature }) => [key, steward, signature]),
  });
}

/**
 * Reads a manifest's body and checks what its fields alone can show.
 *
 * @throws {ProtocolError} `malformed`, or `bad-manifest` if its fields contradict each other
 */
export function decodeManifest(body: Uint8Array): Manifest {
  const fields = decodeCbor(manifestSchema, body, 'The manifest');
  const manifest: Manifest = {
    ...fields,
    stewards: fields.stewards.map(([name, key]) => ({ name, key })),
    invites: fields.invites.map(([key, steward, signature]) => ({ key, steward, signature })),
  };
  const fault = manifestFault(manifest);
  if (fault !== undefined) throw new ProtocolError('bad-manifest', fault);
  return manifest;
}

const distinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

function manifestFault({ stewards, threshold, cohorts, publishes, invites }: Manifest): string | undefined {
  if (threshold > stewards.length) return 'The manifest asks for more stewards than it names';
  if (!distinct(stewards.map(({ name }) => name))) return 'Two stewards of the manifest have the same name';
  if (stewards.some(({ key }, i) => stewards.slice(0, i).some((other) => equalBytes(other.key, key)))) {
    return 'Two stewards of the manifest have the same key';
  }
  if (!distinct([communityGroup, ...cohorts])) return 'Two groups of the manifest have the same name';
  if (publishable.filter((part) => publishes.includes(part)).join() !== publishes.join()) {
    return 'The manifest lists what it publishes out of order or twice';
  }
  if (invites.some(({ key }, i) => i > 0 && compareBytes(invites[i - 1]?.key ?? key, key) >= 0)) {
    return 'The invites of the manifest are not in ascending order, each once';
  }
  if (invites.some(({ steward }) => steward >= stewards.length)) return 'An invite of the manifest has no steward';
  return undefined;
}

/** Index of the invite with this key, or −1. Invites are sorted, so this is a binary search. */
export function findInvite({ invites }: Manifest, key: Uint8Array): number {
  let from = 0;
  let to = invites.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compareBytes(invites[middle]?.key ?? key, key);
    if (order === 0) return middle;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return -1;
}

/** Index of the steward with this key, or −1. */
export const stewardOf = ({ stewards }: Pick<Manifest, 'stewards'>, key: Uint8Array): number =>
  stewards.findIndex((steward) => equalBytes(steward.key, key));

/**
 * Checks that one steward of the community, and nobody else, has signed.
 *
 * @returns the steward's index
 * @throws {ProtocolError} `wrong-signer`, `bad-signature`
 */
export async function verifyBySteward(type: MessageType, message: SignedMessage, manifest: Manifest): Promise<number> {
  const signer = message.signatures[0]?.signer ?? new Uint8Array();
  const steward = stewardOf(manifest, signer);
  if (steward === -1) throw new ProtocolError('wrong-signer', `The ${type} is not signed by a steward`);
  await verifySignedBy(type, message, signer);
  return steward;
}

/** The body that an invite's steward signs (type `invite`). */
export const inviteBody = (salt: Uint8Array, inviteKey: Uint8Array, steward: number): Bytes =>
  encodeCbor([salt, inviteKey, steward]);

/** A steward's entry for an invite key in the manifest with this salt. */
export async function signInvite(salt: Bytes, key: Bytes, steward: number, signer: Signer): Promise<ManifestInvite> {
  const { signatures } = await signMessage('invite', inviteBody(salt, key, steward), [signer]);
  return { key, steward, signature: signatures[0]?.signature ?? new Uint8Array() };
}

/** A manifest that has been checked, with its id. */
export interface Community {
  /** SHA-256 of the manifest's body. */
  readonly id: Bytes;
  readonly manifest: Manifest;
}

/**
 * Checks a manifest in full: its fields, the signature of every steward, and every invite's signature.
 *
 * @param id - the id from the invite link; without it, whatever the manifest hashes to
 * @throws {ProtocolError} `malformed`, `bad-manifest`, `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function checkManifest(message: SignedMessage, id?: Uint8Array): Promise<Community> {
  const hash = await sha256(message.body);
  if (id !== undefined && !equalBytes(id, hash)) {
    throw new ProtocolError('wrong-community', 'This is the manifest of another community than the invite names');
  }
  const manifest = decodeManifest(message.body);
  const keys = manifest.stewards.map(({ key }) => key);
  await verifySignedByMany('manifest', message, keys, keys.length);
  await Promise.all(
    manifest.invites.map(({ key, steward, signature }) =>
      verifySignatures('invite', {
        body: inviteBody(manifest.salt, key, steward),
        signatures: [{ signer: keys[steward] ?? key, signature }],
      }),
    ),
  );
  return { id: hash, manifest };
}
