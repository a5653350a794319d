/** A community over some amendments, and a log that cannot go back. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  checkAmendment,
  communityOf,
  encodeAmendment,
  unamended,
  type Amendment,
  type AmendedCommunity,
} from '../../src/protocol/amendment.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { encodeHead, extend, firstPosition, followHead, type LogEntry } from '../../src/protocol/head.ts';
import { findInvite, signInvite } from '../../src/protocol/manifest.ts';
import { signMessage } from '../../src/protocol/signed.ts';
import { makeExample, seedOf, signerOf, type Example } from './example.ts';

let example: Example;
beforeAll(async () => {
  example = await makeExample(24);
});

const nth = <T>(items: readonly T[], i: number): T => {
  const item = items[i];
  if (item === undefined) throw new Error(`no item ${i}`);
  return item;
};

const next = (before: AmendedCommunity, change: Partial<Amendment>): Amendment => ({
  community: before.founded.id,
  number: before.amendments.length + 1,
  previous: before.last,
  from: '2026-03',
  invites: [],
  revoked: [],
  replaced: [],
  ...change,
});
const amend = async (before: AmendedCommunity, change: Partial<Amendment>, signers: readonly Signer[]) =>
  checkAmendment(await signMessage('amendment', encodeAmendment(next(before, change)), signers), before);

describe('amendments', () => {
  test('new invites hold at once, revocations and new stewards from their month on', async () => {
    const { community, stewards } = example;
    const key = (await signerOf('invite 200')).publicKey;
    const added = await signInvite(community.manifest.salt, key, 0, nth(stewards, 0));
    const gone = nth(community.manifest.invites, 5).key;
    const newcomer = await signerOf('steward 3');
    const replaced = [{ steward: 2, name: 'Steward 4', key: newcomer.publicKey }];
    const after = await amend(
      unamended(community),
      { invites: [added], revoked: [gone], replaced },
      stewards.slice(0, 2),
    );
    const [february, march] = ['2026-02', '2026-03'].map((month) => communityOf(after, month).manifest);
    if (february === undefined || march === undefined) throw new Error('no month');
    expect([findInvite(february, key) >= 0, findInvite(march, key) >= 0]).toEqual([true, true]);
    expect([findInvite(february, gone) >= 0, findInvite(march, gone) >= 0]).toEqual([true, false]);
    expect(nth(february.stewards, 2).key).toEqual(nth(stewards, 2).publicKey);
    expect(nth(march.stewards, 2)).toEqual({ name: 'Steward 4', key: newcomer.publicKey });
    expect(communityOf(after).id).toEqual(community.id);
  });

  test('after a replacement the new steward signs and issues, and the old one no more', async () => {
    const { community, stewards } = example;
    const newcomer = await signerOf('steward 3');
    const replaced = [{ steward: 2, name: 'Steward 4', key: newcomer.publicKey }];
    const after = await amend(unamended(community), { replaced }, stewards.slice(0, 2));
    const key = (await signerOf('invite 201')).publicKey;
    const byOld = await signInvite(community.manifest.salt, key, 2, nth(stewards, 2));
    const byNew = await signInvite(community.manifest.salt, key, 2, newcomer);
    const [first, , old] = [nth(stewards, 0), 0, nth(stewards, 2)];
    await expect(amend(after, { invites: [byNew] }, [first, old])).rejects.toMatchObject({ code: 'wrong-signer' });
    await expect(amend(after, { invites: [byOld] }, [first, newcomer])).rejects.toMatchObject({
      code: 'bad-signature',
    });
    const second = await amend(after, { invites: [byNew] }, [first, newcomer]);
    expect(second.amendments).toHaveLength(2);
    expect(communityOf(second).manifest.invites).toHaveLength(25);
    await expect(amend(after, { ...next(second, {}), revoked: [key] }, [first, newcomer])).rejects.toMatchObject({
      code: 'bad-amendment',
    });
  });
});

describe('the head', () => {
  const entry = async (name: string): Promise<LogEntry> => ({ kind: 'list', hash: await seedOf(name) });
  const signed = async (count: number, head: Uint8Array<ArrayBuffer>) =>
    signMessage('head', encodeHead({ community: example.community.id, count, head, atMs: 5 }), [example.endpoint]);

  test('is followed forwards, over any number of steps, to the same place', async () => {
    const { community } = example;
    const entries = await Promise.all(['a', 'b', 'c'].map(entry));
    const end = await extend(firstPosition(community.id), entries);
    const message = await signed(end.count, end.head);
    const once = await followHead(message, community, firstPosition(community.id), entries);
    const middle = await extend(firstPosition(community.id), entries.slice(0, 1));
    expect(await followHead(message, community, middle, entries.slice(1))).toEqual(once);
    expect(await followHead(message, community, once, [])).toEqual(once);
  });

  test('a client that has seen one of two histories refuses the other and the way back', async () => {
    const { community } = example;
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(entry));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no entries');
    const seen = await extend(firstPosition(community.id), [a, b]);
    const other = await extend(firstPosition(community.id), [a, c, b]);
    for (const entries of [[b], [c], [a, c, b], []]) {
      const refused = followHead(await signed(other.count, other.head), community, seen, entries);
      await expect(refused).rejects.toMatchObject({ code: 'split-view' });
    }
    const back = await extend(firstPosition(community.id), [a]);
    const rolledBack = followHead(await signed(back.count, back.head), community, seen, []);
    await expect(rolledBack).rejects.toMatchObject({ code: 'rolled-back' });
  });
});
