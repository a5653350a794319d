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
import type { Announcement } from '../../src/protocol/round-key.ts';
import { seedOf } from '../protocol/example.ts';
import { bundleProgram, startProgram } from '../endpoint/program.ts';
import { temporaryFolder, TestCommunity } from '../endpoint/support.ts';

const soak = process.env.SOAK === '1';
const homes = soak ? 1000 : 500;
/** As many rounds as are needed for contributions that are all new. */
const months = soak ? ['2026-01', '2026-02', '2026-03', '2026-04', '2026-05'] : ['2026-01'];
const mostVersions = 20;
const steadySeconds = soak ? 600 : 30;
const overSeconds = soak ? 60 : 10;
const stillOpenMs = Date.UTC(2100, 0, 1);

interface Body {
  readonly month: string;
  readonly home: number;
  readonly version: number;
  readonly bytes: Buffer;
}

test('Under load and overload nothing acknowledged is lost', { timeout: 3_600_000 }, async () => {
  const data = await temporaryFolder();
  await writeFile(join(data, 'key'), await seedOf('endpoint'), { mode: 0o600 });
  const running = await startProgram(await bundleProgram(await temporaryFolder()), data);
  const street = await TestCommunity.make(homes);
  const announcements = new Map<string, Announcement>();
  for (const month of months) {
    announcements.set(month, await street.announce(running.client, month, { closesMs: stillOpenMs }));
  }
  /** Highest versions, by month and home. */
  const acknowledged = new Map<string, number>();

  let made = 0;
  /**
   * The next contributions that the endpoint has not seen yet: each home's first versions to each round, then their second
   * ones. The last version of each home is left for the end; a run that needs more than there are sends the last ones
   * again.
   */
  let batch: Body[] = [];
  const freshBodies = async (count: number): Promise<Body[]> => {
    const bodies: Body[] = [];
    for (; bodies.length < count && made < homes * months.length * (mostVersions - 1); made++) {
      const turn = Math.floor(made / homes);
      const month = months[turn % months.length] ?? '';
      bodies.push(await bodyOf(month, made % homes, 1 + Math.floor(turn / months.length)));
    }
    if (bodies.length > 0) batch = bodies;
    return batch;
  };
  const announcementOf = (month: string): Announcement => {
    const announcement = announcements.get(month);
    if (announcement === undefined) throw new Error('no such round');
    return announcement;
  };
  const bodyOf = async (month: string, home: number, version: number): Promise<Body> => {
    const contribution = await street.contribution(announcementOf(month), home, version);
    return { month, home, version, bytes: Buffer.from(encodeContribution(contribution)) };
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
          headers: { 'content-type': 'application/cbor' },
          setupRequest: (request, context: { body?: Body }) => {
            const over = next++ - bodies.length;
            const body = bodies.at(
              over < 0 ? over : (over % Math.min(homes, bodies.length)) - Math.min(homes, bodies.length),
            );
            if (body === undefined) throw new Error('no bodies');
            context.body = body;
            const path = `/communities/${street.id}/rounds/${body.month}/contributions`;
            return { ...request, path, body: body.bytes };
          },
          onResponse: (status, _answer, { body }: { body?: Body }, headers) => {
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (status === 429)
              expect(Object.keys(headers ?? {}).map((name) => name.toLowerCase())).toContain('retry-after');
            if (status === 200 && body !== undefined) {
              const key = `${body.month} ${body.home}`;
              acknowledged.set(key, Math.max(body.version, acknowledged.get(key) ?? 0));
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
  const [first = ''] = months;
  const last = await Promise.all(Array.from({ length: homes }, (_, home) => bodyOf(first, home, mostVersions)));
  const after = await send(last, { connections: 4, amount: homes });
  expect(after.statuses).toEqual({ 200: homes });
  process.stdout.write(`${JSON.stringify({ homes, fresh: made, steps, knee, steady, over, after })}\n`);
  if (soak) expect(steady.p99Ms).toBeLessThanOrEqual(1000);

  const lost: string[] = [];
  for (const month of months) {
    const round = street.round(month);
    await running.client.close(round, await street.close(announcementOf(month)));
    const message = await running.client.list(round);
    if (message === undefined) throw new Error('no list');
    const { list } = await checkList(message, street.community, announcementOf(month));
    for (const [home, { publicKey }] of street.invites.entries()) {
      const listed = list.entries.find(({ invite }) => equalBytes(invite, publicKey))?.version;
      if (listed !== acknowledged.get(`${month} ${home}`)) lost.push(`${month} ${home}`);
    }
  }
  expect(acknowledged.size).toBe(homes * months.length);
  expect(lost).toEqual([]);
  await running.end('SIGTERM');
});
