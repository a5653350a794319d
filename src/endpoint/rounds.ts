/** What is known of a round, all of it from the ledger: where it stands, its lists, its norms. */
import * as v from 'valibot';
import { concatBytes, equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { normsId } from '../protocol/comparison.ts';
import type { RoundState, RoundSummary, StewardWords } from '../protocol/endpoint-client.ts';
import { hash, instantMs, key } from '../protocol/fields.ts';
import { sha256 } from '../protocol/hash.ts';
import { correctList, decodeList, encodeList, type List, type ListEntry } from '../protocol/list.ts';
import { decodeNorms, normsBehind } from '../protocol/norms-message.ts';
import type { Norms } from '../protocol/norms.ts';
import { decodeOpening, mayRead, type Opening } from '../protocol/opening.ts';
import { checkAnnouncement, roundKeyHashes, type Announcement } from '../protocol/round-key.ts';
import { checkSeal, sealedBy, sealsNeeded } from '../protocol/seal.ts';
import { shortenList } from '../protocol/short-list.ts';
import { decodeSigned, encodeSigned, signMessage } from '../protocol/signed.ts';
import { finishClosing } from './closing.ts';
import { keptVersions } from './contributions.ts';
import type { KeptCommunity, Round } from './core.ts';
import { Problem, undefinedFor } from './problem.ts';
import { StoreError } from './store.ts';

/** The announcement of a round. @throws {Problem} `not-announced` while round keys are missing */
export const announcementOf = ({ core, community, folder, month, bucket }: Round): Promise<Announcement> =>
  core.announcements.get(bucket, async () => {
    const bytes = await folder.read('announcement');
    if (bytes) return checkAnnouncement(bytes, community);
    throw new Problem('not-announced', `Not all stewards have sent their keys for ${month}.`);
  });

/** The same; undefined while round keys are missing. */
const announced = (round: Round): Promise<Announcement | undefined> =>
  announcementOf(round).catch(undefinedFor('not-announced'));

interface HashedList {
  readonly list: List;
  /** SHA-256 of the list's body. */
  readonly hash: Bytes;
}

/** What a round closed to: its first list, and … */
export interface ClosedRound extends HashedList {
  /** … hashes of the blobs that make up the round, by the path that they are served at below it. */
  readonly files: ReadonlyMap<string, Bytes>;
  /** Invites whose contributions could not be read any more. */
  readonly damaged: readonly Bytes[];
}

const closedSchema = v.strictTuple([v.array(v.strictTuple([v.string(), hash])), v.array(key)]);

/** Whether the round has begun to close, which nothing can take back. */
export const isClosing = ({ folder }: Round): Promise<boolean> => folder.has('closing');

/** Whether everything of a closed round is there. */
export const isClosed = ({ folder }: Round): Promise<boolean> => folder.has('closed');

/** Whether the round's contributions have been deleted for good. */
export const isErased = ({ folder }: Round): Promise<boolean> => folder.has('erased');

/** Whoever closes first writes down that and when; everything else follows from the ledger alone. */
export async function beginClosing({ core, folder, bucket }: Round): Promise<void> {
  await folder.create('closing', encodeCbor([core.now()]));
  core.seats.delete(bucket);
}

/** When the round began to close, as its list says too. */
export async function closingMs({ folder }: Round): Promise<number> {
  const entry = await folder.need('closing', 'The round is not closing.');
  return decodeCbor(v.strictTuple([instantMs]), entry, 'The record of a closing')[0];
}

/** Closes the round if its date has come; whether it is closing or closed. */
export async function closesNow(round: Round): Promise<boolean> {
  if (await isClosing(round)) return true;
  const { closesMs = Infinity } = (await announced(round)) ?? {};
  if (closesMs > round.core.now()) return false;
  await beginClosing(round);
  return true;
}

/**
 * The closed round; closes it now if its date has come. A process that dies on the way is replaced by the next one, and
 * one entry, written last, decides.
 *
 * @throws {Problem} `not-closed`
 */
export async function closedRound(round: Round): Promise<ClosedRound> {
  const { core, folder, bucket, month } = round;
  if (!(await closesNow(round))) throw new Problem('not-closed', `The round of ${month} is still open.`);
  return core.closed.get(bucket, async () => {
    if (!(await isClosed(round))) {
      await folder.create('closed', encodeCbor(await finishClosing(round, await closingMs(round))));
    }
    const entry = await folder.need('closed', 'The record of the closed round is gone.');
    const [made, damaged] = decodeCbor(closedSchema, entry, 'The record of a closed round');
    const files = new Map(made);
    const blob = files.get('list');
    const file = blob && (await core.store.readBlob(bucket, blob));
    if (file === undefined) throw new StoreError('damaged', 'The list of a closed round is gone');
    const { body } = decodeSigned(file);
    const list = decodeList(body);
    for (const one of list.entries.flatMap(({ ciphertexts }) => ciphertexts)) {
      files.set(`ciphertexts/${toHex(one)}.bin`, one);
    }
    return { list, hash: await sha256(body), files, damaged };
  });
}

/** A file of a closed round by the path that it is served at; undefined if there is none, or none any more. */
export async function closedFile(round: Round, path: string): Promise<Bytes | undefined> {
  const blob = (await closedRound(round)).files.get(path);
  return blob && round.core.store.readBlob(round.bucket, blob);
}

/** The list without the culprits named so far, also encoded and signed; undefined while there are none. */
export async function correctedList(round: Round): Promise<(HashedList & { readonly file: Bytes }) | undefined> {
  const { list: first } = await closedRound(round);
  const culprits = await round.folder.messages('culprits');
  if (culprits.length === 0) return undefined;
  const list = await correctList(first, culprits, round.community);
  const signed = await signMessage('list', encodeList(list), [round.core.signer]);
  return { list, hash: await sha256(signed.body), file: encodeSigned(signed) };
}

/** The lists that stewards can seal: the corrected one, if there is one, and the first. */
export async function listsOf(round: Round): Promise<HashedList[]> {
  return [await correctedList(round), await closedRound(round)].filter((list) => list !== undefined);
}

/** The corrected list, as the route gives it; in the log before it is shown, also if a process died on the way. */
export async function correctedListFile(round: Round): Promise<Bytes | undefined> {
  const corrected = await correctedList(round);
  if (corrected) await round.core.history.enter(round, [{ kind: 'corrected-list', hash: corrected.hash }]);
  return corrected?.file;
}

/** SHA-256 of each signed round key of the announcement, one after the other, as the route gives them. */
export async function keyHashesFile({ folder }: Round): Promise<Bytes | undefined> {
  const announcement = await folder.read('announcement');
  return announcement && concatBytes(...(await roundKeyHashes(announcement)));
}

/** The list as it stands now, in short for one steward (its index, as the route gives it). */
export async function shortListFile(round: Round, name: string): Promise<Bytes | undefined> {
  const steward = Number(name);
  if (round.community.manifest.stewards[steward] === undefined) return undefined;
  const file = (await correctedListFile(round)) ?? (await closedFile(round, 'list'));
  return file && shortenList(decodeSigned(file), round.community, steward);
}

/**
 * The list that enough stewards have sealed; undefined while there is none.
 *
 * @param opening - relies on missing stewards' words for a list, as those that are kept do
 */
export async function sealedList(round: Round, opening?: Opening): Promise<HashedList | undefined> {
  const { community, folder } = round;
  const seals = await folder.messages('seals');
  const openings = [...(await openingsOf(round)), ...(opening ? [opening] : [])];
  const words = openings.flatMap(({ words, list }) => words.map((steward) => ({ steward, list })));
  if (seals.length + words.length < sealsNeeded(community.manifest)) return undefined;
  const checked = await Promise.all(seals.map((message) => checkSeal(message, community)));
  return sealedBy(community.manifest, await listsOf(round), [...checked, ...words]);
}

const openingsOf = async ({ folder }: Round): Promise<Opening[]> =>
  (await folder.messages('openings')).map(({ body }) => decodeOpening(body));

/**
 * A steward's opening, for stewards only.
 *
 * @throws {Problem} `bad-authorization`, `not-found`
 */
export async function readOpening(round: Round, steward: string, authorization: string): Promise<Bytes> {
  if (!(await mayRead(round.community, round.month, round.core.now(), authorization))) {
    throw new Problem('bad-authorization', 'Openings are for the community’s stewards, and the clock must be right.');
  }
  return round.folder.need(`openings/${steward}`, 'This steward has not opened the round.');
}

/** All seals, as the route gives them. */
export const sealsFile = async ({ folder }: Round): Promise<Bytes> =>
  encodeCbor((await folder.messages('seals')).map(encodeSigned));

/** The published norms, those that more than threshold openings stand behind first. */
export const publishedNorms = async ({ folder }: Round): Promise<Bytes | undefined> =>
  (await folder.read('norms-checked')) ?? folder.read('norms-unchecked');

/** The norms of an opened round with the parts that are not published, as comparisons need them. */
export interface FullNorms {
  /** See `normsId`. */
  readonly id: Bytes;
  readonly groups: readonly { readonly name: string; readonly norms: Norms }[];
  readonly entries: readonly ListEntry[];
}

/** @throws {Problem} `not-opened` */
export async function fullNorms(round: Round): Promise<FullNorms> {
  const [published, sealed] = [await publishedNorms(round), await sealedList(round)];
  if (published === undefined || sealed === undefined) {
    throw new Problem('not-opened', `The stewards have not opened the round of ${round.month} yet.`);
  }
  const id = await normsId(decodeNorms(decodeSigned(published).body));
  const isSigned = async (norms: Parameters<typeof normsId>[0]) => equalBytes(await normsId(norms), id);
  const opened = await normsBehind(round.community, sealed, await openingsOf(round), isSigned);
  if (opened === undefined) {
    throw new StoreError('damaged', `The openings of ${round.month} do not come to the norms that were signed`);
  }
  const { groups, entries } = sealed.list;
  return { id, entries, groups: opened.full.map((norms, i) => ({ name: groups[i]?.name ?? '', norms })) };
}

/** Where each round of a community stands, as the route gives it. */
export async function roundsFile({ core, id, ledger }: KeptCommunity): Promise<Bytes> {
  const summaries: RoundSummary[] = [];
  for (const month of await ledger.list('rounds')) {
    const round = await core.round(id, month);
    const entry = await round.folder.read('closes');
    if (entry === undefined) continue;
    const closesMs = decodeCbor(instantMs, entry, 'The record of a closing time');
    const [state, homes] = await stateOf(round, closesMs);
    summaries.push({ month, state, closesMs, homes });
  }
  return encodeCbor(summaries.map((summary) => ({ ...summary })));
}

async function stateOf(round: Round, closesMs: number): Promise<[RoundState, homes: number]> {
  if ((await announced(round)) === undefined) return [closesMs > round.core.now() ? 'announced' : 'expired', 0];
  if (!(await closesNow(round))) return ['collecting', (await keptVersions(round)).size];
  const { groups, homes } = await round.core.sizes.get(round.bucket, async () => {
    const { groups, entries } = (await closedRound(round)).list;
    return { groups: groups.length, homes: entries.length };
  });
  if (groups === 0) return ['expired', homes];
  if ((await publishedNorms(round)) !== undefined) return ['opened', homes];
  if (await isErased(round)) return ['expired', homes];
  return [(await sealedList(round)) === undefined ? 'closed' : 'sealed', homes];
}

/** Indices of the stewards who have sent something for a round, as the route gives them. */
export async function wordsFile({ community, folder }: Round): Promise<Bytes> {
  const sent = async (...kinds: string[]): Promise<number[]> => {
    const names = (await Promise.all(kinds.map((kind) => folder.list(kind)))).flat();
    return [...community.manifest.stewards.keys()].filter((steward) => names.includes(String(steward)));
  };
  const words: StewardWords = {
    keys: await sent('keys'),
    closes: await sent('close-words'),
    seals: await sent('seals'),
    openings: await sent('openings'),
    norms: await sent('norms-checked-words', 'norms-unchecked-words'),
  };
  return encodeCbor({ ...words });
}
