/**
 * What app, stewards and simulation ask of an aggregation endpoint: one method a route (docs/protocol.md, "HTTP").
 * Everything that comes back is hostile until checked: sizes are capped here, contents by the message's own check.
 */
import * as v from 'valibot';
import { decodeAmendments } from './amendment.ts';
import { concatBytes, ownBytes, toHex, type Bytes } from './bytes.ts';
import { decodeCbor } from './cbor.ts';
import { ciphertextBytes } from './ciphertext.ts';
import { mostResultBytes } from './comparison.ts';
import { encodeContribution, sealedFingerprintBytes, splitFingerprints, type Contribution } from './contribution.ts';
import { decodeDeletions, mostDeletionsBytes, type Deletion } from './deletions.ts';
import type { Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import {
  bytesUpTo,
  instantMs,
  integer,
  key,
  month,
  mostChainBytes,
  mostHomes,
  mostStewards,
  slices,
  stewardIndex,
} from './fields.ts';
import { mostFoundingBytes } from './founding.ts';
import { decodeHeadAnswer, mostHeadBytes, type HeadAnswer } from './head.ts';
import { sha256 } from './hash.ts';
import { authorizeRead } from './opening.ts';
import { problemWords } from './problem-words.ts';
import { decodeSigned, encodeSigned, mostSignedBytes, type SignedMessage } from './signed.ts';

/** The endpoint could not be asked, or said no; `code` is its problem's name, or `unreachable`. */
export class EndpointError extends Error {
  readonly code: string;
  /** HTTP status; 0 if no answer came. */
  readonly status: number;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EndpointError';
    this.code = code;
    this.status = status;
  }
}

export type RoundState = 'announced' | 'collecting' | 'closed' | 'sealed' | 'opened' | 'expired';

/** Where a round stands, as the endpoint says (unsigned: for display and for knowing what to ask next). */
export interface RoundSummary {
  readonly month: string;
  readonly state: RoundState;
  readonly closesMs: number;
  /** Contributions so far. */
  readonly homes: number;
}

const stewards = v.pipe(v.array(stewardIndex), v.maxLength(mostStewards));
const wordsSchema = v.strictObject({
  keys: stewards,
  closes: stewards,
  seals: stewards,
  openings: stewards,
  norms: stewards,
});

/** Which stewards have sent what for a round, by index, as the endpoint says (unsigned: for display). */
export type StewardWords = Readonly<v.InferOutput<typeof wordsSchema>>;

const usedInvitesSchema = v.pipe(v.array(key), v.maxLength(4 * mostHomes));

const roundsSchema = v.pipe(
  v.array(
    v.strictObject({
      month,
      state: v.picklist(['announced', 'collecting', 'closed', 'sealed', 'opened', 'expired']),
      closesMs: instantMs,
      homes: integer(0, mostHomes),
    }),
  ),
  v.maxLength(1200),
);
const identitySchema = v.strictObject({ key });
const messagesSchema = v.pipe(v.array(bytesUpTo(mostSignedBytes)), v.maxLength(mostStewards));
const problemSchema = v.object({ type: v.string(), title: v.string(), detail: v.optional(v.string()) });

const mostSmallBytes = 1 << 18;
const mostAnnouncementBytes = mostStewards * 50_000;

export interface EndpointClientOptions {
  /** Address without a slash at its end. */
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** How long one answer may take; a minute by default. */
  readonly timeoutMs?: number;
}

/** A round of a community, for the address. */
export interface RoundAddress {
  readonly community: Bytes;
  readonly month: string;
}

/**
 * Talks to one endpoint. Methods that look for something resolve with undefined where it is not there yet.
 * All methods reject with {@link EndpointError} if the endpoint is unreachable or refuses, and with
 * {@link ProtocolError} `malformed` if its answer is not what the route gives.
 */
export class EndpointClient {
  readonly #options: EndpointClientOptions;

  constructor(options: EndpointClientOptions) {
    this.#options = options;
  }

