/** Communities this device's homes belong to, their contributions and the norms that came of them. */

import { equalBytes } from '../../protocol/bytes.ts';
import { read, write } from './open.ts';
import {
  checked,
  communitySchema,
  contributionSchema,
  normsSchema,
  type JoinedCommunity,
  type StoredContribution,
  type StoredNorms,
} from './schema.ts';

const ofCommunity = (communityId: string): IDBKeyRange => IDBKeyRange.bound([communityId], [communityId, []]);

export async function listCommunities(): Promise<JoinedCommunity[]> {
  const all = await read(['communities'], (tx) => tx.store.getAll());
  return all.map((record) => checked(communitySchema, record, 'A community')).sort((a, b) => a.joinedMs - b.joinedMs);
}

export async function findCommunity(id: string): Promise<JoinedCommunity | undefined> {
  const record = await read(['communities'], (tx) => tx.store.get(id));
  return record === undefined ? undefined : checked(communitySchema, record, 'A community');
}

/** Stores a membership; joining again replaces it. */
export async function saveCommunity(community: JoinedCommunity): Promise<void> {
  const record = checked(communitySchema, community, 'The community');
  await write(['communities'], (tx) => tx.store.put(record));
}

/** Stores what has changed of a membership. One that was erased meanwhile stays erased. */
export async function updateCommunity(community: JoinedCommunity): Promise<void> {
  const record = checked(communitySchema, community, 'The community');
  await write(['communities'], async ({ store }) => {
    if ((await store.getKey(record.id)) !== undefined) await store.put(record);
  });
}

/** A community's contributions of this home, the newest month first. */
export async function listContributions(communityId: string): Promise<StoredContribution[]> {
  const all = await read(['contributions'], (tx) => tx.store.getAll(ofCommunity(communityId)));
  return all.map((record) => checked(contributionSchema, record, 'A contribution')).reverse();
}

export async function findContribution(communityId: string, month: string): Promise<StoredContribution | undefined> {
  const record = await read(['contributions'], (tx) => tx.store.get([communityId, month]));
  return record === undefined ? undefined : checked(contributionSchema, record, 'A contribution');
}

/**
 * Stores a contribution's state, unless a newer version of it is there, another one of the same version (another tab was
 * first), or the word that this one was counted. Gives whether it was stored.
 */
export async function saveContribution(contribution: StoredContribution): Promise<boolean> {
  const record = checked(contributionSchema, contribution, 'The contribution');
  return write(['contributions'], async ({ store }) => {
    const stored = await store.get([record.communityId, record.month]);
    const goesBack =
      stored !== undefined &&
      (stored.version > record.version ||
        (stored.version === record.version &&
          (stored.state === 'counted' || !equalBytes(stored.contribution, record.contribution))));
    if (!goesBack) await store.put(record);
    return !goesBack;
  });
}

/** Keeps what the closed list says of a counted contribution; one that was replaced meanwhile stays as it is. */
export async function markListed(
  { communityId, month, contribution }: StoredContribution,
  listed: NonNullable<StoredContribution['listed']>,
): Promise<void> {
  await write(['contributions'], async ({ store }) => {
    const stored = await store.get([communityId, month]);
    if (stored?.state !== 'counted' || !equalBytes(stored.contribution, contribution)) return;
    await store.put(checked(contributionSchema, { ...stored, listed }, 'The contribution'));
  });
}

export async function findNorms(communityId: string, month: string): Promise<StoredNorms | undefined> {
  const record = await read(['norms'], (tx) => tx.store.get([communityId, month]));
  return record === undefined ? undefined : checked(normsSchema, record, 'The norms');
}

export async function saveNorms(norms: StoredNorms): Promise<void> {
  const record = checked(normsSchema, norms, 'The norms');
  await write(['norms'], (tx) => tx.store.put(record));
}
