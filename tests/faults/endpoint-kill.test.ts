/** The real program, killed while homes send to it. */
import { spawnSync } from 'node:child_process';
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { equalBytes } from '../../src/protocol/bytes.ts';
import { encodeContribution } from '../../src/protocol/contribution.ts';
import { EndpointError } from '../../src/protocol/endpoint-client.ts';
import { checkList } from '../../src/protocol/list.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram } from '../endpoint/program.ts';
import { countsOf, month, temporaryFolder, TestCommunity } from '../endpoint/support.ts';
import { randomOf } from './sim-disk.ts';

const kills = process.env.SOAK === '1' ? 1000 : 20;
const homes = 60;
const stillOpenMs = Date.UTC(2100, 0, 1);

let program: string;
beforeAll(async () => {
  program = await bundleProgram(await temporaryFolder());
});

/** A data folder whose endpoint has the key that example communities name. */
async function dataFolder(): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'key'), await seedOf('endpoint'), { mode: 0o600 });
  return folder;
}

test(
  `Killed ${kills} times under load, it loses nothing that it acknowledged`,
  { timeout: 6 * 3_600_000 },
  async () => {
    const random = randomOf(11);
    const data = await dataFolder();
    const street = await TestCommunity.make(homes);
    const round = street.round();
    let running = await startProgram(program, data);
    const announcement = await street.announce(running.client, month, { closesMs: stillOpenMs });
    const acknowledged = new Map<number, number>();
    const sent = new Map<number, number>();
    let restartMs = 0;
    for (let kill = 0; kill < kills; kill++) {
      let [receipts, isGone] = [0, false];
      // Homes send one after the other in four lines until the process is gone.
      const line = async (first: number): Promise<void> => {
        for (let turn = 0; ; turn++) {
          const home = (first + 4 * (3 * kill + turn)) % homes;
          const version = Math.min((sent.get(home) ?? 0) + 1, 20);
          const contribution = await street.contribution(announcement, home, version);
          sent.set(home, version);
          try {
            const receipt = await running.client.contribute(round, encodeContribution(contribution));
            await checkReceipt(receipt, street.community, contribution.signed);
            acknowledged.set(home, version);
            receipts++;
          } catch (error) {
            if (error instanceof EndpointError && error.code === 'unreachable') return;
            throw error;
          }
        }
      };
      const lines = [0, 1, 2, 3].map(line);
      const all = Promise.all(lines).finally(() => (isGone = true));
      // Some lives end before the first receipt; most give some, also where all of it is slow.
      const least = random(5);
      await wait(20 + random(150));
      while (receipts < least && !isGone) await wait(2);
      await running.end('SIGKILL');
      await all;
      running = await startProgram(program, data);
      restartMs = Math.max(restartMs, running.startMs);
    }
    expect(acknowledged.size).toBeGreaterThan(10);
    // So that the totals open, homes that were never acknowledged send again; the others stay as the kills left them.
    for (let home = 0; home < homes; home++) {
      if (acknowledged.has(home)) continue;
      const version = (sent.get(home) ?? 0) + 1;
      await running.client.contribute(round, await street.contribution(announcement, home, version));
      acknowledged.set(home, version);
      sent.set(home, version);
    }

    await running.client.close(round, await street.close(announcement));
    const message = await running.client.list(round);
    if (message === undefined) throw new Error('no list');
    const { list } = await checkList(message, street.community, announcement);
    const listed = street.invites.map(
      ({ publicKey }) => list.entries.find(({ invite }) => equalBytes(invite, publicKey))?.version,
    );
    for (const [home, version] of acknowledged) {
      expect(listed[home] ?? -1, `home ${home}`).toBeGreaterThanOrEqual(version);
      expect(listed[home]).toBeLessThanOrEqual(sent.get(home) ?? -1);
    }
    for (const steward of street.stewards.keys()) {
      const total = await running.client.total(round, 0, steward);
      expect(countsOf(total, homes).homes).toEqual(listed.map((version) => (version === undefined ? 0 : 1)));
    }
    expect(await running.end('SIGTERM')).toBe(0);
    const verified = spawnSync(process.execPath, [program, 'verify', '--data', data], { encoding: 'utf8' });
    expect([verified.status, verified.stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/ 0 faults$/)]);
    process.stdout.write(
      `${JSON.stringify({ kills, acknowledged: acknowledged.size, restartMs: Math.round(restartMs) })}\n`,
    );
    // Last, so that a machine that is busy with other work does not hide what was lost.
    expect(restartMs).toBeLessThan(5000);
  },
);

