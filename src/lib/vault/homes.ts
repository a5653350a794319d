import { isTimeZone } from '../series/local-day.ts';
import { read, write } from './open.ts';
import { checked, homeSchema, type Home } from './schema.ts';

/** All homes on this device, the oldest first. */
export async function listHomes(): Promise<Home[]> {
  const homes = await read(['homes'], (tx) => tx.store.getAll());
  return homes.map((home) => checked(homeSchema, home, 'A home')).sort((a, b) => a.createdMs - b.createdMs);
}

/**
 * Adds a home.
 * @throws RangeError when the zone is no IANA time zone
 * @throws {VaultError} `damaged` when the name is none
 */
export async function addHome({
  name,
  timeZone,
  isDemo = false,
}: {
  name: string;
  timeZone: string;
  isDemo?: boolean;
}): Promise<Home> {
  if (!isTimeZone(timeZone)) throw new RangeError(`timeZone: ${timeZone} is no IANA time zone`);
  const home = { id: crypto.randomUUID(), name: name.trim(), timeZone, isDemo, createdMs: Date.now() };
  const valid = checked(homeSchema, home, 'The home');
  await write(['homes'], (tx) => tx.store.add(valid));
  return valid;
}

/** Gives a home another name. */
export async function renameHome(id: string, name: string): Promise<void> {
  await write(['homes'], async ({ store }) => {
    const home = await store.get(id);
    if (home !== undefined) await store.put({ ...checked(homeSchema, home, 'A home'), name: name.trim() });
  });
}
