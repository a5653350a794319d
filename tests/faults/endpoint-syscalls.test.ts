/** The real program while single system calls fail or kill it, by strace. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { EndpointError } from '../../src/protocol/endpoint-client.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram, type Running } from '../endpoint/program.ts';
import { month, temporaryFolder, TestCommunity } from '../endpoint/support.ts';

const soak = process.env.SOAK === '1';
const strace = '/usr/bin/strace';
const stillOpenMs = Date.UTC(2100, 0, 1);

/** System calls of the store's changes, by the names that they have on one machine or the other. */
const changing = ['fsync', '?link,?linkat', '?rename,?renameat', '?mkdir,?mkdirat', '?unlink,?unlinkat'];
/** The others that touch its files, and with them those of everything else that the process does. */
const others = ['write,pwrite64', 'openat', 'close', 'read,pread64', 'getdents64', '?stat,?statx,?fstat,newfstatat'];
const calls = soak ? [...changing, ...others] : changing;
const effects = ['error=EIO', 'error=ENOSPC', 'signal=SIGKILL'];
/** Which one of such calls: an upload has a few dozen of them; the first ones are the start's. */
const turns = soak ? Array.from({ length: 60 }, (_, i) => 1 + i) : [1, 11, 21];

/** Some containers have strace but do not let it trace. */
const canTrace = spawnSync(strace, ['-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!canTrace)('with strace', () => {
  const ofCalls = calls.map((call, index) => ({
    call,
    tried: soak ? effects : effects.filter((_, effect) => effect === index % effects.length),
  }));
  let program: string;
  beforeAll(async () => {
    program = await bundleProgram(await temporaryFolder());
  });

  test.each(ofCalls)(
    'No failing $call makes it acknowledge what is not there',
    { timeout: 6 * 3_600_000 },
    async ({ call, tried }) => {
      const data = await temporaryFolder();
      await writeFile(join(data, 'key'), await seedOf('endpoint'), { mode: 0o600 });
      const street = await TestCommunity.make(tried.length * turns.length);
      const round = street.round();
      const first = await startProgram(program, data);
      const announcement = await street.announce(first.client, month, { closesMs: stillOpenMs });
      await first.end('SIGTERM');

      let [home, failures, acknowledged] = [0, 0, 0];
      /** Sends a home’s contribution; whether it was acknowledged. */
      const send = async (running: Running): Promise<boolean> => {
        const contribution = await street.contribution(announcement, home);
        try {
          const receipt = await running.client.contribute(round, contribution);
          await checkReceipt(receipt, street.community, contribution.signed);
          return true;
        } catch (error) {
          if (!(error instanceof EndpointError)) throw error;
          expect(['unreachable', 'storage-failed', 'storage-full']).toContain(error.code);
          failures++;
          return false;
        }
      };
      for (const effect of tried) {
        for (const turn of turns) {
          const inject = `inject=${call}:${effect}:when=${turn}`;
          const under = [strace, '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
          const running = await startProgram(program, data, [], under).catch(() => undefined);
          if (running === undefined) failures++;
          const done = running !== undefined && (await send(running));
          await running?.end('SIGKILL');
          const again = await startProgram(program, data);
          if (done) acknowledged++;
          else if (await send(again)) acknowledged++;
          const [summary] = await again.client.rounds(street.community.id);
          expect(summary?.homes, inject).toBe(acknowledged);
          await again.end('SIGTERM');
          home++;
        }
      }
      if (soak) process.stdout.write(`${JSON.stringify({ call, runs: home, failures, acknowledged })}\n`);
      expect(failures).toBeGreaterThan(0);
    },
  );
});

test.runIf(!canTrace)('Skipped: failing system calls need a working strace (Debian: apt-get install strace)', () => {
  process.stdout.write('No strace here: failing system calls were not tried.\n');
});
