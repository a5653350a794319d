/** Contributions: one of a home and round, the highest version wins, and a receipt for each. */
import { equalBytes, fromHex, toHex } from '../protocol/bytes.ts';
import { checkCiphertext } from '../protocol/ciphertext.ts';
import {
  checkContributionFiles,
  checkSignedContribution,
  decodeContribution,
  decodeKept,
  encodeKept,
  type CheckedContribution,
  type KeptContribution,
} from '../protocol/contribution.ts';
import { ProtocolError } from '../protocol/error.ts';
import { mostHomes } from '../protocol/fields.ts';
import { sha256 } from '../protocol/hash.ts';
import { encodeReceipt } from '../protocol/receipt.ts';
import { signMessage, type SignedMessage } from '../protocol/signed.ts';
import type { Round } from './core.ts';
import { bindHome, hasLeft, leftHomes } from './homes.ts';
import { Problem } from './problem.ts';
import { announcementOf, closedRound, closesNow, isClosing } from './rounds.ts';

/** Ledger name of a home's version; ten digits, so that names sort like numbers. Ciphertexts are blobs. */
const keptName = (invite: string, version: number): string =>
  `contributions/${invite}-${String(version).padStart(10, '0')}`;

/** Versions that are there, ascending, by invite in hex. */
type Versions = Map<string, number[]>;

/** Reads them from the disk, invites ascending too. */
export async function listVersions({ folder }: Round): Promise<Versions> {
  const versions: Versions = new Map();
  for (const name of await folder.list('contributions')) {
    const [invite = '', version] = name.split('-');
    const ofHome = versions.get(invite);
    if (ofHome) ofHome.push(Number(version));
    else versions.set(invite, [Number(version)]);
  }
  return versions;
}

/** The same, remembered, in any order: a contribution must not take longer the more there are already. */
export const keptVersions = (round: Round): Promise<Versions> =>
  round.core.versions.get(round.bucket, () => listVersions(round));

/** Keeps a version and remembers that it is there. */
async function keepVersion(round: Round, kept: KeptContribution, invite: string, version: number): Promise<void> {
  const { core, folder, bucket } = round;
  try {
    await folder.keep(keptName(invite, version), encodeKept(kept), otherVersion);
  } catch (error) {
    // Whether it was written is unknown if that failed: the disk is asked the next time.
    core.versions.delete(bucket);
    throw error;
  }
  const versions = await keptVersions(round);
  const others = versions.get(invite)?.filter((other) => other !== version) ?? [];
  versions.set(
    invite,
    [...others, version].sort((a, b) => a - b),
  );
}

async function readKept({ folder }: Round, invite: string, version: number): Promise<KeptContribution | undefined> {
  const entry = await folder.read(keptName(invite, version));
  return entry && decodeKept(entry);
}

/** What is kept of a contribution and what its check gives. */
export type Counted = KeptContribution & CheckedContribution;

/** What is kept of a home's version, and checked anew; undefined if it is not there. */
export async function readChecked(round: Round, invite: string, version: number): Promise<Counted | undefined> {
  const kept = await readKept(round, invite, version);
  if (kept === undefined) return undefined;
  return { ...kept, ...(await checkSignedContribution(kept.signed, round.community, await announcementOf(round))) };
}

/**
 * Checks and keeps a contribution; sending the same again gives the same receipt.
 *
 * @param body - as `encodeContribution` makes it
 * @throws {ProtocolError} what is wrong with it
 * @throws {Problem} `not-announced`, `round-closed`, `round-full`, `already-bound`, `superseded`, `too-many`, `left`
 */
