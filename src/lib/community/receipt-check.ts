/** Holding a receipt against the list that its round closed with, and again against the list that stewards sealed. */
import { equalBytes, toHex } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkList, standsOn, type CheckedList } from '../../protocol/list.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { checkSeal, sealedBy, sealsNeeded } from '../../protocol/seal.ts';
import { markListed } from '../vault/communities.ts';
import type { JoinedCommunity, StoredContribution } from '../vault/schema.ts';
import { requireLogged } from './following.ts';
import { communityOf, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';

const hourMs = 3_600_000;

/** Whether a contribution that was counted is to be looked for on its round's list. */
export const isToBeChecked = ({ state, listed }: StoredContribution): boolean =>
  state === 'counted' && listed?.sealed !== true;

/**
 * Looks for a counted contribution on its round's list, and keeps what was found.
 *
 * @throws {EndpointError}
 * @throws {ProtocolError} the list does not hold, or stewards have sealed another one than the endpoint shows
 */
export async function checkOnList(joined: JoinedCommunity, own: StoredContribution): Promise<void> {
  const community = await communityOf(joined, own.month);
  const round = roundOf(community, own.month);
  const endpoint = endpointAt(joined.endpointUrl);
  const announced = await endpoint.announcement(round);
  const first = await endpoint.list(round);
  if (announced === undefined || first === undefined) return;
  const announcement = await checkAnnouncement(announced, community);
  await requireLogged(joined, 'announcement', announcement.hash);
  const firstList = await checkList(first, community, announcement);
  await requireLogged(joined, 'list', firstList.hash);
  const lists = [firstList];
  const seals = await Promise.all((await endpoint.seals(round)).map((seal) => checkSeal(seal, community)));
  // Only a seal on another list shows that there is a corrected one.
  if (seals.some(({ list }) => !equalBytes(list, firstList.hash))) {
    const corrected = await endpoint.correctedList(round);
    if (corrected !== undefined) {
      const list = await checkList(corrected, community, announcement);
      await requireLogged(joined, 'corrected-list', list.hash);
      lists.unshift(list);
    }
  }
  const sealed = sealedBy(community.manifest, lists, seals);
  const hashes = seals.map(({ list }) => toHex(list));
  const isHidden = hashes.some(
    (hash) => hashes.filter((one) => one === hash).length >= sealsNeeded(community.manifest),
  );
  if (sealed === undefined && isHidden) {
    throw new ProtocolError(
      'wrong-list',
      'The stewards have sealed another list of homes than the one that the endpoint shows. Tell them.',
    );
  }
  const shown = sealed ?? lists[0];
  const [oldest] = lists.slice(-1);
  if (shown === undefined || oldest === undefined) return;
  const found = (list: CheckedList): Promise<boolean> => standsOn(list, joined.invite, own.contribution);
  await markListed(own, {
    state: (await found(shown)) ? 'listed' : (await found(oldest)) ? 'left-out' : 'missing',
    sealed: sealed !== undefined,
    untilMs: oldest.list.closedMs + community.manifest.lookHours * hourMs,
  });
}
