/**
 * A list in short, for one steward: without what this steward has anyway. Invites are positions in the manifest, the
 * hashes of its own sealed fingerprints follow from the boxes that it fetches, and the groups follow from the entries.
 * What is restored is the signed list to the byte, so that a short form can leave nothing out unseen.
 */
import * as v from 'valibot';
import { concatBytes, toHex, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { mostCertificates } from './certificate.ts';
import { versionSchema } from './contribution.ts';
import { mostCulprits } from './culprits.ts';
import { ProtocolError } from './error.ts';
import { bytesUpTo, cohortIndex, instantMs, integer, mostHomes, mostStewards, signature } from './fields.ts';
import { sha256 } from './hash.ts';
import { decodeList, encodeList, firstEntries, groupsOf, type List, type ListEntry } from './list.ts';
import { findInvite, mostInvitesInAll, type Community } from './manifest.ts';
import type { Announcement } from './round-key.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from './signed.ts';

const certificateBytes = 32 + 64;

/** Position of the invite in the manifest, cohort, version, and the rest in bytes of fixed sizes. */
const entrySchema = v.strictTuple([
  integer(0, mostInvitesInAll - 1),
  cohortIndex,
  versionSchema,
  bytesUpTo(mostCertificates * certificateBytes + 64 * mostStewards + 64),
]);
const shortSchema = v.strictTuple([
  instantMs,
  v.pipe(v.array(entrySchema), v.maxLength(mostHomes)),
  v.pipe(v.array(bytesUpTo(1024)), v.maxLength(mostStewards)),
  v.pipe(v.array(entrySchema), v.maxLength(mostStewards * mostCulprits)),
  signature,
]);

/** The short form of a list for one steward; the list is the endpoint's own, as `makeList` or `correctList` made it. */
export function shortenList(message: SignedMessage, { manifest }: Community, steward: number): Bytes {
  const list = decodeList(message.body);
  const shorten = (entry: ListEntry): CborValue => [
    findInvite(manifest, entry.invite),
    entry.cohort,
    entry.version,
    concatBytes(
      ...entry.certificates.flatMap(({ member, signature }) => [member, signature]),
      ...entry.ciphertexts,
      ...entry.fingerprints.filter((_, other) => other !== steward),
      entry.signature,
    ),
  ];
  return encodeCbor([
    list.closedMs,
    list.entries.map(shorten),
    list.culprits.map(encodeSigned),
    list.removed.map(shorten),
    message.signatures[0]?.signature ?? new Uint8Array(),
  ]);
}

/**
 * The signed list that a short form stands for; to be checked with `checkList` like any other.
 *
 * @param sealed - this steward's sealed fingerprints, in the order of the first list
 * @throws {ProtocolError} `malformed`, `unknown-invite`, `bad-fingerprint` if there are more or fewer boxes than homes
 */
export async function restoreList(
  short: Uint8Array,
  community: Community,
  { hash, month }: Pick<Announcement, 'hash' | 'month'>,
  steward: number,
  sealed: readonly Bytes[],
): Promise<SignedMessage> {
  const [closedMs, kept, culprits, left, signature] = decodeCbor(shortSchema, short, 'The short list');
  const { invites, stewards } = community.manifest;
  const restore = ([invite, cohort, version, bytes]: v.InferOutput<typeof entrySchema>): ListEntry => {
    const chainBytes = bytes.length - 32 * (2 * stewards.length - 1) - 64;
    if (chainBytes <= 0 || chainBytes % certificateBytes !== 0)
      throw new ProtocolError('malformed', 'An entry of the short list has not the size of its parts');
    let at = 0;
    const take = (count: number): Bytes => bytes.slice(at, (at += count));
    return {
      invite: invites[invite]?.key ?? unknownInvite(),
      cohort,
      version,
      certificates: Array.from({ length: chainBytes / certificateBytes }, () => ({
        member: take(32),
        signature: take(64),
      })),
      ciphertexts: stewards.map(() => take(32)),
      fingerprints: stewards.map((_, other) => (other === steward ? new Uint8Array() : take(32))),
      signature: take(64),
    };
  };
  const parts = { entries: kept.map(restore), removed: left.map(restore) };
  const order = firstEntries(parts);
  if (order.length !== sealed.length)
    throw new ProtocolError('bad-fingerprint', 'The endpoint shows another number of fingerprints than homes');
  const own = new Map(
    await Promise.all(order.map(async ({ invite }, i) => [toHex(invite), await sha256(sealed[i] ?? invite)] as const)),
  );
  const complete = (entry: ListEntry): ListEntry => ({
    ...entry,
    fingerprints: entry.fingerprints.map((one, i) => (i === steward ? (own.get(toHex(entry.invite)) ?? one) : one)),
  });
  const entries = parts.entries.map(complete);
  const list: List = {
    community: community.id,
    month,
    announcement: hash,
    closedMs,
    entries,
    groups: groupsOf(entries, community).map(({ name, members }) => ({ name, homes: members.length })),
    culprits: culprits.map(decodeSigned),
    removed: parts.removed.map(complete),
  };
  return { body: encodeList(list), signatures: [{ signer: community.manifest.endpointKey, signature }] };
}

function unknownInvite(): never {
  throw new ProtocolError('unknown-invite', 'The short list has an invite that is not one of this community');
}
