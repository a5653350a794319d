/** Joining a community with an invite link. */
import { toHex } from '../../protocol/bytes.ts';
import { signerFromSeed } from '../../protocol/ed25519.ts';
import { ProtocolError } from '../../protocol/error.ts';
import type { Invite } from '../../protocol/invite.ts';
import { checkManifest, findInvite, type Community } from '../../protocol/manifest.ts';
import { encodeSigned, type SignedMessage } from '../../protocol/signed.ts';
import { createMember } from '../fhe/client.ts';
import { findCommunity, saveCommunity } from '../vault/communities.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { JoinedCommunity } from '../vault/schema.ts';
import { endpointAt } from './requests.ts';

/** A community as an invite shows it, before joining. */
export interface Invitation {
  readonly invite: Invite;
  readonly community: Community;
  readonly manifest: SignedMessage;
  /** Name of the steward who issued the invite. */
  readonly issuer: string;
}

/**
 * Fetches what an invite leads to and checks it: the manifest must have the hash that stands in the link, all its
 * stewards' signatures, and this invite.
 *
 * @throws {EndpointError} the endpoint cannot be asked
 * @throws {ProtocolError} `unknown-invite`, and what `checkManifest` throws
 */
export async function lookAtInvite(invite: Invite): Promise<Invitation> {
  const manifest = await endpointAt(invite.endpointUrl).manifest(invite.community);
  const community = await checkManifest(manifest, invite.community);
  const { publicKey } = await signerFromSeed(invite.seed);
  const { invites, stewards } = community.manifest;
  const entry = invites[findInvite(community.manifest, publicKey)];
  if (entry === undefined)
    throw new ProtocolError(
      'unknown-invite',
      'This invite is not, or no longer, one of the community’s. Ask the person who sent it for a new one.',
    );
  return { invite, community, manifest, issuer: stewards[entry.steward]?.name ?? '' };
}

/**
 * Makes this home a member. Nothing is sent: the endpoint learns of the member with its first contribution.
 * Joining again keeps the membership that is there.
 *
 * @throws {FheError} `locked`, `no-space`
 * @throws {ProtocolError} `already-decided` when another home of this device is a member
 */
export function join({ invite, community, manifest }: Invitation, homeId: string): Promise<JoinedCommunity> {
  const id = toHex(community.id);
  return exclusively(`join ${id}`, async () => {
    const joined = await findCommunity(id);
    if (joined?.homeId === homeId) return joined;
    if (joined !== undefined)
      throw new ProtocolError(
        'already-decided',
        'Another home on this device is in this community already. A device takes part with one home.',
      );
    const membership = await createMember(community.id, invite.seed);
    const record: JoinedCommunity = {
      id,
      name: community.manifest.name,
      homeId,
      endpointUrl: invite.endpointUrl,
      manifest: encodeSigned(manifest),
      invite: membership.invite,
      certificates: membership.certificates.map(({ member, signature }) => ({ member, signature })),
      joinedMs: Date.now(),
    };
    await saveCommunity(record);
    return record;
  });
}
