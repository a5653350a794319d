/**
 * A month's encrypted comparison: asked for once, fetched when it is there, read on this device alone. What is asked, when
 * and how often depends on nothing that is decrypted.
 */
import { toHex, type Bytes } from '../../protocol/bytes.ts';
import { requestId } from '../../protocol/comparison.ts';
import { cohortNotSaid } from '../../protocol/contribution.ts';
import { EndpointError } from '../../protocol/endpoint-client.ts';
import { codesOf } from '../../protocol/features.ts';
import { sha256 } from '../../protocol/hash.ts';
import type { Community } from '../../protocol/manifest.ts';
import type { RoundNorms } from '../../protocol/norms-message.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import { askComparison, openComparison } from '../fhe/client.ts';
import type { MonthFeatures } from '../usage/features.ts';
import { findContribution, findNorms } from '../vault/communities.ts';
import { findComparisonRequest, findServerKey, forgetServerKey, saveComparisonRequest } from '../vault/comparisons.ts';
import { exclusively } from '../vault/exclusive.ts';
import { saveReceipt } from '../vault/receipts.ts';
import type { JoinedCommunity, Receipt, StoredComparisonRequest } from '../vault/schema.ts';
import { compareMonth } from './compare.ts';
import { communityOf, keptCommunity, refuseIfElsewhere, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';

/**
 * Brings a month's comparison as far as it goes now: makes the request, sends it, and reads the answer if it is there.
 *
 * @param norms - the published part, fetched and checked before
 * @returns undefined if this home has no key at the endpoint
 * @throws {EndpointError} the endpoint cannot be asked, or refuses for now
 * @throws {FheError}
 * @throws {ProtocolError} `already-decided` if the home takes part from another device now
 */
export function compareEncrypted(
  joined: JoinedCommunity,
  norms: RoundNorms,
  features: MonthFeatures,
): Promise<StoredComparisonRequest | undefined> {
  const { month } = norms;
  return exclusively(`comparison ${joined.id} ${month}`, async () => {
    await refuseIfElsewhere(joined);
    const community = await communityOf(joined, month);
    let request = (await findComparisonRequest(joined.id, month)) ?? (await make(joined, norms, features));
    if (request?.state === 'waiting') request = await send(joined, community, request);
    if (request?.state === 'sent') request = await fetchAnswer(joined, community, request, norms, features);
    return request;
  });
}

async function make(
  joined: JoinedCommunity,
  { month, groups }: RoundNorms,
  { values }: MonthFeatures,
): Promise<StoredComparisonRequest | undefined> {
  const key = await findServerKey(joined.id);
  const norms = await findNorms(joined.id, month);
  if (key?.state !== 'stored' || norms === undefined) return undefined;
  const community = await communityOf(joined, month);
  const said = (await findContribution(joined.id, month))?.cohort ?? cohortNotSaid;
  const opened = groups.some(({ name }) => name === community.manifest.cohorts[said]);
  const request = await askComparison({
    ...keptCommunity(joined),
    invite: joined.invite,
    certificates: joined.certificates,
    month,
    norms: norms.message,
    cohort: opened ? said : cohortNotSaid,
    serverKey: key.sha256,
    codes: codesOf(values),
  });
  const changedMs = Date.now();
  return saveComparisonRequest({
    communityId: joined.id,
    month,
    homeId: joined.homeId,
    state: 'waiting',
    request,
    changedMs,
  });
}

async function send(
  joined: JoinedCommunity,
  community: Community,
  request: StoredComparisonRequest,
): Promise<StoredComparisonRequest> {
  const message = decodeSigned(request.request);
  const receipt = await receiptFor(joined, request.month, request.request, await requestId(message));
  await saveReceipt(receipt);
  try {
    await endpointAt(joined.endpointUrl).requestComparison(roundOf(community, request.month), message);
  } catch (error) {
    if (error instanceof EndpointError && error.code === 'no-server-key') await forgetServerKey(joined.id);
    // What the endpoint refuses for good is not asked again; anything else is.
    if (!(error instanceof EndpointError) || !isFinal(error)) throw error;
    return change(request, 'refused');
  }
  await saveReceipt({ ...receipt, acknowledgedMs: Date.now() });
  return change(request, 'sent');
}

const isFinal = ({ status, code }: EndpointError): boolean =>
  [400, 403, 410, 422].includes(status) || code === 'already-decided' || code === 'already-bound';

const change = (
  request: StoredComparisonRequest,
  state: StoredComparisonRequest['state'],
): Promise<StoredComparisonRequest> => saveComparisonRequest({ ...request, state, changedMs: Date.now() });

async function fetchAnswer(
  joined: JoinedCommunity,
  community: Community,
  request: StoredComparisonRequest,
  norms: RoundNorms,
  features: MonthFeatures,
): Promise<StoredComparisonRequest> {
  const id = await requestId(decodeSigned(request.request));
  let result: Bytes | undefined;
  try {
    result = await endpointAt(joined.endpointUrl).comparison(roundOf(community, request.month), id);
  } catch (error) {
    if (!(error instanceof EndpointError) || error.code !== 'set-aside') throw error;
    return change(request, 'refused');
  }
  if (result === undefined) return request;
  const answer = await openComparison(keptCommunity(joined), request.request, result);
  if (answer === undefined) return change(request, 'unreadable');
  await compareMonth(joined, norms, features, answer);
  return change(request, 'answered');
}

async function receiptFor(
  { id, endpointUrl }: JoinedCommunity,
  month: string,
  request: Bytes,
  requested: Bytes,
): Promise<Receipt> {
  return {
    id: `comparison/${toHex(requested)}`,
    sentMs: Date.now(),
    kind: 'comparison',
    communityId: id,
    month,
    origin: new URL(endpointUrl).origin,
    parts: [
      {
        name: 'Request: community, month, member key, group label in the clear; your eight figures encrypted',
        bytes: request.length,
        sha256: await sha256(request),
        readableBy: 'this device alone, as far as your figures go',
      },
    ],
    signedReceipt: null,
  };
}
