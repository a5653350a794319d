import {
  checkAmendments,
  communityOf,
  decodeAmendments,
  encodeAmendments,
  type AmendedCommunity,
} from '../../protocol/amendment.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import { neverFollowed, type Followed, type Step } from '../../protocol/follow.ts';
import { decodeEntries, encodeEntries } from '../../protocol/head.ts';
import { checkManifest, type Community } from '../../protocol/manifest.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import type { StoredFollowed } from '../vault/schema.ts';

/** A community as the page holds it. */
export interface KeptCommunity {
  /** Its id, which the manifest must have. */
  readonly community: Bytes;
  /** The encoded signed manifest. */
  readonly manifest: Bytes;
  /** The encoded chain of amendments. */
  readonly amendments: Bytes;
}

/** Checks a community in full. @throws {ProtocolError} */
export const amendedFor = async ({ community, manifest, amendments }: KeptCommunity): Promise<AmendedCommunity> =>
  checkAmendments(await checkManifest(decodeSigned(manifest), community), decodeAmendments(amendments));

/** The community as it is for a month's round, or now. @throws {ProtocolError} */
export const communityFor = async (kept: KeptCommunity, month?: string): Promise<Community> =>
  communityOf(await amendedFor(kept), month);

/**
 * How far a device has followed a community, from what it keeps.
 *
 * @param amended - the community with the kept amendments, checked
 */
export const followedOf = (kept: StoredFollowed | undefined, amended: AmendedCommunity): Followed =>
  kept === undefined
    ? { ...neverFollowed(amended.founded), amended }
    : {
        position: { count: kept.count, head: kept.head },
        amended,
        chain: decodeAmendments(kept.amendments),
        logged: kept.logged && decodeEntries(kept.logged),
      };

/** What a device keeps of how far it has followed a community. */
export const keptOf = ({ position, chain, logged }: Step): StoredFollowed => ({
  ...position,
  amendments: encodeAmendments(chain),
  logged: encodeEntries(logged),
});