  /** The key that signs the endpoint's receipts and lists. */
  async identity(): Promise<Bytes> {
    return decodeCbor(identitySchema, await this.#need('/identity', mostSmallBytes), 'The endpoint’s identity').key;
  }

  /** Keeps the terms of a community to be founded; again is no error. Their SHA-256 is the founding's id. */
  async postTerms(terms: Bytes): Promise<void> {
    await this.#post('/foundings', terms);
  }

  /** The encoded state of a founding, for `checkFounding`; undefined if there is none (any more). */
  founding(id: Bytes): Promise<Bytes | undefined> {
    return this.#find(`/foundings/${toHex(id)}`, mostFoundingBytes);
  }

  async postEntry(founding: Bytes, entry: SignedMessage): Promise<void> {
    await this.#post(`/foundings/${toHex(founding)}/entries`, encodeSigned(entry));
  }

  /** Sends stewards' signatures under the manifest that a founding makes; with all of them the community is there. */
  async postManifestSignature(founding: Bytes, manifest: SignedMessage): Promise<void> {
    await this.#post(`/foundings/${toHex(founding)}/signatures`, encodeSigned(manifest));
  }

  async registerCommunity(manifest: SignedMessage): Promise<void> {
    await this.#post('/communities', encodeSigned(manifest));
  }

  async manifest(community: Bytes): Promise<SignedMessage> {
    return decodeSigned(await this.#need(`/communities/${toHex(community)}/manifest`, mostSignedBytes));
  }

  /** The amendments in force, in their order. */
  async amendments(community: Bytes): Promise<SignedMessage[]> {
    return decodeAmendments(await this.#need(`/communities/${toHex(community)}/amendments`, mostChainBytes));
  }

  /** Next amendments that still gather signatures. */
  async proposals(community: Bytes): Promise<SignedMessage[]> {
    return decodeAmendments(await this.#need(`/communities/${toHex(community)}/proposals`, mostChainBytes));
  }

  /** Sends stewards' signatures under the next amendment; with t of them it is in force. */
  async postAmendment(community: Bytes, amendment: SignedMessage): Promise<void> {
    await this.#post(`/communities/${toHex(community)}/amendments`, encodeSigned(amendment));
  }

  /** Asks for a steward's signature under a next amendment to be forgotten. */
  async postWithdrawal(community: Bytes, withdrawal: SignedMessage): Promise<void> {
    await this.#post(`/communities/${toHex(community)}/withdrawals`, encodeSigned(withdrawal));
  }

  /** Where the community's log ends, and its entries from `since` on, for `followHead`. */
  async head(community: Bytes, since: number): Promise<HeadAnswer> {
    return decodeHeadAnswer(await this.#need(`/communities/${toHex(community)}/head/${since}`, mostHeadBytes));
  }

  async rounds(community: Bytes): Promise<RoundSummary[]> {
    const answer = await this.#need(`/communities/${toHex(community)}/rounds`, mostSmallBytes);
    return decodeCbor(roundsSchema, answer, 'The list of rounds');
  }

  /** Which stewards have sent what for a round. */
  async stewardWords(round: RoundAddress): Promise<StewardWords> {
    return decodeCbor(wordsSchema, await this.#need(`${pathOf(round)}/words`, mostSmallBytes), 'The stewards’ words');
  }

  /** What the endpoint says that it has deleted of a community (unsigned). */
  async deletions(community: Bytes): Promise<Deletion[]> {
    return decodeDeletions(await this.#need(`/communities/${toHex(community)}/deletions`, mostDeletionsBytes));
  }

  /** Keys of the invites that homes have contributed with, as the endpoint says. */
  async usedInvites(community: Bytes): Promise<Bytes[]> {
    const answer = await this.#need(`/communities/${toHex(community)}/used-invites`, mostSmallBytes);
    return decodeCbor(usedInvitesSchema, answer, 'The used invites');
  }

  async postRoundKey(community: Bytes, roundKey: SignedMessage): Promise<void> {
    await this.#post(`/communities/${toHex(community)}/round-keys`, encodeSigned(roundKey));
  }

  /** The encoded announcement, for `checkAnnouncement`. */
  announcement(round: RoundAddress): Promise<Bytes | undefined> {
    return this.#find(`${pathOf(round)}/announcement`, mostAnnouncementBytes);
  }

  /** SHA-256 of each signed round key of the announcement, for `announcementHash`. */
  async roundKeyHashes(round: RoundAddress): Promise<Bytes[] | undefined> {
    const all = await this.#find(`${pathOf(round)}/round-key-hashes`, 32 * mostStewards);
    return all && slices(all, 32, 'A hash of a round key');
  }

  /** Sends a contribution and gives the signed receipt, for `checkReceipt`. */
  async contribute(round: RoundAddress, contribution: Contribution | Bytes): Promise<SignedMessage> {
    const body = contribution instanceof Uint8Array ? contribution : encodeContribution(contribution);
    return decodeSigned(await this.#post(`${pathOf(round)}/contributions`, body));
  }

  /** Ends a home's membership. */
  async leave(community: Bytes, leave: SignedMessage): Promise<void> {
    await this.#post(`/communities/${toHex(community)}/leave`, encodeSigned(leave));
  }

  /** Sends one or more stewards' words that a round shall close before its date; with t of them it closes. */
  async close(round: RoundAddress, close: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/close`, encodeSigned(close));
  }

  /** The first list of a closed round. */
  async list(round: RoundAddress): Promise<SignedMessage | undefined> {
    const bytes = await this.#find(`${pathOf(round)}/list`, mostSignedBytes);
    return bytes && decodeSigned(bytes);
  }

  async postCulprits(round: RoundAddress, culprits: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/culprits`, encodeSigned(culprits));
  }

  /** The list without the culprits that stewards have named so far; undefined while there are none. */
  async correctedList(round: RoundAddress): Promise<SignedMessage | undefined> {
    const bytes = await this.#find(`${pathOf(round)}/corrected-list`, mostSignedBytes);
    return bytes && decodeSigned(bytes);
  }

  /**
   * The list as it stands now, the corrected one if there is one, in short for one steward, for `restoreList`.
   *
   * @param known - what was fetched before, which is not fetched again if it still stands
   */
  async shortList(round: RoundAddress, steward: number, known?: Bytes): Promise<Bytes | undefined> {
    const headers = known === undefined ? {} : { 'if-none-match': `"${toHex(await sha256(known))}"` };
    return this.#find(`${pathOf(round)}/short-list/${steward}`, mostSignedBytes, headers, known);
  }

  /** The centred sum of one group (its position in the list's groups) under one steward's round key. */
  total(round: RoundAddress, group: number, steward: number): Promise<Bytes> {
    return this.#need(`${pathOf(round)}/totals/${group}-${steward}.bin`, ciphertextBytes);
  }

  /** One steward's sealed fingerprints, in the list's order. */
  async fingerprints(round: RoundAddress, steward: number): Promise<Bytes[]> {
    const all = await this.#need(`${pathOf(round)}/fingerprints/${steward}.bin`, mostHomes * sealedFingerprintBytes);
    return splitFingerprints(all);
  }

  /** One home's ciphertext, by its SHA-256. */
  ciphertext(round: RoundAddress, hash: Bytes): Promise<Bytes> {
    return this.#need(`${pathOf(round)}/ciphertexts/${toHex(hash)}.bin`, ciphertextBytes);
  }

  async postSeal(round: RoundAddress, seal: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/seals`, encodeSigned(seal));
  }

  async seals(round: RoundAddress): Promise<SignedMessage[]> {
    const answer = await this.#need(`${pathOf(round)}/seals`, mostSmallBytes);
    return decodeCbor(messagesSchema, answer, 'The seals').map(decodeSigned);
  }

  async postOpening(round: RoundAddress, opening: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/openings`, encodeSigned(opening));
  }

  /** Another steward's opening; `reader` proves that a steward asks. */
  async opening(
    round: RoundAddress,
    steward: number,
    reader: Signer,
    nowMs: number,
  ): Promise<SignedMessage | undefined> {
    const authorization = await authorizeRead(round.community, round.month, nowMs, reader);
    const bytes = await this.#find(`${pathOf(round)}/openings/${steward}`, mostSmallBytes, { authorization });
    return bytes && decodeSigned(bytes);
  }

  async postNorms(round: RoundAddress, norms: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/norms`, encodeSigned(norms));
  }

  async norms(round: RoundAddress): Promise<SignedMessage | undefined> {
    const bytes = await this.#find(`${pathOf(round)}/norms`, mostSmallBytes);
    return bytes && decodeSigned(bytes);
  }

  /** Announces the upload of a server key; again is no error. */
  async announceKey(community: Bytes, announcement: SignedMessage): Promise<void> {
    await this.#post(`/communities/${toHex(community)}/comparison-keys`, encodeSigned(announcement));
  }

  /** How many bytes of an announced server key the endpoint has; undefined if it knows of none. */
  async keyOffset(community: Bytes, sha256: Bytes): Promise<number | undefined> {
    const response = await this.#fetch(keyPath(community, sha256), { method: 'HEAD' });
    if (response.status === 404) return undefined;
    if (!response.ok) throw await problemOf(response);
    return offsetOf(response);
  }

  /**
   * Sends the piece of a server key that begins at `offset`, and gives the offset of the next one; at the key's size the
   * endpoint has checked it whole.
   */
  async sendKeyPiece(community: Bytes, sha256: Bytes, offset: number, piece: Bytes): Promise<number> {
    const response = await this.#fetch(keyPath(community, sha256), {
      method: 'PATCH',
      body: piece,
      headers: { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) },
    });
    if (!response.ok) throw await problemOf(response);
    return offsetOf(response);
  }

  /** Asks for a comparison; the identical request again is no error. */
  async requestComparison(round: RoundAddress, request: SignedMessage): Promise<void> {
    await this.#post(`${pathOf(round)}/comparisons`, encodeSigned(request));
  }

  /** The encoded result of a comparison, for `checkComparisonResult`; undefined while it is not there. */
  async comparison(round: RoundAddress, request: Bytes): Promise<Bytes | undefined> {
    const result = await this.#find(`${pathOf(round)}/comparisons/${toHex(request)}.bin`, mostResultBytes);
    return result?.length === 0 ? undefined : result;
  }

  async #post(path: string, body: Bytes): Promise<Bytes> {
    const headers = { 'content-type': 'application/cbor' };
    const response = await this.#fetch(path, { method: 'POST', body, headers });
    if (!response.ok) throw await problemOf(response);
    return readUpTo(response, mostSmallBytes);
  }

  async #need(path: string, mostBytes: number): Promise<Bytes> {
    const response = await this.#fetch(path, {});
    if (!response.ok) throw await problemOf(response);
    return readUpTo(response, mostBytes);
  }

  async #find(
    path: string,
    mostBytes: number,
    headers: Record<string, string> = {},
    unchanged?: Bytes,
  ): Promise<Bytes | undefined> {
    const response = await this.#fetch(path, { headers });
    if (response.status === 304 && unchanged !== undefined) return unchanged;
    if (response.status === 404) return undefined;
    if (!response.ok) throw await problemOf(response);
    return readUpTo(response, mostBytes);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { url, fetch, timeoutMs = 60_000 } = this.#options;
    try {
      return await fetch(`${url}${path}`, {
        ...init,
        signal: AbortSignal.timeout(timeoutMs),
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      });
    } catch (cause) {
      throw new EndpointError('unreachable', 0, 'The community’s endpoint cannot be reached. Try again later.', {
        cause,
      });
    }
  }
}

const keyPath = (community: Bytes, sha256: Bytes): string =>
  `/communities/${toHex(community)}/comparison-keys/${toHex(sha256)}`;

function offsetOf({ headers }: Response): number {
  const text = headers.get('upload-offset') ?? '';
  if (!/^\d{1,9}$/.test(text)) throw new ProtocolError('malformed', 'The endpoint does not say how much it has');
  return Number(text);
}

const pathOf = ({ community, month }: RoundAddress): string => `/communities/${toHex(community)}/rounds/${month}`;

/**
 * Reads a whole body, but no more than `mostBytes`. No answer is a page: a network with a page to log in, or a wrong
 * address, gives one.
 */
async function readUpTo(response: Response, mostBytes: number): Promise<Bytes> {
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
    const text = 'A web page came in place of what was asked for. Does this network ask you to log in first?';
    throw new EndpointError('wrong-type', response.status, text);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) break;
      length += chunk.value.length;
      if (length > mostBytes) {
        await reader?.cancel();
        throw new ProtocolError('malformed', `The endpoint answered with more than the ${mostBytes} bytes that fit`);
      }
      chunks.push(chunk.value);
    }
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    throw new EndpointError('unreachable', 0, 'The endpoint’s answer broke off. Try again later.', { cause });
  }
  return chunks.length === 1 && chunks[0] !== undefined ? ownBytes(chunks[0]) : concatBytes(...chunks);
}

/** The error that a problem+json answer (RFC 9457) tells of. */
async function problemOf(response: Response): Promise<EndpointError> {
  const { status } = response;
  try {
    const text = new TextDecoder().decode(await readUpTo(response, 4096));
    const { type, title, detail } = v.parse(problemSchema, JSON.parse(text));
    const code = /[#:]([a-z-]+)$/.exec(type)?.[1] ?? 'refused';
    // The endpoint explains itself in English; what kind of refusal it is has words in the reader's language.
    const explained = detail === undefined ? title : `${title}. ${detail}`;
    return new EndpointError(code, status, problemWords(code) ?? explained, { cause: explained });
  } catch (cause) {
    return new EndpointError('refused', status, `The endpoint refused with status ${status}.`, { cause });
  }
}
