/**
 * Amendments: what changes in a community after its founding. They form a chain, each signed by t stewards as the chain
 * before it names them. The community's id stays that of its manifest.
 */
import * as v from 'valibot';
import { compareBytes, equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import {
  bytesUpTo,
  hash,
  integer,
  key,
  label,
  month,
  mostHomes,
  mostStewards,
  signature,
  stewardIndex,
} from './fields.ts';
import type { Signer } from './ed25519.ts';
import { sha256 } from './hash.ts';
import {
  decodeManifest,
  encodeManifest,
  findInvite,
  inviteBody,
  signInvite,
  type Community,
  type Manifest,
  type ManifestInvite,
} from './manifest.ts';
import {
  decodeSigned,
  encodeSigned,
  mostSignedBytes,
  signMessage,
  verifySignatures,
  verifySignedByMany,
  type SignedMessage,
} from './signed.ts';

/** A steward who takes another's place. */
export interface Replacement {
  /** Index of the steward who is replaced. */
  readonly steward: number;
  readonly name: string;
  readonly key: Bytes;
}

export interface Amendment {
  readonly community: Bytes;
  /** Counts up from 1. */
  readonly number: number;
  /** SHA-256 of the body of the amendment before; of the first, the community's id. */
  readonly previous: Bytes;
  /** The first month whose round knows the revoked invites no more, and the new stewards. */
  readonly from: string;
  /** New invites, ascending by key; they hold at once, also in rounds that are collecting. */
  readonly invites: readonly ManifestInvite[];
  /** Invites that are taken back, ascending. */
  readonly revoked: readonly Bytes[];
  /** Ascending by steward. */
  readonly replaced: readonly Replacement[];
}

/** Most amendments of a community. */
export const mostAmendments = 10_000;

const amendmentSchema = v.strictObject({
  community: hash,
  number: integer(1, mostAmendments),
  previous: hash,
  from: month,
  invites: v.pipe(v.array(v.strictTuple([key, stewardIndex, signature])), v.maxLength(4 * mostHomes)),
  revoked: v.pipe(v.array(key), v.maxLength(4 * mostHomes)),
  replaced: v.pipe(v.array(v.strictTuple([stewardIndex, label(40), key])), v.maxLength(mostStewards)),
});

export const encodeAmendment = (amendment: Amendment): Bytes =>
  encodeCbor({
    ...amendment,
    invites: amendment.invites.map(({ key, steward, signature }) => [key, steward, signature]),
    replaced: amendment.replaced.map(({ steward, name, key }) => [steward, name, key]),
  });

/** @throws {ProtocolError} `malformed` */
export function decodeAmendment(body: Uint8Array): Amendment {
  const fields = decodeCbor(amendmentSchema, body, 'The amendment');
  return {
    ...fields,
    invites: fields.invites.map(([key, steward, signature]) => ({ key, steward, signature })),
    replaced: fields.replaced.map(([steward, name, key]) => ({ steward, name, key })),
  };
}

const chainSchema = v.pipe(v.array(bytesUpTo(mostSignedBytes)), v.maxLength(mostAmendments));

/** Amendments in their order, or proposals: a CBOR array of encoded signed messages. */
export const encodeAmendments = (messages: readonly SignedMessage[]): Bytes => encodeCbor(messages.map(encodeSigned));

/** @throws {ProtocolError} `malformed` */
export const decodeAmendments = (encoded: Uint8Array): SignedMessage[] =>
  decodeCbor(chainSchema, encoded, 'The amendments').map(decodeSigned);

/** A community with the amendments so far, all checked. */
export interface AmendedCommunity {
  readonly founded: Community;
  readonly amendments: readonly Amendment[];
  /** SHA-256 of the last amendment's body, or the community's id: what the next one must follow. */
  readonly last: Bytes;
}

export const unamended = (founded: Community): AmendedCommunity => ({ founded, amendments: [], last: founded.id });

const ascending = (keys: readonly Bytes[]): boolean =>
  keys.every((key, i) => i === 0 || compareBytes(keys[i - 1] ?? key, key) < 0);

function amend(manifest: Manifest, { invites, revoked, replaced }: Amendment, isInForce: boolean): Manifest {
  const all = [...manifest.invites, ...invites].sort((a, b) => compareBytes(a.key, b.key));
  if (!isInForce) return { ...manifest, invites: all };
  return {
    ...manifest,
    invites: all.filter(({ key }) => !revoked.some((one) => equalBytes(one, key))),
    stewards: manifest.stewards.map((steward, i) => {
      const newcomer = replaced.find((one) => one.steward === i);
      return newcomer === undefined ? steward : { name: newcomer.name, key: newcomer.key };
    }),
  };
}

/** What the community is for a month's round; without a month, what it is after all amendments. */
export function communityOf({ founded, amendments }: AmendedCommunity, month?: string): Community {
  const manifest = amendments.reduce(
    (before, amendment) => amend(before, amendment, month === undefined || amendment.from <= month),
    founded.manifest,
  );
  return { id: founded.id, manifest };
}

function amendmentFault(amendment: Amendment, { number, last }: { number: number; last: Bytes }, manifest: Manifest) {
  const { invites, revoked, replaced } = amendment;
  if (amendment.number !== number || !equalBytes(amendment.previous, last)) {
    return 'The amendment does not follow the one before it';
  }
  if (invites.length + revoked.length + replaced.length === 0) return 'The amendment changes nothing';
  if (!ascending(invites.map(({ key }) => key)) || !ascending(revoked)) {
    return 'The invites of the amendment are not in ascending order, each once';
  }
  if (invites.some(({ key }) => findInvite(manifest, key) !== -1)) return 'An invite of the amendment is there already';
  if (revoked.some((key) => findInvite(manifest, key) === -1))
    return 'The amendment revokes an invite that is not there';
  if (replaced.some(({ steward }, i) => i > 0 && steward <= (replaced[i - 1]?.steward ?? 0))) {
    return 'The amendment names its new stewards out of order or twice';
  }
  if ([...invites, ...replaced].some(({ steward }) => steward >= manifest.stewards.length)) {
    return 'The amendment names a steward who does not exist';
  }
  return undefined;
}

/** Everyone who ever was invited: without revocations, and before any steward was replaced. */
export function everInvited({ founded, amendments }: AmendedCommunity): Community {
  const manifest = amendments.reduce((before, amendment) => amend(before, amendment, false), founded.manifest);
  return { id: founded.id, manifest };
}

/**
 * Checks the next amendment of a community.
 *
 * @param least - how many stewards must have signed; fewer than the threshold for one that still gathers signatures
 * @returns the community with it
 * @throws {ProtocolError} `malformed`, `wrong-community`, `bad-amendment`, `bad-manifest` if the manifest would
 *   contradict itself, `wrong-signer`, `bad-signature`
 */
export async function checkAmendment(
  message: SignedMessage,
  before: AmendedCommunity,
  least = before.founded.manifest.threshold,
): Promise<AmendedCommunity> {
  const amendment = decodeAmendment(message.body);
  const { id, manifest } = communityOf(before);
  if (!equalBytes(amendment.community, id)) {
    throw new ProtocolError('wrong-community', 'The amendment is of another community');
  }
  const fault = amendmentFault(amendment, { number: before.amendments.length + 1, last: before.last }, manifest);
  if (fault !== undefined) throw new ProtocolError('bad-amendment', fault);
  decodeManifest(encodeManifest(amend(manifest, amendment, true)));
  const keys = manifest.stewards.map(({ key }) => key);
  await verifySignedByMany('amendment', message, keys, least);
  // A new steward issues invites by a later amendment.
  await Promise.all(
    amendment.invites.map(({ key, steward, signature }) =>
      verifySignatures('invite', {
        body: inviteBody(manifest.salt, key, steward),
        signatures: [{ signer: keys[steward] ?? key, signature }],
      }),
    ),
  );
  return {
    founded: before.founded,
    amendments: [...before.amendments, amendment],
    last: await sha256(message.body),
  };
}

/** Checks a chain of amendments from the founding on. @throws {ProtocolError} what {@link checkAmendment} throws */
export async function checkAmendments(
  founded: Community,
  messages: readonly SignedMessage[],
): Promise<AmendedCommunity> {
  let amended = unamended(founded);
  for (const message of messages) amended = await checkAmendment(message, amended);
  return amended;
}

/** What a steward wants to have changed. */
export interface Change {
  /** See {@link Amendment.from}. */
  readonly from: string;
  /** Public keys of invites that this steward issues more. */
  readonly invites: readonly Bytes[];
  readonly revoked: readonly Bytes[];
  readonly replaced: readonly Replacement[];
}

/**
 * The next amendment of a community, proposed and signed by one steward.
 *
 * @param steward - index of the one who proposes
 * @throws {ProtocolError} what {@link checkAmendment} throws
 */
export async function proposeAmendment(
  before: AmendedCommunity,
  { from, invites, revoked, replaced }: Change,
  steward: number,
  signer: Signer,
): Promise<SignedMessage> {
  const { id, manifest } = communityOf(before);
  const issued = await Promise.all(invites.map((key) => signInvite(manifest.salt, key, steward, signer)));
  const body = encodeAmendment({
    community: id,
    number: before.amendments.length + 1,
    previous: before.last,
    from,
    invites: issued.sort((a, b) => compareBytes(a.key, b.key)),
    revoked: [...revoked].sort(compareBytes),
    replaced: [...replaced].sort((a, b) => a.steward - b.steward),
  });
  const message = await signMessage('amendment', body, [signer]);
  await checkAmendment(message, before, 1);
  return message;
}

/**
 * Another steward's signature under a proposal, which must be a right next amendment.
 *
 * @returns the same body with this steward's signature alone
 * @throws {ProtocolError} what {@link checkAmendment} throws
 */
export async function signProposal(
  proposal: SignedMessage,
  before: AmendedCommunity,
  signer: Signer,
): Promise<SignedMessage> {
  await checkAmendment(proposal, before, 1);
  return signMessage('amendment', proposal.body, [signer]);
}
