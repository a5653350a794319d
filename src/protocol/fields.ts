/** Shapes of the fields that several messages share. */
import * as v from 'valibot';
import { ownBytes, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { prime } from './shamir.ts';
import { vectorLength } from './features.ts';

/** Most homes of one round: 1,000 values below the prime stay below the plaintext space of 2^30. */
export const mostHomes = 1000;
/** Fewest homes whose total may ever be opened, whatever a manifest says (the regulators' 15/15 rule). */
export const fewestHomes = 15;
/** Most stewards of a community. */
export const mostStewards = 9;
/** Most cohort labels of a community. */
export const mostCohorts = 5;

const anyBytes = v.pipe(
  v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be a byte string'),
  v.transform((value): Bytes => ownBytes(value)),
);

/** Exactly `length` bytes. */
export const bytes = (length: number) => v.pipe(anyBytes, v.length(length, `must be ${length} bytes`));

/** At most `most` bytes. */
export const bytesUpTo = (most: number) => v.pipe(anyBytes, v.maxLength(most, `must be at most ${most} bytes`));

/** Most bytes of an encoded chain of amendments. */
export const mostChainBytes = 1 << 22;

export const hash = bytes(32);
export const key = bytes(32);
export const signature = bytes(64);

export const integer = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));

/** Milliseconds since 1970-01-01T00:00Z, before the year 10000. */
export const instantMs = integer(0, 253_402_300_799_999);

export const monthPattern = /^[0-9]{4}-(?:0[1-9]|1[0-2])$/;
/** A calendar month, `YYYY-MM`. */
export const month = v.pipe(v.string(), v.regex(monthPattern, 'must be a month such as 2026-01'));

export const stewardIndex = integer(0, mostStewards - 1);
export const cohortIndex = integer(-1, mostCohorts - 1);

/** A short text for people: one line, no blank ends, no control or direction-changing characters. */
export const label = (most: number) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(most),
    v.check((text) => text === text.trim() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), 'must be one plain line'),
  );

/** One value modulo the prime for each slot of the vector. */
export const fieldVector = v.pipe(v.array(integer(0, prime - 1)), v.length(vectorLength));

/** A file of parts of one size. @throws {ProtocolError} `malformed` */
export function slices(all: Bytes, size: number, what: string): Bytes[] {
  if (all.length % size !== 0) throw new ProtocolError('malformed', `${what} is not whole`);
  return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
}
