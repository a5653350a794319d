import { describe, expect, it } from 'vitest';
import { compareBytes, equalBytes, type Bytes } from '../../src/protocol/bytes.ts';
import { randomSeed, signerFromSeed, type Signer } from '../../src/protocol/ed25519.ts';
import {
  checkFounding,
  encodeStewardLink,
  encodeTerms,
  parseStewardLink,
  signEntry,
  type Founding,
  type FoundingTerms,
} from '../../src/protocol/founding.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkManifest } from '../../src/protocol/manifest.ts';
import { signMessage } from '../../src/protocol/signed.ts';
import { MemoryStore } from './memory-store.ts';
import { clientOf, exampleEndpoint, startMs } from './support.ts';

const freshSigner = () => signerFromSeed(randomSeed());
const fail = (): never => {
  throw new Error('nothing there');
};

async function founding(change: Partial<FoundingTerms> = {}) {
  let nowMs = startMs;
  const endpoint = await exampleEndpoint({ now: () => nowMs, store: new MemoryStore() });
  const client = clientOf(endpoint);
  const seats = await Promise.all([0, 1, 2].map(freshSigner));
  const stewards = await Promise.all([0, 1, 2].map(freshSigner));
  const terms: FoundingTerms = {
    name: 'Lindenstraße',
    threshold: 2,
    minimumHomes: 15,
    cohorts: ['flat', 'house'],
    publishes: ['profiles'],
    endpointKey: endpoint.publicKey,
    lookHours: 48,
    retentionDays: 90,
    invitesEach: 2,
    seats: seats.map(({ publicKey }) => publicKey),
    salt: randomSeed().slice(0, 16),
    ...change,
  };
  const id = await sha256(encodeTerms(terms));
  const entry = async (index: number, name = `Steward ${index}`, seat: Signer = seats[index] ?? fail()) => {
    const invites = await Promise.all([0, 1].map(async () => (await freshSigner()).publicKey));
    return signEntry(terms, { name, invites }, { index, signer: seat }, stewards[index] ?? fail());
  };
  const state = async (): Promise<Founding> => checkFounding((await client.founding(id)) ?? fail(), id);
  const signature = async (index: number, body?: Bytes) =>
    signMessage('manifest', body ?? (await state()).manifest?.body ?? fail(), [stewards[index] ?? fail()]);
  const later = (ms: number) => (nowMs += ms);
  return { endpoint, client, terms, id, entry, state, signature, stewards, later };
}

