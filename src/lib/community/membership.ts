import {
  checkAmendments,
  communityOf as amendedFor,
  decodeAmendments,
  encodeAmendments,
  type AmendedCommunity,
} from '../../protocol/amendment.ts';
import { fromHex, type Bytes } from '../../protocol/bytes.ts';
import type { RoundAddress } from '../../protocol/endpoint-client.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { checkManifest, type Community } from '../../protocol/manifest.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import type { KeptCommunity } from '../fhe/kept-community.ts';
import { findCommunity } from '../vault/communities.ts';
import type { JoinedCommunity, StoredFollowed } from '../vault/schema.ts';

type Member = Pick<JoinedCommunity, 'id' | 'manifest' | 'followed'>;

/** The amendments that a device has followed, encoded. */
export const chainOf = (followed: StoredFollowed | undefined): Bytes => followed?.amendments ?? encodeAmendments([]);

/**
 * A community with its amendments, all checked anew.
 *
 * @param id - which the manifest must have; without it, whatever it has
 * @throws {ProtocolError}
 */
export const amendedFrom = async (
  manifest: Bytes,
  followed: StoredFollowed | undefined,
  id?: Bytes,
): Promise<AmendedCommunity> =>
  checkAmendments(await checkManifest(decodeSigned(manifest), id), decodeAmendments(chainOf(followed)));

/** The community of a membership as it is for a month's round, or now. @throws {ProtocolError} */
export const communityOf = async ({ id, manifest, followed }: Member, month?: string): Promise<Community> =>
  amendedFor(await amendedFrom(manifest, followed, fromHex(id) ?? new Uint8Array()), month);

/** The community of a membership for the worker, which checks it once more. */
export const keptCommunity = ({ id, manifest, followed }: Member): KeptCommunity => ({
  community: fromHex(id) ?? new Uint8Array(),
  manifest,
  amendments: chainOf(followed),
});

/** The address of a month's round. */
export const roundOf = ({ id }: Community, month: string): RoundAddress => ({ community: id, month });

/**
 * Refuses to send anything for a home that takes part from another device, as far as any tab of this one has seen.
 * @throws {ProtocolError} `already-decided`
 */
export async function refuseIfElsewhere(joined: JoinedCommunity): Promise<void> {
  const { elsewhereMs } = (await findCommunity(joined.id)) ?? joined;
  if (elsewhereMs !== undefined)
    throw new ProtocolError('already-decided', 'This home takes part from another device now. Nothing was sent.');
}
