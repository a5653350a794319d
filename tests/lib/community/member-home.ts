/** A home of the example community: its membership as the app keeps it, and figures of a month. */
import { addHome } from '../../../src/lib/vault/homes.ts';
import { saveCommunity } from '../../../src/lib/vault/communities.ts';
import type { JoinedCommunity } from '../../../src/lib/vault/schema.ts';
import type { FeatureValues } from '../../../src/protocol/features.ts';
import { encodeSigned } from '../../../src/protocol/signed.ts';
import type { TestCommunity } from '../../endpoint/support.ts';

export const exampleValues: FeatureValues = {
  meanDailyKwh: 8,
  baseloadW: 100,
  peakThreeHoursKw: 2,
  eveningShare: 0.3,
  nightShare: 0.1,
  middayShare: 0.3,
  weekendRatio: 1.1,
  loadFactor: 0.2,
};

/** Makes a home in the vault and keeps that it has joined with the invite of this number. */
export async function joinedHome(
  community: TestCommunity,
  invite: number,
  publicKey: JoinedCommunity['invite'],
): Promise<JoinedCommunity> {
  const home = await addHome({ name: 'Home', timeZone: 'UTC' });
  const joined = {
    id: community.id,
    name: 'Street',
    homeId: home.id,
    endpointUrl: 'http://endpoint.test',
    manifest: encodeSigned(community.manifest),
    invite: community.invites[invite]?.publicKey ?? new Uint8Array(),
    certificates: await community.certificates(invite, publicKey),
    joinedMs: 1,
  };
  await saveCommunity(joined);
  return joined;
}
