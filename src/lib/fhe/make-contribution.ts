import type { Bytes } from '../../protocol/bytes.ts';
import type { Certificate } from '../../protocol/certificate.ts';
import {
  encodeHeader,
  signContribution,
  type Contribution,
  type ContributionHeader,
} from '../../protocol/contribution.ts';
import type { Signer } from '../../protocol/ed25519.ts';
import { fingerprint, fingerprintCoefficients, sealFingerprint } from '../../protocol/fingerprint.ts';
import { sha256 } from '../../protocol/hash.ts';
import type { Community } from '../../protocol/manifest.ts';
import type { Announcement } from '../../protocol/round-key.ts';
import { splitShares } from '../../protocol/shamir.ts';
import { encryptShares } from './contribution.ts';
import type { TfheModule } from './tfhe-module.ts';

/** A home as the protocol knows it. */
export interface Member {
  /** Public key of the invite. */
  readonly invite: Bytes;
  readonly certificates: readonly Certificate[];
  readonly signer: Signer;
}

export interface ContributionInput {
  readonly community: Community;
  readonly announcement: Announcement;
  /** One integer per slot, see `encodeVector`. */
  readonly vector: readonly number[];
  /** Index of the cohort label, or `cohortNotSaid`. */
  readonly cohort: number;
  readonly version: number;
}

/** What is being done, and how much of the whole is behind: a steward's part takes one step to encrypt and one to seal. */
export interface Step {
  readonly doing: 'encrypt' | 'seal' | 'sign';
  /** 0-based index of the steward whose part this is; the last step has none. */
  readonly steward?: number;
  readonly done: number;
  readonly total: number;
}

/**
 * Makes a home's contribution: Shamir shares of its vector, each encrypted under one steward's round key and
 * fingerprinted for that steward, and the member's signature over it all (docs/protocol.md).
 *
 * @param onstep - told before each step
 * @throws {ProtocolError} `bad-announcement`, `bad-value`
 */
export async function makeContribution(
  tfhe: TfheModule,
  { invite, certificates, signer }: Member,
  { community, announcement, vector, cohort, version }: ContributionInput,
  onstep: (step: Step) => void = () => undefined,
): Promise<Contribution> {
  const { manifest, id } = community;
  const { roundKeys, month } = announcement;
  const total = 2 * roundKeys.length + 1;
  const shares = splitShares(vector, manifest.threshold, roundKeys.length);
  const sharesOf = (steward: number): readonly number[] => shares[steward] ?? [];

  const ciphertexts: Bytes[] = [];
  for (const [steward, { publicKey }] of roundKeys.entries()) {
    onstep({ doing: 'encrypt', steward, done: steward, total });
    ciphertexts.push(encryptShares(tfhe, publicKey, sharesOf(steward)));
  }
  const header: ContributionHeader = {
    community: id,
    month,
    announcement: announcement.hash,
    invite,
    certificates,
    cohort,
    version,
    ciphertexts: await Promise.all(ciphertexts.map(sha256)),
  };
  const encodedHeader = encodeHeader(header);
  const coefficients = await fingerprintCoefficients(announcement.hash);
  const sealed: Bytes[] = [];
  for (const [steward, { hpkeKey }] of roundKeys.entries()) {
    onstep({ doing: 'seal', steward, done: roundKeys.length + steward, total });
    const value = fingerprint(coefficients, sharesOf(steward));
    sealed.push(await sealFingerprint(value, hpkeKey, encodedHeader, { community: id, month, steward }));
  }
  onstep({ doing: 'sign', done: total - 1, total });
  return signContribution(header, sealed, ciphertexts, signer);
}
