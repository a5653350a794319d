/** Changes of a community: proposals gather stewards' signatures, and with t of them the next amendment is in force. */
import {
  checkAmendment,
  communityOf,
  decodeAmendment,
  encodeAmendments,
  type Amendment,
} from '../protocol/amendment.ts';
import { equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/error.ts';
import { sha256 } from '../protocol/hash.ts';
import type { Community } from '../protocol/manifest.ts';
import { decodeSigned, encodeSigned, mergeSignatures, type SignedMessage } from '../protocol/signed.ts';
import { checkWithdrawal } from '../protocol/withdrawal.ts';
import { keptVersions } from './contributions.ts';
import type { KeptCommunity } from './core.ts';
import { Problem } from './problem.ts';
import { isClosing } from './rounds.ts';

/** Most proposals at a time. */
const mostProposals = 50;

// Five digits, so that names sort like numbers.
const amendmentName = (number: number): string => `amendments/${String(number).padStart(5, '0')}`;
const proposalsName = (number: number): string => `proposals/${String(number).padStart(5, '0')}`;

/** Stewards' signatures under a next amendment. */
export async function amendment(kept: KeptCommunity, message: SignedMessage): Promise<void> {
  const { core, id, ledger } = kept;
  const change = decodeAmendment(message.body);
  const name = amendmentName(change.number);
  await core.inTurn(`amendments of ${id}`, async () => {
    const inForce = await ledger.read(name);
    if (inForce === undefined || !equalBytes(decodeSigned(inForce).body, message.body)) {
      const before = await core.amended(id);
      await checkAmendment(message, before, 1);
      await checkMonth(kept, change);
      const proposal = await gatherProposal(kept, communityOf(before), change.number, message);
      if (proposal.signatures.length < before.founded.manifest.threshold) return;
      await checkAmendment(proposal, before);
      await ledger.create(name, encodeSigned(proposal));
      core.forget(id);
      core.log('info', 'community-amended', { number: change.number });
    }
    await core.history.enterMessage(kept, 'amendment', message);
    await dropOldKeys(kept, change);
  });
}

/** The proposal with all signatures that there are under it. */
async function gatherProposal(
  { ledger }: KeptCommunity,
  { manifest }: Community,
  number: number,
  message: SignedMessage,
): Promise<SignedMessage> {
  const proposals = ledger.at(proposalsName(number));
  const hash = toHex(await sha256(message.body));
  const others = await proposals.list();
  if (others.length >= mostProposals && !others.includes(hash)) {
    throw new Problem('too-many', `A community has ${mostProposals} proposals at a time at most.`);
  }
  return proposals.gather(hash, message, manifest.stewards);
}

/** A steward takes back its signature under an amendment that is not in force. To say it again is no error. */
export async function withdrawal({ core, id, ledger }: KeptCommunity, message: SignedMessage): Promise<void> {
  await core.inTurn(`amendments of ${id}`, async () => {
    const now = await core.amended(id);
    const { amendment: hash, steward } = await checkWithdrawal(message, communityOf(now));
    if (equalBytes(hash, now.last)) {
      const tooLate = 'The change is in force already and can only be changed by another one';
      throw new ProtocolError('already-decided', tooLate);
    }
    await ledger.remove(`${proposalsName(now.amendments.length + 1)}/${toHex(hash)}/${steward}`);
  });
}

/** Revocations and new stewards do not change a round that homes take part in, nor any before it. */
async function checkMonth(kept: KeptCommunity, { from, revoked, replaced }: Amendment): Promise<void> {
  if (revoked.length + replaced.length === 0) return;
  for (const month of await monthsFrom(kept, from)) {
    const round = await kept.core.round(kept.id, month);
    if ((await isClosing(round)) || (await keptVersions(round)).size > 0) {
      throw new ProtocolError('too-early', `Homes take part in the round of ${month}: choose a later month`);
    }
  }
}

const monthsFrom = async ({ ledger }: KeptCommunity, from: string): Promise<string[]> =>
  (await ledger.list('rounds')).filter((month) => month >= from);

/**
 * Round keys of replaced stewards go, and with them the announcements that hold them and what was said about these: what
 * came last goes first.
 */
async function dropOldKeys(kept: KeptCommunity, { from, replaced }: Amendment): Promise<void> {
  const months = await monthsFrom(kept, from);
  for (const month of months) {
    const folder = kept.ledger.at(`rounds/${month}`);
    for (const { steward, key } of replaced) {
      const old = await folder.read(`keys/${steward}`);
      if (old === undefined || decodeSigned(old).signatures.some(({ signer }) => equalBytes(signer, key))) continue;
      await folder.at('close-words').clear();
      await folder.remove('announcement');
      await folder.remove(`keys/${steward}`);
    }
  }
  kept.core.forget(kept.id, months);
}

/** The amendments in force, as the route gives them. */
export const amendmentsFile = async ({ ledger }: KeptCommunity): Promise<Bytes> =>
  encodeAmendments(await ledger.messages('amendments'));

/** Next amendments that still gather signatures, as the route gives them. */
export async function proposalsFile({ core, id, ledger }: KeptCommunity): Promise<Bytes> {
  const { amendments } = await core.amended(id);
  const folder = ledger.at(proposalsName(amendments.length + 1));
  const proposals = await Promise.all((await folder.list()).map((hash) => folder.messages(hash)));
  return encodeAmendments(proposals.filter((words) => words.length > 0).map((words) => words.reduce(mergeSignatures)));
}
