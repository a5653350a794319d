/**
 * A community's log as this device has followed it. Nothing here needs a key, so the service worker can do it too; what
 * the page keeps of it is `following.ts`.
 */
import { communityOf, type AmendedCommunity } from '../../protocol/amendment.ts';
import type { Bytes } from '../../protocol/bytes.ts';
import { follow, type Step } from '../../protocol/follow.ts';
import type { Community } from '../../protocol/manifest.ts';
import { followedOf } from '../fhe/kept-community.ts';
import type { JoinedCommunity } from '../vault/schema.ts';
import { amendedFrom } from './membership.ts';
import { endpointAt } from './requests.ts';

type Kept = Pick<JoinedCommunity, 'endpointUrl' | 'manifest' | 'followed'>;

/**
 * Follows from what is kept to where the community is now.
 *
 * @throws {EndpointError} the endpoint cannot be asked
 * @throws {ProtocolError} `rolled-back`, `split-view` if the endpoint shows another history than before
 */
export async function step({ endpointUrl, manifest, followed }: Kept, id?: Bytes): Promise<Step> {
  const amended: AmendedCommunity = await amendedFrom(manifest, followed, id);
  return follow(endpointAt(endpointUrl), followedOf(followed, amended));
}

/** The community as it is for a month's round, after a look at the log. @throws what {@link step} throws */
export const communityNow = async (kept: Kept, month: string): Promise<Community> =>
  communityOf((await step(kept)).amended, month);
