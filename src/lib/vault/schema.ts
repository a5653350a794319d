/**
 * What is stored on this device, store by store. Every record is checked against its schema when it is read back: a
 * disk, another version of the app or an extension may have changed it.
 */
import type { DBSchema } from 'idb';
import * as v from 'valibot';
import { highestScore } from '../../protocol/advice-model.ts';
import { features, hoursPerDay } from '../../protocol/features.ts';
import {
  bytes,
  bytesUpTo,
  cohortIndex,
  hash,
  instantMs,
  integer,
  key,
  label,
  month,
  mostChainBytes,
  stewardIndex,
} from '../../protocol/fields.ts';
import { VaultError } from './error.ts';

/** Number of the newest schema; `migrations.ts` knows the way from each older one. */
export const schemaVersion = 4;

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const count = integer(0, Number.MAX_SAFE_INTEGER);
const text = (most: number) => v.pipe(v.string(), v.maxLength(most));
const day = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-01-31'));
const register = v.picklist(['import', 'export', 'generation', 'gas', 'other']);

/** One dwelling. Its id is a random UUID. */
export const homeSchema = v.strictObject({
  id,
  name: label(60),
  /** IANA time zone, such as `Europe/Amsterdam`. */
  timeZone: text(60),
  /** Made up by the app for trying it out, and always shown as such. */
  isDemo: v.boolean(),
  createdMs: instantMs,
});
export type Home = v.InferOutput<typeof homeSchema>;

const columns = {
  register,
  unit: v.picklist(['Wh', 'dm3']),
  startMs: v.custom<Float64Array>((value) => value instanceof Float64Array, 'must be a column of numbers'),
  lengthSeconds: v.custom<Uint32Array>((value) => value instanceof Uint32Array, 'must be a column of numbers'),
  energyWh: v.custom<Int32Array>((value) => value instanceof Int32Array, 'must be a column of numbers'),
  quality: v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be a column of numbers'),
};

interface Columns {
  readonly startMs: Float64Array;
  readonly lengthSeconds: Uint32Array;
  readonly energyWh: Int32Array;
  readonly quality: Uint8Array;
}

const haveOneLength = ({ startMs, lengthSeconds, energyWh, quality }: Columns): boolean =>
  lengthSeconds.length === startMs.length && energyWh.length === startMs.length && quality.length === startMs.length;
const columnsDiffer = 'must have columns of one length';

/** The merged readings of one home, register and local day. */
export const dayBlockSchema = v.pipe(
  v.strictObject({ homeId: id, day, ...columns }),
  v.check((record) => haveOneLength(record), columnsDiffer),
);
export type StoredDayBlock = v.InferOutput<typeof dayBlockSchema>;

const findingSchema = v.strictObject({
  kind: text(60),
  severity: v.picklist(['info', 'warning']),
  message: text(2000),
  rows: v.pipe(v.array(count), v.maxLength(20)),
  count,
});

/** A file whose readings were taken in. */
export const importSchema = v.strictObject({
  id,
  homeId: id,
  fileName: text(255),
  /** Name of the meter format. */
  format: text(60),
  addedMs: instantMs,
  /** Place in the order of all imports; readings are merged in this order. */
  order: count,
  series: v.array(
    v.strictObject({ register, readings: count, firstMs: v.number(), endMs: v.number(), energyWh: v.number() }),
  ),
  /** Intervals that were new, that took the place of stored ones, and stretches that differed, at the time of import. */
  added: count,
  replaced: count,
  conflicts: count,
  findings: v.array(findingSchema),
});
export type Import = v.InferOutput<typeof importSchema>;

/**
 * One register of one import as its file had it. The day blocks are these merged in order; with them any import can
 * be taken back, whatever came after it.
 */
export const importSeriesSchema = v.pipe(
  v.strictObject({ importId: id, homeId: id, label: v.exactOptional(text(200)), ...columns }),
  v.check((record) => haveOneLength(record), columnsDiffer),
);
export type ImportSeries = v.InferOutput<typeof importSeriesSchema>;

/** Readings of counters taken by hand, home by home (`meter/manual.ts`). */
export const manualReadingsSchema = v.strictObject({
  homeId: id,
  /** Whole digits of the meter's display; null where its owner did not say. */
  counterDigits: v.nullable(integer(3, 12)),
  readings: v.array(
    v.strictObject({
      register,
      atMs: instantMs,
      value: v.pipe(v.number(), v.minValue(0)),
      meter: v.exactOptional(text(60)),
    }),
  ),
});
export type HomesManualReadings = v.InferOutput<typeof manualReadingsSchema>;

