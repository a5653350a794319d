/** The real program while single system calls of an upload and of a publication fail or kill it, by strace. */
import { spawn, spawnSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openCore } from '../../src/endpoint/endpoint.ts';
import { verifyAll } from '../../src/endpoint/verify.ts';
import type { Bytes } from '../../src/protocol/bytes.ts';
import { EndpointError, type EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import type { Announcement } from '../../src/protocol/round-key.ts';
import { encodeSigned } from '../../src/protocol/signed.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram, type Running } from '../endpoint/program.ts';
import { countsOf, fewestHomes, month, temporaryFolder, TestCommunity } from '../endpoint/support.ts';

const soak = process.env.SOAK === '1';
const strace = '/usr/bin/strace';
const stillOpenMs = Date.UTC(2100, 0, 1);

/** System calls that change what is on the disk, by the names that they have on one machine or the other. */
const changing = ['fsync', 'pwrite64', '?link,?linkat', '?rename,?renameat', '?mkdir,?mkdirat', '?unlink,?unlinkat'];
/** The others on files. Between two changes the disk stays as it is, so to be killed there is nothing new. */
const looking = ['openat', 'close', 'read,pread64', 'getdents64', '?stat,?statx,?fstat,newfstatat'];
const effects = ['error=EIO', 'error=ENOSPC', 'signal=SIGKILL'];
/** The calls that are tried, each with what happens to it; every one of a kind in the soak, the first two elsewhere. */
const trials = [
  ...changing.map((call, index) => ({ call, tried: soak ? effects : [effects[index % effects.length] ?? ''] })),
  ...(soak ? looking.map((call) => ({ call, tried: ['error=EIO'] })) : []),
];
const mostTurns = soak ? Infinity : 2;

/** Some containers have strace but do not let it trace. */
const canTrace = spawnSync(strace, ['-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!canTrace)('with strace', () => {
  const newcomer = fewestHomes;
  let program: string;
  let street: TestCommunity;
  let announcement: Announcement;
  /** Where homes enough for totals have contributed to a round. */
  let before: string;
  beforeAll(async () => {
    program = await bundleProgram(await temporaryFolder());
    street = await TestCommunity.make(newcomer + 1);
    before = await temporaryFolder();
    await writeFile(join(before, 'key'), await seedOf('endpoint'), { mode: 0o600 });
    const first = await startProgram(program, before);
    announcement = await street.announce(first.client, month, { closesMs: stillOpenMs });
    for (let home = 0; home < newcomer; home++) await contribute(first.client, home);
    await first.end('SIGTERM');
  });

  async function contribute(client: EndpointClient, home: number): Promise<void> {
    const contribution = await street.contribution(announcement, home);
    const receipt = await client.contribute(street.round(), contribution);
    await checkReceipt(receipt, street.community, contribution.signed);
  }

  async function homesOf(client: EndpointClient): Promise<number | undefined> {
    return (await client.rounds(street.community.id))[0]?.homes;
  }

  /** What is shown of a closed round. */
  async function shownBy(client: EndpointClient): Promise<Bytes[]> {
    const list = await client.list(street.round());
    if (list === undefined) throw new Error('no list');
    const totals = await Promise.all(street.stewards.map((_, steward) => client.total(street.round(), 0, steward)));
    return [encodeSigned(list), ...totals];
  }

  /** Something that is asked of the endpoint, and what must hold when it was acknowledged, by what `ask` gave. */
  interface Act<T> {
    readonly ask: (client: EndpointClient) => Promise<T>;
    readonly holds: (client: EndpointClient, acknowledged: T) => Promise<void>;
  }
  const act =
    <T>(
      ask: Act<T>['ask'],
      holds: Act<T>['holds'],
    ): ((run: <U>(act: Act<U>) => Promise<boolean>) => Promise<boolean>) =>
    (run) =>
      run({ ask, holds });
  const acts = {
    'an upload': act(
      (client) => contribute(client, newcomer),
      async (client) => expect(await homesOf(client)).toBe(newcomer + 1),
    ),
    'a publication': act(
      async (client) => {
        await client.close(street.round(), await street.close(announcement));
        return shownBy(client);
      },
      async (client, shown) => {
        expect(await shownBy(client)).toEqual(shown);
        const [, ...totals] = shown;
        for (const total of totals) {
          expect(countsOf(total, newcomer).homes).toEqual(Array<number>(newcomer).fill(1));
        }
      },
    ),
  };

  /**
   * Attaches strace to the threads that work on files, and resolves when it has: calls are counted from then on, and for
   * each thread by themselves, so there is one such thread only.
   */
  async function inject(running: Running, call: string, effect: string, turn: number, log: string): Promise<void> {
    const what = ['-e', `trace=${call}`, '-e', `inject=${call}:${effect}:when=${turn}`];
    const main = String(running.child.pid);
    const threads = (await readdir(`/proc/${main}/task`)).filter((thread) => thread !== main);
    const tracer = spawn(strace, ['-o', log, ...what, ...threads.flatMap((thread) => ['-p', thread])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((done, fail) => {
      let said = '';
      tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split(' attached').length > threads.length) done();
      });
      tracer.once('exit', (code) => fail(new Error(`strace ended with ${code}: ${said}`)));
    });
  }

  /** Acts while a call fails or kills, and again when all is well; whether there was such a call. */
  async function tryOnce<T>({ ask, holds }: Act<T>, call: string, effect: string, turn: number): Promise<boolean> {
    const data = await temporaryFolder();
    await cp(before, data, { recursive: true, preserveTimestamps: true });
    const log = join(data, 'calls');
    const running = await startProgram(program, data, [], ['/usr/bin/env', 'UV_THREADPOOL_SIZE=1']);
    await inject(running, call, effect, turn, log);
    const answer = await ask(running.client).then(
      (value) => ({ value }),
      (error: unknown) => {
        if (!(error instanceof EndpointError)) throw error;
        expect(['unreachable', 'storage-failed', 'storage-full']).toContain(error.code);
        return undefined;
      },
    );
    await running.end('SIGKILL');
    const again = await startProgram(program, data);
    if (answer !== undefined) await holds(again.client, answer.value);
    await holds(again.client, await ask(again.client));
    expect(await again.end('SIGTERM')).toBe(0);
    const { faults } = await verifyAll(await openCore(data));
    expect(faults).toEqual([]);
    const traced = await readFile(log, 'utf8');
    await rm(data, { recursive: true });
    return answer === undefined || traced.includes('INJECTED');
  }

  const all = Object.entries(acts).flatMap(([name, run]) => trials.map((trial) => ({ name, run, ...trial })));
  test.concurrent.each(all)(
    '$name: no failing $call makes it acknowledge what is not there',
    { timeout: 6 * 3_600_000 },
    async ({ name, run, call, tried }) => {
      let injected = 0;
      for (const effect of tried) {
        for (let turn = 1; turn <= mostTurns; turn++) {
          try {
            if (!(await run((one) => tryOnce(one, call, effect, turn)))) break;
          } catch (cause) {
            throw new Error(`${effect} at call ${turn}`, { cause });
          }
          injected++;
        }
      }
      if (soak) process.stdout.write(`${JSON.stringify({ act: name, call, tried, injected })}\n`);
      expect(injected).toBeGreaterThan(0);
    },
  );
});

test.runIf(!canTrace)('Skipped: failing system calls need a working strace (Debian: apt-get install strace)', () => {
  process.stdout.write('No strace here: failing system calls were not tried.\n');
});