describe('founding a community', () => {
  it('ends with the manifest that every steward built and signed', async () => {
    const { client, terms, id, entry, state, signature } = await founding();
    await client.postTerms(encodeTerms(terms));
    await client.postTerms(encodeTerms(terms));
    // In any order.
    for (const seat of [2, 0, 1]) {
      expect((await state()).manifest).toBeUndefined();
      await client.postEntry(id, await entry(seat));
    }
    const { manifest } = await state();
    for (const seat of [0, 2, 1]) await client.postManifestSignature(id, await signature(seat));
    const community = await checkManifest(await client.manifest(manifest?.id ?? fail()), manifest?.id);
    expect(community.manifest).toMatchObject({
      name: 'Lindenstraße',
      threshold: 2,
      minimumHomes: 15,
      lookHours: 48,
      retentionDays: 90,
    });
    expect(community.manifest.stewards.map(({ name }) => name)).toEqual(['Steward 0', 'Steward 1', 'Steward 2']);
    const keys = community.manifest.invites.map(({ key }) => key);
    expect(keys).toHaveLength(6);
    expect([...keys].sort(compareBytes)).toEqual(keys);
    expect((await state()).signed?.signatures).toHaveLength(3);
  });

  it('takes one entry a seat, from whoever has its link, and for these terms', async () => {
    const { client, terms, id, entry } = await founding();
    await client.postTerms(encodeTerms(terms));
    await client.postEntry(id, await entry(1));
    await expect(client.postEntry(id, await entry(1))).rejects.toMatchObject({ code: 'already-decided' });
    await expect(client.postEntry(id, await entry(2, 'Steward 1'))).rejects.toMatchObject({ code: 'bad-manifest' });
    const stranger = await entry(2, 'Mallory', await freshSigner());
    await expect(client.postEntry(id, stranger)).rejects.toMatchObject({ code: 'wrong-signer' });
    const other = await founding();
    await expect(client.postEntry(id, await other.entry(2))).rejects.toMatchObject({ code: 'wrong-community' });
  });

  it('takes no signature of another manifest or of a stranger', async () => {
    const { client, terms, id, entry, state, signature } = await founding();
    await client.postTerms(encodeTerms(terms));
    await client.postEntry(id, await entry(0));
    await client.postEntry(id, await entry(1));
    await expect(client.postManifestSignature(id, await signature(0, new Uint8Array(9)))).rejects.toMatchObject({
      code: 'wrong-community',
    });
    await client.postEntry(id, await entry(2));
    const body = (await state()).manifest?.body ?? fail();
    await expect(
      client.postManifestSignature(id, await signMessage('manifest', body, [await freshSigner()])),
    ).rejects.toMatchObject({ code: 'wrong-signer' });
    const wrong = await signature(0);
    const forged = {
      body: wrong.body,
      signatures: wrong.signatures.map((one) => ({ ...one, signature: new Uint8Array(64) })),
    };
    await expect(client.postManifestSignature(id, forged)).rejects.toMatchObject({ code: 'bad-signature' });
    expect((await state()).signed).toBeUndefined();
  });

  it('is refused for another endpoint, or with terms that contradict themselves', async () => {
    const { client, terms } = await founding();
    await expect(client.postTerms(encodeTerms({ ...terms, endpointKey: randomSeed() }))).rejects.toMatchObject({
      code: 'wrong-endpoint',
    });
    await expect(client.postTerms(encodeTerms({ ...terms, threshold: 4 }))).rejects.toMatchObject({
      code: 'bad-manifest',
    });
    await expect(client.postTerms(encodeTerms({ ...terms, minimumHomes: 14 }))).rejects.toMatchObject({
      code: 'malformed',
    });
    await expect(client.postTerms(encodeTerms({ ...terms, cohorts: ['a', 'a'] }))).rejects.toMatchObject({
      code: 'bad-manifest',
    });
  });

  it('goes after thirty days', async () => {
    const { client, endpoint, terms, id, entry, later } = await founding();
    await client.postTerms(encodeTerms(terms));
    await client.postEntry(id, await entry(0));
    later(29 * 86_400_000);
    await endpoint.tick();
    expect(await client.founding(id)).toBeDefined();
    later(2 * 86_400_000);
    await endpoint.tick();
    expect(await client.founding(id)).toBeUndefined();
  });

  it('is one of 200 at a time; there is room for another when some are over', async () => {
    const { client, endpoint, terms, id, later } = await founding();
    await client.postTerms(encodeTerms(terms));
    for (let i = 1; i < 200; i++) await client.postTerms(encodeTerms({ ...terms, name: `Street ${i}` }));
    const oneMore = encodeTerms({ ...terms, name: 'One more' });
    await expect(client.postTerms(oneMore)).rejects.toMatchObject({ code: 'too-many', status: 429 });
    // What is there already is not one more.
    await client.postTerms(encodeTerms(terms));
    expect(await client.founding(id)).toBeDefined();
    later(31 * 86_400_000);
    await endpoint.tick();
    await client.postTerms(oneMore);
  });

  it('shows a steward any draft but the one of the link as another', async () => {
    const { client, terms, id } = await founding();
    await client.postTerms(encodeTerms(terms));
    const state = (await client.founding(id)) ?? fail();
    await expect(checkFounding(state, randomSeed())).rejects.toMatchObject({ code: 'wrong-community' });
  });
});

describe('a steward’s link', () => {
  it('comes back as it was made, whole or as its fragment', () => {
    const link = { endpointUrl: 'https://totals.example', founding: randomSeed(), seat: 2, seed: randomSeed() };
    const text = encodeStewardLink('https://app.example', link);
    expect(parseStewardLink(text)).toEqual(link);
    expect(parseStewardLink(new URL(text).hash)).toEqual(link);
    expect(equalBytes(parseStewardLink(` ${text} `).seed, link.seed)).toBe(true);
    expect(() => parseStewardLink(text.slice(0, -3))).toThrow(/steward link/);
  });
});
