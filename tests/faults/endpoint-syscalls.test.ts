/** The real program while single system calls fail or kill it, by strace. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EndpointError } from '../../src/protocol/endpoint-client.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram, type Running } from '../endpoint/program.ts';
import { month, temporaryFolder, TestCommunity } from '../endpoint/support.ts';

const soak = process.env.SOAK === '1';
const strace = '/usr/bin/strace';
const stillOpenMs = Date.UTC(2100, 0, 1);

/** System calls of the store's changes, by the names that they have on one machine or the other. */
const calls = ['fsync', '?link,?linkat', '?rename,?renameat', '?mkdir,?mkdirat', '?unlink,?unlinkat'];
const effects = ['error=EIO', 'error=ENOSPC', 'signal=SIGKILL'];

/** Some containers have strace but do not let it trace. */
const canTrace = spawnSync(strace, ['-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!canTrace)('with strace', () => {
  test('No failing system call makes it acknowledge what is not there', { timeout: 6 * 3_600_000 }, async () => {
    const program = await bundleProgram(await temporaryFolder());
    const data = await temporaryFolder();
    await writeFile(join(data, 'key'), await seedOf('endpoint'), { mode: 0o600 });
    const street = await TestCommunity.make(soak ? 900 : 60);
    const round = street.round();
    const first = await startProgram(program, data);
    const announcement = await street.announce(first.client, month, { closesMs: stillOpenMs });
    await first.end('SIGTERM');

    let [home, failures] = [0, 0];
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
    let acknowledged = 0;
    for (const [index, call] of calls.entries()) {
      for (const effect of soak ? effects : [effects[index % effects.length]]) {
        // An upload has a few dozen of these calls; the first ones are the start's.
        for (let when = 1; when <= (soak ? 60 : 21); when += soak ? 1 : 10) {
          const inject = `inject=${call}:${effect ?? ''}:when=${when}`;
          const under = [strace, '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', inject];
          const running = await startProgram(program, data, [], under).catch(() => undefined);
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
    }
    expect(failures).toBeGreaterThan(0);
  });
});

test.runIf(!canTrace)('Skipped: failing system calls need a working strace (Debian: apt-get install strace)', () => {
  process.stdout.write('No strace here: failing system calls were not tried.\n');
});