/** How readings are kept, and a count of their changes. */
export const readingsStateSchema = v.strictObject({
  id: v.literal('readings'),
  /** Goes up with every change, so that work on what was read before it is noticed. */
  revision: count,
  /** Name of the key that seals them; empty if none was ever made. */
  keyId: text(60),
  /** Whether what is written is sealed. Records say for themselves whether they are. */
  sealed: v.boolean(),
  /** Whether records may stand in the other way still: the change to this one has not ended. */
  isChanging: v.boolean(),
});
export type ReadingsState = v.InferOutput<typeof readingsStateSchema>;

const nonce = bytes(12);

/** A record of readings but for its key, sealed under the readings key; see `sealed-readings.ts`. */
export const sealingSchema = v.looseObject({
  version: integer(1, Number.MAX_SAFE_INTEGER),
  nonce,
  sealed: bytesUpTo(1 << 29),
});
export type Sealing = Readonly<v.InferOutput<typeof sealingSchema>>;
/** A record as it may stand in its store: as it is, or sealed with nothing but its key in the clear. */
export type MaybeSealed<Record, Key extends keyof Record> = Record | (Pick<Record, Key> & Sealing);

/** A secret, sealed under the vault's data key; see `seal.ts`. */
export const secretSchema = v.strictObject({
  id,
  version: integer(1, 0xffff_ffff),
  nonce,
  sealed: bytesUpTo(1 << 20),
  createdMs: instantMs,
});
export type StoredSecret = v.InferOutput<typeof secretSchema>;

const isDeviceKey = (value: unknown): value is CryptoKey =>
  value instanceof CryptoKey && value.type === 'secret' && !value.extractable;

/** `keyId` names the data key, so that a worker notices when it holds one that is not this vault's any more. */
const wrapped = { keyId: id, version: integer(1, 0xffff_ffff), nonce, sealed: bytes(48) };
const argon2id = v.strictObject({
  memoryKib: integer(8, 4 << 20),
  iterations: integer(1, 100),
  parallelism: integer(1, 16),
  salt: bytes(16),
});

/** The data key, sealed under another key; each record alone opens it. */
export const wrapSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('device'),
    ...wrapped,
    deviceKey: v.custom<CryptoKey>(isDeviceKey, 'must be a key that cannot be extracted'),
  }),
  v.strictObject({ kind: v.literal('passphrase'), ...wrapped, argon2id }),
  v.strictObject({ kind: v.literal('recovery'), ...wrapped, salt: bytes(16) }),
  /** `salt` is the input of the credential's PRF. */
  v.strictObject({ kind: v.literal('prf'), ...wrapped, credentialId: bytesUpTo(1023), salt: bytes(32) }),
]);
export type KeyWrap = v.InferOutput<typeof wrapSchema>;
export type WrapKind = KeyWrap['kind'];

const certificate = v.strictObject({ member: key, signature: bytes(64) });

/** How far this device has followed a community's log, and the amendments that stood in it. */
const followed = v.strictObject({
  count,
  head: hash,
  /** The encoded chain. */
  amendments: bytesUpTo(mostChainBytes),
  /** Encoded entries of announcements, lists and norms; a device that followed before they were kept has none. */
  logged: v.exactOptional(bytesUpTo(1 << 20)),
});
export type StoredFollowed = v.InferOutput<typeof followed>;

/** A community this device's home belongs to. Its id is the SHA-256 of the manifest's body in hex. */
export const communitySchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  name: text(200),
  homeId: id,
  endpointUrl: v.pipe(v.string(), v.url()),
  /** The signed manifest as the endpoint sent it. */
  manifest: bytesUpTo(1 << 22),
  /** Public key of the invite that was used. */
  invite: key,
  certificates: v.pipe(v.array(certificate), v.minLength(1)),
  joinedMs: instantMs,
  /** Missing before the first visit. */
  followed: v.exactOptional(followed),
  /** When this device certified the home's next one. */
  movedMs: v.exactOptional(instantMs),
  /** When this device saw in the log that one takes part to which a backup of it was restored. */
  elsewhereMs: v.exactOptional(instantMs),
});
export type JoinedCommunity = v.InferOutput<typeof communitySchema>;

