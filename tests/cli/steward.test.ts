/** Three stewards who found a community and open a round from the command line, each in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type ServerType } from '@hono/node-server';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEndpoint } from '../../src/endpoint/endpoint.ts';
import { addMonths } from '../../src/lib/usage/month.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { cohortNotSaid } from '../../src/protocol/contribution.ts';
import { signerFromSeed } from '../../src/protocol/ed25519.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { parseInviteLink } from '../../src/protocol/invite.ts';
import { checkManifest } from '../../src/protocol/manifest.ts';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import { checkAnnouncement } from '../../src/protocol/round-key.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';
import { contribute, memberOfInvite } from '../../src/simulation/round.ts';
import { exampleVector } from '../protocol/round-example.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'steward-command-'));
// Below the checkout, so that the program finds the packages it does not bundle.
const program = join(root, 'build', 'test', `steward-${process.pid}.mjs`);
const thisMonth = new Date().toISOString().slice(0, 7);
const month = addMonths(thisMonth, -1);
let server: ServerType;
let url: string;

beforeAll(async () => {
  await build({
    input: join(root, 'src/cli/steward.ts'),
    platform: 'node',
    external: ['node-tfhe'],
    output: { file: program, format: 'esm', codeSplitting: false },
  });
  const endpoint = await openEndpoint({ folder: join(folder, 'endpoint'), origins: [] });
  server = serve({ fetch: endpoint.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
  rmSync(program);
});

const names = ['Ada', 'Ben', 'Cleo'];

/** Runs a command as a steward, without holding up the endpoint in this process. */
async function as(name: string, ...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [program, ...args, '--folder', join(folder, name)]);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child, 'close');
  return { status: child.exitCode, out: out.trim(), err: err.trim() };
}
/** The same, which must go well; gives what it prints. */
async function well(name: string, ...args: string[]): Promise<string> {
  const { status, out, err } = await as(name, ...args);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return out;
}
const links = new Map<string, string[]>();

