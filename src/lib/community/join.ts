/** Joining a community: with an invite link, or as the next device of a home that is a member already. */
import { communityOf, everInvited, type AmendedCommunity } from '../../protocol/amendment.ts';
import { equalBytes, fromHex, toHex, type Bytes } from '../../protocol/bytes.ts';
import { signerFromSeed } from '../../protocol/ed25519.ts';
import type { Certificate } from '../../protocol/certificate.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { encodeDeviceLink, type DeviceLink, type Invite } from '../../protocol/invite.ts';
import { checkManifest, findInvite, type Community } from '../../protocol/manifest.ts';
import { encodeSigned, type SignedMessage } from '../../protocol/signed.ts';
import { adoptMember, certifyDevice, createMember } from '../fhe/client.ts';
import { findCommunity, saveCommunity, updateCommunity } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { JoinedCommunity, StoredFollowed } from '../vault/schema.ts';
import { followFirst } from './following.ts';
import { endpointAt } from './requests.ts';

/** A community as a link shows it, before joining. */
export interface Invitation {
  readonly link: Invite | DeviceLink;
  /** As it is now. */
  readonly community: Community;
  readonly manifest: SignedMessage;
  readonly followed: StoredFollowed;
  /** Name of the steward who issued the invite. */
  readonly issuer: string;
  /** How many homes each steward has invited so far. */
  readonly invited: readonly { readonly name: string; readonly homes: number }[];
}

const isDevice = (link: Invite | DeviceLink): link is DeviceLink => 'certificates' in link;

/**
 * Fetches what a link leads to and checks it: the manifest must have the hash that stands in the link, all its stewards'
 * signatures, the amendments of its log, and the link's invite, which nobody else has used.
 *
 * @throws {EndpointError} the endpoint cannot be asked
 * @throws {ProtocolError} `unknown-invite`, `already-decided`, and what the checks throw
 */
export async function lookAtLink(link: Invite | DeviceLink): Promise<Invitation> {
  const endpoint = endpointAt(link.endpointUrl);
  const manifest = await endpoint.manifest(link.community);
  const founded = await checkManifest(manifest, link.community);
  const { amended, followed } = await followFirst(link.endpointUrl, founded);
  const used = await endpoint.usedInvites(founded.id);
  const key = isDevice(link) ? link.invite : (await signerFromSeed(link.seed)).publicKey;
  const steward = issuerOf(amended, key);
  if (!isDevice(link)) await checkUnused(founded.id, key, used);
  const community = communityOf(amended);
  const everybody = everInvited(amended).manifest;
  const issuers = used.map((one) => everybody.invites[findInvite(everybody, one)]?.steward);
  return {
    link,
    community,
    manifest,
    followed,
    issuer: community.manifest.stewards[steward]?.name ?? '',
    invited: community.manifest.stewards.map(({ name }, seat) => ({
      name,
      homes: issuers.filter((issuer) => issuer === seat).length,
    })),
  };
}

function issuerOf(amended: AmendedCommunity, key: Bytes): number {
  const [now, ever] = [communityOf(amended).manifest, everInvited(amended).manifest];
  const entry = now.invites[findInvite(now, key)];
  if (entry !== undefined) return entry.steward;
  throw new ProtocolError(
    'unknown-invite',
    findInvite(ever, key) === -1
      ? 'This invite is not one of the community’s. Ask the person who sent it for a new one.'
      : 'The stewards have taken this invite back. Ask the person who sent it for a new one.',
  );
}

async function checkUnused(community: Bytes, key: Bytes, used: readonly Bytes[]): Promise<void> {
  if (!used.some((one) => equalBytes(one, key))) return;
  const joined = await findCommunity(toHex(community));
  if (joined !== undefined && equalBytes(joined.invite, key)) return;
  throw new ProtocolError(
    'already-decided',
    'This invite has been used by a home already; each works once. Ask the person who sent it for a new one. If it was you, on another device, make a link for this device there, under Compare.',
  );
}

/**
 * Makes this home a member. Nothing is sent: the endpoint learns of the member with its first contribution.
 * Joining again keeps the membership that is there.
 *
 * @throws {FheError} `locked`, `no-space`
 * @throws {ProtocolError} `already-decided` when another home of this device is a member
 */
export function join({ link, community, manifest, followed }: Invitation, homeId: string): Promise<JoinedCommunity> {
  const id = toHex(community.id);
  return exclusively(`join ${id}`, async () => {
    const joined = await findCommunity(id);
    if (joined?.homeId === homeId) return joined;
    if (joined !== undefined)
      throw new ProtocolError(
        'already-decided',
        'Another home on this device is in this community already. A device takes part with one home.',
      );
    const { invite, certificates } = isDevice(link)
      ? await adopt(community, link)
      : await createMember(community.id, link.seed);
    const record: JoinedCommunity = {
      id,
      name: community.manifest.name,
      homeId,
      endpointUrl: link.endpointUrl,
      manifest: encodeSigned(manifest),
      invite,
      certificates: certificates.map(({ member, signature }) => ({ member, signature })),
      joinedMs: Date.now(),
      followed,
    };
    await saveCommunity(record);
    return record;
  });
}

async function adopt(
  { id }: Community,
  { invite, certificates, seed }: DeviceLink,
): Promise<{ readonly invite: Bytes; readonly certificates: readonly Certificate[] }> {
  await adoptMember(id, seed);
  return { invite, certificates };
}

/**
 * A link for this home's next device, whose key this device certifies. This device keeps that it gave one.
 * @throws {FheError} `locked`, `bad-certificate` after too many devices
 */
export async function linkForNextDevice(joined: JoinedCommunity, appOrigin: string): Promise<string> {
  const { endpointUrl, invite } = joined;
  const community = fromHex(joined.id) ?? new Uint8Array();
  const { seed, certificates } = await certifyDevice(community, { invite, certificates: joined.certificates });
  await exclusively(`follow ${joined.id}`, async () => {
    const stored = (await findCommunity(joined.id)) ?? joined;
    await updateCommunity({ ...stored, movedMs: Date.now() });
  });
  return encodeDeviceLink(appOrigin, { endpointUrl, community, invite, certificates, seed });
}