test('Killed while it closes a round, it closes it to the same list and totals at the next start', async () => {
  const street = await TestCommunity.make(homes);
  const round = street.round();
  const data = await dataFolder();
  let running = await startProgram(program, data);
  const announcement = await street.announce(running.client, month, { closesMs: stillOpenMs });
  for (let home = 0; home < homes; home++) {
    await running.client.contribute(round, await street.contribution(announcement, home));
  }
  const close = await street.close(announcement);
  for (const waitMs of [5, 15, 30, 60, 120]) {
    const closing = running.client.close(round, close).catch(() => undefined);
    await new Promise((done) => setTimeout(done, waitMs));
    await running.end('SIGKILL');
    await closing;
    running = await startProgram(program, data);
  }
  await running.client.close(round, close);
  for (const steward of street.stewards.keys()) {
    const total = await running.client.total(round, 0, steward);
    expect(countsOf(total, homes).homes).toEqual(Array<number>(homes).fill(1));
  }
  expect((await running.client.list(round))?.body.length).toBeGreaterThan(0);
  await running.end('SIGKILL');
});

test('The key is made once, for its owner alone; without it nothing starts over', async () => {
  const data = await temporaryFolder();
  const first = await startProgram(program, data);
  const identity = await first.client.identity();
  const street = await TestCommunity.make(3, { endpointKey: identity });
  await first.client.registerCommunity(street.manifest);
  const link = join(await temporaryFolder(), 'link');
  await symlink(data, link);
  for (const name of [data, link]) {
    const args = [program, 'serve', '--data', name, '--port', '0', '--origin', '*'];
    const second = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 10_000 });
    expect([second.status, second.stderr]).toEqual([1, expect.stringContaining('a folder is for one')]);
  }
  expect(await first.end('SIGINT')).toBe(0);
  const again = await startProgram(program, data);
  expect(await again.client.identity()).toEqual(identity);
  await again.end('SIGTERM');

  await copyFile(join(data, 'key'), join(data, 'elsewhere'));
  await writeFile(join(data, 'key'), 'short');
  await expect(startProgram(program, data)).rejects.toThrow(/key is damaged/);
  spawnSync('rm', [join(data, 'key')]);
  await expect(startProgram(program, data)).rejects.toThrow(/is gone, and its communities trust no other/);
});

test('A stopped endpoint finishes what it was doing', async () => {
  const data = await dataFolder();
  const running = await startProgram(program, data);
  const street = await TestCommunity.make(30);
  const announcement = await street.announce(running.client, month, { closesMs: stillOpenMs });
  const contributions = await Promise.all(street.invites.map((_, home) => street.contribution(announcement, home)));
  // The first answers tell that all connections are there; then comes the signal.
  const answers = contributions.map((contribution) => running.client.contribute(street.round(), contribution));
  await Promise.race(answers);
  const code = running.end('SIGTERM');
  const results = await Promise.allSettled(answers);
  const done = results.filter(({ status }) => status === 'fulfilled').length;
  expect(await code).toBe(0);
  expect(done).toBeGreaterThan(0);
  const again = await startProgram(program, data);
  const [summary] = await again.client.rounds(street.community.id);
  expect(summary?.homes).toBeGreaterThanOrEqual(done);
  await again.end('SIGKILL');
});

test('A copy made while it works, ledger first, is whole and can be started', async () => {
  const data = await dataFolder();
  const street = await TestCommunity.make(homes);
  const running = await startProgram(program, data);
  const announcement = await street.announce(running.client, month, { closesMs: stillOpenMs });
  const contributions = await Promise.all(street.invites.map((_, home) => street.contribution(announcement, home)));
  let acknowledged = 0;
  const sending = (async () => {
    for (const contribution of contributions) {
      await running.client.contribute(street.round(), contribution);
      acknowledged++;
    }
  })();
  while (acknowledged < 10) await new Promise((done) => setTimeout(done, 5));
  const before = acknowledged;
  const copy = await temporaryFolder();
  // The commands of docs/self-hosting.md.
  for (const part of ['key', 'ledger', 'blobs']) spawnSync('cp', ['-a', join(data, part), copy]);
  await sending;
  await running.end('SIGTERM');
  const verified = spawnSync(process.execPath, [program, 'verify', '--data', copy], { encoding: 'utf8' });
  expect([verified.status, verified.stdout.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/ 0 faults$/)]);
  const restored = await startProgram(program, copy);
  const [summary] = await restored.client.rounds(street.community.id);
  expect(summary?.homes).toBeGreaterThanOrEqual(before);
  await restored.end('SIGTERM');
});
