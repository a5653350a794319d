/** How far a steward at the command line has followed its community, kept in the steward's folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { checkAmendments, decodeAmendments, encodeAmendments } from '../protocol/amendment.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import type { EndpointClient } from '../protocol/endpoint-client.ts';
import { bytesUpTo, hash, integer, mostChainBytes } from '../protocol/fields.ts';
import { follow, neverFollowed, type Followed } from '../protocol/follow.ts';
import { decodeEntries, encodeEntries } from '../protocol/head.ts';
import type { Community } from '../protocol/manifest.ts';
import { fileStore } from '../simulation/file-store.ts';

const fields = [integer(0, 2 ** 31), hash, bytesUpTo(mostChainBytes)] as const;
/** Count, head, amendments, and the log's entries of what is held against it; records of before lack the last. */
const recordSchema = v.union([v.strictTuple([...fields, bytesUpTo(1 << 20)]), v.strictTuple([...fields])]);

/**
 * Follows the community from where this folder has it, and keeps where it is now before anything else is done.
 *
 * @throws {ProtocolError} `rolled-back`, `split-view` if the endpoint shows another history than before
 */
export async function followInFolder(folder: string, endpoint: EndpointClient, founded: Community): Promise<Followed> {
  const store = fileStore(join(folder, 'followed'));
  const names = await readdir(join(folder, 'followed')).catch(() => []);
  const counts = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const latest = Math.max(...counts, -1);
  const record = latest === -1 ? undefined : await store.read(String(latest));
  const known = record && decodeCbor(recordSchema, record, 'The record of the log');
  const chain = known === undefined ? [] : decodeAmendments(known[2]);
  const before: Followed =
    known === undefined
      ? neverFollowed(founded)
      : {
          position: { count: known[0], head: known[1] },
          amended: await checkAmendments(founded, chain),
          chain,
          logged: known[3] && decodeEntries(known[3]),
        };
  const now = await follow(endpoint, before);
  if (now.position.count > latest) {
    const { count, head } = now.position;
    await store.create(
      String(count),
      encodeCbor([count, head, encodeAmendments(now.chain), encodeEntries(now.logged)]),
    );
    for (const old of counts) await store.remove(String(old));
  }
  return now;
}
