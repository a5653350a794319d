/**
 * The list: the contributions that a round closed with, signed by the endpoint. It repeats of each contribution what
 * its signature covers, so that stewards and members can check every one. A round has one first list; a corrected one
 * leaves out contributions that stewards have named as culprits, and knows no other change.
 */
import * as v from 'valibot';
import { compareBytes, concatBytes, equalBytes, toHex, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
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
import { checkCulprits, mostCulprits } from './culprits.ts';
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
import { findInvite, type Community } from './manifest.ts';
import type { Announcement } from './round-key.ts';
import { decodeSigned, encodeSigned, verifySignedBy, type SignedMessage } from './signed.ts';

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
  /** Of a corrected list: the stewards' signed words on culprits, in the stewards' order. Empty in the first list. */
  readonly culprits: readonly SignedMessage[];
  /** Entries of the first list that are left out, ascending by invite. */
  readonly removed: readonly ListEntry[];
}

const hashes = bytesUpTo(32 * mostStewards);
const entrySchema = v.strictTuple([key, certificatesSchema, cohortIndex, versionSchema, hashes, hashes, signature]);

const listSchema = v.strictObject({
  community: hash,
  month,
  announcement: hash,
  closedMs: instantMs,
  entries: v.pipe(v.array(entrySchema), v.maxLength(mostHomes)),
  groups: v.pipe(v.array(v.strictTuple([label(40), integer(1, mostHomes)])), v.maxLength(1 + mostCohorts)),
  culprits: v.pipe(v.array(bytesUpTo(1024)), v.maxLength(mostStewards)),
  removed: v.pipe(v.array(entrySchema), v.maxLength(mostStewards * mostCulprits)),
});

const encodeEntry = (entry: ListEntry): CborValue => [
  entry.invite,
  entry.certificates.map(({ member, signature }) => [member, signature]),
  entry.cohort,
  entry.version,
  concatBytes(...entry.ciphertexts),
  concatBytes(...entry.fingerprints),
  entry.signature,
];

export const encodeList = (list: List): Bytes =>
  encodeCbor({
    ...list,
    entries: list.entries.map(encodeEntry),
    groups: list.groups.map(({ name, homes }) => [name, homes]),
    culprits: list.culprits.map(encodeSigned),
    removed: list.removed.map(encodeEntry),
  });

const splitHashes = (joined: Bytes): Bytes[] => {
  if (joined.length % 32 !== 0) throw new ProtocolError('malformed', 'The list holds a hash that is not whole');
  return Array.from({ length: joined.length / 32 }, (_, i) => joined.slice(32 * i, 32 * (i + 1)));
};

const decodeEntry = (fields: v.InferOutput<typeof entrySchema>): ListEntry => {
  const [invite, chain, cohort, version, ciphertexts, fingerprints, signature] = fields;
  return {
    invite,
    certificates: chain.map(([member, signature]) => ({ member, signature })),
    cohort,
    version,
    ciphertexts: splitHashes(ciphertexts),
    fingerprints: splitHashes(fingerprints),
    signature,
  };
};

/** @throws {ProtocolError} `malformed` */
export function decodeList(body: Uint8Array): List {
  const fields = decodeCbor(listSchema, body, 'The list');
  return {
    ...fields,
    entries: fields.entries.map(decodeEntry),
    groups: fields.groups.map(([name, homes]) => ({ name, homes })),
    culprits: fields.culprits.map(decodeSigned),
    removed: fields.removed.map(decodeEntry),
  };
}

/** The groups that open for these entries. @throws {ProtocolError} `unknown-invite` */
export function groupsOf(entries: readonly ListEntry[], { manifest }: Community): Group[] {
  const homes = entries.map(({ invite, cohort }) => {
    const issuer = manifest.invites[findInvite(manifest, invite)]?.steward;
    if (issuer === undefined)
      throw new ProtocolError('unknown-invite', 'The list has an invite that is not one of this community');
    return { issuer, cohort };
  });
  return openedGroups(homes, manifest);
}

const counted = (groups: readonly Group[]): List['groups'] =>
  groups.map(({ name, members }) => ({ name, homes: members.length }));

const byInvite = (a: ListEntry, b: ListEntry): number => compareBytes(a.invite, b.invite);

/** The first list that a round's contributions close to; its groups are empty if there are not enough homes. */
export function makeList(
  community: Community,
  announcement: Pick<Announcement, 'hash' | 'month'>,
  contributions: readonly CheckedContribution[],
  closedMs: number,
): List {
  const entries = contributions
    .map(({ header, fingerprints, signature }) => ({
      invite: header.invite,
      certificates: header.certificates,
      cohort: header.cohort,
      version: header.version,
      ciphertexts: header.ciphertexts,
      fingerprints,
      signature,
    }))
    .sort(byInvite);
  return {
    community: community.id,
    month: announcement.month,
    announcement: announcement.hash,
    closedMs,
    entries,
    groups: counted(groupsOf(entries, community)),
    culprits: [],
    removed: [],
  };
}

