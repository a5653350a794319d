/**
 * The aggregation endpoint: takes encrypted contributions, adds them up, and passes the stewards' words around. It
 * holds no key that opens anything.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../protocol/bytes.ts';
import { makeApp, type AppOptions } from './app.ts';
import { Comparisons, type ComparisonsOptions } from './comparisons.ts';
import { removeOfLeft } from './contributions.ts';
import { Core, type CoreOptions } from './core.ts';
import { FileStore } from './file-store.ts';
import { removeOldFoundings } from './foundings.ts';
import { reasonOf } from './log.ts';
import { deleteOld, eraseIfDue } from './retention.ts';
import { closedRound, closesNow, isClosed } from './rounds.ts';
import { makeSigningKey, readSigningKey } from './signing-key.ts';

export interface EndpointOptions extends AppOptions, CoreOptions {
  /** Evaluates comparisons; without it, none are made here. */
  readonly evaluator?: ComparisonsOptions;
}

export interface Endpoint {
  readonly publicKey: Bytes;
  /** Answers a request; `env` is what `@hono/node-server` gives along. */
  readonly fetch: (request: Request, env?: object) => Promise<Response>;
  /**
   * Does what is due: closes rounds whose date has come, erases old ones. To be called now and then. Rejects if the
   * disk has failed: then the process should start anew.
   */
  readonly tick: () => Promise<void>;
  /** Resolves when no comparison waits. */
  readonly idle: () => Promise<void>;
  /** Ends work that goes on by itself; the next process takes it up again. */
  readonly stop: () => Promise<void>;
}

export function createEndpoint(options: EndpointOptions): Endpoint {
  const core = new Core(options);
  const comparisons = options.evaluator && new Comparisons(core, options.evaluator);
  const app = makeApp(core, options, comparisons);
  return {
    publicKey: core.signer.publicKey,
    fetch: async (request, env = {}) => app.fetch(request, env),
    tick: async () => {
      if (core.store.failure !== undefined) throw core.store.failure;
      await core.eachRound((id, month) => attempt(core, 'round-failed', () => doDue(core, id, month), month));
      await removeOldFoundings(core);
      await comparisons?.start();
      for (const id of await core.store.list('communities')) {
        await attempt(core, 'deletion-failed', async () => deleteOld(await core.community(id)));
      }
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
  const there = await readSigningKey(root);
  if (there === undefined && (await store.list('communities')).length > 0) {
    throw new Error(`The key of ${root} is gone, and its communities trust no other: bring it back from a backup`);
  }
  return createEndpoint({ ...options, store, signer: there ?? (await makeSigningKey(root)) });
}

/**
 * Opens what an endpoint keeps, to look at it; also while it runs.
 *
 * @throws {Error} if the folder is not an endpoint's
 */
export async function openCore(folder: string): Promise<Core> {
  const signer = await readSigningKey(folder);
  if (signer === undefined) throw new Error(`${folder} is not the data folder of an endpoint: it holds no key`);
  return new Core({ store: FileStore.look(folder), signer });
}

/** Does what is due of a round: deletions that broke off, closing, erasing. */
async function doDue(core: Core, id: string, month: string): Promise<void> {
  const round = await core.round(id, month);
  await removeOfLeft(round);
  if (!(await closesNow(round))) return;
  if (!(await isClosed(round))) await closedRound(round);
  await eraseIfDue(round);
}

/** What fails is tried again the next time, and keeps nothing else from being done. */
async function attempt(core: Core, event: string, work: () => Promise<void>, month?: string): Promise<void> {
  try {
    await work();
  } catch (error) {
    core.log('error', event, { month, reason: reasonOf(error) });
  }
}
