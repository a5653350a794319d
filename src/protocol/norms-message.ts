/** The norms message: what t stewards publish of a round, and a salted hash that binds them to the rest. */
import * as v from 'valibot';
import { concatBytes, equalBytes, utf8, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { features, hoursPerDay, type LoadProfiles } from './features.ts';
import { hash, integer, label, month, mostCohorts, mostHomes } from './fields.ts';
import { sha256 } from './hash.ts';
import type { List } from './list.ts';
import type { Community, Publishable } from './manifest.ts';
import { normsOf, type Norms } from './norms.ts';
import type { Opening } from './opening.ts';
import { combineShares, interpolate } from './shamir.ts';
import { verifySignedByMany, type SignedMessage } from './signed.ts';

/** Some parts of a group's norms; null where the manifest does not publish them. */
export interface GroupNorms {
  readonly name: string;
  readonly homes: number;
  readonly profiles: LoadProfiles | null;
  readonly means: readonly number[] | null;
  readonly deciles: readonly (readonly number[])[] | null;
}

export interface RoundNorms {
  readonly community: Bytes;
  readonly month: string;
  /** Hash of the sealed list's body. */
  readonly list: Bytes;
  /** In the list's order; the community first. */
  readonly groups: readonly GroupNorms[];
  /** SHA-256 of a salt and the parts that are not published, see {@link computeNorms}. */
  readonly rest: Bytes;
  /** Whether more than t openings were there and agreed, so that a lying steward would have been seen. */
  readonly checked: boolean;
}

const codes = v.pipe(v.array(integer(0, 255)), v.length(features.length));
const profile = v.pipe(v.array(integer(0, 10_230)), v.length(hoursPerDay));

const normsSchema = v.strictObject({
  community: hash,
  month,
  list: hash,
  groups: v.pipe(
    v.array(
      v.strictObject({
        name: label(40),
        homes: integer(1, mostHomes),
        profiles: v.nullable(v.strictObject({ weekdayWh: profile, weekendWh: profile })),
        means: v.nullable(codes),
        deciles: v.nullable(v.pipe(v.array(v.pipe(v.array(integer(1, 255)), v.length(9))), v.length(features.length))),
      }),
    ),
    v.minLength(1),
    v.maxLength(1 + mostCohorts),
  ),
  rest: hash,
  checked: v.boolean(),
});

const groupFields = ({ name, homes, profiles, means, deciles }: GroupNorms): CborValue => ({
  name,
  homes,
  profiles: profiles === null ? null : { weekdayWh: profiles.weekdayWh, weekendWh: profiles.weekendWh },
  means,
  deciles,
});

export const encodeNorms = (norms: RoundNorms): Bytes =>
  encodeCbor({ ...norms, groups: norms.groups.map(groupFields) });

/** @throws {ProtocolError} `malformed` */
export const decodeNorms = (body: Uint8Array): RoundNorms => decodeCbor(normsSchema, body, 'The norms');

const partsOf = (name: string, norms: Norms, keep: (part: Publishable) => boolean): GroupNorms => ({
  name,
  homes: norms.homes,
  profiles: keep('profiles') ? norms.profiles : null,
  means: keep('means') ? norms.means : null,
  deciles: keep('deciles') ? norms.deciles : null,
});

/** What norms need of a sealed list. */
export interface SealedGroups {
  /** Hash of the list's body. */
  readonly hash: Bytes;
  readonly list: Pick<List, 'month' | 'groups'>;
}

/** What a round's openings come to. */
export interface OpenedRound {
  /** What is published. */
  readonly norms: RoundNorms;
  /** Everything, for those who may know the openings; the groups in the list's order. */
  readonly full: readonly Norms[];
  /** Totals per group, slot by slot. */
  readonly totals: readonly (readonly number[])[];
}

/**
 * Combines checked openings of one sealed list into its norms.
 *
 * The salt of `rest` is SHA-256 of `"private-energy norms salt v1"`, a zero byte and the CBOR array of the share sums
 * that an (n + 1)th steward would hold, per group: uniformly random, the same from any t openings, and known to nobody
 * without them.
 *
 * @throws {ProtocolError} `not-enough-openings`, `openings-disagree`, `spoiled`
 */
export async function computeNorms(
  { id, manifest }: Community,
  { hash: list, list: { month, groups } }: SealedGroups,
  openings: readonly Opening[],
): Promise<OpenedRound> {
  const shares = groups.map((_, group) =>
    openings.map(({ steward, sums }) => ({ party: steward, values: sums[group] ?? [] })),
  );
  const totals = shares.map((ofGroup) => combineShares(ofGroup, manifest.threshold));
  const full = totals.map((total, group) => normsOf(total, groups[group]?.homes ?? 0));
  const named = (keep: (part: Publishable) => boolean) =>
    full.map((norms, group) => partsOf(groups[group]?.name ?? '', norms, keep));
  const beyond = shares.map((ofGroup) =>
    interpolate(ofGroup.slice(0, manifest.threshold), manifest.stewards.length + 1),
  );
  const salt = await sha256(concatBytes(utf8('private-energy norms salt v1'), new Uint8Array(1), encodeCbor(beyond)));
  const unpublished = named((part) => !manifest.publishes.includes(part)).map(groupFields);
  return {
    norms: {
      community: id,
      month,
      list,
      groups: named((part) => manifest.publishes.includes(part)),
      rest: await sha256(concatBytes(salt, encodeCbor(unpublished))),
      checked: openings.length > manifest.threshold,
    },
    full,
    totals,
  };
}

/**
 * Checks published norms: t stewards' signatures, or as many as `least` says, and that they hold what the manifest publishes
 * and nothing else.
 *
 * @throws {ProtocolError} `malformed`, `wrong-community`, `wrong-round`, `wrong-signer`, `bad-signature`
 */
export async function checkNorms(
  message: SignedMessage,
  community: Community,
  month: string,
  least = community.manifest.threshold,
): Promise<RoundNorms> {
  const norms = decodeNorms(message.body);
  const { manifest } = community;
  if (!equalBytes(norms.community, community.id)) {
    throw new ProtocolError('wrong-community', 'The norms belong to another community');
  }
  if (norms.month !== month) throw new ProtocolError('wrong-round', 'The norms are for another month');
  const fits = norms.groups.every((group) =>
    (['profiles', 'means', 'deciles'] as const).every(
      (part) => (group[part] !== null) === manifest.publishes.includes(part),
    ),
  );
  if (!fits) throw new ProtocolError('malformed', 'The norms hold other parts than the manifest publishes');
  await verifySignedByMany(
    'norms',
    message,
    manifest.stewards.map(({ key }) => key),
    least,
  );
  return norms;
}

/** All ways to choose so many of the items, in their order. */
function subsetsOf<T>(items: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return items.flatMap((item, i) => subsetsOf(items.slice(i + 1), count - 1).map((rest) => [item, ...rest]));
}

/**
 * The full norms behind published ones, whose salted hash binds the hidden part; undefined if no openings come to them.
 *
 * @param isSigned - whether these are the norms that the stewards signed
 */
export async function normsBehind(
  community: Community,
  sealed: SealedGroups,
  openings: readonly Opening[],
  isSigned: (norms: RoundNorms) => Promise<boolean>,
): Promise<OpenedRound | undefined> {
  for (const chosen of [openings, ...subsetsOf(openings, community.manifest.threshold)]) {
    try {
      const opened = await computeNorms(community, sealed, chosen);
      if (await isSigned(opened.norms)) return opened;
    } catch (error) {
      // One lying steward among many: the openings of the others still come to the signed norms.
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
  return undefined;
}
