/** Random sequences of what homes, stewards, operators, clocks and disks do, against the one-hot oracle. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import type * as bytes from '../../src/protocol/bytes.ts';
import { randomOf, type Fault, type Random } from './sim-disk.ts';
import { Cast, closesMs, homes, isExpected, isOutOfOrder, months, World } from './world.ts';

// The same by Node's own code, on the spot, because there are millions of them.
vi.mock('../../src/protocol/hash.ts', () => import('./sync-crypto.ts'));
vi.mock('../../src/protocol/ed25519.ts', () => import('./sync-crypto.ts'));
vi.mock('../../src/protocol/bytes.ts', async (original) => ({
  ...(await original<typeof bytes>()),
  equalBytes: (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0,
}));

const soak = process.env.SOAK === '1';
const [sequences, length] = soak ? [10_000, 100] : [200, 60];
/** Parts of a half, so that a long run says how far it is. */
const parts = soak ? 50 : 2;

let cast: Cast;
/** Where sequences begin: enough homes in one round, not enough in the other; when the first one has closed; and opened. */
let beginnings: World[];
beforeAll(async () => {
  cast = await Cast.make();
  const collecting = new World(cast);
  await collecting.start();
  for (const [index, month] of months.entries()) {
    await collecting.announce(month);
    for (let home = 0; home < (index === 0 ? 24 : 16); home++) await collecting.upload(month, home, 1);
  }
  const closed = collecting.fork();
  await closed.start();
  await closed.close(months[0]);
  await closed.check(months[0]);
  const opened = closed.fork();
  await opened.start();
  for (const steward of [0, 1, 2]) await opened.seal(months[0], steward);
  for (const steward of [0, 1, 2]) await opened.open(months[0], steward);
  for (const steward of [0, 1]) await opened.norms(months[0], steward);
  beginnings = [collecting, closed, opened];
}, 120_000);

/** A fault at one of the next disk operations, or none. */
function anyFault(random: Random): (operation: string, index: number) => Fault | undefined {
  if (random(3) > 0) return () => undefined;
  const at = random(120);
  const faults: Fault[] = [{ error: 'EIO' }, { error: 'ENOSPC' }, { errorAfter: 'EIO' }, 'die-before', 'die-after'];
  const fault = faults[random(faults.length)];
  return (_, index) => (index === at ? fault : undefined);
}

/**
 * Plays a sequence; gives how many homes asked for a comparison in it and, at its end, how many of its rounds had enough
 * homes for totals, and how many homes got answers.
 */
