/**
 * Following a community on every visit: its log may only grow, and its amendments come from it. How far this device has
 * come is kept before anything else is done with what the endpoint says.
 */
import type { AmendedCommunity } from '../../protocol/amendment.ts';
import { equalBytes, fromHex, type Bytes } from '../../protocol/bytes.ts';
import { follow, isLogged, neverFollowed, notLogged, type LoggedKind } from '../../protocol/follow.ts';
import { bindingHash, decodeEntries, type LogEntry } from '../../protocol/head.ts';
import type { Community } from '../../protocol/manifest.ts';
import { phraseOf } from '../../protocol/phrase.ts';
import { keyAfterRestore } from '../fhe/client.ts';
import { keptOf } from '../fhe/kept-community.ts';
import { findCommunity, updateCommunity } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { JoinedCommunity, StoredFollowed, Stewardship } from '../vault/schema.ts';
import { findStewardship, saveStewardship } from '../vault/stewards.ts';
import { step } from './log.ts';
import { endpointAt } from './requests.ts';

/** Follows a community that this device sees for the first time. @throws what {@link followJoined} throws */
export async function followFirst(
  endpointUrl: string,
  founded: Community,
): Promise<{ readonly amended: AmendedCommunity; readonly followed: StoredFollowed }> {
  const stepped = await follow(endpointAt(endpointUrl), neverFollowed(founded));
  return { amended: stepped.amended, followed: keptOf(stepped) };
}

/** Where the endpoint's log of a community ends, for people to compare. */
export interface HeadInWords {
  /** Entries of the log. */
  readonly count: number;
  readonly phrase: string;
}

export const headInWords = (followed: StoredFollowed | undefined): HeadInWords | undefined =>
  followed && { count: followed.count, phrase: phraseOf(followed.head) };

/**
 * Follows the community of a membership; gives the membership as it is now kept.
 *
 * @throws {EndpointError} the endpoint cannot be asked
 * @throws {ProtocolError} `rolled-back`, `split-view` if the endpoint shows another history than before
 */
export const followJoined = (joined: JoinedCommunity): Promise<JoinedCommunity> =>
  exclusively(`follow ${joined.id}`, async () => {
    const stored = (await findCommunity(joined.id)) ?? joined;
    const stepped = await step(stored, fromHex(stored.id) ?? new Uint8Array());
    if (isKept(stored, stepped.position.count)) return stored;
    const hasMoved = stored.elsewhereMs === undefined && (await isElsewhere(stored, stepped.entries));
    const now = { ...stored, followed: keptOf(stepped), ...(hasMoved && { elsewhereMs: Date.now() }) };
    await updateCommunity(now);
    return now;
  });

/** Whether what a step has come to is what is kept already. */
const isKept = ({ followed }: Pick<JoinedCommunity, 'followed'>, count: number): boolean =>
  followed?.count === count && followed.logged !== undefined;

/**
 * Refuses a message that the community's log does not name; where what is kept does not, the log is followed on first.
 *
 * @throws {ProtocolError} `split-view`, and what {@link followJoined} throws
 */
export async function requireLogged(joined: JoinedCommunity, kind: LoggedKind, hash: Bytes): Promise<void> {
  const names = ({ followed }: JoinedCommunity): boolean =>
    followed?.logged !== undefined && isLogged(decodeEntries(followed.logged), kind, hash);
  if (names((await findCommunity(joined.id)) ?? joined)) return;
  if (!names(await followJoined(joined))) throw notLogged(kind);
}

/** Whether entries of the log say that a device to which a backup of this one was restored has taken part. */
async function isElsewhere({ id, invite }: JoinedCommunity, entries: readonly LogEntry[]): Promise<boolean> {
  const bindings = entries.filter(({ kind }) => kind === 'binding');
  const key = bindings.length === 0 ? undefined : await keyAfterRestore(id);
  if (key === undefined) return false;
  const sought = await bindingHash(invite, key);
  return bindings.some(({ hash }) => equalBytes(hash, sought));
}

/**
 * The same for a stewardship whose community is there.
 * @throws what {@link followJoined} throws
 */
export const followStewardship = (stewardship: Stewardship): Promise<Stewardship> =>
  exclusively(`follow steward ${stewardship.id}`, async () => {
    const stored = (await findStewardship(stewardship.id)) ?? stewardship;
    const stepped = await step(stored);
    if (isKept(stored, stepped.position.count)) return stored;
    const now = { ...stored, followed: keptOf(stepped) };
    await saveStewardship(now);
    return now;
  });
