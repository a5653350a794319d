import { fromHex } from '../../protocol/bytes.ts';
import type { RoundAddress } from '../../protocol/endpoint-client.ts';
import { checkManifest, type Community } from '../../protocol/manifest.ts';
import { decodeSigned } from '../../protocol/signed.ts';
import type { JoinedCommunity } from '../vault/schema.ts';

/** The community of a membership, its manifest checked anew. @throws {ProtocolError} */
export const communityOf = ({ id, manifest }: Pick<JoinedCommunity, 'id' | 'manifest'>): Promise<Community> =>
  checkManifest(decodeSigned(manifest), fromHex(id) ?? new Uint8Array());

/** The address of a month's round. */
export const roundOf = ({ id }: Community, month: string): RoundAddress => ({ community: id, month });
