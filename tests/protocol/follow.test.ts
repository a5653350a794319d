/** A client that follows a community from visit to visit, and a membership that goes to the home's next device. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  communityOf,
  encodeAmendment,
  encodeAmendments,
  everInvited,
  type Amendment,
} from '../../src/protocol/amendment.ts';
import type { Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { follow, logCheck, neverFollowed, type Followed } from '../../src/protocol/follow.ts';
import { encodeHead, encodeHeadAnswer, extend, firstPosition, type LogEntry } from '../../src/protocol/head.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import {
  encodeDeviceLink,
  encodeInviteLink,
  isDeviceLink,
  parseDeviceLink,
  parseInviteLink,
} from '../../src/protocol/invite.ts';
import { findInvite } from '../../src/protocol/manifest.ts';
import { signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { makeExample, seedOf, signerOf, type Example } from './example.ts';

let example: Example;
beforeAll(async () => {
  example = await makeExample(24);
});

const amendmentOf = async (number: number, previous: Bytes, revoked: Bytes): Promise<SignedMessage> => {
  const { community, stewards } = example;
  const body: Amendment = {
    community: community.id,
    number,
    previous,
    from: '2026-03',
    invites: [],
    revoked: [revoked],
    replaced: [],
  };
  return signMessage('amendment', encodeAmendment(body), stewards.slice(0, 2));
};

/** A client of an endpoint with this log and these amendments. */
const clientOf = (log: readonly LogEntry[], chain: readonly SignedMessage[]): EndpointClient =>
  new EndpointClient({
    url: 'https://totals.example',
    fetch: async (url) => {
      if (url.endsWith('/amendments')) return new Response(encodeAmendments(chain));
      const since = Number(/\/head\/(\d+)$/.exec(url)?.[1]);
      const { count, head } = await extend(firstPosition(example.community.id), log);
      const body = encodeHead({ community: example.community.id, count, head, atMs: 5 });
      const signed = await signMessage('head', body, [example.endpoint]);
      return new Response(encodeHeadAnswer({ head: signed, entries: log.slice(since) }));
    },
  });

const start = (): Followed => neverFollowed(example.community);

describe('following a community', () => {
  test('takes amendments over in the order of the log, visit by visit', async () => {
    const { community } = example;
    const [gone, alsoGone] = community.manifest.invites.map(({ key }) => key);
    if (gone === undefined || alsoGone === undefined) throw new Error('no invites');
    const first = await amendmentOf(1, community.id, gone);
    const second = await amendmentOf(2, await sha256(first.body), alsoGone);
    const log: LogEntry[] = [
      { kind: 'list', hash: await seedOf('a list') },
      { kind: 'amendment', hash: await sha256(first.body) },
      { kind: 'amendment', hash: await sha256(second.body) },
    ];
    const once = await follow(clientOf(log.slice(0, 2), [first]), start());
    expect(once.amended.amendments).toHaveLength(1);
    const twice = await follow(clientOf(log, [first, second]), once);
    expect(twice.position.count).toBe(3);
    expect(encodeAmendments(twice.chain)).toEqual(encodeAmendments([first, second]));
    expect(findInvite(communityOf(twice.amended).manifest, alsoGone)).toBe(-1);
    expect(findInvite(everInvited(twice.amended).manifest, alsoGone)).not.toBe(-1);
    const entries = (await follow(clientOf(log, [first, second]), twice)).entries;
    expect(entries).toEqual([]);
  });

  test('an amendment that the log names and the endpoint does not show, or shows another for, is refused', async () => {
    const { community } = example;
    const [gone, alsoGone] = community.manifest.invites.map(({ key }) => key);
    if (gone === undefined || alsoGone === undefined) throw new Error('no invites');
    const first = await amendmentOf(1, community.id, gone);
    const other = await amendmentOf(1, community.id, alsoGone);
    const log: LogEntry[] = [{ kind: 'amendment', hash: await sha256(first.body) }];
    for (const chain of [[], [other]]) {
      await expect(follow(clientOf(log, chain), start())).rejects.toMatchObject({ code: 'split-view' });
    }
  });

  test('a log that is shorter than before, or another, is refused', async () => {
    const log = await Promise.all(
      ['a', 'b'].map(async (name): Promise<LogEntry> => ({ kind: 'seal', hash: await seedOf(name) })),
    );
    const here = await follow(clientOf(log, []), start());
    await expect(follow(clientOf(log.slice(0, 1), []), here)).rejects.toMatchObject({ code: 'rolled-back' });
    await expect(follow(clientOf(log.toReversed(), []), here)).rejects.toMatchObject({ code: 'split-view' });
  });
});