describe('three stewards at the command line', () => {
  test('found a community whose phrase all of them see', async () => {
    const draft = ['draft', '--name', 'Ada', '--community', 'Example Street', '--endpoint', url];
    draft.push('--app', 'https://app.example', '--look-hours', '0', '--invites', '8', '--publish');
    expect((await as('Ada', ...draft, 'readings')).err).toContain('not "readings"');
    expect((await as('Ada', ...draft, 'profiles', '--minimum-homes', '14')).err).toContain('minimumHomes');
    const seats = (await well('Ada', ...draft, 'profiles,deciles', '--minimum-homes', '15')).split('\n').slice(1);
    expect(seats).toHaveLength(2);
    expect((await as('Ada', 'sign')).err).toContain('a seat is still empty');
    await well('Ben', 'join', '--name', 'Ben', '--link', seats[0] ?? '');
    expect((await as('Dora', 'join', '--name', 'Dora', '--link', seats[0] ?? '')).err).toContain('used before');
    expect((await as('Ben', 'join', '--name', 'Ben', '--link', seats[1] ?? '')).err).toContain('another seat');
    await well('Cleo', 'join', '--name', 'Cleo', '--link', seats[1] ?? '');
    const phrases = await Promise.all(names.map(async (name) => (await well(name, 'sign')).split('\n').at(-1)));
    expect(new Set(phrases).size).toBe(1);
    for (const name of names) links.set(name, (await well(name, 'links', '--app', 'https://app.example')).split('\n'));
    expect((await well('Ben', 'status')).split('\n')[0]).toContain(phrases[0]);
    expect(new Set([...links.values()].flat()).size).toBe(24);
  });

  test('open a round to what its homes contributed', async () => {
    const announce = ['announce', '--month', month, '--month', thisMonth, '--closes', '40'];
    await Promise.all(names.map((name) => well(name, ...announce)));
    const client = new EndpointClient({ url, fetch: (to, init) => fetch(to, init) });
    const all = [...links.values()].flat().map(parseInviteLink);
    const id = all[0]?.community ?? new Uint8Array();
    const round = { community: id, month };
    const community = await checkManifest(await client.manifest(id), id);
    const announcement = await checkAnnouncement((await client.announcement(round)) ?? new Uint8Array(), community);
    for (const [home, { seed }] of all.entries()) {
      const input = { community, announcement, vector: exampleVector(home), cohort: cohortNotSaid, version: 1 };
      await contribute(client, await memberOfInvite(id, seed), input);
    }

    expect((await as('Ada', 'check', '--month', month)).err).toContain('no list yet');
    expect(await well('Ada', 'close', '--month', month)).toContain('1 of 2');
    expect(await well('Cleo', 'close', '--month', month)).toContain('2 of 2');
    expect(await well('Ben', 'check', '--month', month)).toContain('invited by Cleo: 8');
    const phrases = new Set<string>();
    for (const name of names.slice(0, 2)) phrases.add(await well(name, 'seal', '--month', month));
    expect(phrases.size).toBe(1);
    expect((await as('Ada', 'open', '--month', month)).err).toContain('2 of 3 needed');
    await well('Cleo', 'seal', '--month', month);
    await Promise.all(names.map((name) => well(name, 'open', '--month', month)));
    const said = await Promise.all(names.map((name) => well(name, 'norms', '--month', month)));
    for (const one of said) expect(one).toContain('community: 24 homes');

    const published = await client.norms(round);
    if (published === undefined) throw new Error('no norms');
    const vectors = all.map((_, home) => exampleVector(home));
    const { groups } = await checkNorms(published, community, month);
    expect(groups).toEqual([{ name: 'community', ...expectedNorms(expectedTotal(vectors)), means: null }]);
    const status = await well('Ben', 'status');
    expect(status).toContain(`${month}  opened`);
    expect(status).toContain('seals: Ada, Ben, Cleo');
    await well('Ben', 'erase', '--month', month);
    expect((await as('Ben', 'announce', '--month', month)).err).toContain('is over');
  });

  test('change the community: more invites, one taken back, a steward replaced', async () => {
    const app = ['--app', 'https://app.example'];
    const proposalOf = (said: string): string => /^Proposed and signed: (.*)$/m.exec(said)?.[1] ?? '';
    expect(await well('Ada', 'links', ...app)).toBe('');
    const more = proposalOf(await well('Ada', 'amend', '--more', '2'));
    expect(await well('Cleo', 'changes')).toContain('2 more invites from Ada');
    expect(await well('Ada', 'links', ...app)).toBe('');
    expect(await well('Cleo', 'cosign', '--change', more)).toContain('Signed.');
    const [first, second] = (await well('Ada', 'links', ...app)).split('\n').map(parseInviteLink);
    if (first === undefined || second === undefined) throw new Error('no invites');

    const { publicKey } = await signerFromSeed(first.seed);
    const revoke = () => well('Ben', 'amend', '--revoke', toHex(publicKey), '--from', thisMonth);
    const taken = proposalOf(await revoke());
    // Ben thinks better of it, and then again.
    await well('Ben', 'withdraw', '--change', taken);
    expect(await well('Ada', 'changes')).toBe('');
    expect(proposalOf(await revoke())).toBe(taken);
    await well('Ada', 'cosign', '--change', taken);
    expect((await well('Ada', 'links', ...app)).split('\n').map(parseInviteLink)).toEqual([second]);

    const offer = await well('Ada', 'offer', '--seat', 'Ben', ...app);
    const answer = (await well('Emil', 'take', '--name', 'Emil', '--link', offer, ...app)).split('\n');
    const numbers = answer[2]?.split(': ')[1] ?? '?';
    const said = await well('Ada', 'amend', '--replace', answer[1] ?? '', '--from', thisMonth);
    expect(said).toContain(`Compare with Emil: ${numbers}`);
    expect(await well('Cleo', 'cosign', '--change', proposalOf(said))).toContain('Emil takes the place of Ben');
    // The new steward's keys take the place of the old one's in the round that was announced ahead.
    expect(await well('Cleo', 'status')).toContain(`${thisMonth}  announced`);
    expect((await as('Ben', 'announce', '--month', thisMonth, '--closes', '40')).status).toBe(1);
    await well('Emil', 'announce', '--month', thisMonth, '--closes', '40');
    const logs = await Promise.all(['Ada', 'Cleo', 'Emil'].map((name) => well(name, 'status')));
    for (const status of logs) expect(status).toContain(`${thisMonth}  collecting`);
    expect(new Set(logs.map((status) => /^log at entry .*$/m.exec(status)?.[0])).size).toBe(1);
  });

  test('mistakes are told in words', async () => {
    for (const [args, words] of [
      [[], 'Usage: steward'],
      [['fly'], 'Usage: steward'],
      [['seal'], '--month must be'],
      [['seal', '--month', '2026-13'], 'not "2026-13"'],
      [['open', '--month', month, '--word', 'Dora'], 'no steward "Dora"'],
      [['seal', '--moon', '1'], "Unknown option '--moon'"],
    ] as const) {
      const { status, err } = await as('Ada', ...args);
      expect(status).toBe(2);
      expect(err).toContain(words);
    }
    expect((await as('Nobody', 'status')).err).toContain('no seat yet');
  });
});
