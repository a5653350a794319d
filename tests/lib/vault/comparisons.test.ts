import { beforeEach, describe, expect, test } from 'vitest';
import {
  findComparisonRequest,
  findServerKey,
  forgetServerKey,
  keepServerKey,
  listComparisonRequests,
  markServerKeyStored,
  saveComparisonRequest,
} from '../../../src/lib/vault/comparisons.ts';
import type { StoredComparisonRequest, StoredServerKey } from '../../../src/lib/vault/schema.ts';
import { freshVault } from './fresh-vault.ts';

beforeEach(freshVault);

const communityId = 'ab'.repeat(32);
const key = (fill: number): StoredServerKey => ({
  communityId,
  state: 'made',
  sha256: new Uint8Array(32).fill(fill),
  size: 1000,
  bytes: new Uint8Array(1000).fill(fill),
  changedMs: 1,
});
const request = (month: string, fill: number): StoredComparisonRequest => ({
  communityId,
  month,
  homeId: 'home-1',
  state: 'waiting',
  request: new Uint8Array(100).fill(fill),
  changedMs: 1,
});

describe('server keys', () => {
  test('are never two: who comes second gets the first', async () => {
    const kept = await Promise.all([keepServerKey(key(1)), keepServerKey(key(2))]);
    expect(kept).toEqual([key(1), key(1)]);
    expect(await findServerKey(communityId)).toEqual(key(1));
  });

  test('are dropped from this device once the endpoint has them', async () => {
    await keepServerKey(key(1));
    await markServerKeyStored(key(2));
    expect(await findServerKey(communityId)).toEqual(key(1));
    await markServerKeyStored(key(1));
    expect(await findServerKey(communityId)).toMatchObject({ state: 'stored', size: 1000, bytes: new Uint8Array() });
  });

  test('that are gone take the requests with them that nobody has acknowledged', async () => {
    await keepServerKey(key(1));
    await saveComparisonRequest(request('2026-01', 1));
    await saveComparisonRequest({ ...request('2026-02', 2), state: 'sent' });
    await forgetServerKey(communityId);
    expect(await findServerKey(communityId)).toBeUndefined();
    expect(await listComparisonRequests(communityId)).toMatchObject([{ month: '2026-02' }]);
  });
});

test('a month has one request; another one of a second tab gives way', async () => {
  await saveComparisonRequest(request('2026-01', 1));
  expect(await saveComparisonRequest(request('2026-01', 2))).toEqual(request('2026-01', 1));
  await saveComparisonRequest({ ...request('2026-01', 1), state: 'answered' });
  expect(await findComparisonRequest(communityId, '2026-01')).toMatchObject({ state: 'answered' });
});
