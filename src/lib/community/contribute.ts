/**
 * A home's contribution to a round: made and sealed on this device, kept until the endpoint has acknowledged it, and
 * never called sent before its signed receipt is here.
 */
import { toHex, type Bytes } from '../../protocol/bytes.ts';
import { decodeContribution, type Contribution } from '../../protocol/contribution.ts';
import { encodeVector } from '../../protocol/features.ts';
import { sha256 } from '../../protocol/hash.ts';
import type { Community } from '../../protocol/manifest.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkReceipt } from '../../protocol/receipt.ts';
import { checkAnnouncement } from '../../protocol/round-key.ts';
import { encodeSigned } from '../../protocol/signed.ts';
import { makeContribution, type Step } from '../fhe/client.ts';
import type { MonthFeatures } from '../usage/features.ts';
import { findContribution, saveContribution } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import { saveReceipt } from '../vault/receipts.ts';
import type { JoinedCommunity, Receipt, StoredContribution } from '../vault/schema.ts';
import { communityOf, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';

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
 * then on loses nothing: {@link sendWaiting} sends the same bytes again.
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
    const community = await communityOf(joined);
    const announcement = await endpointAt(joined.endpointUrl).announcement(roundOf(community, month));
    if (announcement === undefined)
      throw new ProtocolError('wrong-round', 'The stewards have not announced a round for this month yet.');
    await checkAnnouncement(announcement, community);
    const earlier = await findContribution(joined.id, month);
    const version = earlier === undefined ? 0 : earlier.version + 1;
    const body = await makeContribution(
      {
        community: community.id,
        manifest: joined.manifest,
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
    return send(joined, community, waiting);
  });
}

/**
 * Sends a contribution that is still waiting, byte for byte as it was made.
 * @throws {EndpointError} it waits on
 */
export function sendWaiting(joined: JoinedCommunity, month: string): Promise<StoredContribution | undefined> {
  return exclusively(`contribution ${joined.id} ${month}`, async () => {
    const waiting = await findContribution(joined.id, month);
    return waiting?.state === 'waiting' ? send(joined, await communityOf(joined), waiting) : waiting;
  });
}

async function send(
  joined: JoinedCommunity,
  community: Community,
  waiting: StoredContribution,
): Promise<StoredContribution> {
  const contribution = decodeContribution(waiting.body);
  const receipt = await receiptFor(joined, community, waiting, contribution);
  await saveReceipt(receipt);
  const answer = await endpointAt(joined.endpointUrl).contribute(roundOf(community, waiting.month), waiting.body);
  await checkReceipt(answer, community, contribution.signed);
  const signed = encodeSigned(answer);
  await saveReceipt({ ...receipt, signedReceipt: signed });
  const counted: StoredContribution = {
    ...waiting,
    state: 'counted',
    body: new Uint8Array(),
    receipt: signed,
    changedMs: Date.now(),
  };
  await saveContribution(counted);
  return counted;
}

/** What a contribution carries, part by part, and who can read each. */
async function receiptFor(
  { id, endpointUrl }: JoinedCommunity,
  { manifest }: Community,
  { month, contribution }: StoredContribution,
  { signed, ciphertexts, sealedFingerprints }: Contribution,
): Promise<Receipt> {
  const part = async (name: string, bytes: Bytes, readableBy: string) => ({
    name,
    bytes: bytes.length,
    sha256: await sha256(bytes),
    readableBy,
  });
  const parts = await Promise.all([
    part(
      'Header: community, month, member key, cohort label, hashes, signature',
      encodeSigned(signed),
      'everyone: in the clear',
    ),
    ...manifest.stewards.flatMap(({ name }, i) => [
      part(
        `One share of your figures, encrypted for ${name}`,
        ciphertexts[i] ?? new Uint8Array(),
        `nobody as it is: only a sum of all homes is opened, by ${manifest.threshold} of ${manifest.stewards.length} stewards together`,
      ),
      part(
        `Fingerprint of that share, sealed for ${name}`,
        sealedFingerprints[i] ?? new Uint8Array(),
        `${name}: a check number that says nothing about your figures without the other shares`,
      ),
    ]),
  ]);
  return {
    id: `contribution/${toHex(contribution)}`,
    sentMs: Date.now(),
    kind: 'contribution',
    communityId: id,
    month,
    origin: new URL(endpointUrl).origin,
    parts,
    signedReceipt: null,
  };
}
