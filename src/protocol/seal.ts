/** Seals: a steward's word that this list and these groups are right and its totals are what the homes sent. */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { hash, month } from './fields.ts';
import { verifyBySteward, type Community, type Manifest } from './manifest.ts';
import type { SignedMessage } from './signed.ts';

export interface Seal {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the list's body. */
  readonly list: Bytes;
}

const sealSchema = v.strictObject({ community: hash, month, list: hash });

export const encodeSeal = (seal: Seal): Bytes => encodeCbor({ ...seal });

/** @throws {ProtocolError} `malformed` */
export const decodeSeal = (body: Uint8Array): Seal => decodeCbor(sealSchema, body, 'The seal');

/** Whose seal it is (index of the steward), and what it says. */
export interface CheckedSeal extends Seal {
  readonly steward: number;
}

/**
 * Checks that one steward of the community signed this seal.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function checkSeal(message: SignedMessage, { id, manifest }: Community): Promise<CheckedSeal> {
  const seal = decodeSeal(message.body);
  if (!equalBytes(seal.community, id)) throw new ProtocolError('wrong-community', 'The seal is for another community');
  return { ...seal, steward: await verifyBySteward('seal', message, manifest) };
}

/**
 * How many seals on one list release share sums: more than (n + t − 1) / 2, so that no two lists can both get there
 * while fewer than t stewards lie.
 */
export const sealsNeeded = ({ stewards, threshold }: Pick<Manifest, 'stewards' | 'threshold'>): number =>
  Math.floor((stewards.length + threshold - 1) / 2) + 1;

/**
 * Checks that enough stewards sealed this very list.
 *
 * @param words - stewards (by index) whose own word on the list's phrase stands for their seal
 * @returns indices of the stewards who did
 * @throws {ProtocolError} `not-enough-seals`, and what {@link checkSeal} throws
 */
export async function checkSeals(
  messages: readonly SignedMessage[],
  community: Community,
  sealed: Pick<Seal, 'month' | 'list'>,
  words: readonly number[] = [],
): Promise<number[]> {
  const seals = await Promise.all(messages.map((message) => checkSeal(message, community)));
  const stewards = new Set(
    seals
      .filter(({ month, list }) => month === sealed.month && equalBytes(list, sealed.list))
      .map(({ steward }) => steward),
  );
  // Only a missing steward's word counts: whoever has sealed has said by the seal which list it stands behind.
  const isMissing = (steward: number) => !seals.some((one) => one.steward === steward && one.month === sealed.month);
  for (const steward of words)
    if (steward < community.manifest.stewards.length && isMissing(steward)) stewards.add(steward);
  const needed = sealsNeeded(community.manifest);
  if (stewards.size < needed) {
    throw new ProtocolError('not-enough-seals', `${stewards.size} of ${needed} needed stewards have sealed this list`);
  }
  return [...stewards].sort((a, b) => a - b);
}

/**
 * Which of a round's lists enough stewards stand behind; undefined while none is.
 *
 * @param words - who has sealed which list, or has given a word for it that another's opening relies on
 */
export function sealedBy<T extends { readonly hash: Bytes }>(
  manifest: Pick<Manifest, 'stewards' | 'threshold'>,
  lists: readonly T[],
  words: readonly Pick<CheckedSeal, 'steward' | 'list'>[],
): T | undefined {
  const behind = ({ hash }: T) => words.filter(({ list }) => equalBytes(list, hash)).map(({ steward }) => steward);
  return lists.find((list) => new Set(behind(list)).size >= sealsNeeded(manifest));
}
