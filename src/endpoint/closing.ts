/**
 * Closing a round: the list, each steward's totals and fingerprints. Whoever closes first writes down that and when;
 * everything that follows depends on the ledger alone, so a process that dies on the way is replaced by the next one,
 * and one entry, written last, decides.
 */
import * as v from 'valibot';
import { concatBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { CiphertextSum } from '../protocol/ciphertext.ts';
import { checkClose } from '../protocol/close.ts';
import { checkSignedContribution, type CheckedContribution } from '../protocol/contribution.ts';
import { hash, instantMs, key } from '../protocol/fields.ts';
import { openedGroups } from '../protocol/groups.ts';
import { sha256 } from '../protocol/hash.ts';
import { decodeList, encodeList, makeList, type List } from '../protocol/list.ts';
import { decodeSigned, encodeSigned, signMessage, type SignedMessage } from '../protocol/signed.ts';
import type { Core, Round } from './core.ts';
import { keptVersions, readKept } from './kept.ts';
import { reasonOf } from './log.ts';
import { Problem } from './problem.ts';
import { StoreError } from './store.ts';

const closingSchema = v.strictTuple([instantMs]);
const closedSchema = v.strictTuple([hash, v.array(v.array(hash)), v.array(hash), v.array(key)]);

/** What a round closed to. Hashes are of blobs. */
export interface ClosedRound {
  /** The signed first list. */
  readonly listFile: Bytes;
  readonly list: List;
  /** SHA-256 of the first list's body. */
  readonly listHash: Bytes;
  /** Per group, per steward. */
  readonly totals: readonly (readonly Bytes[])[];
  /** Per steward. */
  readonly fingerprints: readonly Bytes[];
  /** Invites whose contributions could not be read any more. */
  readonly damaged: readonly Bytes[];
  /** Hashes, in hex, of all ciphertexts of the list. */
  readonly ciphertexts: ReadonlySet<string>;
}

const closingName = ({ prefix }: Round): string => `${prefix}/closing`;
const closedName = ({ prefix }: Round): string => `${prefix}/closed`;

/** Whether the round has begun to close, which nothing can take back. */
export const isClosing = async (core: Core, round: Round): Promise<boolean> =>
  (await core.store.read(closingName(round))) !== undefined;

/** Whether everything of a closed round is there. */
export const isClosed = async (core: Core, round: Round): Promise<boolean> =>
  (await core.store.read(closedName(round))) !== undefined;

/** Closes the round if its date has come; whether it is closing or closed. */
export async function closesNow(core: Core, round: Round): Promise<boolean> {
  if (await isClosing(core, round)) return true;
  if ((await core.announcementBytes(round)) === undefined) return false;
  if ((await core.announcement(round)).closesMs > core.now()) return false;
  await core.store.create(closingName(round), encodeCbor([core.now()]));
  return true;
}

/**
 * Closes a round before its date.
 *
 * @throws {ProtocolError} what `checkClose` throws
 */
export async function closeEarly(core: Core, round: Round, message: SignedMessage): Promise<void> {
  await checkClose(message, round.community, await core.announcement(round));
  // The message is kept, for whoever asks why the round closed when it did.
  await core.store.create(`${round.prefix}/close`, encodeSigned(message));
  await core.store.create(closingName(round), encodeCbor([core.now()]));
  await closedRound(core, round);
}

/**
 * The closed round; closes it now if its date has come.
 *
 * @throws {Problem} `not-closed`
 */
export async function closedRound(core: Core, round: Round): Promise<ClosedRound> {
  if (!(await closesNow(core, round))) throw new Problem('not-closed', `The round of ${round.month} is still open.`);
  return core.closed.get(round.prefix, async () => {
    const there = await core.store.read(closedName(round));
    return readClosed(core, round, there ?? (await finish(core, round)));
  });
}

async function readClosed(core: Core, round: Round, entry: Bytes): Promise<ClosedRound> {
  const [listFile, totals, fingerprints, damaged] = decodeCbor(closedSchema, entry, 'The record of a closed round');
  const file = await core.store.readBlob(round.bucket, listFile);
  if (file === undefined) throw new StoreError('damaged', 'The list of a closed round is gone');
  const { body } = decodeSigned(file);
  const list = decodeList(body);
  const ciphertexts = new Set(list.entries.flatMap((listed) => listed.ciphertexts.map(toHex)));
  return { listFile, list, listHash: await sha256(body), totals, fingerprints, damaged, ciphertexts };
}

interface Counted {
  readonly checked: CheckedContribution;
  readonly sealedFingerprints: readonly Bytes[];
}

/** Makes and writes everything of a round that has begun to close; gives the entry that decided. */
async function finish(core: Core, round: Round): Promise<Bytes> {
  const { store, signer } = core;
  const { community, bucket } = round;
  const closing = await core.need(closingName(round), 'The round is not closing.');
  const [closedMs] = decodeCbor(closingSchema, closing, 'The record of a closing');
  const announcement = await core.announcement(round);

  const damaged: Bytes[] = [];
  const counted: Counted[] = [];
  for (const [invite, versions] of await keptVersions(core, round)) {
    try {
      counted.push(await readCounted(core, round, invite, versions.at(-1) ?? 0));
    } catch (error) {
      // A disk that fails may work again later; bytes that have changed stay changed.
      if (!(error instanceof StoreError && error.code === 'damaged')) throw error;
      core.log('error', 'contribution-damaged', { month: round.month, reason: reasonOf(error) });
      damaged.push(fromHex(invite) ?? new Uint8Array());
    }
  }
  const list = makeList(
    community,
    announcement,
    counted.map(({ checked }) => checked),
    closedMs,
  );
  // Names of invites and the list's entries ascend alike.
  const groups = openedGroups(
    counted.map(({ checked: { issuer, header } }) => ({ issuer, cohort: header.cohort })),
    community.manifest,
  );
  const signedList = encodeSigned(await signMessage('list', encodeList(list), [signer]));
  const listFile = await store.putBlob(bucket, signedList);

  const totals: Bytes[][] = groups.map(() => []);
  const fingerprints: Bytes[] = [];
  for (const [steward, { publicKey }] of announcement.roundKeys.entries()) {
    const column = counted.map(({ sealedFingerprints }) => sealedFingerprints[steward] ?? new Uint8Array());
    fingerprints.push(await store.putBlob(bucket, concatBytes(...column)));
    const sums = groups.map(() => new CiphertextSum());
    const positions = groups.map(({ members }) => new Set(members));
    if (groups.length === 0) continue;
    for (const [home, { checked }] of counted.entries()) {
      const ciphertext = await readCiphertext(core, round, checked.header.ciphertexts[steward]);
      sums.forEach((sum, group) => {
        if (positions[group]?.has(home)) sum.add(ciphertext);
      });
    }
    for (const [group, sum] of sums.entries()) totals[group]?.push(await store.putBlob(bucket, sum.total(publicKey)));
  }
  const entry = encodeCbor([listFile, totals, fingerprints, damaged]);
  const first = await store.create(closedName(round), entry);
  core.log('info', 'round-closed', { month: round.month, homes: counted.length, damaged: damaged.length });
  return first ? entry : core.need(closedName(round), 'The record of the closed round is gone.');
}

/** A home's latest contribution, after all that is kept of it has been read and checked once. */
async function readCounted(core: Core, round: Round, invite: string, version: number): Promise<Counted> {
  const kept = await readKept(core, round, invite, version);
  if (kept === undefined) throw new StoreError('damaged', `The contribution of ${invite} is gone`);
  const checked = await checkSignedContribution(kept.signed, round.community, await core.announcement(round));
  for (const ciphertext of checked.header.ciphertexts) await readCiphertext(core, round, ciphertext);
  return { checked, sealedFingerprints: kept.sealedFingerprints };
}

async function readCiphertext(core: Core, { bucket }: Round, blob: Bytes | undefined): Promise<Bytes> {
  const bytes = blob && (await core.store.readBlob(bucket, blob));
  if (bytes === undefined) throw new StoreError('damaged', `The ciphertext ${toHex(blob ?? new Uint8Array())} is gone`);
  return bytes;
}