/**
 * A community that this device's owner is, or is about to be, a steward of. Its id is that of the founding, in hex; of one
 * who takes another steward's place it is the community's, and there are no terms and no entry.
 */
export const stewardshipSchema = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Name of the community. */
  name: text(200),
  endpointUrl: v.pipe(v.string(), v.url()),
  seat: stewardIndex,
  /** This steward's name. */
  stewardName: text(60),
  /** The encoded terms of the founding. */
  terms: bytesUpTo(1 << 14),
  /** This steward's signed entry, to be sent again if it did not get there. */
  entry: bytesUpTo(1 << 16),
  /** The signed manifest once all stewards have signed it; empty before. */
  manifest: bytesUpTo(1 << 22),
  createdMs: instantMs,
  /** Missing before the first visit. */
  followed: v.exactOptional(followed),
  /** Public key of one who takes another's place; that of a founder stands in the manifest. */
  key: v.exactOptional(key),
});
export type Stewardship = v.InferOutput<typeof stewardshipSchema>;

/** What a steward may do only once, and the keys of rounds, sealed under the vault's data key. In no backup. */
export const stewardRecordSchema = v.strictObject({
  stewardshipId: id,
  name: id,
  version: integer(1, 0xffff_ffff),
  nonce,
  sealed: bytesUpTo(1 << 21),
  createdMs: instantMs,
});
export type StewardRecord = v.InferOutput<typeof stewardRecordSchema>;

/** A home's contribution to one round. */
export const contributionSchema = v.strictObject({
  communityId: id,
  month,
  homeId: id,
  /** `waiting`: sealed but not acknowledged, to be sent again as it is; `counted`: the endpoint's receipt is here. */
  state: v.picklist(['waiting', 'counted']),
  version: integer(0, 0xffff_ffff),
  cohort: cohortIndex,
  /** The encoded contribution while it is waiting; empty once it is counted. */
  body: bytesUpTo(1 << 22),
  /** SHA-256 of its signed body, by which the closed list names it. */
  contribution: hash,
  /** The endpoint's signed receipt; empty while waiting. */
  receipt: bytesUpTo(4096),
  changedMs: instantMs,
  /** What the closed list was found to say of it; missing while that was not looked at. */
  listed: v.exactOptional(
    v.strictObject({
      state: v.picklist(['listed', 'missing', 'left-out']),
      /** Whether enough stewards had sealed that very list. */
      sealed: v.boolean(),
      /** Until when homes can object before stewards seal. */
      untilMs: instantMs,
    }),
  ),
});
export type StoredContribution = v.InferOutput<typeof contributionSchema>;

/** Largest server key that is kept on the way to the endpoint. */
const mostServerKeyBytes = 1 << 25;

/**
 * A community's comparison key as far as it is no secret: the server key that the endpoint computes with. The client key
 * is a secret. In no backup: a new one is made of the same client key.
 */
export const serverKeySchema = v.strictObject({
  communityId: id,
  /** `made`: here, on its way to the endpoint; `stored`: there, and here no more. */
  state: v.picklist(['made', 'stored']),
  sha256: hash,
  size: count,
  /** Empty once it is stored. */
  bytes: bytesUpTo(mostServerKeyBytes),
  changedMs: instantMs,
});
export type StoredServerKey = v.InferOutput<typeof serverKeySchema>;

/** A home's comparison request for one round. */
export const comparisonRequestSchema = v.strictObject({
  communityId: id,
  month,
  homeId: id,
  /**
   * `waiting`: made but not acknowledged, to be sent again as it is; `sent`: the endpoint has it; `answered`: read;
   * `unreadable`: the answer could not be read; `refused`: the endpoint will not compute it.
   */
  state: v.picklist(['waiting', 'sent', 'answered', 'unreadable', 'refused']),
  /** The encoded signed request. */
  request: bytesUpTo(1 << 14),
  changedMs: instantMs,
});
export type StoredComparisonRequest = v.InferOutput<typeof comparisonRequestSchema>;

/** A round's signed norms as the endpoint published them. */
export const normsSchema = v.strictObject({
  communityId: id,
  month,
  message: bytesUpTo(1 << 20),
  fetchedMs: instantMs,
});
export type StoredNorms = v.InferOutput<typeof normsSchema>;

