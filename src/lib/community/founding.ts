/** Founding a community together with other stewards, each on a phone of their own. */
import { fromHex, toHex, type Bytes } from '../../protocol/bytes.ts';
import { EndpointError } from '../../protocol/endpoint-client.ts';
import { ProtocolError } from '../../protocol/error.ts';
import {
  checkFounding,
  encodeStewardLink,
  encodeTerms,
  type Founding,
  type FoundingTerms,
  type StewardLink,
} from '../../protocol/founding.ts';
import { sha256 } from '../../protocol/hash.ts';
import { checkManifest } from '../../protocol/manifest.ts';
import { phraseOf } from '../../protocol/phrase.ts';
import { decodeSigned, encodeSigned } from '../../protocol/signed.ts';
import {
  leaveFounding,
  seatSeeds,
  signManifest,
  startFounding,
  takeSeat,
  type Draft,
  type Seat,
} from '../fhe/client.ts';
import type { Stewardship } from '../vault/schema.ts';
import { findStewardship, removeStewardship, saveStewardship } from '../vault/stewards.ts';
import { endpointAt } from './requests.ts';

/** Where a founding stands, for its steward. */
export interface FoundingView {
  readonly founding: Founding;
  /** For the stewards to compare; undefined until all have come. */
  readonly phrase: string | undefined;
  /** Whether this steward has signed. */
  readonly signed: boolean;
  /** Names of those who have, by seat. */
  readonly signers: readonly string[];
}

const idOf = ({ id }: Stewardship): Bytes => fromHex(id) ?? new Uint8Array();

/** The founding's state could not be found at its endpoint. */
const gone = (): never => {
  throw new ProtocolError(
    'wrong-community',
    'The endpoint does not know this draft, or no longer: drafts are kept for thirty days. Ask the founder for a new one.',
  );
};

async function keep(
  endpointUrl: string,
  { terms, entry }: Seat,
  seat: number,
  stewardName: string,
  name: string,
): Promise<Stewardship> {
  const id = toHex(await sha256(terms));
  const there = await findStewardship(id);
  if (there !== undefined) return there;
  const stewardship = {
    id,
    name,
    endpointUrl,
    seat,
    stewardName,
    terms,
    entry,
    manifest: new Uint8Array(),
    createdMs: Date.now(),
  };
  await saveStewardship(stewardship);
  return stewardship;
}

/**
 * Drafts a community at an endpoint.
 *
 * @throws {EndpointError} the endpoint cannot be asked, or refuses
 * @throws {FheError} `locked` while nothing protects this device's keys
 * @throws {ProtocolError} `bad-manifest` if the draft contradicts itself
 */
export async function draftCommunity(
  endpointUrl: string,
  draft: Omit<Draft, 'endpointKey'>,
  stewardName: string,
): Promise<Stewardship> {
  const endpointKey = await endpointAt(endpointUrl).identity();
  const seat = await startFounding({ ...draft, endpointKey }, stewardName);
  const stewardship = await keep(endpointUrl, seat, 0, stewardName, draft.name);
  await send(stewardship);
  return stewardship;
}

/** Sends what the endpoint may not have got yet; what is there stays. */
async function send({ endpointUrl, terms, entry, seat }: Stewardship): Promise<void> {
  const endpoint = endpointAt(endpointUrl);
  if (seat === 0) await endpoint.postTerms(terms);
  await endpoint.postEntry(await sha256(terms), decodeSigned(entry));
}

/** A steward's link with what it leads to. */
export interface StewardInvitation {
  readonly link: StewardLink;
  readonly terms: FoundingTerms;
  readonly encodedTerms: Bytes;
  /** Name of the founder. */
  readonly founder: string;
  /** Whether somebody has this seat already. */
  readonly taken: boolean;
}

/**
 * Looks at what a steward's link leads to.
 *
 * @throws {EndpointError}
 * @throws {ProtocolError} what does not hold
 */
