/**
 * The fhe worker: the only place in the browser where secret keys are in the clear. It takes them from the vault, uses
 * them, and gives back public results. `tfhe` (megabytes of WebAssembly) is loaded when it is first needed.
 */
import { expose } from 'comlink';
import { textsReady } from '../../locales/main.loader.ts';
import { equalBytes, ownBytes, toHex, type Bytes } from '../../protocol/bytes.ts';
import { certify, mostCertificates, type Certificate } from '../../protocol/certificate.ts';
import { normsId, signKeyAnnouncement } from '../../protocol/comparison.ts';
import { encodeContribution } from '../../protocol/contribution.ts';
import { randomSeed, signerFromSeed } from '../../protocol/ed25519.ts';
import { EndpointError } from '../../protocol/endpoint-client.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { encodeLeave } from '../../protocol/leave.ts';
import { checkNorms } from '../../protocol/norms-message.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../protocol/signed.ts';
import { makeBackup, previewBackup, restoreBackup } from '../vault/backup.ts';
import { unlock, unlockByPrf } from '../vault/data-key.ts';
import { VaultError } from '../vault/error.ts';
import {
  makeRecoveryCode,
  openByItself,
  readProtection,
  removePassphrase,
  removePrf,
  requirePassphrase,
  requirePrf,
  setPassphrase,
  setPrf,
} from '../vault/protection.ts';
import { keyAfterRestore } from '../vault/moved-member.ts';
import { borrowReadingsKey, createReadingsKey, openReadingsKey } from '../vault/readings-key.ts';
import { keepSecret, readSecret, secretId } from '../vault/secrets.ts';
import { communityFor, type KeptCommunity } from './kept-community.ts';
import {
  clientKeyOf,
  clientKeyOfRequest,
  createComparisonKey,
  exportComparisonKey,
  fingerprintOfKey,
  renewComparisonKey,
} from './comparison-keys.ts';
import { makeComparisonRequest, readComparison, type ComparisonAnswer } from './make-comparison.ts';
import { makeContribution, type Member, type Step } from './make-contribution.ts';
import {
  advanceRound,
  announceRounds,
  closeRound,
  coSign,
  giveUpRound,
  leaveFounding,
  makeCandidate,
  ownInvites,
  ownParts,
  propose,
  seatSeeds,
  signManifest,
  withdraw,
  startFounding,
  takeSeat,
  type AdvanceChoices,
  type AdvanceStep,
  type PlannedRound,
  type StewardJob,
} from './steward.ts';
import type { Ask } from './ask.ts';
import type { TfheModule } from './tfhe-module.ts';
import { ensureTrustedTypes } from './trusted-types.ts';

export type { Step } from './make-contribution.ts';

ensureTrustedTypes();
borrowReadingsKey(openReadingsKey);

let tfhe: Promise<TfheModule> | undefined;

async function load(): Promise<TfheModule> {
  const module = await import('tfhe');
  await module.default();
  return module;
}

function loaded(): Promise<TfheModule> {
  tfhe ??= load().catch((cause: unknown) => {
    tfhe = undefined;
    throw new WorkerFailure(
      'not-loaded',
      'The encryption module could not be loaded. Connect to the internet once and try again.',
      { cause },
    );
  });
  return tfhe;
}

class WorkerFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Errors lose their class on the way to the page, so those that are expected travel as values. */
export type Answer<T> =
  { readonly value: T } | { readonly failure: { readonly code: string; readonly message: string } };

const isExpected = (error: unknown): error is ProtocolError | VaultError | EndpointError | WorkerFailure =>
  error instanceof EndpointError ||
  error instanceof ProtocolError ||
  error instanceof VaultError ||
  error instanceof WorkerFailure;

const answering =
  <Inputs extends unknown[], T>(work: (...inputs: Inputs) => Promise<T>) =>
  async (...inputs: Inputs): Promise<Answer<T>> => {
    try {
      await textsReady;
      return { value: await work(...inputs) };
    } catch (error) {
      if (isExpected(error)) return { failure: { code: error.code, message: error.message } };
      throw error;
    }
  };

