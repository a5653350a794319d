/**
 * Founding a community from several phones. One steward drafts the terms, whose SHA-256 is the founding's id; each
 * steward has a seat with a one-time key, whose seed travels in that steward's link. An entry is signed by the seat's
 * key and by the steward's own. From the terms and the entries of all seats everybody builds the same manifest, which
 * all sign. The endpoint passes terms, entries and signatures around and can change none of them.
 */
import * as v from 'valibot';
import { compareBytes, equalBytes, fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { schemaVersion } from './features.ts';
import {
  bytes,
  bytesUpTo,
  fewestHomes,
  hash,
  integer,
  key,
  label,
  mostCohorts,
  mostHomes,
  mostStewards,
  signature,
  stewardIndex,
} from './fields.ts';
import { sha256 } from './hash.ts';
import { endpointUrl } from './invite.ts';
import {
  decodeManifest,
  encodeManifest,
  inviteBody,
  publishable,
  retentionDays,
  signInvite,
  type Publishable,
} from './manifest.ts';
import {
  decodeSigned,
  mergeSignatures,
  signMessage,
  verifySignatures,
  verifySignedBy,
  type SignedMessage,
} from './signed.ts';

/** Most invites that a steward issues when the community is founded. */
export const mostInvites = 200;
/** Longest name of a community and of a steward. */
export const mostNameLength = 60;
export const mostStewardNameLength = 40;

/** What the founder decides. */
export interface FoundingTerms {
  readonly name: string;
  readonly threshold: number;
  readonly minimumHomes: number;
  readonly cohorts: readonly string[];
  readonly publishes: readonly Publishable[];
  readonly endpointKey: Bytes;
  readonly lookHours: number;
  readonly retentionDays: number;
  /** How many invites each steward issues. */
  readonly invitesEach: number;
  /** Public keys of the seats, one a steward; the founder has the first. */
  readonly seats: readonly Bytes[];
  readonly salt: Bytes;
}

const termsSchema = v.strictObject({
  name: label(mostNameLength),
  threshold: integer(2, mostStewards),
  minimumHomes: integer(fewestHomes, mostHomes),
  cohorts: v.pipe(v.array(label(40)), v.maxLength(mostCohorts)),
  publishes: v.array(v.picklist(publishable)),
  endpointKey: key,
  lookHours: integer(0, 24 * 14),
  retentionDays,
  invitesEach: integer(1, mostInvites),
  seats: v.pipe(v.array(key), v.minLength(2), v.maxLength(mostStewards)),
  salt: bytes(16),
});

export const mostTermsBytes = 4096;

export const encodeTerms = (terms: FoundingTerms): Bytes => encodeCbor({ ...terms });

/** @throws {ProtocolError} `malformed`; `bad-manifest` if no manifest could be made of them */
export function decodeTerms(encoded: Uint8Array): FoundingTerms {
  const terms = decodeCbor(termsSchema, encoded, 'The draft of the community');
  // What contradicts itself in the terms would in the manifest; seats stand in for stewards, whose keys are not known yet.
  decodeManifest(
    manifestOf(
      terms,
      terms.seats.map((seat, i) => ({ name: `${i}`, key: seat, invites: [] })),
    ),
  );
  return terms;
}

/** A steward as one seat's entry names it. */
export interface FoundingEntry {
  readonly founding: Bytes;
  readonly seat: number;
  readonly name: string;
  /** The steward's Ed25519 public key. */
  readonly key: Bytes;
  /** Invite keys with the steward's signature under each, as the manifest has them. */
  readonly invites: readonly { readonly key: Bytes; readonly signature: Bytes }[];
}

const entrySchema = v.strictObject({
  founding: hash,
  seat: stewardIndex,
  name: label(mostStewardNameLength),
  key,
  invites: v.pipe(v.array(v.strictTuple([key, signature])), v.maxLength(mostInvites)),
});

export const mostEntryBytes = 1024 + 128 * mostInvites;

/**
 * Makes a steward's entry.
 *
 * @param seat - number and one-time key of the steward's seat
 * @param invites - public keys of the invites that this steward issues
 */
export async function signEntry(
  terms: FoundingTerms,
  { name, invites }: { readonly name: string; readonly invites: readonly Bytes[] },
  seat: { readonly index: number; readonly signer: Signer },
  steward: Signer,
): Promise<SignedMessage> {
  const signed = await Promise.all(invites.map((invite) => signInvite(terms.salt, invite, seat.index, steward)));
  const body = encodeCbor({
    founding: await sha256(encodeTerms(terms)),
    seat: seat.index,
    name,
    key: steward.publicKey,
    invites: signed.map(({ key, signature }) => [key, signature]),
  });
  return signMessage('founding', body, [seat.signer, steward]);
}

/**
 * Checks an entry: signed by its seat and its steward, and with as many invites as the terms say.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`, `bad-manifest`
 */
export async function checkEntry(message: SignedMessage, terms: FoundingTerms): Promise<FoundingEntry> {
  const fields = decodeCbor(entrySchema, message.body, 'A steward’s entry');
  const entry = { ...fields, invites: fields.invites.map(([key, signature]) => ({ key, signature })) };
  if (!equalBytes(entry.founding, await sha256(encodeTerms(terms)))) {
    throw new ProtocolError('wrong-community', 'The steward’s entry is for another community');
  }
  const seat = terms.seats[entry.seat];
  const signers = message.signatures.map(({ signer }) => signer);
  const mustSign = [seat, entry.key].filter((one) => one !== undefined).sort(compareBytes);
  if (
    mustSign.length !== signers.length ||
    !mustSign.every((one, i) => equalBytes(one, signers[i] ?? entry.founding))
  ) {
    throw new ProtocolError('wrong-signer', 'A steward’s entry must be signed by the steward and by the link’s key');
  }
  await verifySignatures('founding', message);
  if (entry.invites.length !== terms.invitesEach) {
    throw new ProtocolError('bad-manifest', 'A steward’s entry has another number of invites than was agreed');
  }
  await Promise.all(
    entry.invites.map((invite) =>
      verifySignatures('invite', {
        body: inviteBody(terms.salt, invite.key, entry.seat),
        signatures: [{ signer: entry.key, signature: invite.signature }],
      }),
    ),
  );
  return entry;
}

/** The manifest's body that terms and the entries of all seats, in order, make. The same everywhere. */
function manifestOf(terms: FoundingTerms, entries: readonly Pick<FoundingEntry, 'name' | 'key' | 'invites'>[]): Bytes {
  const { name, threshold, minimumHomes, cohorts, publishes, endpointKey, lookHours, retentionDays, salt } = terms;
  return encodeManifest({
    name,
    schema: schemaVersion,
    stewards: entries.map((entry) => ({ name: entry.name, key: entry.key })),
    threshold,
    minimumHomes,
    cohorts,
    publishes,
    endpointKey,
    lookHours,
    retentionDays,
    invites: entries
      .flatMap(({ invites }, steward) => invites.map((invite) => ({ ...invite, steward })))
      .sort((a, b) => compareBytes(a.key, b.key)),
    salt,
  });
}

/** Where a founding stands, checked. */
export interface Founding {
  readonly id: Bytes;
  readonly terms: FoundingTerms;
  /** Per seat; undefined where the steward has not come yet. */
  readonly entries: readonly (FoundingEntry | undefined)[];
  /** Body of the manifest and its SHA-256, the community's id; undefined until all entries are there. */
  readonly manifest: { readonly body: Bytes; readonly id: Bytes } | undefined;
  /** The manifest with the signatures that are there; undefined while there are none. */
  readonly signed: SignedMessage | undefined;
}

const stateSchema = v.strictTuple([
  bytesUpTo(mostTermsBytes),
  v.pipe(v.array(v.nullable(bytesUpTo(mostEntryBytes))), v.maxLength(mostStewards)),
  v.pipe(v.array(v.strictTuple([key, signature])), v.maxLength(mostStewards)),
]);
export const mostFoundingBytes = mostTermsBytes + mostStewards * (mostEntryBytes + 128);

/** The state of a founding as the endpoint gives it: terms, entries by seat, signatures under the manifest. */
export const encodeFoundingState = (
  terms: Bytes,
  entries: readonly (Bytes | undefined)[],
  signatures: readonly SignedMessage[],
): Bytes =>
  encodeCbor([
    terms,
    entries.map((entry) => entry ?? null),
    signatures.flatMap((message) => message.signatures.map(({ signer, signature }) => [signer, signature])),
  ]);

/**
 * Reads and checks the state of a founding.
 *
 * @param id - from the steward's link: the SHA-256 of the terms
 * @throws {ProtocolError} `malformed`, `wrong-community`, `bad-manifest`, and what {@link checkEntry} throws
 */
export async function checkFounding(encoded: Uint8Array, id: Uint8Array): Promise<Founding> {
  const [encodedTerms, messages, signatures] = decodeCbor(stateSchema, encoded, 'The founding');
  const foundingId = await sha256(encodedTerms);
  if (!equalBytes(foundingId, id)) {
    throw new ProtocolError('wrong-community', 'The endpoint shows another draft than the steward’s link names');
  }
  const terms = decodeTerms(encodedTerms);
  if (messages.length !== terms.seats.length)
    throw new ProtocolError('malformed', 'The founding does not show each of its seats');
  const entries = await Promise.all(
    terms.seats.map(async (_, seat) => {
      const message = messages[seat];
      if (message === undefined || message === null) return undefined;
      const entry = await checkEntry(decodeSigned(message), terms);
      if (entry.seat !== seat) throw new ProtocolError('wrong-signer', 'The endpoint shows an entry at another seat');
      return entry;
    }),
  );
  const all = entries.filter((entry) => entry !== undefined);
  if (all.length < entries.length) return { id: foundingId, terms, entries, manifest: undefined, signed: undefined };
  const body = manifestOf(terms, all);
  decodeManifest(body);
  const parts = await Promise.all(
    signatures.map(async ([signer, one]) => {
      const message = { body, signatures: [{ signer, signature: one }] };
      if (!all.some((entry) => equalBytes(entry.key, signer))) {
        throw new ProtocolError('wrong-signer', 'The manifest is signed by one who is no steward of it');
      }
      await verifySignedBy('manifest', message, signer);
      return message;
    }),
  );
  const [first, ...others] = parts;
  return {
    id: foundingId,
    terms,
    entries,
    manifest: { body, id: await sha256(body) },
    signed: first && others.reduce(mergeSignatures, first),
  };
}

/** What a co-steward's link says. */
export interface StewardLink {
  readonly endpointUrl: string;
  readonly founding: Bytes;
  readonly seat: number;
  /** Secret seed of the seat's key. */
  readonly seed: Bytes;
}

const linkSchema = v.strictTuple([endpointUrl, hash, stewardIndex, bytes(32)]);

/** `<appOrigin>/community/#<base64url of CBOR [endpointUrl, founding, seat, seed]>` */
export function encodeStewardLink(appOrigin: string, { endpointUrl: url, founding, seat, seed }: StewardLink): string {
  return `${appOrigin}/community/#${toBase64Url(encodeCbor([url, founding, seat, seed]))}`;
}

/**
 * Reads a steward's link, whole or its fragment.
 *
 * @throws {ProtocolError} `malformed`
 */
export function parseStewardLink(link: string): StewardLink {
  const encoded = fromBase64Url(link.trim().slice(link.trim().indexOf('#') + 1));
  if (encoded === null || encoded.length === 0) {
    throw new ProtocolError('malformed', 'This steward link is not complete: ask for it again, or copy all of it');
  }
  const [url, founding, seat, seed] = decodeCbor(linkSchema, encoded, 'The steward link');
  return { endpointUrl: url, founding, seat, seed };
}