describe('what is used must stand in the log', () => {
  test('known or not yet followed, announcements, lists and norms that the log names are let through, and no others', async () => {
    const entry = async (kind: LogEntry['kind'], name: string): Promise<LogEntry> => ({
      kind,
      hash: await seedOf(name),
    });
    const log = [await entry('announcement', 'keys'), await entry('seal', 'seal'), await entry('list', 'list')];
    const here = await follow(clientOf(log.slice(0, 2), []), start());
    expect(here.logged).toEqual(log.slice(0, 1));
    const inLog = logCheck(clientOf(log, []), here);
    await inLog('announcement', await seedOf('keys'));
    await inLog('list', await seedOf('list'));
    for (const [kind, name] of [
      ['list', 'seal'],
      ['corrected-list', 'list'],
      ['norms', 'norms'],
    ] as const) {
      await expect(inLog(kind, await seedOf(name))).rejects.toMatchObject({ code: 'split-view' });
    }
  });

  test('a client that has not kept them reads the log from its beginning, which must lead by where it was', async () => {
    const log = await Promise.all(
      ['a', 'b', 'c'].map(async (name): Promise<LogEntry> => ({ kind: 'list', hash: await seedOf(name) })),
    );
    const { position } = await follow(clientOf(log.slice(0, 2), []), start());
    const before = { ...start(), position, logged: undefined };
    const now = await follow(clientOf(log, []), before);
    expect(now.logged).toEqual(log);
    expect(now.entries).toEqual(log.slice(2));
    expect(now.position.count).toBe(3);
    await expect(follow(clientOf(log.slice(0, 1), []), before)).rejects.toMatchObject({ code: 'rolled-back' });
    await expect(follow(clientOf(log.toReversed(), []), before)).rejects.toMatchObject({ code: 'split-view' });
  });
});

describe('a device link', () => {
  test('carries a membership to the next device, and nothing that the older one did not certify', async () => {
    const { community } = example;
    const [invite, old, next] = [
      await signerOf('invite 3'),
      await signerOf('old device'),
      await signerOf('next device'),
    ];
    const certificates = [
      await certify(community.id, old.publicKey, invite),
      await certify(community.id, next.publicKey, old),
    ];
    const membership = {
      endpointUrl: 'https://totals.example',
      community: community.id,
      invite: invite.publicKey,
      certificates,
      seed: await seedOf('next device'),
    };
    const link = encodeDeviceLink('https://app.example', membership);
    expect(isDeviceLink(link)).toBe(true);
    expect(await parseDeviceLink(link)).toEqual(membership);
    expect(await parseDeviceLink(link.slice(link.indexOf('#')))).toEqual(membership);
    const stolen = { ...membership, seed: await seedOf('another device') };
    for (const bad of [stolen, { ...membership, certificates: certificates.toReversed() }]) {
      const refused = parseDeviceLink(encodeDeviceLink('https://app.example', bad));
      await expect(refused).rejects.toMatchObject({ code: 'bad-certificate' });
    }
    const { endpointUrl, seed } = membership;
    const inviteLink = encodeInviteLink('https://app.example', { endpointUrl, community: community.id, seed });
    expect(isDeviceLink(inviteLink)).toBe(false);
    expect(parseInviteLink(inviteLink).seed).toEqual(seed);
    expect(() => parseInviteLink(link)).toThrow(/invite link/);
  });
});
