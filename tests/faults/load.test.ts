/**
 * The real program under the load of many homes, by autocannon: at 70 % of what it can take, at twice what it can take,
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
const homes = soak ? 1000 : 500;
const mostVersions = 20;
const steadySeconds = soak ? 600 : 30;
const overSeconds = soak ? 60 : 10;
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

  let made = 0;
  /**
   * The next contributions that the endpoint has not seen yet: each home's first versions, then their second ones. The
   * last version of each home is left for the end; a run that needs more than there are sends the last ones again.
   */
  let batch: Body[] = [];
  const freshBodies = async (count: number): Promise<Body[]> => {
    const bodies: Body[] = [];
    for (; bodies.length < count && made < homes * (mostVersions - 1); made++) {
      bodies.push(await bodyOf(made % homes, 1 + Math.floor(made / homes)));
    }
    if (bodies.length > 0) batch = bodies;
    return batch;
  };
  const bodyOf = async (home: number, version: number): Promise<Body> => {
    const contribution = await street.contribution(announcement, home, version);
    return { home, version, bytes: Buffer.from(encodeContribution(contribution)) };
  };
  /** Sends the bodies in order, at a rate or as fast as the connections go; then again each home's last one. */
  const send = async (bodies: readonly Body[], options: Partial<autocannon.Options>) => {
    const statuses = new Map<number, number>();
    let next = 0;
    const result = await autocannon({
      url: running.url,
      // Longer than any answer may take, so that slow is told from lost.
      timeout: 60,
      ...options,
      requests: [
        {
          method: 'POST',
          path: `/communities/${street.id}/rounds/${month}/contributions`,
          headers: { 'content-type': 'application/cbor' },
          setupRequest: (request, context: { body?: Body }) => {
            const over = next++ - bodies.length;
            const body = bodies.at(
              over < 0 ? over : (over % Math.min(homes, bodies.length)) - Math.min(homes, bodies.length),
            );
            if (body === undefined) throw new Error('no bodies');
            context.body = body;
            return { ...request, body: body.bytes };
          },
          onResponse: (status, _answer, { body }: { body?: Body }, headers) => {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status === 429)
              expect(Object.keys(headers ?? {}).map((name) => name.toLowerCase())).toContain('retry-after');
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

  // The knee: more connections than these give waiting, and not more contributions a second.
  const steps = [];
  for (const connections of [4, 8, 16, 32, 48]) {
    const amount = soak ? 1000 : 200;
    const fast = await send(await freshBodies(amount), { connections, amount });
    expect(fast.statuses).toEqual({ 200: amount });
    steps.push({ connections, perSecond: fast.perSecond, p99Ms: fast.p99Ms });
  }
  let knee = Math.max(...steps.map(({ perSecond }) => perSecond));
  const steadily = async () => {
    const rate = Math.max(1, Math.floor(0.7 * knee));
    const bodies = await freshBodies(rate * steadySeconds);
    return { rate, ...(await send(bodies, { connections: 48, overallRate: rate, duration: steadySeconds })) };
  };
  let steady = await steadily();
  // If some of it was put off, the machine was faster when the knee was looked for.
  for (let again = 0; again < 3 && steady.statuses[429] !== undefined; again++) {
    knee *= 0.7;
    steady = await steadily();
  }
  expect(Object.keys(steady.statuses)).toEqual(['200']);
  const overload = async () => {
    const overallRate = Math.ceil(2 * knee);
    const bodies = await freshBodies(overallRate * overSeconds);
    return { overallRate, ...(await send(bodies, { connections: 200, overallRate, duration: overSeconds })) };
  };
  let over = await overload();
  // If all of it was taken, the machine was slower when the knee was looked for.
  for (let again = 0; again < 3 && over.statuses[429] === undefined; again++) {
    knee = over.perSecond;
    over = await overload();
  }
  expect(Object.keys(over.statuses).sort()).toEqual(['200', '429']);
  // Whoever was put off sends again, and everybody a last time.
  const last = await Promise.all(Array.from({ length: homes }, (_, home) => bodyOf(home, mostVersions)));
  const after = await send(last, { connections: 4, amount: homes });
  expect(after.statuses).toEqual({ 200: homes });
  process.stdout.write(`${JSON.stringify({ homes, steps, knee, steady, over, after })}\n`);
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
