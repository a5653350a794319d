/** Every disk operation of an upload and of a publication fails once, in every way, or is the process's last. */
import { beforeAll, expect, test, vi } from 'vitest';
import { randomOf, type Fault } from './sim-disk.ts';
import { Cast, isExpected, months, World } from './world.ts';

vi.mock('../../src/protocol/hash.ts', () => import('./sync-crypto.ts'));
vi.mock('../../src/protocol/ed25519.ts', () => import('./sync-crypto.ts'));

const [month] = months;
const homes = 23;
const soak = process.env.SOAK === '1';

let cast: Cast;
beforeAll(async () => {
  cast = await Cast.make();
});

const faults: Readonly<Record<string, Fault>> = {
  'fails with EIO': { error: 'EIO' },
  'fails with ENOSPC': { error: 'ENOSPC' },
  'is done but fails with EIO': { errorAfter: 'EIO' },
  'is done by a process that then dies': 'die-after',
  'is not done, because the process dies': 'die-before',
};

/** A world with an announced round and these homes’ contributions, its process not started. */
async function prepared(contributions: number): Promise<World> {
  const world = new World(cast);
  await world.start();
  await world.announce(month);
  for (let home = 0; home < contributions; home++) await world.upload(month, home, 1);
  return world;
}

type Act = (world: World) => Promise<void>;

/** Acts while one operation fails, once with and once without a power cut after it, then again when all is well. */
async function withFault(before: World, act: Act, at: number, fault: Fault, powerCut: boolean): Promise<void> {
  const world = before.fork();
  let failed = false;
  try {
    await world.start((_, index) => (index === at ? fault : undefined));
    await act(world);
  } catch (error) {
    if (!isExpected(error, true)) throw error;
    failed = true;
  }
  // Whatever was acknowledged is now known to the world; the rest may be there or not.
  if (powerCut) world.disk.powerCut(randomOf(at));
  await world.start();
  if (failed) await act(world);
  await world.check(month);
  await world.close(month);
  await world.check(month);
  // Reading everything takes the longest; a part of the times stands for all, but in the soak.
  if (soak || at % 6 === 0) expect(await world.faults()).toEqual([]);
}

const acts = {
  'an upload': { contributions: homes - 1, act: (world: World) => world.upload(month, homes - 1, 1) },
  'a replacement': { contributions: homes, act: (world: World) => world.upload(month, 3, 2) },
  'a publication': {
    contributions: homes,
    act: async (world: World) => {
      await world.close(month);
      await world.check(month);
    },
  },
};

const changing = ['create', 'write', 'sync', 'close', 'rename', 'link', 'unlink', 'makeFolder', 'syncFolder'];

for (const [name, { contributions, act }] of Object.entries(acts)) {
  test(`${name} survives the failure of any one of its disk operations`, { timeout: 3_600_000 }, async () => {
    const before = await prepared(contributions);
    const rehearsal = before.fork();
    await rehearsal.start();
    await act(rehearsal);
    const operations = [...rehearsal.operations];
    for (const operation of ['create', 'write', 'sync', 'rename', 'link', 'syncFolder']) {
      expect(operations).toContain(operation);
    }
    const all = Object.entries(faults);
    let turn = 0;
    for (const [at, operation] of operations.entries()) {
      // Reads change nothing, and a failure of one kind stands for the others, but in the soak.
      if (!soak && !changing.includes(operation)) continue;
      const some = soak ? all : [all[turn % 3], all[3 + (turn % 2)]].filter((one) => one !== undefined);
      turn++;
      for (const [what, fault] of some) {
        try {
          await withFault(before, act, at, fault, (turn + at) % 2 === 0);
        } catch (cause) {
          throw new Error(`operation ${at}, ${operation}, ${what}`, { cause });
        }
      }
    }
  });
}
