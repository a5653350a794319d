/**
 * A steward's secret work: its key, its invites and its part of each round. It runs in the fhe worker; all that leaves
 * is public, or a link that the steward gives away. The worker has no network of its own: the page asks for it.
 */
import { communityOf, proposeAmendment, signProposal, type Change } from '../../protocol/amendment.ts';
import { concatBytes, fromHex, ownBytes, toHex, utf8, type Bytes } from '../../protocol/bytes.ts';
import { randomSeed, signerFromSeed, type Signer } from '../../protocol/ed25519.ts';
import { EndpointClient } from '../../protocol/endpoint-client.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkFounding, decodeTerms, encodeTerms, signEntry, type FoundingTerms } from '../../protocol/founding.ts';
import { logCheck } from '../../protocol/follow.ts';
import { sha256 } from '../../protocol/hash.ts';
import { checkNorms } from '../../protocol/norms-message.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../protocol/signed.ts';
import { Steward } from '../../protocol/steward.ts';
import { signWithdrawal } from '../../protocol/withdrawal.ts';
import { VaultError } from '../vault/error.ts';
import { readProtection } from '../vault/protection.ts';
import { deleteSecret, keepSecret, readSecret, secretId } from '../vault/secrets.ts';
import { createStewardRecord, listStewardRecords, readStewardRecord, removeStewardRecord } from '../vault/stewards.ts';
import type { Ask } from './ask.ts';
import { decryptTotal, makeRoundKey } from './contribution.ts';
import type { StoredFollowed } from '../vault/schema.ts';
import { amendedFor, followedOf, type KeptCommunity } from './kept-community.ts';
import type { TfheModule } from './tfhe-module.ts';

/** The terms without what only the founder's key can make. */
export interface Draft extends Omit<FoundingTerms, 'seats' | 'salt'> {
  readonly stewards: number;
}

const u32 = (value: number): Bytes => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

/** Seeds that follow from a steward's own, so that there is one secret to keep. */
const derived = (what: 'seat' | 'invite', seed: Bytes, index: number): Promise<Bytes> =>
  sha256(concatBytes(utf8(`private-energy ${what} seed v1`), new Uint8Array(1), seed, u32(index)));

const derivedAll = (what: 'seat' | 'invite', seed: Bytes, count: number): Promise<Bytes[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => derived(what, seed, index)));

const publicKeys = (seeds: readonly Bytes[]): Promise<Bytes[]> =>
  Promise.all(seeds.map(async (seed) => (await signerFromSeed(seed)).publicKey));

/** A steward's key opens totals: it is not kept by a device that anybody can open and nobody can bring back. */
async function checkProtected(): Promise<void> {
  const { passphrase, recovery } = await readProtection();
  if (!passphrase && !recovery)
    throw new VaultError('locked', 'Set a passphrase or save a recovery code first: you will hold a steward’s key.');
}

async function seedOf(founding: string): Promise<Bytes> {
  const seed = await readSecret(secretId('steward', founding));
  if (seed === undefined)
    throw new VaultError('not-found', 'This device has no steward’s key for this community. Restore a backup of it.');
  return seed;
}

/** A steward's place in a founding; nothing of it is secret. */
export interface Seat {
  readonly terms: Bytes;
  /** The steward's signed entry. */
  readonly entry: Bytes;
}

async function entryOf(
  terms: FoundingTerms,
  name: string,
  seat: { index: number; signer: Signer },
  seed: Bytes,
): Promise<Bytes> {
  const invites = await publicKeys(await derivedAll('invite', seed, terms.invitesEach));
  return encodeSigned(await signEntry(terms, { name, invites }, seat, await signerFromSeed(seed)));
}

/**
 * Drafts a community: makes the founder's key, a seat for every steward, and the founder's entry.
 * @throws {VaultError} `locked` while nothing protects the vault
 */
export async function startFounding({ stewards, ...draft }: Draft, name: string): Promise<Seat> {
  await checkProtected();
  const seed = randomSeed();
  const seats = await derivedAll('seat', seed, stewards);
  const terms: FoundingTerms = { ...draft, seats: await publicKeys(seats), salt: randomSeed().slice(0, 16) };
  const encoded = encodeTerms(terms);
  decodeTerms(encoded);
  await keepSecret(secretId('steward', toHex(await sha256(encoded))), seed);
  const own = await signerFromSeed(seats[0] ?? seed);
  return { terms: encoded, entry: await entryOf(terms, name, { index: 0, signer: own }, seed) };
}