async function play(seed: number): Promise<{ asked: number; opened: number; answered: number }> {
  let [opened, answered] = [0, 0];
  const random = randomOf(seed);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] ?? fail();
  const world = pick(beginnings).fork();
  const trace: string[] = [];
  let faulty = false;
  const restart = async (fault = anyFault(random)): Promise<void> => {
    faulty = true;
    await world.start(fault);
  };
  /** Each home sends its versions in order, as an app does that counts up. */
  const next = new Map<string, number>();
  const send = async (home: number): Promise<void> => {
    const month = pick(months);
    const key = `${month} ${home}`;
    const version = random(3) === 0 ? (next.get(key) ?? 0) + 1 : Math.max(1, next.get(key) ?? 1);
    if (version > 6) return;
    next.set(key, Math.max(version, next.get(key) ?? 0));
    await world.upload(month, home, version);
  };
  const operations: Record<string, readonly [weight: number, run: () => Promise<void>]> = {
    upload: [20, () => send(random(homes))],
    crowd: [
      5,
      async () => {
        const several = Array.from({ length: 8 }, () => send(random(homes)));
        // Who closes a round does not wait for homes that are sending.
        if (random(8) === 0) several.push(world.close(pick(months)));
        const results = await Promise.allSettled(several);
        const failed = results.filter((result) => result.status === 'rejected').map(({ reason }): unknown => reason);
        for (const error of failed) if (!isExpected(error, faulty)) throw error;
      },
    ],
    replay: [
      5,
      async () => {
        const month = pick(months);
        const sent = [...world.known(month).sent];
        if (sent.length === 0) return;
        const [home, versions] = pick(sent);
        await world.upload(month, home, pick([...versions]));
      },
    ],
    announce: [3, () => world.announce(pick(months))],
    close: [1, () => world.close(pick(months))],
    seal: [4, () => world.seal(pick(months), random(3))],
    open: [3, () => world.open(pick(months), random(3))],
    norms: [5, () => world.norms(pick(months), random(3))],
    compare: [5, () => world.compare(pick(months), random(2), random(2))],
    // So few that a round can still open.
    leave: [1, () => world.leave(homes - 1 - random(3))],
    amend: [3, () => world.amend(random(3))],
    found: [3, () => world.found(random(3))],
    look: [
      6,
      async () => {
        await world.check(pick(months));
        await world.checkChanges();
      },
    ],
    tick: [1, () => world.tick()],
    clock: [
      1,
      () => {
        for (const month of months) world.known(month).mayClose ||= world.nowMs >= closesMs;
        world.nowMs = random(5) === 0 ? closesMs + random(1000) : world.nowMs + random(40_000_000) - 10_000_000;
        return Promise.resolve();
      },
    ],
    restart: [3, () => restart()],
    powerCut: [
      2,
      () => {
        world.disk.powerCut(random);
        return restart();
      },
    ],
  };
  const names = Object.entries(operations).flatMap(([name, [weight]]) => Array<string>(weight).fill(name));

  try {
    await world.start();
    for (let step = 0; step < length; step++) {
      const name = pick(names);
      trace.push(name);
      try {
        await (operations[name] ?? fail())[1]();
      } catch (error) {
        if (!isExpected(error, faulty)) throw error;
        if (isOutOfOrder(error)) continue;
        // A process that died or gave its disk up is started anew, as its supervisor would.
        trace.push('restart');
        if (random(3) === 0) world.disk.powerCut(random);
        await world.start();
        faulty = false;
      }
    }
    const asked = months.reduce((sum, month) => sum + world.known(month).requests.size, 0);
    // In the end everything works again: each round can be closed, and holds what it must.
    world.disk.powerCut(random);
    await world.start();
    for (const month of months) {
      for (let home = 0; home < homes; home++) {
        if (world.known(month).acknowledged.has(home)) continue;
        await world.upload(month, home, 9).catch((error: unknown) => {
          if (!isOutOfOrder(error)) throw error;
        });
      }
      await world.close(month);
      await world.check(month);
      const { shown, seals } = world.known(month);
      expect(shown.has('list')).toBe(true);
      if (!shown.has('total 0')) continue;
      opened++;
      for (const steward of [0, 1, 2]) if (!seals.has(steward)) await world.seal(month, steward);
      for (const steward of [0, 1, 2]) await world.open(month, steward);
      for (const steward of [0, 1]) await world.norms(month, steward);
      for (const home of [0, 1]) await world.compare(month, home, random(2));
      await world.idle();
      await world.check(month);
      // A home whose first request was not acknowledged may have asked with other codes before.
      answered += [0, 1].filter((home) => world.known(month).shown.has(`answer ${home}`)).length;
    }
    await world.checkChanges();
    expect(await world.faults()).toEqual([]);
    return { asked, opened, answered };
  } catch (error) {
    throw new Error(`seed ${seed}: ${trace.join(' ')}`, { cause: error });
  }
}

function fail(): never {
  throw new Error('nothing to choose from');
}

/** Tests of one half of all sequences; each half has a file of its own, for a core of its own. */
export function simulateHalf(half: 0 | 1): void {
  // SEED=98 plays one sequence again.
  const seed = process.env.SEED;
  if (seed !== undefined) {
    test(`sequence ${seed}`, () => play(Number(seed)));
    return;
  }
  const count = sequences / (2 * parts);
  test.each(Array.from({ length: parts }, (_, part) => part))(
    `${count} sequences of ${length} operations, part %i: none lost, none twice, nothing shown ever changes`,
    { timeout: 6 * 3_600_000 },
    async (part) => {
      let [asked, opened, answered] = [0, 0, 0];
      const before = process.cpuUsage();
      for (let i = 0; i < count; i++) {
        const played = await play(1 + (half * parts + part) * count + i);
        asked += played.asked;
        opened += played.opened;
        answered += played.answered;
        // Weak references, of which each request has some, are let go when the event loop turns, which no sequence needs.
        await nextTurn();
      }
      const { user, system } = process.cpuUsage(before);
      const cpuSeconds = Math.round((user + system) / 1e6);
      const figures = { half, part, sequences: count, asked, opened, answered, cpuSeconds };
      if (soak) process.stdout.write(`${JSON.stringify(figures)}\n`);
      // Or the oracle would have had little to say.
      expect(asked).toBeGreaterThan(count / 10);
      expect(opened).toBeGreaterThan(count / 2);
      expect(answered).toBeGreaterThan(count / 2);
    },
  );
}
