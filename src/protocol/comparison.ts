/**
 * Encrypted comparison: a home announces its server key, asks for its place among a round's norms, and gets a file that
 * it alone can read (docs/protocol.md, "Comparison").
 */
import * as v from 'valibot';
import { highestScore, scoredAdvice, type AdviceScores } from './advice-model.ts';
import { concatBytes, equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { verifyCertificates, type Certificate } from './certificate.ts';
import { answerBytes, checkSeeds, digitBytes, digitsPerCode, splitDigits } from './comparison-digits.ts';
import { certificatesSchema, memberOf } from './contribution.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { features } from './features.ts';
import { bytes, bytesUpTo, cohortIndex, hash, integer, key, label, month, mostHomes } from './fields.ts';
import { sha256 } from './hash.ts';
import { findInvite, type Community } from './manifest.ts';
import { encodeNorms, type RoundNorms } from './norms-message.ts';
import { signMessage, verifySignedBy, type SignedMessage } from './signed.ts';

/**
 * Number of the circuits that the endpoint evaluates: per feature the decile rank, and whether above the mean; from 2 on
 * also the scores of the advice model over the ranks in the whole community.
 */
export const circuitVersion = 2;

/** Bytes of a compressed server key. */
export const serverKeyBytes = 28_459_264;
/** A server key is uploaded in pieces of so many bytes; the last one is what is left. */
export const keyPieceBytes = 1 << 17;
/** Answers to one group of homes: per feature its rank, then whether it is above the mean. */
export const answersPerGroup = 2 * features.length;

/** Who asks: a member of a community, by the chain from its invite. */
interface Asker {
  readonly community: Bytes;
  /** Public key of the home's invite. */
  readonly invite: Bytes;
  /** From the invite to the member key that signs. */
  readonly certificates: readonly Certificate[];
}

const askerFields = { community: hash, invite: key, certificates: certificatesSchema };
const chainOf = (pairs: v.InferOutput<typeof certificatesSchema>): Certificate[] =>
  pairs.map(([member, signature]) => ({ member, signature }));
const encodeChain = (certificates: readonly Certificate[]) =>
  certificates.map(({ member, signature }) => [member, signature] as const);

/**
 * Checks community, invite, certificates and signature.
 *
 * @throws {ProtocolError} `wrong-community`, `unknown-invite`, `bad-certificate`, `wrong-signer`, `bad-signature`
 */
async function checkAsker(
  type: 'comparison-key' | 'comparison',
  message: SignedMessage,
  asker: Asker,
  { id, manifest }: Community,
): Promise<void> {
  if (!equalBytes(asker.community, id)) {
    throw new ProtocolError('wrong-community', 'The comparison is asked for in another community');
  }
  if (findInvite(manifest, asker.invite) === -1) {
    throw new ProtocolError('unknown-invite', 'The comparison’s invite is not one of this community');
  }
  await verifyCertificates(id, asker.invite, asker.certificates);
  await verifySignedBy(type, message, memberOf(asker));
}

/** Announces the upload of a server key. */
export interface KeyAnnouncement extends Asker {
  readonly size: number;
  readonly sha256: Bytes;
}

const keyAnnouncementSchema = v.strictObject({ ...askerFields, size: integer(1, serverKeyBytes), sha256: hash });

export const signKeyAnnouncement = (announcement: KeyAnnouncement, member: Signer): Promise<SignedMessage> =>
  signMessage('comparison-key', encodeCbor({ ...announcement, certificates: encodeChain(announcement.certificates) }), [
    member,
  ]);

/** @throws {ProtocolError} `malformed`, and what is wrong with who asks */
export async function checkKeyAnnouncement(message: SignedMessage, community: Community): Promise<KeyAnnouncement> {
  const fields = decodeCbor(keyAnnouncementSchema, message.body, 'The announcement of a server key');
  const announcement = { ...fields, certificates: chainOf(fields.certificates) };
  await checkAsker('comparison-key', message, announcement, community);
  return announcement;
}

/**
 * Identity of a set of norms: SHA-256 of the published norms as if they were unchecked. More openings change nothing in
 * the norms, so they do not open another chance to ask. The unpublished part is bound by its salted hash.
 */
export const normsId = (norms: RoundNorms): Promise<Bytes> => sha256(encodeNorms({ ...norms, checked: false }));

export interface ComparisonRequest extends Asker {
  readonly month: string;
  /** See {@link normsId}. */
  readonly norms: Bytes;
  /** {@link circuitVersion} */
  readonly circuits: number;
  /** Index of the cohort label that the home's contribution says, to be compared with that too; or `cohortNotSaid`. */
  readonly cohort: number;
  /** SHA-256 of the server key. */
  readonly serverKey: Bytes;
  /** Per feature four digits, most significant first, as seeded compressed ciphertexts. */
  readonly codes: Bytes;
}

const requestSchema = v.strictObject({
  ...askerFields,
  month,
  norms: hash,
  circuits: integer(0, 0xffff),
  cohort: cohortIndex,
  serverKey: hash,
  codes: bytes(features.length * digitsPerCode * digitBytes),
});

/** Most bytes of a signed request. */
export const mostRequestBytes = 8192;

export const signComparisonRequest = (request: ComparisonRequest, member: Signer): Promise<SignedMessage> =>
  signMessage('comparison', encodeCbor({ ...request, certificates: encodeChain(request.certificates) }), [member]);

/** @throws {ProtocolError} `malformed` */
export function decodeComparisonRequest(body: Uint8Array): ComparisonRequest {
  const fields = decodeCbor(requestSchema, body, 'The comparison request');
  return { ...fields, certificates: chainOf(fields.certificates) };
}

/** A request's id, which names its result: SHA-256 of its body. */
export const requestId = ({ body }: Pick<SignedMessage, 'body'>): Promise<Bytes> => sha256(body);

export interface CheckedRequest {
  readonly id: Bytes;
  readonly request: ComparisonRequest;
  /** Per feature, per digit. */
  readonly digits: readonly (readonly Bytes[])[];
}

/**
 * Checks a request against its community and round.
 *
 * @param norms - the published norms' {@link normsId}
 * @throws {ProtocolError} `malformed`, `wrong-round`, `wrong-norms`, `wrong-circuits`, `bad-ciphertext`, and what is wrong
 *   with who asks
 */
export async function checkComparisonRequest(
  message: SignedMessage,
  community: Community,
  round: { readonly month: string; readonly norms: Bytes },
): Promise<CheckedRequest> {
  const request = decodeComparisonRequest(message.body);
  await checkAsker('comparison', message, request, community);
  if (request.month !== round.month) {
    throw new ProtocolError('wrong-round', `The comparison is for ${request.month}, not for ${round.month}`);
  }
  if (!equalBytes(request.norms, round.norms)) {
    throw new ProtocolError('wrong-norms', 'The comparison is asked for with other norms than the published ones');
  }
  if (request.circuits !== circuitVersion) {
    throw new ProtocolError('wrong-circuits', `Comparisons are made with circuits ${circuitVersion} here`);
  }
  if (request.cohort >= community.manifest.cohorts.length) {
    throw new ProtocolError('malformed', 'The comparison names a group that the community does not have');
  }
  const all = splitDigits(request.codes);
  checkSeeds(all);
  const digits = features.map((_, i) => all.slice(i * digitsPerCode, (i + 1) * digitsPerCode));
  return { id: await requestId(message), request, digits };
}

/** Answers to one group of homes. */
export interface GroupAnswers {
  readonly name: string;
  readonly homes: number;
  /** {@link answersPerGroup} ciphertexts. */
  readonly answers: readonly Bytes[];
}

/** A result: what the endpoint computed under the home's key, and could not read. */
export interface ComparisonResult {
  readonly community: Bytes;
  readonly month: string;
  /** The request's id. */
  readonly request: Bytes;
  readonly groups: readonly GroupAnswers[];
  /** Number of the advice model. */
  readonly model: number;
  /** One ciphertext for each of `scoredAdvice`. */
  readonly scores: readonly Bytes[];
}

/** The community, and one cohort. */
const mostGroups = 2;
const resultSchema = v.strictObject({
  community: hash,
  month,
  request: hash,
  groups: v.pipe(
    v.array(v.strictTuple([label(40), integer(1, mostHomes), bytesUpTo(answersPerGroup * answerBytes)])),
    v.minLength(1),
    v.maxLength(mostGroups),
  ),
  model: integer(1, 0xffff),
  scores: bytesUpTo(scoredAdvice.length * answerBytes),
});

/** Most bytes of a signed result. */
export const mostResultBytes = (mostGroups * answersPerGroup + scoredAdvice.length) * answerBytes + 1024;

/** A result's body. */
export function encodeComparisonResult({ community, month, request, groups, model, scores }: ComparisonResult): Bytes {
  const joined = groups.map(({ name, homes, answers }) => [name, homes, concatBytes(...answers)] as const);
  return encodeCbor({ community, month, request, groups: joined, model, scores: concatBytes(...scores) });
}

/**
 * Checks that a result is the endpoint's, for this request. Whether its answers can be read, only the key shows.
 *
 * @throws {ProtocolError} `malformed`, `wrong-signer`, `bad-signature`, `wrong-community`, `wrong-round`, `bad-answer`
 */
export async function checkComparisonResult(
  message: SignedMessage,
  { id, manifest }: Community,
  request: Pick<SignedMessage, 'body'>,
): Promise<ComparisonResult> {
  const { groups, scores, ...result } = decodeCbor(resultSchema, message.body, 'The comparison’s result');
  await verifySignedBy('comparison-result', message, manifest.endpointKey);
  if (!equalBytes(result.community, id)) {
    throw new ProtocolError('wrong-community', 'The result belongs to another community');
  }
  const isOfRequest = equalBytes(result.request, await requestId(request));
  if (!isOfRequest || result.month !== decodeComparisonRequest(request.body).month) {
    throw new ProtocolError('wrong-round', 'The result answers another request');
  }
  return {
    ...result,
    groups: groups.map(([name, homes, joined]) => ({ name, homes, answers: splitAnswers(joined, answersPerGroup) })),
    scores: splitAnswers(scores, scoredAdvice.length),
  };
}

function splitAnswers(joined: Bytes, count: number): Bytes[] {
  if (joined.length % count !== 0) throw new ProtocolError('bad-answer', 'An answer is not whole');
  const size = joined.length / count;
  return Array.from({ length: count }, (_, i) => joined.slice(i * size, (i + 1) * size));
}

/** A home's place as it decrypts. */
export interface Place {
  /** 0..9 */
  readonly rank: number;
  readonly aboveMean: boolean;
}

/**
 * Places per feature from a group's decrypted answers.
 *
 * @returns undefined if any value is none that an answer can have: made under another key, or damaged
 */
export function placesOf(values: readonly number[]): Place[] | undefined {
  const places = features.map((_, i) => ({ rank: values[2 * i] ?? -1, above: values[2 * i + 1] ?? -1 }));
  const readable = places.every(({ rank, above }) => rank >= 0 && rank <= 9 && (above === 0 || above === 1));
  return readable ? places.map(({ rank, above }) => ({ rank, aboveMean: above === 1 })) : undefined;
}

/**
 * Scores from their decrypted answers.
 *
 * @returns undefined if any value is none that a score can have
 */
export function scoresOf(values: readonly number[]): AdviceScores | undefined {
  const [baseload = -1, evening = -1, night = -1, heating = -1] = values;
  const scores = { baseload, evening, night, heating };
  const readable = scoredAdvice.every((id) => scores[id] >= 0 && scores[id] <= highestScore);
  return readable ? scores : undefined;
}
