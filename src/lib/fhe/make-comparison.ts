/** A home's comparison, from its codes to its places. */
import { decodeSigned, type SignedMessage } from '../../protocol/signed.ts';
import { ProtocolError } from '../../protocol/error.ts';
import type { AdviceScores } from '../../protocol/advice-model.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import {
  checkComparisonResult,
  circuitVersion,
  placesOf,
  scoresOf,
  signComparisonRequest,
  type Place,
} from '../../protocol/comparison.ts';
import type { Community } from '../../protocol/manifest.ts';
import { decryptAnswers, encryptCodes } from './comparison.ts';
import type { Member } from './make-contribution.ts';
import type { TfheModule } from './tfhe-module.ts';

export interface ComparisonInput {
  readonly community: Community;
  readonly month: string;
  /** See `normsId`. */
  readonly norms: Bytes;
  /** Index of the cohort label that the home's contribution says, or `cohortNotSaid`. */
  readonly cohort: number;
  /** SHA-256 of the home's server key. */
  readonly serverKey: Bytes;
  /** One per feature, 0..255. */
  readonly codes: readonly number[];
}

/**
 * Encrypts a month's codes under the home's own key and signs the request.
 *
 * @throws {ProtocolError} `bad-value`
 */
export const makeComparisonRequest = (
  tfhe: TfheModule,
  { invite, certificates, signer }: Member,
  clientKey: Uint8Array,
  { community, month, norms, cohort, serverKey, codes }: ComparisonInput,
): Promise<SignedMessage> =>
  signComparisonRequest(
    {
      community: community.id,
      month,
      norms,
      circuits: circuitVersion,
      invite,
      certificates,
      cohort,
      serverKey,
      codes: encryptCodes(tfhe, clientKey, codes),
    },
    signer,
  );

/** A home's places in one group. */
export interface GroupPlaces {
  readonly name: string;
  readonly homes: number;
  /** One per feature. */
  readonly places: readonly Place[];
}

/** All that a result tells its home. */
export interface ComparisonAnswer {
  readonly groups: readonly GroupPlaces[];
  /** Number of the advice model that gave the scores. */
  readonly model: number;
  readonly scores: AdviceScores;
}

/**
 * Checks and decrypts a result.
 *
 * @param request - the encoded request that it answers
 * @returns undefined if it cannot be read: not the endpoint's answer to this request, damaged, or under another key
 */
export async function readComparison(
  tfhe: TfheModule,
  clientKey: Uint8Array,
  community: Community,
  request: Uint8Array,
  result: Uint8Array,
): Promise<ComparisonAnswer | undefined> {
  try {
    const checked = await checkComparisonResult(decodeSigned(result), community, decodeSigned(request));
    const { groups, model } = checked;
    const read: GroupPlaces[] = [];
    for (const { name, homes, answers } of groups) {
      const places = placesOf(decryptAnswers(tfhe, clientKey, answers));
      if (places === undefined) return undefined;
      read.push({ name, homes, places });
    }
    const scores = scoresOf(decryptAnswers(tfhe, clientKey, checked.scores));
    return scores && { groups: read, model, scores };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
