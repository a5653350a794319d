/** What each steward has sent for a round, and words that come one steward at a time. */
import { equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { encodeCbor } from '../protocol/cbor.ts';
import { checkClose } from '../protocol/close.ts';
import { decodeSigned, encodeSigned, mergeSignatures, type SignedMessage } from '../protocol/signed.ts';
import { closeEarly } from './closing.ts';
import type { Core, Round } from './core.ts';

/** Indices of the stewards who have sent something for a round, as the route gives them. */
export async function wordsFile(core: Core, { community, prefix }: Round): Promise<Bytes> {
  const sent = async (...kinds: string[]): Promise<number[]> => {
    const names = await Promise.all(kinds.map((kind) => core.store.list(`${prefix}/${kind}`)));
    // Names are a steward's index, after which more may stand.
    const stewards = new Set(names.flat().map((name) => Number.parseInt(name, 10)));
    return community.manifest.stewards.flatMap((_, steward) => (stewards.has(steward) ? [steward] : []));
  };
  return encodeCbor({
    keys: await sent('keys'),
    closes: await sent('close-words'),
    seals: await sent('seals'),
    openings: await sent('openings'),
    norms: await sent('norms-checked-words', 'norms-unchecked-words'),
  });
}

/**
 * Keeps stewards' words that a round shall close before its date, and closes it when there are t of them.
 *
 * @throws {ProtocolError} what `checkClose` throws
 */
export async function addClose(core: Core, round: Round, message: SignedMessage): Promise<void> {
  const announcement = await core.announcement(round);
  await checkClose(message, round.community, announcement, 1);
  const { stewards, threshold } = round.community.manifest;
  for (const signature of message.signatures) {
    const steward = stewards.findIndex(({ key }) => equalBytes(key, signature.signer));
    const word = encodeSigned({ body: message.body, signatures: [signature] });
    // A word given twice is one word: some systems never sign alike twice.
    await core.store.create(`${round.prefix}/close-words/${steward}`, word);
  }
  const names = await core.store.list(`${round.prefix}/close-words`);
  const words = await Promise.all(names.map((name) => core.store.read(`${round.prefix}/close-words/${name}`)));
  const all = words.filter((word) => word !== undefined).map(decodeSigned);
  if (all.length >= threshold) await closeEarly(core, round, all.reduce(mergeSignatures));
}

/** Keys of the invites that are bound to a home, ascending, as the route gives them. */
export async function usedInvitesFile(core: Core, id: string): Promise<Bytes> {
  const { manifest } = await core.community(id);
  const bound = new Set(await core.store.list(`communities/${id}/bindings`));
  return encodeCbor(
    manifest.invites.map(({ key }) => toHex(key)).flatMap((key) => (bound.has(key) ? (fromHex(key) ?? []) : [])),
  );
}
