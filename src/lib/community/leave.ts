/** Leaving a community. */
import { decodeSigned } from '../../protocol/signed.ts';
import { signLeave } from '../fhe/client.ts';
import { listContributions } from '../vault/communities.ts';
import { eraseCommunity, type Erased } from '../vault/erase.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { JoinedCommunity } from '../vault/schema.ts';
import { communityOf } from './membership.ts';
import { endpointAt } from './requests.ts';

/**
 * Leaves a community: the endpoint deletes what is in no closed round and takes nothing more of this home; then all
 * that this device has of it goes. A home that never contributed says nothing, because the endpoint does not know it.
 *
 * @throws {EndpointError} the endpoint cannot be asked, or refuses; then nothing was changed
 * @throws {FheError} `locked`
 */
export function leave(joined: JoinedCommunity): Promise<Erased> {
  return exclusively(`leave ${joined.id}`, async () => {
    if ((await listContributions(joined.id)).length > 0) {
      const { id } = await communityOf(joined);
      const message = await signLeave(id, { invite: joined.invite, certificates: joined.certificates });
      await endpointAt(joined.endpointUrl).leave(id, decodeSigned(message));
    }
    return eraseCommunity(joined.id);
  });
}
