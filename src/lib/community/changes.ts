/** Changes of a community that is there: proposed by one steward, in force once enough have signed the same. */
import {
  checkAmendment,
  communityOf,
  decodeAmendment,
  encodeAmendments,
  everInvited,
  type Amendment,
} from '../../protocol/amendment.ts';
import { equalBytes, fromHex, toHex, type Bytes } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { sha256 } from '../../protocol/hash.ts';
import { checkManifest, findInvite, type Community } from '../../protocol/manifest.ts';
import { candidatePhrase, encodeCandidate, type SeatOffer } from '../../protocol/replacement.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from '../../protocol/signed.ts';
import * as fhe from '../fhe/client.ts';
import type { WantedChange } from '../fhe/client.ts';
import { addMonths } from '../usage/month.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { Stewardship } from '../vault/schema.ts';
import { findStewardship, saveStewardship } from '../vault/stewards.ts';
import { followStewardship } from './following.ts';
import { endpointAt } from './requests.ts';
import { communityOfSteward, jobOf, type StewardedCommunity } from './steward-rounds.ts';

/** Most invites that one change adds. */
export const mostMoreInvites = 60;

/** A change that is proposed or in force, as stewards read it. */
export interface ChangeInWords {
  /** SHA-256 of its body, in hex. */
  readonly id: string;
  readonly message: SignedMessage;
  readonly from: string;
  /** Names of those who have signed. */
  readonly signers: readonly string[];
  readonly signedByMe: boolean;
  /** New invites, by the steward who issues them. */
  readonly added: readonly { readonly name: string; readonly invites: number }[];
  /** Invites that are taken back, likewise. */
  readonly revoked: readonly { readonly name: string; readonly invites: number }[];
  readonly replaced: readonly { readonly from: string; readonly to: string; readonly phrase: string }[];
}

async function inWords(
  message: SignedMessage,
  before: Community,
  everyone: Community,
  me: number,
): Promise<ChangeInWords> {
  const { from, invites, revoked, replaced }: Amendment = decodeAmendment(message.body);
  const { stewards } = before.manifest;
  const named = (issuers: readonly (number | undefined)[]) =>
    stewards.flatMap(({ name }, seat) => {
      const count = issuers.filter((issuer) => issuer === seat).length;
      return count === 0 ? [] : [{ name, invites: count }];
    });
  const signers = stewards.filter(({ key }) => message.signatures.some(({ signer }) => equalBytes(signer, key)));
  return {
    id: toHex(await sha256(message.body)),
    message,
    from,
    signers: signers.map(({ name }) => name),
    signedByMe: signers.some(({ key }) => equalBytes(key, stewards[me]?.key ?? new Uint8Array())),
    added: named(invites.map(({ steward }) => steward)),
    revoked: named(revoked.map((key) => everyone.manifest.invites[findInvite(everyone.manifest, key)]?.steward)),
    replaced: await Promise.all(
      replaced.map(async ({ steward, name, key }) => ({
        from: stewards[steward]?.name ?? '',
        to: name,
        phrase: await candidatePhrase(key),
      })),
    ),
  };
}

/** Proposals that still gather signatures, checked. Those that do not hold (any more) are left out. @throws {EndpointError} */
export async function listProposals({ stewardship, amended, community }: StewardedCommunity): Promise<ChangeInWords[]> {
  const messages = await endpointAt(stewardship.endpointUrl).proposals(community.id);
  const checked = await Promise.all(
    messages.map(async (message) => {
      try {
        await checkAmendment(message, amended, 1);
        return await inWords(message, community, everInvited(amended), stewardship.seat);
      } catch (error) {
        if (error instanceof ProtocolError) return undefined;
        throw error;
      }
    }),
  );
  return checked.filter((one) => one !== undefined);
}

/** The first month from which a change can hold that is no matter of new invites alone: after all that has begun. */
export function earliestChange(
  rounds: readonly { readonly month: string; readonly homes: number }[],
  thisMonth: string,
): string {
  const begun = rounds.filter(({ homes }) => homes > 0).map(({ month }) => addMonths(month, 1));
  return [thisMonth, ...begun].reduce((latest, month) => (month > latest ? month : latest));
}