/** Takes the seat of a steward's link. Doing it again, also under another name, keeps the key. */
export async function takeSeat(encoded: Bytes, seat: number, seatSeed: Bytes, name: string): Promise<Seat> {
  await checkProtected();
  const terms = decodeTerms(encoded);
  const seed = await keepSecret(secretId('steward', toHex(await sha256(encoded))), randomSeed());
  const signer = await signerFromSeed(seatSeed);
  return { terms: encoded, entry: await entryOf(terms, name, { index: seat, signer }, seed) };
}

/** Seeds of the other stewards' seats, for their links; only the founder's device can make them. */
export async function seatSeeds(founding: string, stewards: number): Promise<Bytes[]> {
  return (await derivedAll('seat', await seedOf(founding), stewards)).slice(1);
}

/** Forgets the key of a founding that came to nothing. */
export const leaveFounding = (founding: string): Promise<void> => deleteSecret(secretId('steward', founding));

/**
 * Signs the manifest that a founding makes, whose id the steward has compared with the others'.
 * @throws {ProtocolError} `wrong-community` if it is another by now, `wrong-signer` if this steward is not in it
 */
export async function signManifest(state: Bytes, founding: string, community: Bytes): Promise<Bytes> {
  const signer = await signerFromSeed(await seedOf(founding));
  const { manifest, entries } = await checkFounding(state, fromHex(founding) ?? new Uint8Array());
  if (manifest === undefined || toHex(manifest.id) !== toHex(community))
    throw new ProtocolError('wrong-community', 'The endpoint shows other stewards than before. Nothing was signed.');
  if (!entries.some((entry) => entry !== undefined && toHex(entry.key) === toHex(signer.publicKey)))
    throw new ProtocolError('wrong-signer', 'The endpoint shows another key as yours. Nothing was signed.');
  return encodeSigned(await signMessage('manifest', manifest.body, [signer]));
}

/** An invite of this steward's own. */
export interface OwnInvite {
  readonly seed: Bytes;
  readonly key: Bytes;
}

/** After so many seeds in a row that are no invite of the community, a steward has no more; no change adds so many. */
const mostGap = 64;

/** This steward's invites among those of the community, in the order in which they were made. */
export async function ownInvites(founding: string, known: readonly Bytes[]): Promise<OwnInvite[]> {
  const seed = await seedOf(founding);
  const keys = new Set(known.map(toHex));
  const own: OwnInvite[] = [];
  for (let index = 0, gap = 0; gap < mostGap; index++) {
    const invite = await derived('invite', seed, index);
    const { publicKey } = await signerFromSeed(invite);
    const isKnown = keys.has(toHex(publicKey));
    gap = isKnown ? 0 : gap + 1;
    if (isKnown) own.push({ seed: invite, key: publicKey });
  }
  return own;
}

/** Keys of invites that this steward has not issued yet. */
async function freshInvites(seed: Bytes, known: readonly Bytes[], count: number): Promise<Bytes[]> {
  const keys = new Set(known.map(toHex));
  const fresh: Bytes[] = [];
  for (let index = 0; fresh.length < count; index++) {
    const { publicKey } = await signerFromSeed(await derived('invite', seed, index));
    if (!keys.has(toHex(publicKey))) fresh.push(publicKey);
  }
  return fresh;
}

/** What a steward wants to have changed; how many more invites, since their keys are made here. */
export interface WantedChange extends Omit<Change, 'invites'> {
  readonly moreInvites: number;
}

/**
 * Proposes the next amendment, with this steward's signature.
 *
 * @param known - keys of all invites of the community, also of proposals that others have made
 * @throws {ProtocolError} what does not hold
 */
export async function propose(
  job: StewardJob,
  { moreInvites, ...change }: WantedChange,
  known: readonly Bytes[],
): Promise<Bytes> {
  const seed = await seedOf(job.founding);
  const invites = await freshInvites(seed, known, moreInvites);
  const signer = await signerFromSeed(seed);
  return encodeSigned(await proposeAmendment(await amendedFor(job), { ...change, invites }, job.steward, signer));
}

