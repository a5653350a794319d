/** From the stewards' round keys to a round's announcement. */
import { ProtocolError } from '../protocol/error.ts';
import { toHex } from '../protocol/bytes.ts';
import { checkAnnouncement, checkRoundKey, decodeRoundKey, encodeAnnouncement } from '../protocol/round-key.ts';
import { checkPublicKey } from '../protocol/ciphertext.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import type { Community } from '../protocol/manifest.ts';
import type { Core, Round } from './core.ts';
import { Problem } from './problem.ts';

/** The round keys that are there, by steward. */
export async function roundKeysOf(core: Core, { community, prefix }: Round): Promise<(SignedMessage | undefined)[]> {
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
  const others = (await roundKeysOf(core, round)).filter((other) => other !== undefined);
  if (others.some(({ body }) => decodeRoundKey(body).closesMs !== roundKey.closesMs)) {
    throw new ProtocolError('bad-announcement', 'Another steward has announced another closing time for this round');
  }
  if (others.length === 0 && roundKey.closesMs <= core.now()) {
    throw new ProtocolError('bad-announcement', 'The round would close before it begins');
  }
  const months = await core.store.list(`communities/${toHex(community.id)}/rounds`);
  if (months.length >= core.limits.rounds && !months.includes(roundKey.month)) {
    throw new Problem('too-many', `A community has ${core.limits.rounds} rounds at most.`);
  }
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
