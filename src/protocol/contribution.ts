/**
 * Contributions: one home's encrypted shares for one round, with everything that binds them to it.
 */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { certificateSchema, mostCertificates, verifyCertificates, type Certificate } from './certificate.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { bytes, bytesUpTo, cohortIndex, hash, instantMs, integer, key, month, mostStewards, slices } from './fields.ts';
import { sha256 } from './hash.ts';
import { findInvite, type Community } from './manifest.ts';
import type { Announcement } from './round-key.ts';
import { decodeSigned, encodeSigned, signMessage, verifySignedBy, type SignedMessage } from './signed.ts';

/** Cohort of a home that said none. */
export const cohortNotSaid = -1;

/** What every fingerprint is sealed with (as associated data) and what the list repeats of each contribution. */
export interface ContributionHeader {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the round's announcement. */
  readonly announcement: Bytes;
  /** Public key of the home's invite. */
  readonly invite: Bytes;
  /** From the invite to the member key that signs. */
  readonly certificates: readonly Certificate[];
  /** Index of the cohort label, or {@link cohortNotSaid}. */
  readonly cohort: number;
  /** Counts up when a home replaces its contribution. */
  readonly version: number;
  /** SHA-256 of each steward's ciphertext. */
  readonly ciphertexts: readonly Bytes[];
}

const perSteward = v.pipe(v.array(hash), v.minLength(2), v.maxLength(mostStewards));
export const certificatesSchema = v.pipe(v.array(certificateSchema), v.minLength(1), v.maxLength(mostCertificates));
export const versionSchema = integer(0, 0xffff_ffff);

const headerSchema = v.strictTuple([
  hash,
  month,
  hash,
  key,
  certificatesSchema,
  cohortIndex,
  versionSchema,
  perSteward,
]);

export const encodeHeader = (header: ContributionHeader): Bytes =>
  encodeCbor([
    header.community,
    header.month,
    header.announcement,
    header.invite,
    header.certificates.map(({ member, signature }) => [member, signature]),
    header.cohort,
    header.version,
    header.ciphertexts,
  ]);

/** @throws {ProtocolError} `malformed` */
export function decodeHeader(encoded: Uint8Array): ContributionHeader {
  const [community, month, announcement, invite, chain, cohort, version, ciphertexts] = decodeCbor(
    headerSchema,
    encoded,
    'The contribution header',
  );
  const certificates = chain.map(([member, signature]) => ({ member, signature }));
  return { community, month, announcement, invite, certificates, cohort, version, ciphertexts };
}

/** The member key that a chain ends with. */
export function memberOf({ certificates }: Pick<ContributionHeader, 'certificates'>): Bytes {
  const last = certificates.at(-1);
  if (last === undefined) throw new ProtocolError('malformed', 'A contribution names no member');
  return last.member;
}

const bodySchema = v.strictObject({ header: bytesUpTo(4096), fingerprints: perSteward });

/** The signed body: the header, and the SHA-256 of each sealed fingerprint. */
export const encodeContributionBody = (header: Bytes, fingerprints: readonly Bytes[]): Bytes =>
  encodeCbor({ header, fingerprints });

/** Bytes of a sealed fingerprint: 32 of the encapsulated key, 8 of the value, 16 of the tag. */
export const sealedFingerprintBytes = 32 + 8 + 16;

/** The sealed fingerprints of a file. @throws {ProtocolError} `malformed` */
export const splitFingerprints = (all: Bytes): Bytes[] => slices(all, sealedFingerprintBytes, 'A fingerprint');

/** A contribution with its files, one ciphertext and one sealed fingerprint per steward. */
export interface Contribution {
  readonly signed: SignedMessage;
  readonly sealedFingerprints: readonly Bytes[];
  readonly ciphertexts: readonly Bytes[];
}

const transportSchema = v.strictTuple([
  bytesUpTo(8192),
  v.pipe(v.array(bytes(sealedFingerprintBytes)), v.maxLength(mostStewards)),
  v.pipe(v.array(bytesUpTo(40_000)), v.maxLength(mostStewards)),
]);

/** Most bytes of an encoded contribution; an endpoint refuses longer ones unread. */
export const mostContributionBytes = mostStewards * 40_000 + 16_384;

/** What a home sends: `[signed contribution, [sealed fingerprints], [ciphertexts]]`. */
export const encodeContribution = ({ signed, sealedFingerprints, ciphertexts }: Contribution): Bytes =>
  encodeCbor([encodeSigned(signed), sealedFingerprints, ciphertexts]);

/** @throws {ProtocolError} `malformed` */
export function decodeContribution(encoded: Uint8Array): Contribution {
  const [signed, sealedFingerprints, ciphertexts] = decodeCbor(transportSchema, encoded, 'The contribution');
  return { signed: decodeSigned(signed), sealedFingerprints, ciphertexts };
}

