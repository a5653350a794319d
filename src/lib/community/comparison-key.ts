/**
 * The home's own key for encrypted comparison: made in the worker, its public part uploaded in pieces. Broken off at any
 * point, by a lost network, a closed app or the user, it goes on where it was.
 */
import { fromHex, toHex, type Bytes } from '../../protocol/bytes.ts';
import { keyPieceBytes, serverKeyBytes } from '../../protocol/comparison.ts';
import { EndpointError, type EndpointClient } from '../../protocol/endpoint-client.ts';
import { sha256 } from '../../protocol/hash.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import { announceComparisonKey, createComparisonKey } from '../fhe/client.ts';
import { findServerKey, forgetServerKey, uploadServerKey } from '../vault/comparisons.ts';
import { saveReceipt } from '../vault/receipts.ts';
import type { JoinedCommunity, Receipt, StoredServerKey } from '../vault/schema.ts';
import { forecast } from './forecast.ts';
import { refuseIfElsewhere } from './membership.ts';
import { endpointAt } from './requests.ts';

/** Bytes that setting up sends. */
export const keySetupBytes = serverKeyBytes;

/** What is being done, and how much of it is behind, 0 to 1. */
export interface KeyStep {
  /** `make`: by the time that this device is measured to take; `wait`: for the network. */
  readonly doing: 'load' | 'make' | 'send' | 'wait';
  readonly done: number | undefined;
  /** Of `make`: how long it takes in all, ms. */
  readonly wholeMs?: number;
}

const tickMs = 200;
/** A piece of the upload is expected to take so long before one was sent. */
const firstPieceMs = 2_000;
const firstWaitMs = 1_000;
const mostWaitMs = 30_000;
/** So often in a row without one more piece. */
const mostTries = 12;

/** Whether the endpoint has this home's server key, or it is made but not there yet. */
export const keyState = async ({ id }: JoinedCommunity): Promise<StoredServerKey['state'] | 'none'> =>
  (await findServerKey(id))?.state ?? 'none';

/**
 * Makes the key unless it is there, and uploads what the endpoint does not have of it.
 *
 * @throws {EndpointError} it is unreachable for long, or refuses; what was uploaded stays
 * @throws {FheError} the key could not be made
 * @throws {ProtocolError} `already-decided` if the home takes part from another device now
 * @throws DOMException `AbortError` after `signal`
 */
export async function setUpKey(
  joined: JoinedCommunity,
  onstep: (step: KeyStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const community = fromHex(joined.id) ?? new Uint8Array();
  await refuseIfElsewhere(joined);
  await make(community, onstep, signal);
  await uploadServerKey(joined.id, async (key) => {
    await refuseIfElsewhere(joined);
    try {
      await upload(joined, community, key, onstep, signal);
    } catch (error) {
      // Its bytes have changed on this device: another one must be made.
      if (error instanceof EndpointError && error.code === 'bad-key') await forgetServerKey(joined.id);
      throw error;
    }
  });
}

async function make(community: Bytes, onstep: (step: KeyStep) => void, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setInterval> | undefined;
  onstep({ doing: 'load', done: undefined });
  try {
    await createComparisonKey(
      community,
      (wholeMs) => {
        const startMs = performance.now();
        const tell = (): void => {
          // tfhe says nothing until it is done; how far it is follows from the measured speed of this device.
          onstep({ doing: 'make', done: forecast(performance.now() - startMs, wholeMs), wholeMs });
        };
        tell();
        timer = setInterval(tell, tickMs);
      },
      signal,
    );
  } finally {
    clearInterval(timer);
  }
}

async function upload(
  joined: JoinedCommunity,
  community: Bytes,
  { bytes, sha256: hash, size }: StoredServerKey,
  onstep: (step: KeyStep) => void,
  signal: AbortSignal,
): Promise<void> {
  const endpoint = endpointAt(joined.endpointUrl);
  const announcement = await announceComparisonKey(community, joined, { size, sha256: hash });
  const receipt = await receiptFor(joined, announcement, hash, size);
  await saveReceipt(receipt);
  let offset = -1;
  let tries = 0;
  // The browser does not say how far a request's body is: between two pieces it is foretold by the last one's time.
  let pieceMs = firstPieceMs;
  while (offset < size) {
    signal.throwIfAborted();
    const [startMs, from] = [performance.now(), offset];
    const tell = (): void => {
      const within = from === -1 || tries > 0 ? 0 : forecast(performance.now() - startMs, pieceMs);
      const behind = Math.max(0, from) + within * Math.min(keyPieceBytes, size - from);
      onstep({ doing: tries === 0 ? 'send' : 'wait', done: behind / size });
    };
    tell();
    const timer = setInterval(tell, tickMs);
    try {
      const next =
        offset === -1
          ? await begin(endpoint, community, hash, announcement)
          : await endpoint.sendKeyPiece(community, hash, offset, bytes.slice(offset, offset + keyPieceBytes));
      if (next > offset) tries = 0;
      if (from !== -1) pieceMs = performance.now() - startMs;
      offset = next;
    } catch (error) {
      tries++;
      if (!(error instanceof EndpointError) || !canGoOn(error) || tries > mostTries) throw error;
      offset = -1;
      await wait(Math.min(mostWaitMs, firstWaitMs * 2 ** (tries - 1)), signal);
    } finally {
      clearInterval(timer);
    }
  }
  await saveReceipt({ ...receipt, acknowledgedMs: Date.now() });
}

/** Where the endpoint wants the upload to go on. */
async function begin(endpoint: EndpointClient, community: Bytes, hash: Bytes, announcement: Bytes): Promise<number> {
  // Once more is no error, and the endpoint may have forgotten what was begun long ago.
  await endpoint.announceKey(community, decodeSigned(announcement));
  return (await endpoint.keyOffset(community, hash)) ?? 0;
}

const canGoOn = ({ status, code }: EndpointError): boolean =>
  status === 0 || status === 408 || status === 429 || status >= 500 || code === 'wrong-offset' || code === 'not-found';

/** Waits, but no longer than until the network is back. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(new DOMException('Cancelled.', 'AbortError'));
      else resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}

async function receiptFor(
  { id, endpointUrl }: JoinedCommunity,
  announcement: Bytes,
  hash: Bytes,
  size: number,
): Promise<Receipt> {
  return {
    id: `comparison-key/${toHex(hash)}`,
    sentMs: Date.now(),
    kind: 'comparison-key',
    communityId: id,
    month: null,
    origin: new URL(endpointUrl).origin,
    parts: [
      {
        name: 'Announcement: community, member key, size and hash, signature',
        bytes: announcement.length,
        sha256: await sha256(announcement),
        readableBy: 'everyone: in the clear',
      },
      {
        name: 'Your server key, with which the endpoint computes on what it cannot read',
        bytes: size,
        sha256: hash,
        readableBy: 'everyone, and it opens nothing: the key that does stays on this device',
      },
    ],
    signedReceipt: null,
  };
}
