/** Comparing a home's month with what its community published, on this device. */
import { equalBytes } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { sha256 } from '../../protocol/hash.ts';
import { checkList, standsOn, type CheckedList } from '../../protocol/list.ts';
import { communityGroup, type Community } from '../../protocol/manifest.ts';
import { checkNorms, type RoundNorms } from '../../protocol/norms-message.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { decodeSigned, encodeSigned } from '../../protocol/signed.ts';
import type { ComparisonAnswer } from '../fhe/make-comparison.ts';
import type { MonthFeatures } from '../usage/features.ts';
import { saveAnalysis } from '../vault/analyses.ts';
import { findContribution, findNorms, saveNorms } from '../vault/communities.ts';
import type { Analysis, JoinedCommunity } from '../vault/schema.ts';
import { compareWithNorms } from './comparison.ts';
import { requireLogged } from './following.ts';
import { communityOf, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';

/**
 * Fetches a month's norms, if they are published, and checks them: signed by t stewards, made of the list that the
 * endpoint shows, and that list names this home's contribution as it was acknowledged.
 *
 * @returns undefined while the round is not opened
 * @throws {EndpointError}
 * @throws {ProtocolError} what does not hold
 */
export async function fetchNorms(joined: JoinedCommunity, month: string): Promise<RoundNorms | undefined> {
  const community = await communityOf(joined, month);
  const kept = await findNorms(joined.id, month);
  if (kept !== undefined) return checkNorms(decodeSigned(kept.message), community, month);
  const round = roundOf(community, month);
  const endpoint = endpointAt(joined.endpointUrl);
  const message = await endpoint.norms(round);
  if (message === undefined) return undefined;
  const norms = await checkNorms(message, community, month);
  await requireLogged(joined, 'norms', await sha256(message.body));
  const list = await fetchList(joined, community, norms);
  await checkOwnEntry(joined, month, list);
  await saveNorms({ communityId: joined.id, month, message: encodeSigned(message), fetchedMs: Date.now() });
  return norms;
}

/** The list that norms were made of: the round's first one, or the corrected one if stewards have named culprits. */
async function fetchList(joined: JoinedCommunity, community: Community, norms: RoundNorms): Promise<CheckedList> {
  const endpoint = endpointAt(joined.endpointUrl);
  const round = roundOf(community, norms.month);
  const announced = await endpoint.announcement(round);
  const first = await endpoint.list(round);
  if (announced === undefined || first === undefined)
    throw new ProtocolError('wrong-list', 'The endpoint has norms but does not show the list they were made of.');
  const announcement = await checkAnnouncement(announced, community);
  await requireLogged(joined, 'announcement', announcement.hash);
  const list = await checkList(first, community, announcement);
  await requireLogged(joined, 'list', list.hash);
  if (equalBytes(list.hash, norms.list)) return list;
  const message = await endpoint.correctedList(round);
  const corrected = message && (await checkList(message, community, announcement));
  if (corrected === undefined || !equalBytes(corrected.hash, norms.list))
    throw new ProtocolError('wrong-list', 'The endpoint shows another list of homes than the one that was opened.');
  await requireLogged(joined, 'corrected-list', corrected.hash);
  return corrected;
}

/** A home with a receipt must stand on the list with the very contribution that was acknowledged. */
async function checkOwnEntry(joined: JoinedCommunity, month: string, list: CheckedList): Promise<void> {
  const own = await findContribution(joined.id, month);
  if (own?.state !== 'counted') return;
  if (!(await standsOn(list, joined.invite, own.contribution)))
    throw new ProtocolError(
      'wrong-list',
      'Your contribution was acknowledged but is not on the list that was opened. Tell your stewards; your receipt proves it.',
    );
}

/**
 * Compares a home's month with the norms and keeps the result, so that it opens again without a network.
 * The community as a whole comes first; a cohort's comparison is kept beside it where the home said its label.
 *
 * @param answer - what the endpoint found under encryption: places take the place of what norms would say
 */
export async function compareMonth(
  joined: JoinedCommunity,
  { month, groups }: Pick<RoundNorms, 'month' | 'groups'>,
  { values, profiles }: MonthFeatures,
  answer?: ComparisonAnswer,
): Promise<Analysis[]> {
  const { manifest } = await communityOf(joined, month);
  const cohort = (await findContribution(joined.id, month))?.cohort ?? -1;
  const mine = groups.filter(({ name }, place) => place === 0 || name === manifest.cohorts[cohort]);
  const analyses = mine.map((group): Analysis => {
    const places = answer?.groups.find(({ name }) => name === group.name)?.places;
    const {
      month: compared,
      group: name,
      homes,
      figures,
      own,
      profiles: theirs,
    } = compareWithNorms(month, values, profiles, group);
    return {
      id: `${joined.id}/${month}/${name}`,
      homeId: joined.homeId,
      communityId: joined.id,
      communityName: joined.name,
      madeMs: Date.now(),
      source: places === undefined ? 'published' : 'encrypted',
      ...(answer !== undefined &&
        group.name === communityGroup && { advice: { model: answer.model, scores: { ...answer.scores } } }),
      comparison: {
        month: compared,
        group: name,
        homes,
        figures: figures.map(({ limits, ...figure }, i) => ({
          ...figure,
          ...places?.[i],
          limits: limits ? [...limits] : null,
        })),
        own: { weekdayWh: [...own.weekdayWh], weekendWh: [...own.weekendWh] },
        profiles: theirs && { weekdayWh: [...theirs.weekdayWh], weekendWh: [...theirs.weekendWh] },
      },
    };
  });
  for (const analysis of analyses) await saveAnalysis(analysis);
  return analyses;
}