/** Signs a header and its sealed fingerprints with the member key. */
export async function signContribution(
  header: ContributionHeader,
  sealedFingerprints: readonly Bytes[],
  ciphertexts: readonly Bytes[],
  member: Signer,
): Promise<Contribution> {
  const fingerprints = await Promise.all(sealedFingerprints.map(sha256));
  const body = encodeContributionBody(encodeHeader(header), fingerprints);
  return { signed: await signMessage('contribution', body, [member]), sealedFingerprints, ciphertexts };
}

/** A contribution's signed part, checked against its community and round. */
export interface CheckedContribution {
  readonly header: ContributionHeader;
  readonly member: Bytes;
  /** SHA-256 of each sealed fingerprint. */
  readonly fingerprints: readonly Bytes[];
  /** The member's signature over the contribution's body. */
  readonly signature: Bytes;
  /** Index of the steward who issued the home's invite. */
  readonly issuer: number;
}

/**
 * Checks a contribution's signed part: community, round, invite, certificates, cohort and signature.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-round`, `wrong-announcement`, `unknown-invite`,
 *   `bad-certificate`, `wrong-signer`, `bad-signature`
 */
export async function checkSignedContribution(
  signed: SignedMessage,
  { id, manifest }: Community,
  announcement: Pick<Announcement, 'hash' | 'month'>,
): Promise<CheckedContribution> {
  const body = decodeCbor(bodySchema, signed.body, 'The contribution');
  const header = decodeHeader(body.header);
  if (!equalBytes(header.community, id)) {
    throw new ProtocolError('wrong-community', 'The contribution belongs to another community');
  }
  if (header.month !== announcement.month) {
    throw new ProtocolError('wrong-round', `The contribution is for ${header.month}, not for ${announcement.month}`);
  }
  if (!equalBytes(header.announcement, announcement.hash)) {
    throw new ProtocolError('wrong-announcement', 'The contribution was made for other round keys');
  }
  const stewards = manifest.stewards.length;
  if (header.ciphertexts.length !== stewards || body.fingerprints.length !== stewards) {
    throw new ProtocolError(
      'malformed',
      `A contribution has one ciphertext and one fingerprint for each of ${stewards} stewards`,
    );
  }
  if (header.cohort >= manifest.cohorts.length) {
    throw new ProtocolError('malformed', 'The contribution names a group that the community does not have');
  }
  const invite = manifest.invites[findInvite(manifest, header.invite)];
  if (invite === undefined)
    throw new ProtocolError('unknown-invite', 'The contribution’s invite is not one of this community');
  await verifyCertificates(id, invite.key, header.certificates);
  const member = memberOf(header);
  await verifySignedBy('contribution', signed, member);
  const signature = signed.signatures[0]?.signature ?? new Uint8Array();
  return { header, member, fingerprints: body.fingerprints, signature, issuer: invite.steward };
}

/**
 * Checks that the files of a contribution are those whose hashes its member signed.
 *
 * @throws {ProtocolError} `bad-ciphertext`, `bad-fingerprint`
 */
export async function checkContributionFiles(
  { sealedFingerprints, ciphertexts }: Contribution,
  { header, fingerprints }: CheckedContribution,
): Promise<void> {
  const match = async (files: readonly Bytes[], hashes: readonly Bytes[]): Promise<boolean> => {
    const found = await Promise.all(files.map(sha256));
    return found.length === hashes.length && found.every((hash, i) => equalBytes(hash, hashes[i] ?? new Uint8Array()));
  };
  if (!(await match(ciphertexts, header.ciphertexts))) {
    throw new ProtocolError('bad-ciphertext', 'A ciphertext is not the one that the contribution names');
  }
  if (!(await match(sealedFingerprints, fingerprints))) {
    throw new ProtocolError('bad-fingerprint', 'A sealed fingerprint is not the one that the contribution names');
  }
}

/** What is kept of a contribution for closing its round, beside its ciphertexts. */
export interface KeptContribution extends Omit<Contribution, 'ciphertexts'> {
  readonly receivedMs: number;
}

const keptSchema = v.strictTuple([
  bytesUpTo(8192),
  v.pipe(v.array(bytes(sealedFingerprintBytes)), v.maxLength(mostStewards)),
  instantMs,
]);

export const encodeKept = ({ signed, sealedFingerprints, receivedMs }: KeptContribution): Bytes =>
  encodeCbor([encodeSigned(signed), sealedFingerprints, receivedMs]);

/** @throws {ProtocolError} `malformed` */
export function decodeKept(encoded: Uint8Array): KeptContribution {
  const [signed, sealedFingerprints, receivedMs] = decodeCbor(keptSchema, encoded, 'A kept contribution');
  return { signed: decodeSigned(signed), sealedFingerprints, receivedMs };
}
