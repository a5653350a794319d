/**
 * The page's bridge to the fhe worker: one job at a time, progress, cancel by AbortSignal (which ends the worker), and a
 * fresh worker after a WebAssembly panic, because a panicked instance is not to be trusted again.
 */
import { proxy, releaseProxy, wrap, type Remote } from 'comlink';
import { workerName } from '../../locales/locale.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import type { Certificate } from '../../protocol/certificate.ts';
import type { BackupPreview } from '../vault/backup.ts';
import type { Protection } from '../vault/protection.ts';
import type { StoredServerKey } from '../vault/schema.ts';
import type { PrfCredential } from '../vault/screen-lock.ts';
import type { Ask } from './ask.ts';
import type { KeptCommunity } from './kept-community.ts';
import type { ComparisonAnswer } from './make-comparison.ts';
import type { Answer, ComparisonJob, ContributionJob, FheWorker, Membership, Step } from './worker.ts';
import type {
  Advance,
  AdvanceChoices,
  AdvanceStep,
  Draft,
  OwnInvite,
  OwnPart,
  PlannedRound,
  Seat,
  StewardJob,
  WantedChange,
} from './steward.ts';

export type {
  Advance,
  AdvanceChoices,
  AdvanceStep,
  Draft,
  OwnInvite,
  OwnPart,
  PlannedRound,
  Seat,
  StewardJob,
  WantedChange,
} from './steward.ts';
export type { KeptCommunity } from './kept-community.ts';
export type { Membership, Step } from './worker.ts';

/** Why the worker could not do what it was asked; the message is for the user. */
export class FheError extends Error {
  /** `panic`, or the code of the vault's or the protocol's error. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FheError';
    this.code = code;
  }
}

interface Running {
  readonly worker: Worker;
  readonly api: Remote<FheWorker>;
}

/** A worker that nobody needs for this long is ended; `tfhe` holds tens of megabytes. */
const idleMs = 60_000;

let running: Running | undefined;
/** Refuses the job at hand, for when its worker is ended from outside: nobody else would answer it. */
let refuse: ((error: FheError) => void) | undefined;
let idleTimer: ReturnType<typeof setTimeout> | undefined;
let queue: Promise<unknown> = Promise.resolve();
/** A vault that opens only with a passphrase is unlocked in the worker's memory: such a worker is not ended when idle. */
let holdsUnlockedVault = false;

function started(): Running {
  if (running === undefined) {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: workerName('fhe') });
    running = { worker, api: wrap<FheWorker>(worker) };
  }
  return running;
}

function end(): void {
  running?.api[releaseProxy]();
  running?.worker.terminate();
  running = undefined;
  holdsUnlockedVault = false;
}

function keepWorker(): void {
  clearTimeout(idleTimer);
  holdsUnlockedVault = true;
}

const panicked = (cause: unknown): FheError =>
  new FheError('panic', 'Encryption stopped unexpectedly, and nothing was changed. Please try again.', { cause });