/** Proposes a change; with this steward's signature alone it is not in force. @throws {FheError} @throws {EndpointError} */
export async function proposeChange(stewarded: StewardedCommunity, change: WantedChange): Promise<void> {
  const { stewardship, amended, community } = stewarded;
  await exclusively(`steward ${stewardship.id}`, async () => {
    const endpoint = endpointAt(stewardship.endpointUrl);
    const pending = (await endpoint.proposals(community.id)).flatMap(({ body }) => decodeAmendment(body).invites);
    const known = [...everInvited(amended).manifest.invites, ...pending].map(({ key }) => key);
    const message = await fhe.propose(jobOf(stewarded), change, known);
    await endpoint.postAmendment(community.id, decodeSigned(message));
  });
}

/** Signs another steward's proposal. @throws {FheError} @throws {EndpointError} */
export async function signChange(stewarded: StewardedCommunity, { message }: ChangeInWords): Promise<void> {
  const signed = await fhe.coSign(jobOf(stewarded), encodeSigned(message));
  const { stewardship, community } = stewarded;
  await endpointAt(stewardship.endpointUrl).postAmendment(community.id, decodeSigned(signed));
}

/** Takes this steward's signature under a proposal back. @throws {FheError} @throws {EndpointError} */
export async function withdrawFrom(stewarded: StewardedCommunity, { message }: ChangeInWords): Promise<void> {
  const withdrawal = await fhe.withdraw(jobOf(stewarded), await sha256(message.body));
  const { stewardship, community } = stewarded;
  await endpointAt(stewardship.endpointUrl).postWithdrawal(community.id, decodeSigned(withdrawal));
}

/** A steward's place that somebody is asked to take. */
export interface OfferedSeat {
  readonly offer: SeatOffer;
  readonly manifest: SignedMessage;
  readonly community: Community;
  /** Name of the steward whose place it is. */
  readonly holder: string;
}

/** Looks at the link to a steward's place. @throws {EndpointError} @throws {ProtocolError} */
export async function lookAtSeat(offer: SeatOffer): Promise<OfferedSeat> {
  const manifest = await endpointAt(offer.endpointUrl).manifest(offer.community);
  const community = await checkManifest(manifest, offer.community);
  const holder = community.manifest.stewards[offer.seat]?.name;
  if (holder === undefined) throw new ProtocolError('wrong-signer', 'The link names a steward who does not exist.');
  return { offer, manifest, community, holder };
}

/**
 * Makes the key with which this device is to take a steward's place, and keeps that it waits for it.
 * @throws {FheError} `locked` while nothing protects this device's keys
 */
export async function takePlace({ offer, manifest, community }: OfferedSeat, name: string): Promise<Stewardship> {
  const id = toHex(community.id);
  const there = await findStewardship(id);
  const stewardship: Stewardship = {
    id,
    name: community.manifest.name,
    endpointUrl: offer.endpointUrl,
    seat: offer.seat,
    stewardName: name,
    terms: new Uint8Array(),
    entry: new Uint8Array(),
    manifest: encodeSigned(manifest),
    createdMs: there?.createdMs ?? Date.now(),
    followed: there?.followed ?? { count: 0, head: community.id, amendments: encodeAmendments([]) },
    key: await fhe.makeCandidate(id),
  };
  await saveStewardship(stewardship);
  return (await communityOfSteward(await followStewardship(stewardship))).stewardship;
}

/** The link by which one who waits for a steward's place says its key to the stewards, and the phrase of that key. */
export async function candidateOf(
  { id, seat, stewardName, key }: Stewardship,
  appOrigin: string,
): Promise<{ readonly link: string; readonly phrase: string } | undefined> {
  if (key === undefined) return undefined;
  const community = fromHex(id) ?? new Uint8Array();
  return {
    link: encodeCandidate(appOrigin, { community, seat, name: stewardName, key }),
    phrase: await candidatePhrase(key),
  };
}

/** Keys of invites, for a change that takes them back. */
export const keysOf = (invites: readonly { readonly key: Bytes }[]): Bytes[] => invites.map(({ key }) => key);

/** The community as it is in a month's round. */
export const communityIn = ({ amended }: StewardedCommunity, month: string): Community => communityOf(amended, month);
