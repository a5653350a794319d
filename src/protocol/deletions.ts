/** Deletions: what an endpoint has deleted of a community, for whoever belongs to it to look at. Not signed. */
import * as v from 'valibot';
import type { Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { hash, instantMs, month } from './fields.ts';

/** `round`: ciphertexts, fingerprints and totals of a closed round; the others name what they are. */
export const deletionKinds = ['round', 'server-key', 'upload', 'comparison'] as const;

export interface Deletion {
  readonly atMs: number;
  readonly kind: (typeof deletionKinds)[number];
  /** The month of a round; undefined of what belongs to none. */
  readonly month: string | undefined;
  /** SHA-256 of the files, or of the request that a comparison was asked for with. */
  readonly hashes: readonly Bytes[];
}

/** Most bytes of the list: some 250,000 deletions. */
export const mostDeletionsBytes = 1 << 23;

const deletionsSchema = v.array(
  v.strictTuple([instantMs, v.picklist(deletionKinds), v.nullable(month), v.array(hash)]),
);

/** CBOR `[[instant, kind, month or null, [hash…]]…]`, the oldest first. */
export const encodeDeletions = (deletions: readonly Deletion[]): Bytes =>
  encodeCbor(deletions.map(({ atMs, kind, month, hashes }) => [atMs, kind, month ?? null, hashes]));

/** @throws {ProtocolError} `malformed` */
export const decodeDeletions = (encoded: Uint8Array): Deletion[] =>
  decodeCbor(deletionsSchema, encoded, 'The list of deletions').map(([atMs, kind, month, hashes]) => ({
    atMs,
    kind,
    month: month ?? undefined,
    hashes,
  }));
