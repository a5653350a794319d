/**
 * The real program under the load of many homes, by autocannon: at 70 % of what it can take, at more than it can take,
 * and after that. Nothing acknowledged is lost. How fast it was is printed; times are demands only in the soak, which
 * runs alone.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { expect, test } from 'vitest';
import { equalBytes } from '../../src/protocol/bytes.ts';
import { encodeContribution } from '../../src/protocol/contribution.ts';
import { checkList } from '../../src/protocol/list.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram } from '../endpoint/program.ts';
import { month, temporaryFolder, TestCommunity } from '../endpoint/support.ts';

const soak = process.env.SOAK === '1';
const homes = soak ? 1000 : 120;
const steadySeconds = soak ? 600 : 5;
const stillOpenMs = Date.UTC(2100, 0, 1);

interface Body {
  readonly home: number;
  readonly version: number;
  readonly bytes: Buffer;
}

test('Under load and overload nothing acknowledged is lost', { timeout: 3_600_000 }, async () => {
  const data = await temporaryFolder();
  await writeFile(join(data, 'key'), await seedOf('endpoint'), { mode: 0o600 });
  const running = await startProgram(await bundleProgram(await temporaryFolder()), data);
  const street = await TestCommunity.make(homes);
  const round = street.round();
  const announcement = await street.announce(running.client, month, { closesMs: stillOpenMs });
  const acknowledged = new Map<number, number>();

  const makeBodies = async (version: number, count = homes): Promise<Body[]> =>
    Promise.all(
      Array.from({ length: count }, async (_, home) => ({
        home,
        version,
        bytes: Buffer.from(encodeContribution(await street.contribution(announcement, home, version))),
      })),
    );
  /** Sends each body once, at a rate or as fast as the connections go; after the last one again from the first. */
  const send = async (bodies: readonly Body[], options: Partial<autocannon.Options>) => {
    const statuses = new Map<number, number>();
    let next = 0;
    const result = await autocannon({
      url: running.url,
      ...options,
      requests: [
        {
          method: 'POST',
          path: `/communities/${street.id}/rounds/${month}/contributions`,
          headers: { 'content-type': 'application/cbor' },
          setupRequest: (request, context: { body?: Body }) => {
            const body = bodies[next++ % bodies.length];
            if (body === undefined) throw new Error('no bodies');
            context.body = body;
            return { ...request, body: body.bytes };
          },
          onResponse: (status, _answer, { body }: { body?: Body }) => {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status === 200 && body !== undefined) {
              acknowledged.set(body.home, Math.max(body.version, acknowledged.get(body.home) ?? 0));
            }
          },
        },
      ],
    });
    expect(result.errors).toBe(0);
    return { statuses: Object.fromEntries(statuses), perSecond: result.requests.average, p99Ms: result.latency.p99 };
  };

  const fast = await send(await makeBodies(1), { connections: 16, amount: homes });
  expect(fast.statuses).toEqual({ 200: homes });
  // Each step sends a new version of every home; what comes after is repeats, which are checked and synced again.
  const rate = Math.max(1, Math.floor(0.7 * fast.perSecond));
  const steady = await send(await makeBodies(2), { connections: 32, overallRate: rate, duration: steadySeconds });
  expect(Object.keys(steady.statuses)).toEqual(['200']);
  const over = await send(await makeBodies(3), { connections: 200, amount: 5 * homes });
  expect(Object.keys(over.statuses).sort()).toEqual(['200', '429']);
  const after = await send(await makeBodies(4), { connections: 4, amount: homes });
  expect(after.statuses).toEqual({ 200: homes });
  process.stdout.write(`${JSON.stringify({ homes, fast, rate, steady, over, after })}\n`);
  if (soak) expect(steady.p99Ms).toBeLessThanOrEqual(1000);

  await running.client.close(round, await street.close(announcement));
  const message = await running.client.list(round);
  if (message === undefined) throw new Error('no list');
  const { list } = await checkList(message, street.community, announcement);
  expect(acknowledged.size).toBe(homes);
  for (const [home, version] of acknowledged) {
    const key = street.invites[home]?.publicKey ?? new Uint8Array();
    expect(list.entries.find(({ invite }) => equalBytes(invite, key))?.version).toBe(version);
  }
  await running.end('SIGTERM');
});
