/**
 * Signed words of stewards, and how each is taken. It is checked first, then kept under names that are taken once and
 * for good, so that who was first is decided by the store, also between processes; and only when that is durable, what
 * follows is done. To say the same again is no error, and makes up for what a process that died has left undone. What
 * clients look for in the log is entered there before it can be fetched.
 *
 * All reject with a ProtocolError that says what is wrong with the word, or what it contradicts, or with a Problem:
 * what the endpoint has against it.
 */
import { equalBytes, toHex } from '../protocol/bytes.ts';
import { encodeCbor } from '../protocol/cbor.ts';
import { checkPublicKey } from '../protocol/ciphertext.ts';
import { checkClose } from '../protocol/close.ts';
import { checkCulprits } from '../protocol/culprits.ts';
import { ProtocolError, type ProtocolErrorCode } from '../protocol/error.ts';
import { checkManifest } from '../protocol/manifest.ts';
import { checkNorms } from '../protocol/norms-message.ts';
import { checkOpening, decodeOpening } from '../protocol/opening.ts';
import { checkAnnouncement, checkRoundKey, decodeRoundKey, encodeAnnouncement } from '../protocol/round-key.ts';
import { checkSeal } from '../protocol/seal.ts';
import { encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import type { Core, KeptCommunity, Round } from './core.ts';
import { Problem } from './problem.ts';
import { announcementOf, beginClosing, closedRound, correctedListFile, listsOf, sealedList } from './rounds.ts';

const otherwise = (code: ProtocolErrorCode, text: string) => (): ProtocolError => new ProtocolError(code, text);
const decidedBefore = (what: string) =>
  otherwise('already-decided', `This steward has already sent ${what} for this round`);

/** A community's manifest. */
export async function registration(core: Core, message: SignedMessage): Promise<void> {
  const { id, manifest } = await checkManifest(message);
  if (!equalBytes(manifest.endpointKey, core.signer.publicKey)) {
    throw new Problem('wrong-endpoint', 'The manifest names the key of another endpoint.');
  }
  const ids = await core.store.list('communities');
  if (ids.length >= core.limits.communities && !ids.includes(toHex(id))) {
    throw new Problem('too-many', `This endpoint takes ${core.limits.communities} communities at most.`);
  }
  await core.ledger(toHex(id)).create('manifest', encodeSigned(message));
}

/** A steward's key of a round; when all are there, the round is announced. */
export async function roundKey({ core, id, ledger }: KeptCommunity, message: SignedMessage): Promise<void> {
  const { month } = decodeRoundKey(message.body);
  // Not while an amendment takes out the key of a steward who is replaced.
  await core.inTurn(`amendments of ${id}`, async () => {
    const round = await core.round(id, month);
    const { community, folder } = round;
    const { publicKey, closesMs, steward } = await checkRoundKey(message, community);
    checkPublicKey(publicKey);
    const months = await ledger.list('rounds');
    if (months.length >= core.limits.rounds && !months.includes(month)) {
      throw new Problem('too-many', `A community has ${core.limits.rounds} rounds at most.`);
    }
    if (closesMs <= core.now() && !months.includes(month)) {
      throw new ProtocolError('bad-announcement', 'The round would close before it begins');
    }
    const otherTime = 'Another steward has announced another closing time for this round';
    await folder.keep('closes', encodeCbor(closesMs), otherwise('bad-announcement', otherTime));
    await folder.keep(`keys/${steward}`, message, decidedBefore('another key'));
    const keys = await folder.messages('keys');
    if (keys.length < community.manifest.stewards.length) return;
    const announcement = encodeAnnouncement(keys);
    const { hash } = await checkAnnouncement(announcement, community);
    await core.history.enter(round, [{ kind: 'announcement', hash }]);
    await folder.create('announcement', announcement);
  });
}

/** Stewards want a round closed before its date; with t of them it closes. */
export async function close(round: Round, message: SignedMessage): Promise<void> {
  const { community, folder } = round;
  const announcement = await announcementOf(round);
  await checkClose(message, community, announcement, 1);
  const all = await folder.gather('close-words', message, community.manifest.stewards);
  if (all.signatures.length < community.manifest.threshold) return;
  await checkClose(all, community, announcement);
  // The message is kept, for whoever asks why the round closed when it did.
  await folder.create('close', encodeSigned(all));
  await beginClosing(round);
  await closedRound(round);
}

/** A steward names contributions that are not what they claim. */
export async function culprits(round: Round, message: SignedMessage): Promise<void> {
  const { hash } = await closedRound(round);
  const { steward, month, list } = await checkCulprits(message, round.community);
  if (month !== round.month || !equalBytes(list, hash)) {
    throw new ProtocolError('wrong-list', 'The culprits are of another list than the first of this round');
  }
  if ((await sealedList(round)) !== undefined) {
    throw new ProtocolError('already-decided', 'Enough stewards have sealed the list as it is');
  }
  await round.folder.keep(`culprits/${steward}`, message, decidedBefore('other culprits'));
  // Also enters it in the log.
  await correctedListFile(round);
}

/** A steward's seal on the first or the corrected list. */
export async function seal(round: Round, message: SignedMessage): Promise<void> {
  const lists = await listsOf(round);
  const { steward, month, list } = await checkSeal(message, round.community);
  if (month !== round.month || !lists.some(({ hash }) => equalBytes(hash, list))) {
    throw new ProtocolError('wrong-list', 'The seal is for another list than this round has');
  }
  await round.folder.keep(`seals/${steward}`, message, decidedBefore('other seals'));
  await round.core.history.enterMessage(round, 'seal', message);
}

const notSealed = otherwise('not-enough-seals', 'Not enough stewards have sealed one and the same list yet');

/** A steward's share sums of the sealed list. */
export async function opening(round: Round, message: SignedMessage): Promise<void> {
  const sealed = await sealedList(round, decodeOpening(message.body));
  if (sealed === undefined) throw notSealed();
  const expected = { month: round.month, list: sealed.hash, groups: sealed.list.groups.length };
  const { steward } = await checkOpening(message, round.community, expected);
  await round.folder.keep(`openings/${steward}`, message, decidedBefore('other sums'));
  await round.core.history.enterMessage(round, 'opening', message);
}

/** A steward's signature under norms; when threshold stewards have signed the same, they are published. */
export async function norms(round: Round, message: SignedMessage): Promise<void> {
  const { community, folder, month } = round;
  const sealed = await sealedList(round);
  if (sealed === undefined) throw notSealed();
  const { list, groups, checked } = await checkNorms(message, community, month, 1);
  const isOfList =
    equalBytes(list, sealed.hash) &&
    groups.length === sealed.list.groups.length &&
    sealed.list.groups.every(({ name, homes }, i) => name === groups[i]?.name && homes === groups[i].homes);
  if (!isOfList) throw new ProtocolError('wrong-list', 'The norms are of another list than the sealed one');
  // Those that more than threshold openings stand behind are kept apart from the others.
  const kind = checked ? 'norms-checked' : 'norms-unchecked';
  const all = await folder.gather(`${kind}-words`, message, community.manifest.stewards);
  if (all.signatures.length < community.manifest.threshold) return;
  await checkNorms(all, community, month);
  await round.core.history.enterMessage(round, 'norms', all);
  // Who was first with enough signatures decided: the file does not change any more.
  await folder.create(kind, encodeSigned(all));
}
