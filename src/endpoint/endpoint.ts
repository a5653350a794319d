/**
 * The aggregation endpoint: takes encrypted contributions, adds them up, and passes the stewards' words around. It holds
 * no key that opens anything.
 */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../protocol/bytes.ts';
import type { Signer } from '../protocol/ed25519.ts';
import { monthPattern } from '../protocol/fields.ts';
import { makeApp } from './app.ts';
import { closedRound, closesNow } from './closing.ts';
import { Core, defaultLimits, type Limits } from './core.ts';
import { FileStore } from './file-store.ts';
import { reasonOf, type Log } from './log.ts';
import { openSigningKey } from './signing-key.ts';
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
  readonly log?: Log;
}

export interface Endpoint {
  readonly publicKey: Bytes;
  /** Answers a request; `env` is what `@hono/node-server` gives along. */
  readonly fetch: (request: Request, env?: object) => Promise<Response>;
  /** Does what is due: closes the rounds whose date has come. To be called now and then. */
  readonly tick: () => Promise<void>;
}

export function createEndpoint({
  store,
  signer,
  origins,
  now = Date.now,
  limits = {},
  log = () => undefined,
}: EndpointOptions): Endpoint {
  const core = new Core({ store, signer, now, limits: { ...defaultLimits, ...limits }, log });
  const app = makeApp({ core, origins });
  return {
    publicKey: signer.publicKey,
    fetch: async (request, env = {}) => app.fetch(request, env),
    tick: () => closeDue(core),
  };
}

/** Opens an endpoint on its data folder, which is made if it is not there. One process at a time may have it open. */
export async function openEndpoint({
  folder,
  ...options
}: Omit<EndpointOptions, 'store' | 'signer'> & { readonly folder: string }): Promise<Endpoint> {
  const root = resolve(folder);
  await mkdir(root, { recursive: true, mode: 0o700 });
  return createEndpoint({ ...options, store: await FileStore.open(root), signer: await openSigningKey(root) });
}

async function closeDue(core: Core): Promise<void> {
  for (const id of await core.communityIds()) {
    for (const month of await core.store.list(`communities/${id}/rounds`)) {
      if (!monthPattern.test(month)) continue;
      try {
        const round = await core.round(id, month);
        if (await closesNow(core, round)) await closedRound(core, round);
      } catch (error) {
        // Another round may still be closed; this one is tried again the next time.
        core.log('error', 'round-not-closed', { month, reason: reasonOf(error) });
      }
    }
  }
}
