/**
 * The aggregation endpoint: takes encrypted contributions, adds them up, and passes the stewards' words around. It holds
 * no key that opens anything.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519.ts';
import { makeApp } from './app.ts';
import { closedRound, closesNow } from './closing.ts';
import { Comparisons, type ComparisonsOptions } from './comparisons.ts';
import { Core, defaultLimits, type Limits } from './core.ts';
import { FileStore } from './file-store.ts';
import { removeOldFoundings } from './foundings.ts';
import { reasonOf, type Log } from './log.ts';
import { eraseIfDue } from './retention.ts';
import type { Rate } from './rate.ts';
import { openSigningKey, readSigningKey } from './signing-key.ts';
import type { Store } from './store.ts';

export interface EndpointOptions {
  readonly store: Store;
  /** The endpoint's own key, see `openSigningKey`. */
  readonly signer: Signer;
  /** Origins of the app, such as `https://app.example`; `*` for any. */
  readonly origins: readonly string[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly limits?: Partial<Limits>;
  /** What each address may ask; a write takes as much as ten reads. Loopback addresses may ask what they like. */
  readonly rate?: Rate;
  /** Most writes that are worked on at a time. */
  readonly mostAtATime?: number;
  /** Whether requests come through a proxy that says the address in X-Forwarded-For. */
  readonly behindProxy?: boolean;
  /** How long a request’s body may take. */
  readonly bodyMs?: number;
  readonly log?: Log;
  /** Evaluates comparisons; without it, none are made here. */
  readonly evaluator?: Omit<ComparisonsOptions, 'core'>;
}

export interface Endpoint {
  readonly publicKey: Bytes;
  /** Answers a request; `env` is what `@hono/node-server` gives along. */
  readonly fetch: (request: Request, env?: object) => Promise<Response>;
  /**
   * Does what is due: closes rounds whose date has come, erases old ones. To be called now and then. Rejects if the disk
   * has failed: then the process should start anew.
   */
  readonly tick: () => Promise<void>;
  /** Resolves when no comparison waits. */
  readonly idle: () => Promise<void>;
  /** Ends work that goes on by itself; the next process takes it up again. */
  readonly stop: () => Promise<void>;
}

export function createEndpoint({
  store,
  signer,
  origins,
  now = Date.now,
  limits = {},
  rate = { burst: 3000, perSecond: 50 },
  mostAtATime = 64,
  behindProxy = false,
  bodyMs = 60_000,
  log = () => undefined,
  evaluator,
}: EndpointOptions): Endpoint {
  const core = new Core({ store, signer, now, limits: { ...defaultLimits, ...limits }, log });
  const comparisons = evaluator && new Comparisons({ core, ...evaluator });
  const app = makeApp({ core, origins, rate, mostAtATime, behindProxy, bodyMs, comparisons });
  return {
    publicKey: signer.publicKey,
    fetch: async (request, env = {}) => app.fetch(request, env),
    tick: async () => {
      await doDue(core);
      await removeOldFoundings(core);
      await comparisons?.start();
      await comparisons?.keys.dropAbandoned();
    },
    idle: async () => comparisons?.idle(),
    stop: async () => comparisons?.stop(),
  };
}

/** Opens an endpoint on its data folder, which is made if it is not there. One process at a time may have it open. */
export async function openEndpoint({
  folder,
  ...options
}: Omit<EndpointOptions, 'store' | 'signer'> & { readonly folder: string }): Promise<Endpoint> {
  const root = resolve(folder);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const store = await FileStore.open(root);
  if ((await store.list('communities')).length > 0 && (await readSigningKey(root)) === undefined) {
    throw new Error(`The key of ${root} is gone, and its communities trust no other: bring it back from a backup`);
  }
  return createEndpoint({ ...options, store, signer: await openSigningKey(root) });
}

/**
 * Opens what an endpoint keeps, to look at it; also while it runs.
 *
 * @throws {Error} if the folder is not an endpoint's
 */
export async function openCore({ folder, log }: { readonly folder: string; readonly log: Log }): Promise<Core> {
  const signer = await readSigningKey(folder);
  if (signer === undefined) throw new Error(`${folder} is not the data folder of an endpoint: it holds no key`);
  return new Core({ store: FileStore.look(folder), signer, now: Date.now, limits: defaultLimits, log });
}

/** Closes and erases what is due. What fails is tried again the next time, and keeps nothing else from being done. */
async function doDue(core: Core): Promise<void> {
  if (core.store.failure !== undefined) throw core.store.failure;
  await core.eachRound(async (id, month) => {
    try {
      const round = await core.round(id, month);
      if (await closesNow(core, round)) await closedRound(core, round);
      await eraseIfDue(core, round);
    } catch (error) {
      core.log('error', 'round-failed', { month, reason: reasonOf(error) });
    }
  });
}
