/** Norms of an opened round with the parts that are not published, as comparisons need them. */
import { equalBytes, type Bytes } from '../protocol/bytes.ts';
import { normsId } from '../protocol/comparison.ts';
import { ProtocolError } from '../protocol/error.ts';
import type { ListEntry } from '../protocol/list.ts';
import { computeNorms, decodeNorms } from '../protocol/norms-message.ts';
import type { Norms } from '../protocol/norms.ts';
import { decodeOpening, type Opening } from '../protocol/opening.ts';
import { decodeSigned } from '../protocol/signed.ts';
import type { Core, Round } from './core.ts';
import { publishedNorms, sealedList } from './opening.ts';
import { Problem } from './problem.ts';
import { StoreError } from './store.ts';

export interface FullNorms {
  /** See `normsId`. */
  readonly id: Bytes;
  readonly groups: readonly { readonly name: string; readonly norms: Norms }[];
  readonly entries: readonly ListEntry[];
}

/**
 * The full norms of a round: from the openings that come to exactly what the stewards signed, which binds the hidden part
 * by its salted hash.
 *
 * @throws {Problem} `not-opened`
 */
export async function fullNorms(core: Core, round: Round): Promise<FullNorms> {
  const published = await publishedNorms(core, round);
  const sealed = await sealedList(core, round);
  if (published === undefined || sealed === undefined) {
    throw new Problem('not-opened', `The stewards have not opened the round of ${round.month} yet.`);
  }
  const id = await normsId(decodeNorms(decodeSigned(published).body));
  const openings = await openingsOf(core, round);
  for (const chosen of [openings, ...subsetsOf(openings, round.community.manifest.threshold)]) {
    try {
      const { norms, full } = await computeNorms(round.community, sealed, chosen);
      if (!equalBytes(await normsId(norms), id)) continue;
      return {
        id,
        groups: full.map((ofGroup, i) => ({ name: sealed.list.groups[i]?.name ?? '', norms: ofGroup })),
        entries: sealed.list.entries,
      };
    } catch (error) {
      // One lying steward among many: the openings of the others still come to the signed norms.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  throw new StoreError('damaged', `The openings of ${round.month} do not come to the norms that the stewards signed`);
}

async function openingsOf({ store }: Core, { community, prefix }: Round): Promise<Opening[]> {
  const openings: Opening[] = [];
  for (const steward of community.manifest.stewards.keys()) {
    const bytes = await store.read(`${prefix}/openings/${steward}`);
    if (bytes !== undefined) openings.push(decodeOpening(decodeSigned(bytes).body));
  }
  return openings;
}

/** All ways to choose so many of the items, in their order. */
function subsetsOf<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, i) => subsetsOf(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]));
}
