/**
 * A mailbox for stewards who found a community from several phones: terms, one entry a seat, signatures. Each is kept
 * as it came, the first one stands, and all of it goes when the community is there for a while or never comes to be.
 */
import { equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { instantMs } from '../protocol/fields.ts';
import { checkEntry, checkFounding, decodeTerms, encodeFoundingState, type Founding } from '../protocol/founding.ts';
import { sha256 } from '../protocol/hash.ts';
import { decodeSigned, encodeSigned, verifySignatures, type SignedMessage } from '../protocol/signed.ts';
import { ProtocolError } from '../protocol/error.ts';
import type { Core } from './core.ts';
import { Problem } from './problem.ts';

/** Most foundings at a time. */
const mostFoundings = 200;
/** How long stewards have to agree. */
const lifetimeMs = 30 * 86_400_000;

const prefixOf = (id: string): string => `foundings/${id}`;

/**
 * Keeps the terms of a founding; the same again are no error.
 *
 * @throws {ProtocolError} what `decodeTerms` throws
 * @throws {Problem} `wrong-endpoint`, `too-many`
 */
export async function addTerms(core: Core, encoded: Bytes): Promise<void> {
  const terms = decodeTerms(encoded);
  if (!equalBytes(terms.endpointKey, core.signer.publicKey)) {
    throw new Problem('wrong-endpoint', 'The draft names the key of another endpoint.');
  }
  const id = toHex(await sha256(encoded));
  const ids = await core.store.list('foundings');
  if (ids.length >= mostFoundings && !ids.includes(id)) {
    throw new Problem('too-many', `This endpoint founds ${mostFoundings} communities at a time at most.`);
  }
  await core.store.create(`${prefixOf(id)}/since`, encodeCbor(core.now()));
  await core.store.create(`${prefixOf(id)}/terms`, encoded);
}

/** The state of a founding as the route gives it. @throws {Problem} `not-found` */
export async function foundingFile(core: Core, id: string): Promise<Bytes> {
  const encoded = await core.need(`${prefixOf(id)}/terms`, 'There is no such founding at this endpoint, or no longer.');
  const { seats } = decodeTerms(encoded);
  const read = (what: string): Promise<(Bytes | undefined)[]> =>
    Promise.all(seats.map((_, seat) => core.store.read(`${prefixOf(id)}/${what}/${seat}`)));
  const signatures = (await read('signatures')).filter((bytes) => bytes !== undefined).map(decodeSigned);
  return encodeFoundingState(encoded, await read('entries'), signatures);
}

const stateOf = async (core: Core, id: string): Promise<Founding> => {
  const file = await foundingFile(core, id);
  return checkFounding(file, await sha256(await core.need(`${prefixOf(id)}/terms`, 'There is no such founding.')));
};

/**
 * Keeps the entry of a seat; the first one stands.
 *
 * @throws {ProtocolError} what `checkEntry` throws, `already-decided`
 */
export async function addEntry(core: Core, id: string, message: SignedMessage): Promise<void> {
  const { terms, entries } = await stateOf(core, id);
  const entry = await checkEntry(message, terms);
  const others = entries.filter((other) => other !== undefined && other.seat !== entry.seat);
  if (others.some((other) => other?.name === entry.name || (other && equalBytes(other.key, entry.key)))) {
    throw new ProtocolError('bad-manifest', 'Another steward of this community has the same name. Choose another one.');
  }
  await core.createOnce(
    `${prefixOf(id)}/entries/${entry.seat}`,
    encodeSigned(message),
    () => new ProtocolError('already-decided', 'This steward link was used before'),
  );
}

/**
 * Keeps stewards' signatures under the manifest; with all of them the community is registered.
 *
 * @throws {ProtocolError} `wrong-community`, `wrong-signer`, `bad-signature`
 */
export async function addManifestSignature(core: Core, id: string, message: SignedMessage): Promise<void> {
  const { entries, manifest } = await stateOf(core, id);
  if (manifest === undefined || !equalBytes(manifest.body, message.body)) {
    throw new ProtocolError('wrong-community', 'This is not the manifest that the stewards’ entries make');
  }
  await verifySignatures('manifest', message);
  for (const signature of message.signatures) {
    const seat = entries.findIndex((entry) => entry !== undefined && equalBytes(entry.key, signature.signer));
    if (seat === -1) throw new ProtocolError('wrong-signer', 'Only stewards of the community sign its manifest');
    const word = encodeSigned({ body: new Uint8Array(), signatures: [signature] });
    await core.store.create(`${prefixOf(id)}/signatures/${seat}`, word);
  }
  const { signed } = await stateOf(core, id);
  if (signed?.signatures.length === entries.length) await core.register(signed);
}

/** Removes foundings whose time is over. */
export async function removeOldFoundings(core: Core): Promise<void> {
  for (const id of await core.store.list('foundings')) {
    const since = await core.store.read(`${prefixOf(id)}/since`);
    if (since !== undefined && decodeCbor(instantMs, since, 'The age of a founding') > core.now() - lifetimeMs)
      continue;
    for (const kind of ['entries', 'signatures']) {
      for (const seat of await core.store.list(`${prefixOf(id)}/${kind}`)) {
        await core.store.remove(`${prefixOf(id)}/${kind}/${seat}`);
      }
    }
    for (const name of ['terms', 'since']) await core.store.remove(`${prefixOf(id)}/${name}`);
  }
}