/** What the page keeps of a membership; nothing of it is secret. */
export interface Membership {
  /** Public key of the invite. */
  readonly invite: Bytes;
  readonly certificates: readonly Certificate[];
}

/**
 * This home's member key for a community, made on first use and kept in the vault, certified by the invite. The seed of
 * the invite is not kept: once the endpoint has bound this member to it, it is worth nothing.
 */
async function createMember(community: Uint8Array, inviteSeed: Uint8Array): Promise<Membership> {
  const member = await signerFromSeed(await keepSecret(secretId('member', toHex(community)), randomSeed()));
  const invite = await signerFromSeed(inviteSeed);
  return { invite: invite.publicKey, certificates: [await certify(community, member.publicKey, invite)] };
}

/**
 * A key for this home's next device, certified by this device's: its seed and the longer chain, for a device link. The
 * seed is not kept here.
 */
async function certifyDevice(
  community: Bytes,
  membership: Membership,
): Promise<{ readonly seed: Bytes; readonly certificates: readonly Certificate[] }> {
  if (membership.certificates.length >= mostCertificates)
    throw new ProtocolError('bad-certificate', 'This home has had too many devices. Ask a steward for a new invite.');
  const { signer } = await memberOf(community, membership);
  const seed = randomSeed();
  const { publicKey } = await signerFromSeed(seed);
  return { seed, certificates: [...membership.certificates, await certify(community, publicKey, signer)] };
}

/** Keeps the member key of a device link. @throws {ProtocolError} `already-decided` if there is another one */
async function adoptMember(community: Bytes, seed: Bytes): Promise<void> {
  if (!equalBytes(await keepSecret(secretId('member', toHex(community)), seed), seed))
    throw new ProtocolError(
      'already-decided',
      'This device has a key of its own for this community already. Leave the community here first.',
    );
}

/** All that a contribution is made of, as the page holds it. */
export interface ContributionJob extends Membership, KeptCommunity {
  readonly month: string;
  /** The encoded announcement. */
  readonly announcement: Bytes;
  readonly vector: readonly number[];
  readonly cohort: number;
  readonly version: number;
}

/** This home as a member of a community. */
async function memberOf(community: Uint8Array, { invite, certificates }: Membership): Promise<Member> {
  const seed = await readSecret(secretId('member', toHex(community)));
  if (seed === undefined)
    throw new VaultError('not-found', 'This device has no key for this community. Join it again with a new invite.');
  return { invite, certificates, signer: await signerFromSeed(seed) };
}

/** The signed message, encoded, that this home leaves a community. */
async function signLeave(community: Bytes, membership: Membership): Promise<Bytes> {
  const { signer, ...asker } = await memberOf(community, membership);
  const body = encodeLeave({ community, ...asker, atMs: Date.now() });
  return encodeSigned(await signMessage('leave', body, [signer]));
}

/** Encrypts and signs; manifest and announcement are checked here once more, where the key is. */
async function contribute(job: ContributionJob, onstep: (step: Step) => void): Promise<Bytes> {
  const community = await communityFor(job, job.month);
  const announcement = await checkAnnouncement(job.announcement, community);
  if (announcement.month !== job.month)
    throw new ProtocolError('wrong-round', 'The endpoint shows the round of another month.');
  const contribution = await makeContribution(
    await loaded(),
    await memberOf(community.id, job),
    { community, announcement, vector: job.vector, cohort: job.cohort, version: job.version },
    onstep,
  );
  return ownBytes(encodeContribution(contribution));
}

/** The signed announcement of a server key, encoded. */
async function announceComparisonKey(
  community: Bytes,
  membership: Membership,
  key: { readonly size: number; readonly sha256: Bytes },
): Promise<Bytes> {
  const { signer, ...asker } = await memberOf(community, membership);
  return encodeSigned(await signKeyAnnouncement({ community, ...asker, ...key }, signer));
}

