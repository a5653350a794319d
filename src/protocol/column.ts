/**
 * What a steward does with its own column of a closed round: the sealed fingerprints, and, if the endpoint's total does
 * not fit them, every single ciphertext.
 */
import { equalBytes, toHex, type Bytes } from './bytes.ts';
import { encodeHeader, type CheckedContribution } from './contribution.ts';
import { ProtocolError } from './error.ts';
import { fingerprint, fingerprintOpener, fingerprintPrime, type FingerprintContext } from './fingerprint.ts';
import { sha256 } from './hash.ts';
import { firstEntries, type CheckedList } from './list.ts';
import { prime } from './shamir.ts';

/** Told how many homes of a column are behind. */
export type Progress = (done: number, total: number) => void;

/** Fingerprints opened, or ciphertexts fetched, at a time. */
const atOnce = 16;

/** Maps in batches, so that many homes neither wait for each other nor all run at once. */
async function inBatches<T, R>(
  items: readonly T[],
  map: (item: T, i: number) => Promise<R>,
  progress: Progress,
): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map((item, i) => map(item, from + i)))));
    progress(results.length, items.length);
  }
  return results;
}

/**
 * Opens the fingerprints of a list's homes.
 *
 * @param sealed - the endpoint's file, in the order of the first list
 * @returns one per home of the list; undefined where a home sealed something that is no fingerprint for it
 * @throws {ProtocolError} `bad-fingerprint` if the endpoint shows others than the homes signed
 */
export async function openFingerprints(
  sealed: readonly Bytes[],
  { list, contributions }: Pick<CheckedList, 'list' | 'contributions'>,
  secretKey: Bytes,
  context: FingerprintContext,
  progress: Progress,
): Promise<(bigint | undefined)[]> {
  const first = firstEntries(list);
  if (sealed.length !== first.length) {
    throw new ProtocolError('bad-fingerprint', 'The endpoint shows another number of fingerprints than homes');
  }
  const boxes = new Map(first.map(({ invite }, i) => [toHex(invite), sealed[i]]));
  const open = await fingerprintOpener(secretKey, context);
  const openOne = async ({ header, fingerprints }: CheckedContribution): Promise<bigint | undefined> => {
    const box = boxes.get(toHex(header.invite)) ?? new Uint8Array();
    if (!equalBytes(await sha256(box), fingerprints[context.steward] ?? new Uint8Array())) {
      throw new ProtocolError('bad-fingerprint', 'A sealed fingerprint is not the one that its home signed');
    }
    return open(box, encodeHeader(header)).catch((error: unknown) => {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    });
  };
  return inBatches(contributions, openOne, progress);
}

/**
 * Whether a group's decrypted total is what the fingerprints of its homes say.
 *
 * @param total - unreduced sums of shares
 */
export function fitsFingerprints(
  total: readonly number[],
  fingerprints: readonly (bigint | undefined)[],
  coefficients: readonly bigint[],
): boolean {
  let sum = 0n;
  for (const one of fingerprints) {
    if (one === undefined) return false;
    sum += one;
  }
  return fingerprint(coefficients, total) === sum % fingerprintPrime;
}

export interface Column {
  /** Positions in the list of the homes whose ciphertext is not what their fingerprint says. */
  readonly culprits: readonly number[];
  /** Per home of the list its shares; empty for culprits. */
  readonly shares: readonly (readonly number[])[];
}

/**
 * Decrypts every home's ciphertext of one steward, and finds those that do not fit their fingerprint or hold a value
 * that is no share.
 *
 * @param fetchOne - gives the bytes with this SHA-256
 * @throws {ProtocolError} `bad-ciphertext` if the endpoint shows other bytes
 */
export async function decryptColumn(
  contributions: readonly CheckedContribution[],
  steward: number,
  fingerprints: readonly (bigint | undefined)[],
  coefficients: readonly bigint[],
  fetchOne: (hash: Bytes) => Promise<Bytes>,
  decrypt: (ciphertext: Bytes) => number[],
  progress: Progress,
): Promise<Column> {
  const decryptOne = async ({ header }: CheckedContribution, home: number): Promise<readonly number[] | undefined> => {
    if (fingerprints[home] === undefined) return undefined;
    const hash = header.ciphertexts[steward] ?? new Uint8Array();
    const ciphertext = await fetchOne(hash);
    if (!equalBytes(await sha256(ciphertext), hash)) {
      throw new ProtocolError(
        'bad-ciphertext',
        'The endpoint shows another ciphertext than the one that its home signed',
      );
    }
    const shares = decrypt(ciphertext);
    const isHonest = fitsFingerprints(shares, [fingerprints[home]], coefficients) && shares.every((y) => y < prime);
    return isHonest ? shares : undefined;
  };
  const columns = await inBatches(contributions, decryptOne, progress);
  return {
    culprits: columns.flatMap((shares, home) => (shares === undefined ? [home] : [])),
    shares: columns.map((shares) => shares ?? []),
  };
}