/** This steward's signature under another's proposal. @throws {ProtocolError} what does not hold */
export async function coSign(job: StewardJob, proposal: Bytes): Promise<Bytes> {
  const signer = await signerFromSeed(await seedOf(job.founding));
  return encodeSigned(await signProposal(decodeSigned(proposal), await amendedFor(job), signer));
}

/** This steward's word that its signature under a proposal shall be forgotten. */
export async function withdraw(job: StewardJob, amendment: Bytes): Promise<Bytes> {
  const signer = await signerFromSeed(await seedOf(job.founding));
  return encodeSigned(await signWithdrawal({ community: job.community, amendment }, signer));
}

/** The public key with which this device would take a steward's place in a community, by its id in hex. */
export async function makeCandidate(community: string): Promise<Bytes> {
  await checkProtected();
  return (await signerFromSeed(await keepSecret(secretId('steward', community), randomSeed()))).publicKey;
}

const pairs = (headers: Headers): (readonly [string, string])[] => [...headers.entries()];

/** Statuses of answers that have no body. */
const bodiless = [204, 304];

const clientOver = (url: string, ask: Ask): EndpointClient =>
  new EndpointClient({
    url,
    fetch: async (address, { method = 'GET', headers, body }) => {
      const sent = body instanceof Uint8Array ? ownBytes(body) : null;
      const answer = await ask(address, { method, headers: pairs(new Headers(headers)), body: sent });
      return new Response(bodiless.includes(answer.status) ? null : ownBytes(answer.body), {
        status: answer.status,
        headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
      });
    },
  });

/** A community as its steward's device knows it. */
export interface StewardJob extends KeptCommunity {
  /** Name of the steward's key and records: the founding's id in hex, or the community's of one who came later. */
  readonly founding: string;
  readonly steward: number;
  readonly endpointUrl: string;
  /** How far this device has followed the community. */
  readonly followed: StoredFollowed | undefined;
}

async function stewardOf(job: StewardJob, ask: Ask, tfhe: () => Promise<TfheModule>, month?: string) {
  const amended = await amendedFor(job);
  const community = communityOf(amended, month);
  const signer = await signerFromSeed(await seedOf(job.founding));
  const key = community.manifest.stewards[job.steward]?.key ?? new Uint8Array();
  if (toHex(key) !== toHex(signer.publicKey))
    throw new ProtocolError('wrong-signer', 'The key on this device is not this steward’s.');
  const module = await tfhe();
  const endpoint = clientOver(job.endpointUrl, ask);
  const inLog = logCheck(endpoint, followedOf(job.followed, amended));
  const steward = new Steward({
    community: amended.founded,
    amendments: amended.amendments,
    steward: job.steward,
    signer,
    endpoint,
    inLog,
    store: {
      read: (name) => readStewardRecord(job.founding, name),
      create: (name, bytes) => createStewardRecord(job.founding, name, bytes),
      remove: (name) => removeStewardRecord(job.founding, name),
    },
    encryption: {
      makeRoundKey: () => makeRoundKey(module),
      decryptTotal: (secretKey, total) => decryptTotal(module, secretKey, total),
    },
    now: Date.now,
  });
  return { community, signer, endpoint, inLog, steward };
}

export interface PlannedRound {
  readonly month: string;
  readonly closesMs: number;
}

/** Makes and publishes this steward's keys for several rounds; those that are there stay as they are. */
export async function announceRounds(
  job: StewardJob,
  rounds: readonly PlannedRound[],
  ask: Ask,
  onstep: (done: number, total: number) => void,
  tfhe: () => Promise<TfheModule>,
): Promise<void> {
  const { steward } = await stewardOf(job, ask, tfhe);
  for (const [done, { month, closesMs }] of rounds.entries()) {
    onstep(done, rounds.length);
    await steward.announce(month, closesMs);
  }
}

/** Gives this steward's word that a round shall close before its date. */
export async function closeRound(
  job: StewardJob,
  month: string,
  ask: Ask,
  tfhe: () => Promise<TfheModule>,
): Promise<void> {
  const { steward, endpoint, community } = await stewardOf(job, ask, tfhe, month);
  await endpoint.close({ community: community.id, month }, await steward.signClose(month));
}