/** All that a comparison request is made of, as the page holds it. */
export interface ComparisonJob extends Membership, KeptCommunity {
  readonly month: string;
  /** The encoded signed norms. */
  readonly norms: Bytes;
  readonly cohort: number;
  /** SHA-256 of the server key. */
  readonly serverKey: Bytes;
  readonly codes: readonly number[];
}

/** Encrypts a month's codes and signs the request; manifest and norms are checked here once more. */
async function askComparison(job: ComparisonJob): Promise<Bytes> {
  const community = await communityFor(job, job.month);
  const norms = await normsId(await checkNorms(decodeSigned(job.norms), community, job.month));
  const { month, cohort, serverKey, codes } = job;
  const member = await memberOf(community.id, job);
  const input = { community, month, norms, cohort, serverKey, codes };
  return encodeSigned(await makeComparisonRequest(await loaded(), member, await clientKeyOf(community.id), input));
}

/** Checks and decrypts a result; undefined if it cannot be read. */
async function openComparison(
  kept: KeptCommunity,
  request: Bytes,
  result: Bytes,
): Promise<ComparisonAnswer | undefined> {
  const community = await communityFor(kept);
  return readComparison(await loaded(), await clientKeyOfRequest(community.id, request), community, request, result);
}

const api = {
  createComparisonKey: answering((community: Uint8Array, onmeasured: (ms: number) => void) =>
    createComparisonKey(community, onmeasured, loaded),
  ),
  renewComparisonKey: answering((community: Uint8Array) => renewComparisonKey(community, loaded)),
  fingerprintOfKey: answering(fingerprintOfKey),
  exportComparisonKey: answering(exportComparisonKey),
  announceComparisonKey: answering(announceComparisonKey),
  askComparison: answering(askComparison),
  openComparison: answering(openComparison),
  createMember: answering(createMember),
  certifyDevice: answering(certifyDevice),
  adoptMember: answering(adoptMember),
  makeContribution: answering(contribute),
  signLeave: answering(signLeave),
  startFounding: answering(startFounding),
  takeSeat: answering(takeSeat),
  seatSeeds: answering(seatSeeds),
  leaveFounding: answering(leaveFounding),
  signManifest: answering(signManifest),
  ownInvites: answering(ownInvites),
  propose: answering(propose),
  coSign: answering(coSign),
  withdraw: answering(withdraw),
  makeCandidate: answering(makeCandidate),
  ownParts: answering(ownParts),
  announceRounds: answering(
    (job: StewardJob, rounds: readonly PlannedRound[], ask: Ask, onstep: (done: number, total: number) => void) =>
      announceRounds(job, rounds, ask, onstep, loaded),
  ),
  closeRound: answering((job: StewardJob, month: string, ask: Ask) => closeRound(job, month, ask, loaded)),
  giveUpRound: answering((job: StewardJob, month: string, ask: Ask) => giveUpRound(job, month, ask, loaded)),
  advanceRound: answering(
    (job: StewardJob, month: string, choices: AdvanceChoices, ask: Ask, onstep: (step: AdvanceStep) => void) =>
      advanceRound(job, month, choices, ask, onstep, loaded),
  ),
  readProtection: answering(readProtection),
  setPassphrase: answering(setPassphrase),
  removePassphrase: answering(removePassphrase),
  requirePassphrase: answering(requirePassphrase),
  setPrf: answering(setPrf),
  removePrf: answering(removePrf),
  requirePrf: answering(requirePrf),
  openByItself: answering(openByItself),
  makeRecoveryCode: answering(makeRecoveryCode),
  unlock: answering(unlock),
  unlockByPrf: answering(unlockByPrf),
  keyAfterRestore: answering(keyAfterRestore),
  createReadingsKey: answering(createReadingsKey),
  lendReadingsKey: answering(openReadingsKey),
  makeBackup: answering(makeBackup),
  previewBackup: answering(previewBackup),
  restoreBackup: answering(restoreBackup),
};

export type FheWorker = typeof api;

expose(api);
