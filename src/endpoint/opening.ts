/** From a closed round to its norms: culprits, seals, openings, norms. The stewards decide; the endpoint keeps order. */
import * as v from 'valibot';
import { equalBytes, fromBase64Url, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { checkCulprits } from '../protocol/culprits.ts';
import { ProtocolError } from '../protocol/error.ts';
import { hash, instantMs, month } from '../protocol/fields.ts';
import { sha256 } from '../protocol/hash.ts';
import { correctList, encodeList, type List } from '../protocol/list.ts';
import { checkNorms, decodeNorms } from '../protocol/norms-message.ts';
import { checkOpening, decodeOpening, type Opening } from '../protocol/opening.ts';
import { checkSeal, sealsNeeded } from '../protocol/seal.ts';
import {
  decodeSigned,
  encodeSigned,
  mergeSignatures,
  signMessage,
  verifySignedBy,
  type SignedMessage,
} from '../protocol/signed.ts';
import { closedRound } from './closing.ts';
import type { Core, Round } from './core.ts';
import { Problem } from './problem.ts';

/** One entry of each steward, in the stewards' order. */
async function ofStewards(core: Core, { community, prefix }: Round, what: string): Promise<(Bytes | undefined)[]> {
  const stewards = community.manifest.stewards.map((_, steward) => steward);
  return Promise.all(stewards.map((steward) => core.store.read(`${prefix}/${what}/${steward}`)));
}

const messagesOf = async (core: Core, round: Round, what: string): Promise<SignedMessage[]> =>
  (await ofStewards(core, round, what)).filter((bytes) => bytes !== undefined).map(decodeSigned);

const decidedBefore = (what: string) => (): ProtocolError =>
  new ProtocolError('already-decided', `This steward has already sent other ${what} for this round`);

interface CorrectedList {
  readonly list: List;
  readonly hash: Bytes;
  /** Encoded and signed. */
  readonly file: Bytes;
}

/** The list without the culprits named so far; undefined while there are none. */
export async function correctedList(core: Core, round: Round): Promise<CorrectedList | undefined> {
  const { list: first } = await closedRound(core, round);
  const culprits = await messagesOf(core, round, 'culprits');
  if (culprits.length === 0) return undefined;
  const list = await correctList(first, culprits, round.community);
  const body = encodeList(list);
  return { list, hash: await sha256(body), file: encodeSigned(await signMessage('list', body, [core.signer])) };
}

/**
 * Keeps a steward's word on culprits.
 *
 * @throws {ProtocolError} what `checkCulprits` throws, `wrong-list`, `already-decided`
 */
export async function addCulprits(core: Core, round: Round, message: SignedMessage): Promise<void> {
  const { listHash } = await closedRound(core, round);
  const culprits = await checkCulprits(message, round.community);
  if (culprits.month !== round.month || !equalBytes(culprits.list, listHash)) {
    throw new ProtocolError('wrong-list', 'The culprits are of another list than the first of this round');
  }
  if ((await sealedList(core, round)) !== undefined) {
    throw new ProtocolError('already-decided', 'Enough stewards have sealed the list as it is');
  }
  const name = `${round.prefix}/culprits/${culprits.steward}`;
  await core.createOnce(name, encodeSigned(message), decidedBefore('culprits'));
}

/**
 * Keeps a steward's seal.
 *
 * @throws {ProtocolError} what `checkSeal` throws, `wrong-list`, `already-decided`
 */
export async function addSeal(core: Core, round: Round, message: SignedMessage): Promise<void> {
  const { listHash } = await closedRound(core, round);
  const seal = await checkSeal(message, round.community);
  const name = `${round.prefix}/seals/${seal.steward}`;
  const hashes = [listHash, (await correctedList(core, round))?.hash].filter((one) => one !== undefined);
  if (seal.month !== round.month || !hashes.some((one) => equalBytes(one, seal.list))) {
    throw new ProtocolError('wrong-list', 'The seal is for another list than this round has');
  }
  await core.createOnce(name, encodeSigned(message), decidedBefore('seals'));
}

/** All seals, as the route gives them. */
export async function sealsFile(core: Core, round: Round): Promise<Bytes> {
  return encodeCbor((await messagesOf(core, round, 'seals')).map(encodeSigned));
}

/**
 * The list that enough stewards have sealed; undefined while there is none.
 *
 * @param opening - relies on missing stewards' words for a list, as those that are kept do
 */
export async function sealedList(
  core: Core,
  round: Round,
  opening?: Opening,
): Promise<Pick<CorrectedList, 'list' | 'hash'> | undefined> {
  const messages = await messagesOf(core, round, 'seals');
  const kept = (await messagesOf(core, round, 'openings')).map(({ body }) => decodeOpening(body));
  const words = [...kept, ...(opening === undefined ? [] : [opening])].flatMap(({ words, list }) =>
    words.map((steward) => ({ steward, list })),
  );
  const needed = sealsNeeded(round.community.manifest);
  if (messages.length + words.length < needed) return undefined;
  const { list, listHash } = await closedRound(core, round);
  const seals = await Promise.all(messages.map((message) => checkSeal(message, round.community)));
  const candidates = [await correctedList(core, round), { list, hash: listHash }];
  return candidates.find(
    (one) =>
      one !== undefined &&
      new Set([...seals, ...words].filter(({ list }) => equalBytes(list, one.hash)).map(({ steward }) => steward))
        .size >= needed,
  );
}

async function needSealedList(
  core: Core,
  round: Round,
  opening?: Opening,
): Promise<Pick<CorrectedList, 'list' | 'hash'>> {
  const sealed = await sealedList(core, round, opening);
  if (sealed === undefined) {
    throw new ProtocolError('not-enough-seals', 'Not enough stewards have sealed one and the same list yet');
  }
  return sealed;
}

/**
 * Keeps a steward's opening of the sealed list.
 *
 * @throws {ProtocolError} `not-enough-seals`, what `checkOpening` throws, `already-decided`
 */
export async function addOpening(core: Core, round: Round, message: SignedMessage): Promise<void> {
  const { list, hash } = await needSealedList(core, round, decodeOpening(message.body));
  const sealed = { month: round.month, list: hash, groups: list.groups.length };
  const { steward } = await checkOpening(message, round.community, sealed);
  const name = `${round.prefix}/openings/${steward}`;
  await core.createOnce(name, encodeSigned(message), decidedBefore('sums'));
}

const readSchema = v.strictTuple([hash, month, instantMs]);
/** How far the clocks of a steward and the endpoint may differ, and how long a header can be used again. */
const readWindowMs = 5 * 60_000;
/** A header with one signature is far shorter. */
const mostAuthorization = 1024;

/**
 * A steward's opening, for stewards only.
 *
 * @param authorization - `Steward <base64url of a signed "read" message>`
 * @throws {Problem} `bad-authorization`, `not-found`
 */
export async function readOpening(core: Core, round: Round, steward: string, authorization: string): Promise<Bytes> {
  if (!(await isStewardsRead(core, round, authorization))) {
    throw new Problem('bad-authorization', 'Openings are for the community’s stewards, and the clock must be right.');
  }
  if (!/^[0-9]$/.test(steward)) throw new Problem('not-found', 'There is no such steward.');
  return core.need(`${round.prefix}/openings/${steward}`, 'This steward has not opened the round.');
}

async function isStewardsRead(core: Core, round: Round, authorization: string): Promise<boolean> {
  const encoded = /^Steward ([A-Za-z0-9_-]+)$/.exec(authorization.slice(0, mostAuthorization))?.[1];
  const bytes = fromBase64Url(encoded ?? '');
  if (bytes === null || bytes.length === 0) return false;
  try {
    const message = decodeSigned(bytes);
    const [community, ofMonth, atMs] = decodeCbor(readSchema, message.body, 'The authorization');
    const signer = message.signatures[0]?.signer ?? new Uint8Array();
    const { id, manifest } = round.community;
    if (!manifest.stewards.some(({ key }) => equalBytes(key, signer))) return false;
    await verifySignedBy('read', message, signer);
    return equalBytes(community, id) && ofMonth === round.month && Math.abs(core.now() - atMs) <= readWindowMs;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/**
 * Keeps a steward's signature under norms, one under checked and one under unchecked ones; when threshold stewards have
 * signed the same, they are published.
 *
 * @throws {ProtocolError} `not-enough-seals`, `wrong-list`, what `checkNorms` throws, `already-decided`
 */
export async function addNorms(core: Core, round: Round, message: SignedMessage): Promise<void> {
  const { community, prefix } = round;
  const { list, hash } = await needSealedList(core, round);
  const norms = decodeNorms(message.body);
  const fits =
    equalBytes(norms.list, hash) &&
    norms.groups.length === list.groups.length &&
    norms.groups.every(({ name, homes }, i) => name === list.groups[i]?.name && homes === list.groups[i].homes);
  if (!fits) throw new ProtocolError('wrong-list', 'The norms are of another list than the sealed one');
  const signer = message.signatures[0]?.signer ?? new Uint8Array();
  const steward = community.manifest.stewards.findIndex(({ key }) => equalBytes(key, signer));
  if (steward === -1) throw new ProtocolError('wrong-signer', 'The norms are not signed by a steward');
  await checkNorms(message, { ...community, manifest: { ...community.manifest, threshold: 1 } }, round.month);
  await verifySignedBy('norms', message, signer);

  const kind = norms.checked ? 'norms-checked' : 'norms-unchecked';
  await core.createOnce(`${prefix}/${kind}-words/${steward}`, encodeSigned(message), decidedBefore('norms'));
  const words = await messagesOf(core, round, `${kind}-words`);
  const same = words.filter(({ body }) => equalBytes(body, message.body)).reduce(mergeSignatures);
  if (same.signatures.length < community.manifest.threshold) return;
  await checkNorms(same, community, round.month);
  // Who was first with enough signatures decided: the file does not change any more.
  await core.store.create(`${prefix}/${kind}`, encodeSigned(same));
}

/** The published norms, those that more than threshold openings stand behind first. */
export async function publishedNorms({ store }: Core, { prefix }: Round): Promise<Bytes | undefined> {
  return (await store.read(`${prefix}/norms-checked`)) ?? store.read(`${prefix}/norms-unchecked`);
}
