/**
 * A mailbox for stewards who found a community from several phones: terms, one entry a seat, signatures. Each is kept
 * as it came, the first one stands, and all of it goes when the community is there for a while or never comes to be.
 */
import { equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { ProtocolError } from '../protocol/error.ts';
import { instantMs } from '../protocol/fields.ts';
import { checkEntry, checkFounding, decodeTerms, encodeFoundingState, type Founding } from '../protocol/founding.ts';
import { sha256 } from '../protocol/hash.ts';
import { verifySignedByMany, type SignedMessage } from '../protocol/signed.ts';
import type { Core } from './core.ts';
import { Folder } from './ledger.ts';
import { Problem } from './problem.ts';
import { registration } from './words.ts';

/** Most foundings at a time. */
const mostFoundings = 200;
/** How long stewards have to agree. */
const lifetimeMs = 30 * 86_400_000;

const folderOf = ({ store }: Core, id: string): Folder => new Folder(store, `foundings/${id}`);

/** Ids of the foundings that are not over; names of those that are may still be listed. */
async function foundings(core: Core): Promise<string[]> {
  const ids: string[] = [];
  for (const id of await core.store.list('foundings')) if (await folderOf(core, id).has('since')) ids.push(id);
  return ids;
}

/**
 * Keeps the terms of a founding; the same again are no error.
 *
 * @throws {ProtocolError} what `decodeTerms` throws
 * @throws {Problem} `wrong-endpoint`, `too-many`
 */
export async function addTerms(core: Core, encoded: Bytes): Promise<void> {
  if (!equalBytes(decodeTerms(encoded).endpointKey, core.signer.publicKey)) {
    throw new Problem('wrong-endpoint', 'The draft names the key of another endpoint.');
  }
  const id = toHex(await sha256(encoded));
  const ids = await foundings(core);
  if (ids.length >= mostFoundings && !ids.includes(id)) {
    throw new Problem('too-many', `This endpoint founds ${mostFoundings} communities at a time at most.`);
  }
  await folderOf(core, id).create('since', encodeCbor(core.now()));
  await folderOf(core, id).create('terms', encoded);
}

/** What words about a founding are about. */
export interface FoundingHere {
  readonly core: Core;
  /** In hex. */
  readonly id: string;
}

/** The state of a founding as the route gives it. @throws {Problem} `not-found` */
export async function foundingFile({ core, id }: FoundingHere): Promise<Bytes> {
  const folder = folderOf(core, id);
  const terms = await folder.need('terms', 'There is no such founding at this endpoint, or no longer.');
  const entries = await Promise.all(decodeTerms(terms).seats.map((_, seat) => folder.read(`entries/${seat}`)));
  return encodeFoundingState(terms, entries, await folder.messages('signatures'));
}

const stateOf = async (here: FoundingHere): Promise<Founding> =>
  checkFounding(await foundingFile(here), fromHex(here.id) ?? new Uint8Array());

/** The entry of a seat; the first one stands. */
export async function entry(here: FoundingHere, message: SignedMessage): Promise<void> {
  const { terms, entries } = await stateOf(here);
  const { seat, name, key } = await checkEntry(message, terms);
  if (entries.some((other) => other && other.seat !== seat && (other.name === name || equalBytes(other.key, key)))) {
    const sameName = 'Another steward of this community has the same name. Choose another one.';
    throw new ProtocolError('bad-manifest', sameName);
  }
  const taken = () => new ProtocolError('already-decided', 'This steward link was used before');
  await folderOf(here.core, here.id).keep(`entries/${seat}`, message, taken);
}

/** Stewards' signatures under the manifest; with all of them the community is registered. */
export async function signature(here: FoundingHere, message: SignedMessage): Promise<void> {
  const { entries, manifest } = await stateOf(here);
  if (manifest === undefined || !equalBytes(manifest.body, message.body)) {
    throw new ProtocolError('wrong-community', 'This is not the manifest that the stewards’ entries make');
  }
  const stewards = entries.filter((other) => other !== undefined);
  const keys = stewards.map(({ key }) => key);
  await verifySignedByMany('manifest', message, keys, 1);
  // The entries make the body.
  const words = { body: new Uint8Array(), signatures: message.signatures };
  const { signatures } = await folderOf(here.core, here.id).gather('signatures', words, stewards);
  if (signatures.length === keys.length) await registration(here.core, { body: manifest.body, signatures });
}

/** Removes foundings whose time is over. */
export async function removeOldFoundings(core: Core): Promise<void> {
  for (const id of await foundings(core)) {
    const folder = folderOf(core, id);
    // Written first and removed last: without it there is nothing.
    const since = await folder.need('since', 'The age of a founding is gone.');
    if (decodeCbor(instantMs, since, 'The age of a founding') > core.now() - lifetimeMs) continue;
    for (const kind of ['entries', 'signatures']) await folder.at(kind).clear();
    for (const name of ['terms', 'since']) await folder.remove(name);
  }
}
