import { beforeEach, describe, expect, it } from 'vitest';
import { decryptAnswers, makeClientKey } from '../../../src/lib/fhe/comparison.ts';
import {
  clientKeyOf,
  clientKeyOfRequest,
  exportComparisonKey,
  fingerprintOfKey,
  renewComparisonKey,
} from '../../../src/lib/fhe/comparison-keys.ts';
import { makeComparisonRequest } from '../../../src/lib/fhe/make-comparison.ts';
import { nodeTfhe } from '../../../src/lib/fhe/node.ts';
import { saveAnalysis, listAnalyses } from '../../../src/lib/vault/analyses.ts';
import {
  beforeKeyId,
  comparisonKeyMadeMs,
  findServerKey,
  isKeyOld,
  keepServerKey,
  listComparisonRequests,
  saveComparisonRequest,
} from '../../../src/lib/vault/comparisons.ts';
import { keepSecret, listSecretIds, readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import { fromHex, toHex } from '../../../src/protocol/bytes.ts';
import { certify } from '../../../src/protocol/certificate.ts';
import { randomSeed, signerFromSeed } from '../../../src/protocol/ed25519.ts';
import { encodeSigned } from '../../../src/protocol/signed.ts';
import { exampleAnalysis } from '../vault/examples.ts';
import { freshVault, putRaw } from '../vault/fresh-vault.ts';
import { makeExample } from '../../protocol/example.ts';

const loaded = () => Promise.resolve(nodeTfhe);
const serverKey = new Uint8Array(32).fill(9);
const startMs = Date.now();
let id: string;
let community: Uint8Array;
let clientKey: Uint8Array;

beforeEach(async () => {
  await freshVault();
  ({ id: community } = (await makeExample(3)).community);
  id = toHex(community);
  clientKey = makeClientKey(nodeTfhe);
  await keepSecret(secretId('comparison', id), clientKey);
  await keepServerKey({
    communityId: id,
    state: 'stored',
    sha256: serverKey,
    size: 1,
    bytes: new Uint8Array(),
    changedMs: 1,
  });
});

/** A request under the key of now, with a state. */
async function request(month: string, state: 'waiting' | 'sent' | 'answered') {
  const { community: whole } = await makeExample(3);
  const [invite, signer] = [await signerFromSeed(randomSeed()), await signerFromSeed(randomSeed())];
  const certificates = [await certify(community, signer.publicKey, invite)];
  const member = { invite: invite.publicKey, certificates, signer };
  const input = {
    community: whole,
    month,
    norms: new Uint8Array(32),
    cohort: -1,
    serverKey,
    codes: [1, 2, 3, 4, 5, 6, 7, 8],
  };
  const bytes = encodeSigned(await makeComparisonRequest(nodeTfhe, member, await clientKeyOf(community), input));
  return saveComparisonRequest({ communityId: id, month, homeId: 'home-1', state, request: bytes, changedMs: 1 });
}

describe('a comparison key', () => {
  it('has a fingerprint in words, the same as long as it is the same', async () => {
    const words = await fingerprintOfKey(community);
    expect(words).toMatch(/^([a-z]+ ){7}[a-z]+$/);
    expect(await fingerprintOfKey(community)).toBe(words);
    await renewComparisonKey(community, loaded);
    expect(await fingerprintOfKey(community)).not.toBe(words);
  });

  it('can be taken out bare, as the library reads it', async () => {
    expect(await exportComparisonKey(id)).toEqual(clientKey);
    expect(() => decryptAnswers(nodeTfhe, clientKey, [])).not.toThrow();
  });

  it('is due to be renewed after a year', async () => {
    const madeMs = (await comparisonKeyMadeMs(id)) ?? 0;
    expect(madeMs).toBeGreaterThanOrEqual(startMs);
    expect(madeMs).toBeLessThanOrEqual(Date.now());
    expect(isKeyOld(madeMs, madeMs + 365 * 86_400_000)).toBe(false);
    expect(isKeyOld(madeMs, madeMs + 366 * 86_400_000)).toBe(true);
  });
});

describe('a renewal', () => {
  it('puts another key in its place, drops what was made with it and never sent, and keeps what was read', async () => {
    await request('2026-01', 'waiting');
    await request('2026-02', 'answered');
    await saveAnalysis({ ...exampleAnalysis, communityId: id });
    await renewComparisonKey(community, loaded);
    expect(await clientKeyOf(community)).not.toEqual(clientKey);
    expect(await findServerKey(id)).toBeUndefined();
    expect((await listComparisonRequests(id)).map(({ month }) => month)).toEqual(['2026-02']);
    expect(await listAnalyses('home-1')).toHaveLength(1);
    // Nothing was on its way: the old key is gone.
    expect(await listSecretIds()).not.toContain(beforeKeyId(id));
  });

  it('keeps the old key for an answer that is on its way, and no longer', async () => {
    const sent = await request('2026-01', 'sent');
    await renewComparisonKey(community, loaded);
    expect(await clientKeyOfRequest(community, sent.request)).toEqual(clientKey);
    await expect(renewComparisonKey(community, loaded)).rejects.toMatchObject({ code: 'unavailable' });
    await saveComparisonRequest({ ...sent, state: 'answered' });
    await renewComparisonKey(community, loaded);
    expect(await readSecret(beforeKeyId(id))).toBeUndefined();
  });

  it('is made once by five that ask at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => renewComparisonKey(community, loaded)));
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await listSecretIds()).filter((one) => one === secretId('comparison', id))).toHaveLength(1);
    expect(await clientKeyOf(community)).not.toEqual(clientKey);
  });

  it('needs a key that is there and opens', async () => {
    await expect(renewComparisonKey(fromHex('cd'.repeat(32)) ?? new Uint8Array(), loaded)).rejects.toMatchObject({
      code: 'not-found',
    });
    await putRaw('secrets', {
      id: secretId('comparison', id),
      version: 1,
      nonce: new Uint8Array(12),
      sealed: new Uint8Array(50),
      createdMs: 1,
    });
    await expect(renewComparisonKey(community, loaded)).rejects.toMatchObject({ code: 'wrong-secret' });
    expect(await findServerKey(id)).toBeDefined();
  });
});