export async function takeContribution(round: Round, body: Uint8Array): Promise<SignedMessage> {
  const { core, community, folder, bucket, month } = round;
  const contribution = decodeContribution(body);
  const { signed, ciphertexts, sealedFingerprints } = contribution;
  const checked = await checkSignedContribution(signed, community, await announcementOf(round));
  await checkContributionFiles(contribution, checked);
  ciphertexts.forEach(checkCiphertext);
  const { header, member, signature } = checked;
  if (new Set(header.ciphertexts.map(toHex)).size !== ciphertexts.length) {
    throw new ProtocolError('bad-ciphertext', 'Two ciphertexts of the contribution are the same');
  }
  const [invite, version] = [toHex(header.invite), header.version];
  const before = await readKept(round, invite, version);
  if (before === undefined || !equalBytes(before.signed.body, signed.body)) {
    if (await closesNow(round)) throw closed(round);
    if (before !== undefined) throw otherVersion();
    const there = await keptVersions(round);
    checkVersion(round, there.get(invite) ?? [], version);
    await bindHome(round, header);
    const taken = () => new Problem('already-bound', 'A ciphertext came with another invite before.');
    await Promise.all(header.ciphertexts.map((one) => folder.keep(`ciphertexts/${toHex(one)}`, header.invite, taken)));
    if (await hasLeft(round, invite)) throw left();
    takeSeat(round, invite, there);
  }
  const kept: KeptContribution = before ?? { signed, sealedFingerprints, receivedMs: core.now() };
  if (!(await isClosing(round))) {
    // Not while what the home sent is removed, because it leaves: this would not be found.
    await core.inTurn(contributionsOf(round, invite), async () => {
      if (await hasLeft(round, invite)) throw left();
      await Promise.all(ciphertexts.map((ciphertext) => core.store.putBlob(bucket, ciphertext)));
      await keepVersion(round, kept, invite, version);
    });
  }
  // Who closes a round says so before looking for contributions. If that has not happened by now, this one, which is
  // durable, will be found; else only the list knows.
  if (await isClosing(round)) {
    const { list } = await closedRound(round);
    if (!list.entries.some((entry) => equalBytes(entry.signature, signature))) throw closed(round);
  }
  const receipt = { community: community.id, month, member, version, contribution: await sha256(signed.body) };
  return signMessage('receipt', encodeReceipt({ ...receipt, receivedMs: kept.receivedMs }), [core.signer]);
}

const otherVersion = (): ProtocolError =>
  new ProtocolError('already-decided', 'Another contribution of this version is there; count the version up');

const closed = ({ month }: Round): Problem =>
  new Problem('round-closed', `The round of ${month} takes no contributions any more.`);

const left = (): Problem => new Problem('left', 'This home has left the community; nothing more is taken from it.');

function checkVersion({ core: { limits } }: Round, versions: readonly number[], version: number): void {
  const latest = versions.at(-1) ?? -1;
  if (latest > version) {
    throw new Problem('superseded', `This home’s version ${latest} is there already; this is ${version}.`);
  }
  if (versions.length >= limits.versions) {
    throw new Problem('too-many', `A home sends ${limits.versions} versions a round at most.`);
  }
}

/** Counts a home among those of the round, which are the ones on the disk and the ones on their way there. */
function takeSeat({ core, bucket }: Round, invite: string, there: ReadonlyMap<string, unknown>): void {
  const seats = new Set([...(core.seats.get(bucket) ?? []), ...there.keys()]);
  if (seats.size >= mostHomes && !seats.has(invite)) {
    throw new Problem('round-full', `A round takes ${mostHomes} homes; this one is full.`);
  }
  core.seats.set(bucket, seats.add(invite));
}

/** Name of the turn in which a home's contributions are written or removed. */
const contributionsOf = ({ bucket }: Round, invite: string): string => `contributions of ${invite} to ${bucket}`;

/**
 * Deletes what a home sent to a round, unless the round has begun to close: then it is part of what is added up. Its
 * ciphertexts go by the names that are bound to it, also those that came without the rest; what says that it took part
 * goes last, so that what is left of a deletion that broke off is found again.
 */
export async function removeContributions(round: Round, invite: string): Promise<void> {
  const { core, folder, bucket } = round;
  const remove = async (): Promise<void> => {
    if (await isClosing(round)) return;
    for (const ciphertext of await folder.list('ciphertexts')) {
      const home = await folder.read(`ciphertexts/${ciphertext}`);
      if (home === undefined || toHex(home) !== invite) continue;
      if (await isClosing(round)) return;
      await core.store.removeBlob(bucket, fromHex(ciphertext) ?? new Uint8Array());
    }
    for (const version of (await keptVersions(round)).get(invite) ?? []) {
      if (await isClosing(round)) return;
      await folder.remove(keptName(invite, version));
    }
  };
  await core.inTurn(contributionsOf(round, invite), () => remove().finally(() => core.versions.delete(bucket)));
}

/** Goes on with deletions that broke off: of contributions of homes that have left, to a round that is not closing. */
export async function removeOfLeft(round: Round): Promise<void> {
  const left = await leftHomes(round);
  if (left.size === 0 || (await isClosing(round))) return;
  for (const invite of [...(await keptVersions(round)).keys()]) {
    if (left.has(invite)) await removeContributions(round, invite);
  }
}
