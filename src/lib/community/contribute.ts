/**
 * A home's contribution to a round: made and sealed on this device, kept until the endpoint has acknowledged it, and
 * never called sent before its signed receipt is here.
 */
import { decodeContribution } from '../../protocol/contribution.ts';
import { encodeVector } from '../../protocol/features.ts';
import { sha256 } from '../../protocol/hash.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { makeContribution, type Step } from '../fhe/client.ts';
import type { MonthFeatures } from '../usage/features.ts';
import { findContribution, saveContribution } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { JoinedCommunity, StoredContribution } from '../vault/schema.ts';
import { followJoined, requireLogged } from './following.ts';
import { communityOf, keptCommunity, refuseIfElsewhere, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';
import { sendContribution, sendWhenOnline } from './send-contribution.ts';

export interface ContributionInput {
  readonly joined: JoinedCommunity;
  readonly month: string;
  readonly features: MonthFeatures;
  /** Index of the cohort label in the manifest, or `cohortNotSaid`. */
  readonly cohort: number;
}

/** Steps of making it, and then `send` while the endpoint is asked. */
export type ContributionStep = Step | { readonly doing: 'send'; readonly done: number; readonly total: number };

/**
 * Encrypts a month's figures and sends them. Once they are encrypted they are kept as `waiting`, so that a failure from
 * then on loses nothing: `sendWaiting` sends the same bytes again.
 *
 * @throws {EndpointError} the endpoint cannot be asked, or refuses
 * @throws {FheError} encryption failed; nothing was sent
 * @throws {ProtocolError} the round is not announced, or the endpoint's messages do not hold
 */
export function contribute(
  { joined, month, features, cohort }: ContributionInput,
  onstep: (step: ContributionStep) => void,
  signal?: AbortSignal,
): Promise<StoredContribution> {
  return exclusively(`contribution ${joined.id} ${month}`, async () => {
    await refuseIfElsewhere(joined);
    const now = await followJoined(joined);
    await refuseIfElsewhere(now);
    const community = await communityOf(now, month);
    const announcement = await endpointAt(joined.endpointUrl).announcement(roundOf(community, month));
    if (announcement === undefined)
      throw new ProtocolError('wrong-round', 'The stewards have not announced a round for this month yet.');
    const { hash } = await checkAnnouncement(announcement, community);
    await requireLogged(now, 'announcement', hash);
    const earlier = await findContribution(joined.id, month);
    const version = earlier === undefined ? firstVersion(joined) : earlier.version + 1;
    const body = await makeContribution(
      {
        ...keptCommunity(now),
        month,
        announcement,
        invite: joined.invite,
        certificates: joined.certificates,
        vector: encodeVector(features.values, features.profiles),
        cohort,
        version,
      },
      onstep,
      signal,
    );
    const waiting: StoredContribution = {
      communityId: joined.id,
      month,
      homeId: joined.homeId,
      state: 'waiting',
      version,
      cohort,
      body,
      contribution: await sha256(decodeContribution(body).signed.body),
      receipt: new Uint8Array(),
      changedMs: Date.now(),
    };
    await saveContribution(waiting);
    onstep({ doing: 'send', done: 1, total: 1 });
    return sendContribution(now, community, waiting).catch((error: unknown) => {
      sendWhenOnline();
      throw error;
    });
  });
}

/** The highest version wins, and what the home's newest device says shall: it begins above whatever an older one sent. */
const firstVersion = ({ certificates }: JoinedCommunity): number => (certificates.length - 1) * 1_000_000;
