/** What an encrypted comparison leaves on this device: the server key until it is uploaded, and requests. */

import { equalBytes } from '../../protocol/bytes.ts';
import { holdsKey } from './data-key.ts';
import { VaultError } from './error.ts';
import { exclusively } from './exclusive.ts';
import { read, write } from './open.ts';
import {
  checked,
  comparisonRequestSchema,
  serverKeySchema,
  type StoredComparisonRequest,
  type StoredServerKey,
} from './schema.ts';
import { readSecret, sealSecret, secretId } from './secrets.ts';

/** Id of the secret that holds the client key of before a renewal, after the SHA-256 of its server key. */
export const beforeKeyId = (communityId: string): string => `comparison-before/${communityId}`;

const ofCommunity = (communityId: string): IDBKeyRange => IDBKeyRange.bound([communityId], [communityId, []]);

export async function findServerKey(communityId: string): Promise<StoredServerKey | undefined> {
  const record = await read(['serverKeys'], (tx) => tx.store.get(communityId));
  return record === undefined ? undefined : checked(serverKeySchema, record, 'A comparison key');
}

/** Stores a server key unless there is one, and gives the one that now stands: there is never a second. */
export async function keepServerKey(key: StoredServerKey): Promise<StoredServerKey> {
  const record = checked(serverKeySchema, key, 'The comparison key');
  return write(['serverKeys'], async ({ store }) => {
    const there = await store.get(record.communityId);
    if (there !== undefined) return checked(serverKeySchema, there, 'A comparison key');
    await store.add(record);
    return record;
  });
}

/** Notes that the endpoint has a server key, and drops its bytes here. */
export async function markServerKeyStored({ communityId, sha256 }: StoredServerKey): Promise<void> {
  await write(['serverKeys'], async ({ store }) => {
    const there = await store.get(communityId);
    if (there === undefined || !equalBytes(there.sha256, sha256)) return;
    await store.put({ ...there, state: 'stored', bytes: new Uint8Array(), changedMs: Date.now() });
  });
}

/**
 * Sends a server key that the endpoint does not have yet, in one tab at a time: a tab that had to wait finds it sent. Where a
 * browser has no locks two tabs may send it; the endpoint takes each piece once.
 */
export const uploadServerKey = (communityId: string, send: (key: StoredServerKey) => Promise<void>): Promise<void> =>
  exclusively(`comparison key upload ${communityId}`, async () => {
    const key = await findServerKey(communityId);
    if (key?.state !== 'made') return;
    await send(key);
    await markServerKeyStored(key);
  });

/**
 * Forgets a server key that is damaged or that the endpoint does not have any more, and the requests that name it and were
 * never acknowledged. The next key is made of the same client key.
 */
export async function forgetServerKey(communityId: string): Promise<void> {
  await write(['serverKeys', 'comparisonRequests'], async (tx) => {
    await tx.objectStore('serverKeys').delete(communityId);
    const requests = tx.objectStore('comparisonRequests');
    for (const { month, state } of await requests.getAll(ofCommunity(communityId))) {
      if (state === 'waiting') await requests.delete([communityId, month]);
    }
  });
}

/** When a community's comparison key was made, ms; undefined if there is none. The key itself is not read. */
export const comparisonKeyMadeMs = async (communityId: string): Promise<number | undefined> =>
  (await read(['secrets'], (tx) => tx.store.get(secretId('comparison', communityId))))?.createdMs;

const yearMs = 366 * 86_400_000;

/** Whether a comparison key should be renewed, as it should be yearly. */
export const isKeyOld = (madeMs: number, nowMs: number): boolean => nowMs - madeMs >= yearMs;

/**
 * Puts a fresh client key in the place of the one of now. Both stand on the disk until the fresh one was read back and
 * opened; if it does not open, the one of before stays. The server key that belonged to it, and requests that were never
 * acknowledged, go. For the fhe worker alone.
 *
 * @param before - the key of now as it is kept under {@link beforeKeyId}
 * @throws {VaultError} `locked`, `no-space`, `not-found`, `damaged`
 */
export async function replaceComparisonKey(communityId: string, fresh: Uint8Array, before: Uint8Array): Promise<void> {
  const id = secretId('comparison', communityId);
  const [next, kept] = [await sealSecret(id, fresh), await sealSecret(beforeKeyId(communityId), before)];
  const old = await write(['secrets', 'wraps', 'serverKeys', 'comparisonRequests'], async (tx) => {
    const secrets = tx.objectStore('secrets');
    const stored = await secrets.get(id);
    // Another tab may have renewed it, or erased everything.
    if (stored?.version !== next.record.version - 1 || !holdsKey(await tx.objectStore('wraps').getAll(), next.key))
      throw new VaultError('not-found', 'The comparison key was changed in another tab. Please look again.');
    await secrets.put(kept.record);
    await secrets.put(next.record);
    await tx.objectStore('serverKeys').delete(communityId);
    const requests = tx.objectStore('comparisonRequests');
    for (const { month, state } of await requests.getAll(ofCommunity(communityId)))
      if (state === 'waiting') await requests.delete([communityId, month]);
    return stored;
  });
  const stored = await readSecret(id).catch(() => undefined);
  if (stored !== undefined && equalBytes(stored, fresh)) return;
  await write(['secrets'], (tx) => tx.store.put(old));
  throw new VaultError('damaged', 'The new key could not be read back after it was stored. The one of before stays.');
}

export async function findComparisonRequest(
  communityId: string,
  month: string,
): Promise<StoredComparisonRequest | undefined> {
  const record = await read(['comparisonRequests'], (tx) => tx.store.get([communityId, month]));
  return record === undefined ? undefined : checked(comparisonRequestSchema, record, 'A comparison request');
}

/** A community's requests of this home. */
export async function listComparisonRequests(communityId: string): Promise<StoredComparisonRequest[]> {
  const all = await read(['comparisonRequests'], (tx) => tx.store.getAll(ofCommunity(communityId)));
  return all.map((record) => checked(comparisonRequestSchema, record, 'A comparison request'));
}

/**
 * Stores a request, or the new state of the same one. A month has one request: another one, made by a second tab, is not
 * stored. Gives the one that now stands.
 */
export async function saveComparisonRequest(request: StoredComparisonRequest): Promise<StoredComparisonRequest> {
  const record = checked(comparisonRequestSchema, request, 'The comparison request');
  return write(['comparisonRequests'], async ({ store }) => {
    const there = await store.get([record.communityId, record.month]);
    if (there !== undefined && !equalBytes(there.request, record.request)) {
      return checked(comparisonRequestSchema, there, 'A comparison request');
    }
    await store.put(record);
    return record;
  });
}