export async function lookAtStewardLink(link: StewardLink): Promise<StewardInvitation> {
  const state = (await endpointAt(link.endpointUrl).founding(link.founding)) ?? gone();
  const { terms, entries } = await checkFounding(state, link.founding);
  return {
    link,
    terms,
    encodedTerms: encodeTerms(terms),
    founder: entries[0]?.name ?? '',
    taken: entries[link.seat] !== undefined,
  };
}

/**
 * Becomes a steward of a community that is being founded.
 * @throws {FheError} `locked` while nothing protects this device's keys
 */
export async function acceptStewardLink(
  { link, terms, encodedTerms }: StewardInvitation,
  stewardName: string,
): Promise<Stewardship> {
  const seat = await takeSeat(encodedTerms, link.seat, link.seed, stewardName);
  // Kept before it is sent: an app that is killed on the way finds its seat again, and sends the same entry once more.
  const stewardship = await keep(link.endpointUrl, seat, link.seat, stewardName, terms.name);
  try {
    await send(stewardship);
  } catch (error) {
    // A name that is taken can be changed. Otherwise the entry may have got there.
    const isRefused = error instanceof EndpointError && error.status >= 400 && error.status < 500;
    if (isRefused) await removeStewardship(stewardship.id);
    throw error;
  }
  return stewardship;
}

/** Links for the other stewards, by seat from the second on. On the founder's device only. */
export async function stewardLinks(stewardship: Stewardship, stewards: number, appOrigin: string): Promise<string[]> {
  const { endpointUrl } = stewardship;
  const seeds = await seatSeeds(stewardship.id, stewards);
  return seeds.map((seed, i) =>
    encodeStewardLink(appOrigin, { endpointUrl, founding: idOf(stewardship), seat: i + 1, seed }),
  );
}

/**
 * Asks how a founding stands; once all stewards have signed, keeps the community's manifest.
 *
 * @returns the stewardship as it now is, and the founding while it is not finished
 * @throws {EndpointError}
 * @throws {ProtocolError}
 */
export async function lookAtFounding(stewardship: Stewardship): Promise<FoundingView> {
  const endpoint = endpointAt(stewardship.endpointUrl);
  let state = await endpoint.founding(idOf(stewardship));
  if (state === undefined && stewardship.seat === 0) {
    await send(stewardship);
    state = await endpoint.founding(idOf(stewardship));
  }
  const founding = await checkFounding(state ?? gone(), idOf(stewardship));
  if (founding.entries[stewardship.seat] === undefined) await send(stewardship);
  const { manifest, signed, entries } = founding;
  const signers = entries.flatMap((entry) =>
    entry !== undefined && signed?.signatures.some(({ signer }) => toHex(signer) === toHex(entry.key)) === true
      ? [entry.name]
      : [],
  );
  if (manifest !== undefined && signed !== undefined && signed.signatures.length === entries.length) {
    await checkManifest(signed, manifest.id);
    await saveStewardship({ ...stewardship, manifest: encodeSigned(signed) });
  }
  return {
    founding,
    phrase: manifest && phraseOf(manifest.id),
    signed: signers.includes(entries[stewardship.seat]?.name ?? ''),
    signers,
  };
}

/**
 * Signs the manifest whose phrase the steward has compared with the others'.
 * @throws {ProtocolError} if the endpoint shows another by now
 */
export async function signFounding(stewardship: Stewardship, community: Bytes): Promise<void> {
  const endpoint = endpointAt(stewardship.endpointUrl);
  const state = (await endpoint.founding(idOf(stewardship))) ?? gone();
  const signed = await signManifest(state, stewardship.id, community);
  await endpoint.postManifestSignature(idOf(stewardship), decodeSigned(signed));
}

/** Gives a draft up: its key goes, so that it can never become a community with this steward. */
export async function giveUpDraft(stewardship: Stewardship): Promise<void> {
  if (stewardship.manifest.length > 0) throw new RangeError('A community that is founded is no draft');
  await leaveFounding(stewardship.id);
  await removeStewardship(stewardship.id);
}
