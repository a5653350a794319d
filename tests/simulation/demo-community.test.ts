import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEndpoint, type Endpoint } from '../../src/endpoint/endpoint.ts';
import { addMonths } from '../../src/lib/usage/month.ts';
import { fromHex } from '../../src/protocol/bytes.ts';
import { cohortNotSaid } from '../../src/protocol/contribution.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { parseInviteLink } from '../../src/protocol/invite.ts';
import { checkManifest, type Community } from '../../src/protocol/manifest.ts';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import { checkAnnouncement } from '../../src/protocol/round-key.ts';
import { DemoCommunity, demoHomes, demoSeed, demoZone } from '../../src/simulation/demo-community.ts';
import { simulatedVector } from '../../src/simulation/home-month.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';
import { contribute, memberOfInvite } from '../../src/simulation/round.ts';

const appOrigin = 'http://localhost:8420';
let root: string;
let server: ServerType;
let url: string;
/** Contributions that the endpoint still takes. */
let takes = Infinity;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-'));
  const endpoint: Endpoint = await openEndpoint({ folder: join(root, 'endpoint'), origins: [appOrigin] });
  server = serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request: Request) => {
      if (!request.url.endsWith('/contributions') || takes-- > 0) return endpoint.fetch(request);
      // An answer before the whole request has come could cut the connection.
      await request.arrayBuffer();
      return new Response('', { status: 503 });
    },
  });
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});
afterAll(async () => {
  server.close();
  await rm(root, { recursive: true, force: true });
});

const said: string[] = [];
const open = (folder: string): Promise<DemoCommunity> =>
  DemoCommunity.open({ folder: join(root, folder), endpointUrl: url, appOrigin, say: (line) => said.push(line) });
const nothing = (): void => undefined;
const vectorOf = (index: number, month: string) =>
  simulatedVector({ seed: demoSeed, index, timeZone: demoZone, month });
const clientOf = () => new EndpointClient({ url, fetch: (path, init) => fetch(path, init) });
const communityOf = async (link: string): Promise<Community> => {
  const { community } = parseInviteLink(link);
  return checkManifest(await clientOf().manifest(community), community);
};

describe('the demo community', () => {
  test('a start that broke off is finished by the next one, and a third one has nothing to do', async () => {
    takes = 7;
    await expect(open('demo')).rejects.toMatchObject({ status: 503 });
    takes = Infinity;
    const demo = await open('demo');
    const { rounds } = await demo.description();
    expect(rounds).toMatchObject([{ state: 'collecting', homes: demoHomes }]);
    takes = 0;
    said.length = 0;
    expect(await (await open('demo')).description()).toEqual(await demo.description());
    expect(said).toEqual([]);
    takes = Infinity;
  });

  test('never gives out an invite twice, not at once and not after a restart', async () => {
    const demo = await open('demo');
    const links = await Promise.all([demo.nextInvite(), demo.nextInvite(), (await open('demo')).nextInvite()]);
    links.push(await (await open('demo')).nextInvite());
    expect(new Set(links).size).toBe(4);
    for (const link of links) {
      expect(link?.startsWith(`${appOrigin}/join/#`)).toBe(true);
      expect(parseInviteLink(link ?? '').endpointUrl).toBe(url);
    }
  });

  test('a person joins, contributes, and the opened norms are those of 41 homes', async () => {
    const demo = await open('demo');
    const { rounds, community: id } = await demo.description();
    const month = rounds[0]?.month ?? '';
    const link = (await demo.nextInvite()) ?? '';
    const community = await communityOf(link);
    expect(community.id).toEqual(fromHex(id));
    const round = { community: community.id, month };
    const bytes = await clientOf().announcement(round);
    const announcement = await checkAnnouncement(bytes ?? new Uint8Array(), community);
    const own = vectorOf(1000, month);
    const member = await memberOfInvite(community.id, parseInviteLink(link).seed);
    await contribute(clientOf(), member, { community, announcement, vector: own, cohort: cohortNotSaid, version: 0 });

    const steps = new Set<string>();
    await Promise.all([
      demo.closeMonth(month, (step) => steps.add(step)),
      demo.closeMonth(month, nothing),
      demo.prepareMonth(month, nothing),
    ]);
    expect([...steps]).toEqual(['wait', 'close', 'check', 'open', 'publish']);
    expect((await demo.description()).rounds).toMatchObject([{ month, state: 'opened', homes: demoHomes + 1 }]);
    const published = await clientOf().norms(round);
    if (published === undefined) throw new Error('no norms');
    const vectors = [...Array.from({ length: demoHomes }, (_, index) => vectorOf(index, month)), own];
    const { groups, checked } = await checkNorms(published, community, month);
    const { homes, profiles } = expectedNorms(expectedTotal(vectors));
    // Means and deciles stay at the endpoint, for encrypted comparison.
    expect(groups).toEqual([{ name: 'community', homes, profiles, means: null, deciles: null }]);
    expect(checked).toBe(true);
  });

  test('an older month can be prepared, by two callers at once, and closed', async () => {
    const demo = await open('demo');
    const last = (await demo.description()).rounds.at(-1)?.month ?? '';
    const month = addMonths(last, -13);
    await Promise.all([demo.prepareMonth(month, nothing), demo.prepareMonth(month, nothing)]);
    expect((await demo.description()).rounds[0]).toMatchObject({ month, state: 'collecting', homes: demoHomes });
    await demo.closeMonth(month, nothing);
    expect((await demo.description()).rounds[0]).toMatchObject({ month, state: 'opened' });
  });

  test('a month that is not over, and a round that is not there, are refused in words', async () => {
    const demo = await open('demo');
    await expect(demo.prepareMonth('2999-01', nothing)).rejects.toThrow('not over');
    await expect(demo.closeMonth('2001-01', nothing)).rejects.toThrow('no round');
  });
});