/** Erases this steward's keys of a round that expired. The month has no second round. */
export async function giveUpRound(
  job: StewardJob,
  month: string,
  ask: Ask,
  tfhe: () => Promise<TfheModule>,
): Promise<void> {
  const { steward } = await stewardOf(job, ask, tfhe, month);
  await steward.erase(month);
}

/** What a steward's device knows of its own part of a round. */
export type OwnPart = 'none' | 'keys' | 'sealed' | 'over';

/** This steward's part in every month that it has a record of. */
export async function ownParts(founding: string): Promise<Record<string, OwnPart>> {
  const names = await listStewardRecords(founding);
  const has = (month: string, what: string): boolean => names.includes(`${month}/${what}`);
  const months = new Set(names.map((name) => name.split('/')[0] ?? ''));
  return Object.fromEntries(
    [...months].map((month): [string, OwnPart] => [
      month,
      has(month, 'over') ? 'over' : has(month, 'seal') ? 'sealed' : has(month, 'keys') ? 'keys' : 'none',
    ]),
  );
}

/** How far a round has come, and what it waits for. */
export type Advance =
  | { readonly at: 'looking'; readonly untilMs: number }
  /** Other stewards must seal; to one who cannot, the phrase is read by voice. */
  | { readonly at: 'sealed'; readonly phrase: string }
  | { readonly at: 'opened' }
  | { readonly at: 'signed' }
  /** The norms are published, and this steward's keys of the round erased. */
  | { readonly at: 'over'; readonly checked: boolean };

export interface AdvanceStep {
  readonly doing: 'check' | 'open' | 'publish';
  readonly done: number;
  readonly total: number;
}

export interface AdvanceChoices {
  /** Missing stewards, by index, whose own word on the phrase stands for their seal. */
  readonly words: readonly number[];
  /** Publish with as few openings as open it, which show no liar among them. */
  readonly acceptUnchecked: boolean;
}

const isCode = (error: unknown, code: string): boolean => error instanceof ProtocolError && error.code === code;

/**
 * Takes a closed round as far as this steward can now: checks and seals it, opens it, publishes its norms and erases its
 * keys. To be called again, also after the app was killed in the middle: every step that happens once is on record.
 *
 * @throws {ProtocolError} what does not hold
 * @throws {EndpointError}
 */
export async function advanceRound(
  job: StewardJob,
  month: string,
  { words, acceptUnchecked }: AdvanceChoices,
  ask: Ask,
  onstep: (step: AdvanceStep) => void,
  tfhe: () => Promise<TfheModule>,
): Promise<Advance> {
  const { steward, endpoint, inLog, community } = await stewardOf(job, ask, tfhe, month);
  const round = { community: community.id, month };
  const isOver = async (): Promise<Advance | undefined> => {
    const published = await endpoint.norms(round);
    if (published === undefined) return undefined;
    const { checked } = await checkNorms(published, community, month);
    await inLog('norms', await sha256(published.body));
    return { at: 'over', checked };
  };
  if ((await readStewardRecord(job.founding, `${month}/over`)) !== undefined) {
    // The app may have been killed before everything was erased.
    await steward.erase(month);
    return (await isOver()) ?? { at: 'over', checked: false };
  }
  onstep({ doing: 'check', done: 0, total: 1 });
  try {
    // Culprits must be named before the first steward seals, so the totals are checked while members still look.
    await steward.check(month, (done, total) => onstep({ doing: 'check', done, total }));
    await steward.seal(month);
  } catch (error) {
    if (!isCode(error, 'too-early')) throw error;
    return { at: 'looking', untilMs: (await steward.review(month)).sealableMs };
  }
  onstep({ doing: 'open', done: 0, total: 1 });
  try {
    await steward.open(month, words);
  } catch (error) {
    if (!isCode(error, 'not-enough-seals')) throw error;
    return { at: 'sealed', phrase: await steward.sealedPhrase(month) };
  }
  onstep({ doing: 'publish', done: 0, total: 1 });
  try {
    await steward.publishNorms(month, acceptUnchecked);
  } catch (error) {
    if (!isCode(error, 'not-enough-openings')) throw error;
    return { at: 'opened' };
  }
  const over = await isOver();
  if (over === undefined) return { at: 'signed' };
  await steward.erase(month);
  return over;
}