/** Runs one job when those before it are done. */
function enqueue<T>(job: (api: Remote<FheWorker>) => Promise<Answer<T>>, signal?: AbortSignal): Promise<T> {
  const run = async (): Promise<T> => {
    signal?.throwIfAborted();
    clearTimeout(idleTimer);
    const { api, worker } = started();
    try {
      const answer = await new Promise<Answer<T>>((resolve, reject) => {
        refuse = reject;
        const onAbort = () => {
          end();
          reject(new DOMException('Cancelled.', 'AbortError'));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        worker.onerror = (event) => {
          event.preventDefault();
          end();
          reject(
            new FheError('not-loaded', 'The encryption worker could not start. Reload the app and try again.', {
              cause: event.message,
            }),
          );
        };
        job(api)
          .catch((cause: unknown) => {
            // Whatever is not an expected failure may have left WebAssembly in any state.
            end();
            throw panicked(cause);
          })
          .then(resolve, reject)
          .finally(() => signal?.removeEventListener('abort', onAbort));
      });
      if ('failure' in answer) throw new FheError(answer.failure.code, answer.failure.message);
      return answer.value;
    } finally {
      refuse = undefined;
      if (!holdsUnlockedVault) idleTimer = setTimeout(end, idleMs);
    }
  };
  const result = queue.then(run, run);
  queue = result.catch(() => undefined);
  return result;
}

/**
 * This home's member key for a community, certified by the invite. The key stays in the worker and the vault.
 * @throws {FheError}
 */
export const createMember = (community: Uint8Array, inviteSeed: Uint8Array): Promise<Membership> =>
  enqueue((api) => api.createMember(community, inviteSeed));

/**
 * A key for this home's next device, certified by this device's: a secret to travel in a link.
 * @throws {FheError}
 */
export const certifyDevice = (
  community: Bytes,
  membership: Membership,
): Promise<{ readonly seed: Bytes; readonly certificates: readonly Certificate[] }> =>
  enqueue((api) => api.certifyDevice(community, membership));

/** Keeps the member key of a device link. @throws {FheError} `already-decided` */
export const adoptMember = (community: Bytes, seed: Bytes): Promise<void> =>
  enqueue((api) => api.adoptMember(community, seed));

/**
 * Encrypts and signs a contribution; gives the bytes to send.
 * @throws {FheError}
 * @throws DOMException `AbortError` after `signal`
 */
export const makeContribution = (
  job: ContributionJob,
  onstep: (step: Step) => void,
  signal?: AbortSignal,
): Promise<Bytes> => enqueue((api) => api.makeContribution(job, proxy(onstep)), signal);

/**
 * This home's comparison key for a community, made unless it is there; the server key lies in the vault afterwards.
 *
 * @param onmeasured - told how long it will take on this device, ms
 * @throws {FheError}
 * @throws DOMException `AbortError` after `signal`; what was made so far is lost, but for the client key
 */
export const createComparisonKey = (
  community: Uint8Array,
  onmeasured: (ms: number) => void,
  signal?: AbortSignal,
): Promise<Pick<StoredServerKey, 'state'>> =>
  enqueue((api) => api.createComparisonKey(community, proxy(onmeasured)), signal);

/**
 * Puts a fresh comparison key in the place of the one of now; its server key is made and uploaded when it is set up again.
 * @throws {FheError}
 */
export const renewComparisonKey = (community: Uint8Array): Promise<void> =>
  enqueue((api) => api.renewComparisonKey(community));

/** The fingerprint of a community's comparison key, in words. @throws {FheError} `not-found`, `locked` */
export const fingerprintOfKey = (community: Uint8Array): Promise<string> =>
  enqueue((api) => api.fingerprintOfKey(community));

/** The bare comparison key. Like the recovery code a secret: only for one who has just asked for it. @throws {FheError} */
export const exportComparisonKey = (communityId: string): Promise<Bytes> =>
  enqueue((api) => api.exportComparisonKey(communityId));

/** The signed announcement of a server key, encoded. @throws {FheError} */
export const announceComparisonKey = (
  community: Bytes,
  membership: Membership,
  key: { readonly size: number; readonly sha256: Bytes },
): Promise<Bytes> => enqueue((api) => api.announceComparisonKey(community, membership, key));

/** Encrypts and signs a comparison request; gives the bytes to send. @throws {FheError} */
export const askComparison = (job: ComparisonJob): Promise<Bytes> => enqueue((api) => api.askComparison(job));

/** A home's places and advice scores from a comparison's result; undefined if it cannot be read. @throws {FheError} */
export const openComparison = (
  kept: KeptCommunity,
  request: Bytes,
  result: Bytes,
): Promise<ComparisonAnswer | undefined> => enqueue((api) => api.openComparison(kept, request, result));

/** The signed message, encoded, that this home leaves a community. @throws {FheError} */
export const signLeave = (community: Bytes, membership: Membership): Promise<Bytes> =>
  enqueue((api) => api.signLeave(community, membership));

/** Drafts a community, see `steward.ts`, as all of the stewards' calls. @throws {FheError} `locked` */
export const startFounding = (draft: Draft, name: string): Promise<Seat> =>
  enqueue((api) => api.startFounding(draft, name));

export const takeSeat = (terms: Bytes, seat: number, seatSeed: Bytes, name: string): Promise<Seat> =>
  enqueue((api) => api.takeSeat(terms, seat, seatSeed, name));

/** Seeds for the other stewards' links. */
export const seatSeeds = (founding: string, stewards: number): Promise<Bytes[]> =>
  enqueue((api) => api.seatSeeds(founding, stewards));

export const leaveFounding = (founding: string): Promise<void> => enqueue((api) => api.leaveFounding(founding));

/** The encoded manifest with this steward's signature. */
export const signManifest = (state: Bytes, founding: string, community: Bytes): Promise<Bytes> =>
  enqueue((api) => api.signManifest(state, founding, community));

export const ownInvites = (founding: string, known: readonly Bytes[]): Promise<OwnInvite[]> =>
  enqueue((api) => api.ownInvites(founding, known));

/** The encoded amendment that this steward proposes. */
export const propose = (job: StewardJob, change: WantedChange, known: readonly Bytes[]): Promise<Bytes> =>
  enqueue((api) => api.propose(job, change, known));

/** This steward's signature under another's proposal. */
export const coSign = (job: StewardJob, proposal: Bytes): Promise<Bytes> => enqueue((api) => api.coSign(job, proposal));

/** This steward's word that its signature under a proposal shall be forgotten. */
export const withdraw = (job: StewardJob, amendment: Bytes): Promise<Bytes> =>
  enqueue((api) => api.withdraw(job, amendment));

export const makeCandidate = (community: string): Promise<Bytes> => enqueue((api) => api.makeCandidate(community));

export const ownParts = (founding: string): Promise<Record<string, OwnPart>> =>
  enqueue((api) => api.ownParts(founding));

export const announceRounds = (
  job: StewardJob,
  rounds: readonly PlannedRound[],
  ask: Ask,
  onstep: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> => enqueue((api) => api.announceRounds(job, rounds, proxy(ask), proxy(onstep)), signal);

export const closeRound = (job: StewardJob, month: string, ask: Ask): Promise<void> =>
  enqueue((api) => api.closeRound(job, month, proxy(ask)));

export const giveUpRound = (job: StewardJob, month: string, ask: Ask): Promise<void> =>
  enqueue((api) => api.giveUpRound(job, month, proxy(ask)));

/** @throws DOMException `AbortError` after `signal` */
export const advanceRound = (
  job: StewardJob,
  month: string,
  choices: AdvanceChoices,
  ask: Ask,
  onstep: (step: AdvanceStep) => void,
  signal?: AbortSignal,
): Promise<Advance> => enqueue((api) => api.advanceRound(job, month, choices, proxy(ask), proxy(onstep)), signal);

/** What protects the keys on this device. */
export const readProtection = (): Promise<Protection> => enqueue((api) => api.readProtection());

/** Sets or changes the passphrase. @throws {FheError} `wrong-secret` when it is too short, `locked` */
export const setPassphrase = (passphrase: string): Promise<void> => enqueue((api) => api.setPassphrase(passphrase));

export const removePassphrase = (): Promise<void> => enqueue((api) => api.removePassphrase());

/** From now on the app asks for the passphrase when it is opened. @throws {FheError} `wrong-secret` */
export const requirePassphrase = async (passphrase: string): Promise<void> => {
  await enqueue((api) => api.requirePassphrase(passphrase));
  keepWorker();
};

/** Lets a WebAuthn credential's PRF open the vault too. @throws {FheError} `locked`, `wrong-secret` if nothing else would */
export const setPrf = (credential: PrfCredential, output: Bytes): Promise<void> =>
  enqueue((api) => api.setPrf(credential, output));

export const removePrf = (): Promise<void> => enqueue((api) => api.removePrf());

/** From now on the app asks when it is opened. @throws {FheError} `wrong-secret` */
export const requirePrf = async (output: Bytes): Promise<void> => {
  await enqueue((api) => api.requirePrf(output));
  keepWorker();
};

export const openByItself = (): Promise<void> => enqueue((api) => api.openByItself());

/** Makes the recovery code; it is shown once. */
export const makeRecoveryCode = (): Promise<string> => enqueue((api) => api.makeRecoveryCode());

/** Opens a locked vault. @throws {FheError} `wrong-secret` */
export const unlock = async (passphraseOrCode: string): Promise<void> => {
  await enqueue((api) => api.unlock(passphraseOrCode));
  keepWorker();
};

/** Opens a locked vault with the output of its credential's PRF. @throws {FheError} `wrong-secret` */
export const unlockByPrf = async (output: Bytes): Promise<void> => {
  await enqueue((api) => api.unlockByPrf(output));
  keepWorker();
};

/** Locks: the worker ends, and with it all that it held in memory. */
export const lock = (): void => {
  end();
  refuse?.(new FheError('locked', 'The app was locked. Nothing was changed.'));
};

/** The member key of a device to which a backup of this one was restored; see `vault/moved-member.ts`. @throws {FheError} */
export const keyAfterRestore = (communityId: string): Promise<Bytes | undefined> =>
  enqueue((api) => api.keyAfterRestore(communityId));

/** Makes the key that seals readings, unless it is there. @throws {FheError} `locked` */
export const createReadingsKey = (): Promise<void> => enqueue((api) => api.createReadingsKey());

/** A handle of that key, which cannot be taken out of it; see `vault/readings-key.ts`. @throws {FheError} `locked` */
export const lendReadingsKey = (): Promise<CryptoKey> => enqueue((api) => api.lendReadingsKey());

/** Everything on this device in one encrypted file. @throws {FheError} */
export const makeBackup = (passphrase: string, signal?: AbortSignal): Promise<Bytes> =>
  enqueue((api) => api.makeBackup(passphrase), signal);

/** What a backup file holds and what restoring it would change. @throws {FheError} `wrong-secret`, `damaged` */
export const previewBackup = (file: Uint8Array, passphraseOrCode: string): Promise<BackupPreview> =>
  enqueue((api) => api.previewBackup(file, passphraseOrCode));

/** Merges a backup into what is here. @throws {FheError} `wrong-secret`, `damaged` */
export const restoreBackup = (file: Uint8Array, passphraseOrCode: string): Promise<void> =>
  enqueue((api) => api.restoreBackup(file, passphraseOrCode));
