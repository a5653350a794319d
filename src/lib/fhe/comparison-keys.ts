/** The life of a home's comparison key: made, told apart, renewed, taken out. For the fhe worker, where keys are in the clear. */
import { concatBytes, equalBytes, fromHex, toHex, type Bytes } from '../../protocol/bytes.ts';
import { decodeComparisonRequest } from '../../protocol/comparison.ts';
import { keyWords } from '../../protocol/key-words.ts';
import { sha256 } from '../../protocol/hash.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import {
  beforeKeyId,
  findServerKey,
  keepServerKey,
  listComparisonRequests,
  replaceComparisonKey,
} from '../vault/comparisons.ts';
import { VaultError } from '../vault/error.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { StoredServerKey } from '../vault/schema.ts';
import { deleteSecret, keepSecret, readSecret, secretId } from '../vault/secrets.ts';
import { makeClientKey, makeServerKey, measureServerKeyMs } from './comparison.ts';
import type { TfheModule } from './tfhe-module.ts';

const hashBytes = 32;
const alone = <T>(id: string, work: () => Promise<T>): Promise<T> => exclusively(`comparison key ${id}`, work);

/**
 * This home's comparison key for a community, made on first use: the client key is kept as a secret, the server key to be
 * uploaded. Who comes second, in another tab or after a broken-off attempt, gets the key that is there.
 *
 * @param onmeasured - told how long it will take, ms
 */
export function createComparisonKey(
  community: Uint8Array,
  onmeasured: (ms: number) => void,
  loaded: () => Promise<TfheModule>,
): Promise<Pick<StoredServerKey, 'state'>> {
  const id = toHex(community);
  return alone(id, async () => {
    const there = await findServerKey(id);
    if (there !== undefined) return { state: there.state };
    const module = await loaded();
    const secret = secretId('comparison', id);
    const clientKey = (await readSecret(secret)) ?? (await keepSecret(secret, makeClientKey(module)));
    onmeasured(measureServerKeyMs(module, () => performance.now()));
    const bytes = makeServerKey(module, clientKey);
    const key = { communityId: id, sha256: await sha256(bytes), size: bytes.length, bytes };
    const { state } = await keepServerKey({ ...key, state: 'made', changedMs: Date.now() });
    return { state };
  });
}

/** @throws {VaultError} `not-found` */
export async function clientKeyOf(community: Uint8Array): Promise<Bytes> {
  const key = await readSecret(secretId('comparison', toHex(community)));
  if (key === undefined)
    throw new VaultError('not-found', 'This device has no comparison key for this community. Set it up first.');
  return key;
}

/** The client key that a request was made with: the one of now, or the one before a renewal. */
export async function clientKeyOfRequest(community: Uint8Array, request: Uint8Array): Promise<Bytes> {
  const { serverKey } = decodeComparisonRequest(decodeSigned(request).body);
  const before = await readSecret(beforeKeyId(toHex(community)));
  if (before !== undefined && equalBytes(before.subarray(0, hashBytes), serverKey)) return before.slice(hashBytes);
  return clientKeyOf(community);
}

/** The key's fingerprint in words. */
export const fingerprintOfKey = async (community: Uint8Array): Promise<string> =>
  keyWords('comparison client key', await clientKeyOf(community));

/**
 * Puts a fresh client key in the place of the one of now; the server key follows when it is set up again. Answers that
 * were read stay as they were read. An answer that is on its way is read with the key of before, which is kept for it.
 *
 * @throws {VaultError} `not-found`; `locked`; `unavailable` while an answer under the key of before is on its way
 */
export async function renewComparisonKey(community: Uint8Array, loaded: () => Promise<TfheModule>): Promise<void> {
  const id = toHex(community);
  await alone(id, async () => {
    await forgetKeyBefore(id);
    const before = await readSecret(beforeKeyId(id));
    if (before !== undefined)
      throw new VaultError(
        'unavailable',
        'An answer under your last comparison key is still on its way. Renew the key once it is here.',
      );
    const old = await clientKeyOf(community);
    const serverKey = await findServerKey(id);
    await replaceComparisonKey(
      id,
      makeClientKey(await loaded()),
      concatBytes(serverKey?.sha256 ?? new Uint8Array(hashBytes), old),
    );
    await forgetKeyBefore(id);
  });
}

/** Forgets the key of before a renewal once no answer under it is on its way. */
export async function forgetKeyBefore(communityId: string): Promise<void> {
  const before = await readSecret(beforeKeyId(communityId));
  if (before === undefined) return;
  const serverKey = before.subarray(0, hashBytes);
  const isAwaited = (await listComparisonRequests(communityId)).some(
    ({ state, request }) =>
      state === 'sent' && equalBytes(decodeComparisonRequest(decodeSigned(request).body).serverKey, serverKey),
  );
  if (!isAwaited) await deleteSecret(beforeKeyId(communityId));
}

/** The bare client key, as `tfhe` serializes it, for its owner's own use elsewhere. */
export const exportComparisonKey = (communityId: string): Promise<Bytes> =>
  clientKeyOf(fromHex(communityId) ?? new Uint8Array());
