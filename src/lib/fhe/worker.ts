/**
 * The fhe worker: the only place in the browser where secret keys are in the clear. It takes them from the vault, uses
 * them, and gives back public results. `tfhe` (megabytes of WebAssembly) is loaded when it is first needed.
 */
import { expose } from 'comlink';
import { ownBytes, toHex, type Bytes } from '../../protocol/bytes.ts';
import { certify, type Certificate } from '../../protocol/certificate.ts';
import { encodeContribution } from '../../protocol/contribution.ts';
import { randomSeed, signerFromSeed } from '../../protocol/ed25519.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkManifest } from '../../protocol/manifest.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import { makeBackup, previewBackup, restoreBackup } from '../vault/backup.ts';
import { unlock } from '../vault/data-key.ts';
import { VaultError } from '../vault/error.ts';
import {
  makeRecoveryCode,
  openByItself,
  readProtection,
  removePassphrase,
  requirePassphrase,
  setPassphrase,
} from '../vault/protection.ts';
import { keepSecret, readSecret, secretId } from '../vault/secrets.ts';
import { makeContribution, type Step } from './make-contribution.ts';
import type { TfheModule } from './tfhe-module.ts';
import { ensureTrustedTypes } from './trusted-types.ts';

export type { Step } from './make-contribution.ts';

ensureTrustedTypes();

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

const isExpected = (error: unknown): error is ProtocolError | VaultError | WorkerFailure =>
  error instanceof ProtocolError || error instanceof VaultError || error instanceof WorkerFailure;

const answering =
  <Inputs extends unknown[], T>(work: (...inputs: Inputs) => Promise<T>) =>
  async (...inputs: Inputs): Promise<Answer<T>> => {
    try {
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

/** All that a contribution is made of, as the page holds it. */
export interface ContributionJob extends Membership {
  /** Id of the community, which the manifest must have. */
  readonly community: Bytes;
  /** The encoded signed manifest. */
  readonly manifest: Bytes;
  /** The encoded announcement. */
  readonly announcement: Bytes;
  readonly vector: readonly number[];
  readonly cohort: number;
  readonly version: number;
}

/** Encrypts and signs; manifest and announcement are checked here once more, where the key is. */
async function contribute(job: ContributionJob, onstep: (step: Step) => void): Promise<Bytes> {
  const community = await checkManifest(decodeSigned(job.manifest), job.community);
  const announcement = await checkAnnouncement(job.announcement, community);
  const seed = await readSecret(secretId('member', toHex(community.id)));
  if (seed === undefined)
    throw new VaultError('not-found', 'This device has no key for this community. Join it again with a new invite.');
  const contribution = await makeContribution(
    await loaded(),
    { invite: job.invite, certificates: job.certificates, signer: await signerFromSeed(seed) },
    { community, announcement, vector: job.vector, cohort: job.cohort, version: job.version },
    onstep,
  );
  return ownBytes(encodeContribution(contribution));
}

const api = {
  createMember: answering(createMember),
  makeContribution: answering(contribute),
  readProtection: answering(readProtection),
  setPassphrase: answering(setPassphrase),
  removePassphrase: answering(removePassphrase),
  requirePassphrase: answering(requirePassphrase),
  openByItself: answering(openByItself),
  makeRecoveryCode: answering(makeRecoveryCode),
  unlock: answering(unlock),
  makeBackup: answering(makeBackup),
  previewBackup: answering(previewBackup),
  restoreBackup: answering(restoreBackup),
};

export type FheWorker = typeof api;

expose(api);
