/** From the stewards' round keys to a round's announcement. */
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { ProtocolError } from '../protocol/error.ts';
import { toHex } from '../protocol/bytes.ts';
import { checkAnnouncement, checkRoundKey, encodeAnnouncement } from '../protocol/round-key.ts';
import { instantMs } from '../protocol/fields.ts';
import { checkPublicKey } from '../protocol/ciphertext.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import type { Community } from '../protocol/manifest.ts';
import type { Core, Round } from './core.ts';
import { Problem } from './problem.ts';

const closesName = ({ prefix }: Round): string => `${prefix}/closes`;

/** When a round closes by itself: what the first steward's key says; undefined if there is none. */
export async function closingTime(core: Core, round: Round): Promise<number | undefined> {
  const entry = await core.store.read(closesName(round));
  return entry && decodeCbor(instantMs, entry, 'The record of a closing time');
}

/** The round keys that are there, by steward. */
async function roundKeysOf(core: Core, { community, prefix }: Round): Promise<(SignedMessage | undefined)[]> {
  const all = await Promise.all(
    community.manifest.stewards.map((_, steward) => core.store.read(`${prefix}/keys/${steward}`)),
  );
  return all.map((bytes) => bytes && decodeSigned(bytes));
}

/**
 * Keeps a steward's key of a round; the first one stands. When all are there, the round is announced.
 *
 * @throws {ProtocolError} what `checkRoundKey` throws, `bad-announcement`, `already-decided`
 */
export async function addRoundKey(core: Core, community: Community, message: SignedMessage): Promise<void> {
  const roundKey = await checkRoundKey(message, community);
  checkPublicKey(roundKey.publicKey);
  const round = await core.round(toHex(community.id), roundKey.month);
  const months = await core.store.list(`communities/${toHex(community.id)}/rounds`);
  if (months.length >= core.limits.rounds && !months.includes(roundKey.month)) {
    throw new Problem('too-many', `A community has ${core.limits.rounds} rounds at most.`);
  }
  if (roundKey.closesMs <= core.now() && !months.includes(roundKey.month)) {
    throw new ProtocolError('bad-announcement', 'The round would close before it begins');
  }
  await core.createOnce(
    closesName(round),
    encodeCbor(roundKey.closesMs),
    () => new ProtocolError('bad-announcement', 'Another steward has announced another closing time for this round'),
  );
  await core.createOnce(
    `${round.prefix}/keys/${roundKey.steward}`,
    encodeSigned(message),
    () => new ProtocolError('already-decided', 'This steward has already sent another key for this round'),
  );
  const keys = await roundKeysOf(core, round);
  const all = keys.filter((key) => key !== undefined);
  if (all.length < keys.length) return;
  const announcement = encodeAnnouncement(all);
  await checkAnnouncement(announcement, community);
  await core.store.create(`${round.prefix}/announcement`, announcement);
}
