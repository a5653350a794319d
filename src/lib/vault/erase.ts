/** Deleting what is on this device, with a list of what was deleted. What others hold is not reached by it. */

import { deleteDB } from 'idb';
import { announceChange, type StoreName } from './changes.ts';
import { vaultErrorOf } from './error.ts';
import { closeVault, databaseName, read, write, type Transaction } from './open.ts';
import { communitySchema, contributionSchema, checked } from './schema.ts';
import { stateOf } from './sealed-readings.ts';
import { forgetHome } from './settings.ts';

/** Number of records deleted, by what they were. */
export interface Erased {
  readonly homes: number;
  readonly files: number;
  readonly daysOfReadings: number;
  readonly comparisons: number;
  readonly contributions: number;
  readonly keys: number;
  readonly receipts: number;
  /** Communities left, with the months whose contributions their endpoints may still hold. */
  readonly communities: readonly {
    readonly name: string;
    readonly endpointUrl: string;
    readonly months: readonly string[];
  }[];
}

const stores = [
  'homes',
  'dayBlocks',
  'imports',
  'importSeries',
  'manualReadings',
  'readingsState',
  'communities',
  'contributions',
  'norms',
  'analyses',
  'receipts',
  'secrets',
  'wraps',
  'settings',
  'stewardships',
  'stewardRecords',
  'serverKeys',
  'comparisonRequests',
] as const satisfies readonly StoreName[];
type Stores = [...typeof stores];
const allStores = (): Stores => [...stores];

const nothing: Erased = {
  homes: 0,
  files: 0,
  daysOfReadings: 0,
  comparisons: 0,
  contributions: 0,
  keys: 0,
  receipts: 0,
  communities: [],
};

const plus = (a: Erased, b: Partial<Erased>): Erased => ({
  homes: a.homes + (b.homes ?? 0),
  files: a.files + (b.files ?? 0),
  daysOfReadings: a.daysOfReadings + (b.daysOfReadings ?? 0),
  comparisons: a.comparisons + (b.comparisons ?? 0),
  contributions: a.contributions + (b.contributions ?? 0),
  keys: a.keys + (b.keys ?? 0),
  receipts: a.receipts + (b.receipts ?? 0),
  communities: [...a.communities, ...(b.communities ?? [])],
});

/** Deletes a community's membership: its keys, contributions, norms, comparisons and receipts. */
export const eraseCommunity = (communityId: string): Promise<Erased> =>
  write(allStores(), (tx) => deleteCommunity(tx, communityId));

/** Deletes a home: its readings, files and comparisons, and the communities it belongs to. */
export const eraseHome = (homeId: string): Promise<Erased> =>
  write(allStores(), async (tx) => {
    const joined = (await tx.objectStore('communities').getAll()).filter((community) => community.homeId === homeId);
    let erased = nothing;
    for (const { id } of joined) erased = plus(erased, await deleteCommunity(tx, id));
    const imports = await tx.objectStore('imports').index('homeId').getAllKeys(homeId);
    for (const id of imports) await tx.objectStore('imports').delete(id);
    const series = tx.objectStore('importSeries');
    for (const key of await series.index('homeId').getAllKeys(IDBKeyRange.bound([homeId], [homeId, []])))
      await series.delete(key);
    const allDays = IDBKeyRange.bound([homeId], [homeId, []]);
    const days = await tx.objectStore('dayBlocks').count(allDays);
    await tx.objectStore('dayBlocks').delete(allDays);
    await tx.objectStore('manualReadings').delete(homeId);
    // A tab that is about to write readings of this home notices.
    const state = stateOf(await tx.objectStore('readingsState').get('readings'));
    await tx.objectStore('readingsState').put({ ...state, revision: state.revision + 1 });
    const analyses = await tx.objectStore('analyses').index('homeId').getAllKeys(homeId);
    for (const id of analyses) await tx.objectStore('analyses').delete(id);
    await forgetHome(tx.objectStore('settings'), homeId);
    await tx.objectStore('homes').delete(homeId);
    return plus(erased, { homes: 1, files: imports.length, daysOfReadings: days, comparisons: analyses.length });
  });

/** Deletes the whole database and the keys in it. Other tabs are told and begin anew. */
export async function eraseEverything(): Promise<Erased> {
  const erased = await read(allStores(), async (tx): Promise<Erased> => {
    const count = (store: StoreName) => tx.objectStore(store).count();
    return {
      homes: await count('homes'),
      files: await count('imports'),
      daysOfReadings: await count('dayBlocks'),
      comparisons: await count('analyses'),
      contributions: await count('contributions'),
      keys: await count('secrets'),
      receipts: await count('receipts'),
      communities: await Promise.all(
        (await tx.objectStore('communities').getAllKeys()).map((id) => leftCommunity(tx, id)),
      ).then((left) => left.flat()),
    };
  });
  await closeVault();
  try {
    await deleteDB(databaseName);
  } catch (error) {
    throw vaultErrorOf(error);
  }
  announceChange(allStores());
  return erased;
}

const ofCommunity = (communityId: string): IDBKeyRange => IDBKeyRange.bound([communityId], [communityId, []]);

type Reading = Pick<Transaction<Stores, IDBTransactionMode>, 'objectStore'>;

async function leftCommunity(tx: Reading, communityId: string): Promise<Erased['communities']> {
  const record = await tx.objectStore('communities').get(communityId);
  if (record === undefined) return [];
  const { name, endpointUrl } = checked(communitySchema, record, 'A community');
  const contributions = await tx.objectStore('contributions').getAll(ofCommunity(communityId));
  const months = contributions.map((one) => checked(contributionSchema, one, 'A contribution').month);
  return [{ name, endpointUrl, months }];
}

async function deleteCommunity(tx: Transaction<Stores>, communityId: string): Promise<Erased> {
  const communities = await leftCommunity(tx, communityId);
  const secrets = tx.objectStore('secrets');
  const keys = (await secrets.getAllKeys()).filter((id) => id.endsWith(`/${communityId}`));
  for (const id of keys) await secrets.delete(id);
  const contributions = tx.objectStore('contributions');
  const contributed = await contributions.count(ofCommunity(communityId));
  await contributions.delete(ofCommunity(communityId));
  await tx.objectStore('norms').delete(ofCommunity(communityId));
  await tx.objectStore('serverKeys').delete(communityId);
  await tx.objectStore('comparisonRequests').delete(ofCommunity(communityId));
  const analyses = (await tx.objectStore('analyses').getAll()).filter((one) => one.communityId === communityId);
  for (const { id } of analyses) await tx.objectStore('analyses').delete(id);
  const receipts = (await tx.objectStore('receipts').getAll()).filter((one) => one.communityId === communityId);
  for (const { id } of receipts) await tx.objectStore('receipts').delete(id);
  await tx.objectStore('communities').delete(communityId);
  return plus(nothing, {
    communities,
    keys: keys.length,
    contributions: contributed,
    comparisons: analyses.length,
    receipts: receipts.length,
  });
}
