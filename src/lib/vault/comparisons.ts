/** What an encrypted comparison leaves on this device: the server key until it is uploaded, and requests. */

import { equalBytes } from '../../protocol/bytes.ts';
import { read, write } from './open.ts';
import {
  checked,
  comparisonRequestSchema,
  serverKeySchema,
  type StoredComparisonRequest,
  type StoredServerKey,
} from './schema.ts';

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