const profile = v.pipe(v.array(v.number()), v.length(hoursPerDay));
const profiles = v.strictObject({ weekdayWh: profile, weekendWh: profile });

const score = integer(0, highestScore);
const adviceScores = v.strictObject({ baseload: score, evening: score, night: score, heating: score });

/** A past comparison, whole, so that it opens without a network. */
export const analysisSchema = v.strictObject({
  id,
  homeId: id,
  communityId: id,
  communityName: text(200),
  madeMs: instantMs,
  /** Compared on this device with published norms, or by the endpoint under encryption. */
  source: v.optional(v.picklist(['published', 'encrypted']), 'published'),
  /** Scores of the endpoint's advice model, found under encryption with the comparison; kept with the whole community. */
  advice: v.optional(v.strictObject({ model: count, scores: adviceScores })),
  comparison: v.strictObject({
    month,
    group: text(60),
    homes: count,
    figures: v.array(
      v.strictObject({
        name: v.picklist(features.map(({ name }) => name)),
        value: v.number(),
        mean: v.nullable(v.number()),
        aboveMean: v.nullable(v.boolean()),
        rank: v.nullable(integer(0, 9)),
        limits: v.optional(v.nullable(v.array(v.number()))),
      }),
    ),
    own: profiles,
    profiles: v.nullable(profiles),
  }),
});
export type Analysis = v.InferOutput<typeof analysisSchema>;

/** What left this device in one request. */
export const receiptSchema = v.strictObject({
  id,
  sentMs: instantMs,
  kind: v.picklist(['contribution', 'comparison-key', 'comparison', 'membership']),
  communityId: id,
  month: v.nullable(month),
  origin: v.pipe(v.string(), v.url()),
  /** What the request held, part by part, and who can read it. */
  parts: v.array(v.strictObject({ name: text(120), bytes: count, sha256: hash, readableBy: text(200) })),
  /** The endpoint's signed answer, where there is one. */
  signedReceipt: v.nullable(bytesUpTo(4096)),
  /** When the endpoint had all of it, where it signs no answer. */
  acknowledgedMs: v.optional(instantMs),
});
export type Receipt = v.InferOutput<typeof receiptSchema>;

export interface VaultSchema extends DBSchema {
  homes: { key: string; value: Home };
  dayBlocks: {
    key: [homeId: string, register: string, day: string];
    value: MaybeSealed<StoredDayBlock, 'homeId' | 'register' | 'day'>;
  };
  imports: { key: string; value: MaybeSealed<Import, 'id' | 'homeId'>; indexes: { homeId: string } };
  importSeries: {
    key: [importId: string, register: string];
    value: MaybeSealed<ImportSeries, 'importId' | 'homeId' | 'register'>;
    indexes: { homeId: [homeId: string, register: string] };
  };
  manualReadings: { key: string; value: MaybeSealed<HomesManualReadings, 'homeId'> };
  readingsState: { key: string; value: ReadingsState };
  secrets: { key: string; value: StoredSecret };
  wraps: { key: WrapKind; value: KeyWrap };
  communities: { key: string; value: JoinedCommunity };
  contributions: { key: [communityId: string, month: string]; value: StoredContribution };
  norms: { key: [communityId: string, month: string]; value: StoredNorms };
  analyses: { key: string; value: Analysis; indexes: { homeId: string } };
  receipts: { key: string; value: Receipt; indexes: { sentMs: number } };
  settings: { key: string; value: unknown };
  serverKeys: { key: string; value: StoredServerKey };
  comparisonRequests: { key: [communityId: string, month: string]; value: StoredComparisonRequest };
  stewardships: { key: string; value: Stewardship };
  stewardRecords: { key: [stewardshipId: string, name: string]; value: StewardRecord };
}

/**
 * A record as it was read, checked.
 * @throws {VaultError} `damaged`
 */
export function checked<T>(schema: v.GenericSchema<unknown, T>, record: unknown, what: string): T {
  const result = v.safeParse(schema, record, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new VaultError(
    'damaged',
    `${what} cannot be used: it is damaged (${v.getDotPath(issue) ?? '–'}: ${issue.message}). If it was stored on this device, restore a backup, or erase it under “This device” and import it again.`,
  );
}
