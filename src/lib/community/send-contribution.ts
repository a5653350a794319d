/**
 * The last part of a contribution's way: the bytes that were made and kept go out, and the signed receipt comes back. It
 * needs no key, so the service worker can do it too.
 */
import { toHex, type Bytes } from '../../protocol/bytes.ts';
import { decodeContribution, type Contribution } from '../../protocol/contribution.ts';
import { sha256 } from '../../protocol/hash.ts';
import type { Community } from '../../protocol/manifest.ts';
import { checkReceipt } from '../../protocol/receipt.ts';
import { encodeSigned } from '../../protocol/signed.ts';
import { findContribution, listCommunities, listContributions, saveContribution } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import { saveReceipt } from '../vault/receipts.ts';
import type { JoinedCommunity, Receipt, StoredContribution } from '../vault/schema.ts';
import { communityNow } from './log.ts';
import { refuseIfElsewhere, roundOf } from './membership.ts';
import { endpointAt } from './requests.ts';

/** Name under which the browser wakes the service worker once there is a network (Background Synchronization). */
export const sendingTag = 'send-contributions';

interface SyncManager {
  register(tag: string): Promise<void>;
}

const hasSync = (
  registration: ServiceWorkerRegistration,
): registration is ServiceWorkerRegistration & { readonly sync: SyncManager } => 'sync' in registration;

/** Has what waits sent once there is a network, also with the app closed. Elsewhere the app sends it when it is opened. */
export function sendWhenOnline(): void {
  if (!('serviceWorker' in navigator)) return;
  void navigator.serviceWorker.ready
    .then((registration) => (hasSync(registration) ? registration.sync.register(sendingTag) : undefined))
    .catch(() => undefined);
}

/**
 * Sends everything that waits on this device, but for a home that takes part from another one now.
 * @throws {EndpointError} when some of it waits on
 */
export async function sendAllWaiting(): Promise<void> {
  const sent: Promise<unknown>[] = [];
  for (const joined of await listCommunities()) {
    if (joined.elsewhereMs !== undefined) continue;
    for (const { month, state } of await listContributions(joined.id))
      if (state === 'waiting') sent.push(sendWaiting(joined, month));
  }
  await Promise.all(sent);
}

/**
 * Sends a contribution that is still waiting, byte for byte as it was made.
 * @throws what {@link sendContribution} throws
 * @throws {ProtocolError} `rolled-back`, `split-view` if the endpoint shows another history than before
 */
export function sendWaiting(joined: JoinedCommunity, month: string): Promise<StoredContribution | undefined> {
  return exclusively(`contribution ${joined.id} ${month}`, async () => {
    const waiting = await findContribution(joined.id, month);
    if (waiting?.state !== 'waiting') return waiting;
    await refuseIfElsewhere(joined);
    // Nothing goes to an endpoint that shows another history than this device has seen.
    return sendContribution(joined, await communityNow(joined, month), waiting);
  });
}

/**
 * Sends a contribution that was made and kept, and keeps the endpoint's signed receipt. Call it in the contribution's lock.
 * @throws {EndpointError} it waits on
 * @throws {ProtocolError} `already-decided` if the home takes part from another device now; what the receipt's check throws
 */
export async function sendContribution(
  joined: JoinedCommunity,
  community: Community,
  waiting: StoredContribution,
): Promise<StoredContribution> {
  await refuseIfElsewhere(joined);
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
      'Header: community, month, member key, group label, hashes, signature',
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
