/**
 * The page's bridge to the fhe worker: one job at a time, progress, cancel by AbortSignal (which ends the worker), and a
 * fresh worker after a WebAssembly panic, because a panicked instance is not to be trusted again.
 */
import { proxy, releaseProxy, wrap, type Remote } from 'comlink';
import type { ContributionJob, FheWorker, Membership, Step } from './worker.ts';

/** Why the worker could not do what it was asked. */
export class FheError extends Error {
  readonly code: 'panic' | 'refused';

  constructor(code: FheError['code'], message: string, options?: ErrorOptions) {
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
let idleTimer: ReturnType<typeof setTimeout> | undefined;
let queue: Promise<unknown> = Promise.resolve();

function started(): Running {
  if (running === undefined) {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'fhe' });
    running = { worker, api: wrap<FheWorker>(worker) };
  }
  return running;
}

function end(): void {
  running?.api[releaseProxy]();
  running?.worker.terminate();
  running = undefined;
}

/** Runs one job when those before it are done. */
function enqueue<T>(job: (api: Remote<FheWorker>) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const run = async (): Promise<T> => {
    signal?.throwIfAborted();
    clearTimeout(idleTimer);
    const { api, worker } = started();
    try {
      return await new Promise<T>((resolve, reject) => {
        const onAbort = () => {
          end();
          reject(new DOMException('Cancelled.', 'AbortError'));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        worker.onerror = (event) => {
          end();
          reject(new FheError('panic', 'The encryption worker could not start. Reload the app and try again.', { cause: event.message }));
        };
        job(api)
          .then(resolve, reject)
          .finally(() => signal?.removeEventListener('abort', onAbort));
      });
    } catch (error) {
      // Comlink hands errors over by name; a panic in WebAssembly is a RuntimeError.
      if (error instanceof Error && error.name === 'RuntimeError') {
        end();
        throw new FheError('panic', 'Encryption stopped unexpectedly. Nothing was sent. Please try again.', { cause: error });
      }
      throw error;
    } finally {
      idleTimer = setTimeout(end, idleMs);
    }
  };
  const result = queue.then(run, run);
  queue = result.catch(() => undefined);
  return result;
}

/**
 * Makes this home's member key for a community, certified by the invite. The key stays in the worker and the vault;
 * the invite's seed is dropped after use.
 */
export const createMember = (community: Uint8Array, inviteSeed: Uint8Array): Promise<Membership> =>
  enqueue((api) => api.createMember(community, inviteSeed));

/** Encrypts and signs a contribution; gives the bytes to send. */
export const makeContribution = (
  job: ContributionJob,
  onstep: (step: Step) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> => enqueue((api) => api.makeContribution(job, proxy(onstep)), signal);
