/**
 * The list: the contributions that a round closed with, signed by the endpoint. It repeats of each contribution what
 * its signature covers, so that stewards and members can check every one.
 */
import * as v from 'valibot';
import { compareBytes, concatBytes, equalBytes, toHex, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import type { Certificate } from './certificate.ts';
import {
  certificatesSchema,
  checkSignedContribution,
  encodeContributionBody,
  encodeHeader,
  memberOf,
  versionSchema,
  type CheckedContribution,
} from './contribution.ts';
import { ProtocolError } from './error.ts';
import {
  bytesUpTo,
  cohortIndex,
  hash,
  instantMs,
  integer,
  key,
  label,
  month,
  mostCohorts,
  mostHomes,
  mostStewards,
  signature,
} from './fields.ts';
import { openedGroups, type Group } from './groups.ts';
import { sha256 } from './hash.ts';
import type { Community } from './manifest.ts';
import type { Announcement } from './round-key.ts';
import { verifySignedBy, type SignedMessage } from './signed.ts';

/** One contribution, without what the list says once. */
export interface ListEntry {
  readonly invite: Bytes;
  readonly certificates: readonly Certificate[];
  readonly cohort: number;
  readonly version: number;
  /** SHA-256 of each steward's ciphertext. */
  readonly ciphertexts: readonly Bytes[];
  /** SHA-256 of each steward's sealed fingerprint. */
  readonly fingerprints: readonly Bytes[];
  /** The member's signature over the contribution's body. */
  readonly signature: Bytes;
}

export interface List {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the round's announcement. */
  readonly announcement: Bytes;
  readonly closedMs: number;
  /** Ascending by invite. */
  readonly entries: readonly ListEntry[];
  /** The groups that open and their numbers of homes, in the order of {@link openedGroups}. */
  readonly groups: readonly { readonly name: string; readonly homes: number }[];
}

const hashes = bytesUpTo(32 * mostStewards);

const listSchema = v.strictObject({
  community: hash,
  month,
  announcement: hash,
  closedMs: instantMs,
  entries: v.pipe(
    v.array(v.strictTuple([key, certificatesSchema, cohortIndex, versionSchema, hashes, hashes, signature])),
    v.maxLength(mostHomes),
  ),
  groups: v.pipe(v.array(v.strictTuple([label(40), integer(1, mostHomes)])), v.maxLength(1 + mostCohorts)),
});

export const encodeList = (list: List): Bytes =>
  encodeCbor({
    ...list,
    entries: list.entries.map((entry) => [
      entry.invite,
      entry.certificates.map(({ member, signature }) => [member, signature]),
      entry.cohort,
      entry.version,
      concatBytes(...entry.ciphertexts),
      concatBytes(...entry.fingerprints),
      entry.signature,
    ]),
    groups: list.groups.map(({ name, homes }) => [name, homes]),
  });

const splitHashes = (joined: Bytes): Bytes[] => {
  if (joined.length % 32 !== 0) throw new ProtocolError('malformed', 'The list holds a hash that is not whole');
  return Array.from({ length: joined.length / 32 }, (_, i) => joined.slice(32 * i, 32 * (i + 1)));
};

/** @throws {ProtocolError} `malformed` */
export function decodeList(body: Uint8Array): List {
  const fields = decodeCbor(listSchema, body, 'The list');
  return {
    ...fields,
    entries: fields.entries.map(([invite, chain, cohort, version, ciphertexts, fingerprints, signature]) => ({
      invite,
      certificates: chain.map(([member, signature]) => ({ member, signature })),
      cohort,
      version,
      ciphertexts: splitHashes(ciphertexts),
      fingerprints: splitHashes(fingerprints),
      signature,
    })),
    groups: fields.groups.map(([name, homes]) => ({ name, homes })),
  };
}

/** The list that a round's contributions close to; its groups are empty if there are not enough homes. */
export function makeList(
  { id, manifest }: Community,
  announcement: Pick<Announcement, 'hash' | 'month'>,
  contributions: readonly CheckedContribution[],
  closedMs: number,
): List {
  const sorted = [...contributions].sort((a, b) => compareBytes(a.header.invite, b.header.invite));
  const groups = openedGroups(
    sorted.map(({ issuer, header }) => ({ issuer, cohort: header.cohort })),
    manifest,
  );
  return {
    community: id,
    month: announcement.month,
    announcement: announcement.hash,
    closedMs,
    entries: sorted.map(({ header, fingerprints, signature }) => ({
      invite: header.invite,
      certificates: header.certificates,
      cohort: header.cohort,
      version: header.version,
      ciphertexts: header.ciphertexts,
      fingerprints,
      signature,
    })),
    groups: groups.map(({ name, members }) => ({ name, homes: members.length })),
  };
}

/** A list that has been checked in full. */
export interface CheckedList {
  /** SHA-256 of the list's body. */
  readonly hash: Bytes;
  readonly list: List;
  /** One per entry, in the list's order. */
  readonly contributions: readonly CheckedContribution[];
  readonly groups: readonly Group[];
}

const signedOf = (list: List, entry: ListEntry): SignedMessage => ({
  body: encodeContributionBody(encodeHeader({ ...list, ...entry }), entry.fingerprints),
  signatures: [{ signer: memberOf(entry), signature: entry.signature }],
});

/**
 * Checks a list in full: the endpoint's signature, every contribution as its member signed it, that invites and
 * members are distinct, and that the groups are those that must open.
 *
 * @throws {ProtocolError} `malformed`, `wrong-signer`, `bad-signature`, `wrong-community`, `wrong-round`,
 *   `wrong-announcement`, `bad-list`, `not-enough-homes`, and what `checkSignedContribution` throws
 */
export async function checkList(
  message: SignedMessage,
  community: Community,
  announcement: Pick<Announcement, 'hash' | 'month'>,
): Promise<CheckedList> {
  const list = decodeList(message.body);
  await verifySignedBy('list', message, community.manifest.endpointKey);
  if (!equalBytes(list.community, community.id)) {
    throw new ProtocolError('wrong-community', 'The list belongs to another community');
  }
  if (list.month !== announcement.month) throw new ProtocolError('wrong-round', 'The list is for another month');
  if (!equalBytes(list.announcement, announcement.hash)) {
    throw new ProtocolError('wrong-announcement', 'The list was made for other round keys');
  }
  list.entries.forEach(({ invite }, i) => {
    const before = list.entries[i - 1];
    if (before !== undefined && compareBytes(before.invite, invite) >= 0) {
      throw new ProtocolError('bad-list', 'The list is not in order, or one invite stands in it twice');
    }
  });
  const members = new Set(list.entries.map((entry) => toHex(memberOf(entry))));
  if (members.size !== list.entries.length) throw new ProtocolError('bad-list', 'One member stands in the list twice');
  const contributions = await Promise.all(
    list.entries.map((entry) => checkSignedContribution(signedOf(list, entry), community, announcement)),
  );
  const groups = openedGroups(
    contributions.map(({ issuer, header }) => ({ issuer, cohort: header.cohort })),
    community.manifest,
  );
  if (groups.length === 0) {
    throw new ProtocolError('not-enough-homes', `${list.entries.length} homes are too few to open their total`);
  }
  const expected = groups.map(({ name, members }) => [name, members.length].join());
  if (expected.join('\n') !== list.groups.map(({ name, homes }) => [name, homes].join()).join('\n')) {
    throw new ProtocolError('bad-list', 'The list opens other groups than it must');
  }
  return { hash: await sha256(message.body), list, contributions, groups };
}