/** The entries of the round's first list, in its order; the order of the fingerprint files. */
export const firstEntries = ({ entries, removed }: Pick<List, 'entries' | 'removed'>): ListEntry[] =>
  [...entries, ...removed].sort(byInvite);

/** The first list that a corrected one was made from, or the list itself if it is the first. */
function firstOf(list: List, community: Community): List {
  const entries = firstEntries(list);
  return { ...list, entries, groups: counted(groupsOf(entries, community)), culprits: [], removed: [] };
}

/**
 * The corrected list: the first one without the named culprits.
 *
 * @param messages - checked with `checkCulprits`, at most one a steward, all about this first list
 */
export async function correctList(
  first: List,
  messages: readonly SignedMessage[],
  community: Community,
): Promise<List> {
  const named = await Promise.all(
    messages.map(async (message) => ({ message, ...(await checkCulprits(message, community)) })),
  );
  const isNamed = ({ invite }: ListEntry) =>
    named.some(({ invites }) => invites.some((other) => equalBytes(other, invite)));
  const entries = first.entries.filter((entry) => !isNamed(entry));
  return {
    ...first,
    entries,
    groups: counted(groupsOf(entries, community)),
    culprits: named.sort((a, b) => a.steward - b.steward).map(({ message }) => message),
    removed: first.entries.filter(isNamed),
  };
}

/** A list that has been checked in full. */
export interface CheckedList {
  /** SHA-256 of the list's body. */
  readonly hash: Bytes;
  /** The same of the round's first list. */
  readonly firstHash: Bytes;
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
 * Checks a list in full: the endpoint's signature, every contribution as its member signed it, that invites, members
 * and ciphertexts are distinct, that the groups are those that must open, and that a corrected list leaves out named
 * culprits and nothing else.
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
  checkDistinct(list);
  const contributions = await Promise.all(
    list.entries.map((entry) => checkSignedContribution(signedOf(list, entry), community, announcement)),
  );
  const groups = groupsOf(list.entries, community);
  if (groups.length === 0) {
    throw new ProtocolError('not-enough-homes', `${list.entries.length} homes are too few to open their total`);
  }
  if (!equalBytes(encodeList({ ...list, groups: counted(groups) }), message.body)) {
    throw new ProtocolError('bad-list', 'The list opens other groups than it must');
  }
  return {
    hash: await sha256(message.body),
    firstHash: await checkCorrection(list, community),
    list,
    contributions,
    groups,
  };
}

function checkDistinct({ entries, removed }: List): void {
  for (const part of [entries, removed]) {
    part.forEach((entry, i) => {
      const before = part[i - 1];
      if (before !== undefined && byInvite(before, entry) >= 0) {
        throw new ProtocolError('bad-list', 'The list is not in order, or one invite stands in it twice');
      }
    });
  }
  const distinct = (values: readonly Bytes[]): boolean => new Set(values.map(toHex)).size === values.length;
  if (!distinct(entries.map(memberOf))) throw new ProtocolError('bad-list', 'One member stands in the list twice');
  if (!distinct(entries.flatMap(({ ciphertexts }) => ciphertexts))) {
    throw new ProtocolError('bad-list', 'One ciphertext stands in the list twice');
  }
}

/** Checks that a corrected list is what its culprits make of the first list; gives the first list's hash. */
async function checkCorrection(list: List, community: Community): Promise<Bytes> {
  const first = firstOf(list, community);
  const firstHash = await sha256(encodeList(first));
  const named = await Promise.all(list.culprits.map((message) => checkCulprits(message, community)));
  const fits = named.every((culprits) => culprits.month === list.month && equalBytes(culprits.list, firstHash));
  const once = new Set(named.map(({ steward }) => steward)).size === named.length;
  if (!fits || !once || !equalBytes(encodeList(await correctList(first, list.culprits, community)), encodeList(list))) {
    throw new ProtocolError('bad-list', 'The list leaves out others than the culprits that stewards have named');
  }
  return firstHash;
}

/** Whether a list names a home with the very contribution that was acknowledged. */
export async function standsOn(
  { contributions }: Pick<CheckedList, 'contributions'>,
  invite: Bytes,
  contribution: Bytes,
): Promise<boolean> {
  const entry = contributions.find(({ header }) => equalBytes(header.invite, invite));
  if (entry === undefined) return false;
  return equalBytes(await sha256(encodeContributionBody(encodeHeader(entry.header), entry.fingerprints)), contribution);
}
