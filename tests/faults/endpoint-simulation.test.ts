/** Random sequences of what homes, stewards, operators, clocks and disks do, against the one-hot oracle. */
import { beforeAll, describe, expect, test } from 'vitest';
import { randomOf, type Fault, type Random } from './sim-disk.ts';
import { Cast, closesMs, homes, isExpected, isOutOfOrder, months, World } from './world.ts';

const soak = process.env.SOAK === '1';
const [sequences, length] = soak ? [10_000, 100] : [200, 60];
const parts = soak ? 100 : 4;

let cast: Cast;
/** Where every sequence begins: enough homes in one round, not enough in the other. */
let beginning: World;
beforeAll(async () => {
  cast = await Cast.make();
  beginning = new World(cast);
  await beginning.start();
  for (const [index, month] of months.entries()) {
    await beginning.announce(month);
    for (let home = 0; home < (index === 0 ? 24 : 16); home++) await beginning.upload(month, home, 1);
  }
});

/** A fault at one of the next disk operations, or none. */
function anyFault(random: Random): (operation: string, index: number) => Fault | undefined {
  if (random(3) > 0) return () => undefined;
  const at = random(120);
  const faults: Fault[] = [{ error: 'EIO' }, { error: 'ENOSPC' }, { errorAfter: 'EIO' }, 'die-before', 'die-after'];
  const fault = faults[random(faults.length)];
  return (_, index) => (index === at ? fault : undefined);
}

/** Plays a sequence; gives how many of its rounds had enough homes for totals. */
async function play(seed: number): Promise<number> {
  let opened = 0;
  const random = randomOf(seed);
  const world = beginning.fork();
  const trace: string[] = [];
  let faulty = false;
  const restart = async (fault = anyFault(random)): Promise<void> => {
    faulty = true;
    await world.start(fault);
  };
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] ?? fail();
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
    look: [6, () => world.check(pick(months))],
    clock: [
      1,
      () => {
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
      await world.check(month);
    }
    expect(await world.faults()).toEqual([]);
    return opened;
  } catch (error) {
    throw new Error(`seed ${seed}: ${trace.join(' ')}`, { cause: error });
  }
}

function fail(): never {
  throw new Error('nothing to choose from');
}

describe.each(Array.from({ length: parts }, (_, part) => part))('part %i', (part) => {
  const count = sequences / parts;
  test(
    `${count} sequences of ${length} operations: none lost, none twice, nothing shown ever changes`,
    { timeout: 6 * 3_600_000 },
    async () => {
      let opened = 0;
      for (let i = 0; i < count; i++) opened += await play(1 + part * count + i);
      // Or the oracle would have had little to say.
      expect(opened).toBeGreaterThan(count / 2);
    },
  );
});
