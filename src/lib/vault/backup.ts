/**
 * Backup of everything on this device in one encrypted file, and restoring by merging. Runs in the fhe worker, because
 * the file holds the secret keys.
 */

import { decode, encode, type DecodeOptions } from 'cborg';
import {
  float64ArrayDecoder,
  float64ArrayEncoder,
  int32ArrayDecoder,
  int32ArrayEncoder,
  TAG_FLOAT64_ARRAY_LE,
  TAG_INT32_ARRAY_LE,
  TAG_UINT32_ARRAY_LE,
  uint32ArrayDecoder,
  uint32ArrayEncoder,
} from 'cborg/taglib';
import * as v from 'valibot';
import { ownBytes, type Bytes } from '../../protocol/bytes.ts';
import { bytesUpTo, instantMs } from '../../protocol/fields.ts';
import type { Register } from '../series/types.ts';
import { openBackup, sealBackup } from './backup-file.ts';
import { dataKey, listWraps } from './data-key.ts';
import { VaultError } from './error.ts';
import { read, write } from './open.ts';
import { checkNewPassphrase } from './passphrase.ts';
import { rebuildDays } from './readings.ts';
import {
  analysisSchema,
  communitySchema,
  comparisonRequestSchema,
  contributionSchema,
  homeSchema,
  importSchema,
  importSeriesSchema,
  normsSchema,
  receiptSchema,
  schemaVersion,
  stewardshipSchema,
} from './schema.ts';
import { keepSecret, listSecretIds, readSecret } from './secrets.ts';

const contentSchema = v.strictObject({
  schema: v.picklist([1, 2, schemaVersion]),
  madeMs: instantMs,
  homes: v.array(homeSchema),
  imports: v.array(importSchema),
  importSeries: v.array(importSeriesSchema),
  communities: v.array(communitySchema),
  contributions: v.array(contributionSchema),
  norms: v.array(normsSchema),
  analyses: v.array(analysisSchema),
  receipts: v.array(receiptSchema),
  /** Not in backups of schema 1. */
  stewardships: v.optional(v.array(stewardshipSchema), []),
  /** Not in backups of schemas 1 and 2. */
  comparisonRequests: v.optional(v.array(comparisonRequestSchema), []),
  settings: v.array(v.strictTuple([v.string(), v.unknown()])),
  secrets: v.array(v.strictObject({ id: v.string(), secret: bytesUpTo(1 << 20) })),
});
type Content = v.InferOutput<typeof contentSchema>;

/** Typed arrays travel as RFC 8746 says, little-endian. */
const typeEncoders = {
  Float64Array: float64ArrayEncoder,
  Uint32Array: uint32ArrayEncoder,
  Int32Array: int32ArrayEncoder,
};
const tags: NonNullable<DecodeOptions['tags']> = {
  [TAG_FLOAT64_ARRAY_LE]: float64ArrayDecoder,
  [TAG_UINT32_ARRAY_LE]: uint32ArrayDecoder,
  [TAG_INT32_ARRAY_LE]: int32ArrayDecoder,
};

const through = async (bytes: Bytes, stream: CompressionStream | DecompressionStream): Promise<Bytes> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

/**
 * Makes a backup file of all homes, readings, keys, communities, comparisons, receipts and settings. The passphrase
 * opens it, and the recovery code if there is one.
 * @throws {VaultError} `locked`; `wrong-secret` when the passphrase is too short
 */
export async function makeBackup(passphrase: string): Promise<Bytes> {
  checkNewPassphrase(passphrase);
  const { key } = await dataKey();
  const ids = await listSecretIds();
  const secrets = await Promise.all(
    ids.map(async (id) => ({ id, secret: (await readSecret(id)) ?? new Uint8Array() })),
  );
  const stored = await read(
    [
      'homes',
      'imports',
      'importSeries',
      'communities',
      'contributions',
      'norms',
      'analyses',
      'receipts',
      'settings',
      'stewardships',
      'comparisonRequests',
    ],
    async (tx) => {
      const [names, values] = await Promise.all([
        tx.objectStore('settings').getAllKeys(),
        tx.objectStore('settings').getAll(),
      ]);
      return {
        homes: await tx.objectStore('homes').getAll(),
        imports: await tx.objectStore('imports').getAll(),
        importSeries: await tx.objectStore('importSeries').getAll(),
        communities: await tx.objectStore('communities').getAll(),
        contributions: await tx.objectStore('contributions').getAll(),
        norms: await tx.objectStore('norms').getAll(),
        analyses: await tx.objectStore('analyses').getAll(),
        receipts: await tx.objectStore('receipts').getAll(),
        stewardships: await tx.objectStore('stewardships').getAll(),
        comparisonRequests: await tx.objectStore('comparisonRequests').getAll(),
        settings: names.map((name, i) => [name, values[i]]),
      };
    },
  );
  const content = encode({ schema: schemaVersion, madeMs: Date.now(), ...stored, secrets }, { typeEncoders });
  const wrap = (await listWraps()).find((one) => one.kind === 'recovery');
  const recovery = wrap?.kind === 'recovery' ? { wrap, dataKey: key } : null;
  return sealBackup(await through(ownBytes(content), new CompressionStream('gzip')), passphrase, recovery);
}

/**
 * The content of a backup file, checked.
 * @throws {VaultError} `not-a-backup`, `newer-version`, `wrong-secret`
 */
async function readBackup(file: Uint8Array, passphraseOrCode: string): Promise<Content> {
  const packed = await openBackup(file, passphraseOrCode);
  const result = v.safeParse(
    contentSchema,
    decode(await through(packed, new DecompressionStream('gzip')), { tags, rejectDuplicateMapKeys: true }),
    { abortEarly: true },
  );
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new VaultError(
    'not-a-backup',
    `This backup cannot be read: ${v.getDotPath(issue) ?? 'its content'} ${issue.message}. Nothing was changed.`,
  );
}

/** What a backup holds, and how much of it is not on this device yet. */
export interface BackupPreview {
  readonly madeMs: number;
  readonly homes: readonly {
    readonly name: string;
    readonly isDemo: boolean;
    readonly isNew: boolean;
    readonly files: number;
    readonly newFiles: number;
  }[];
  readonly communities: readonly { readonly name: string; readonly isNew: boolean }[];
  readonly comparisons: number;
  readonly newComparisons: number;
  readonly keys: number;
  readonly newKeys: number;
}

/**
 * Says what restoring would bring, without doing it.
 * @throws {VaultError} `not-a-backup`, `newer-version`, `wrong-secret`
 */
export async function previewBackup(file: Uint8Array, passphraseOrCode: string): Promise<BackupPreview> {
  const content = await readBackup(file, passphraseOrCode);
  const here = await read(['homes', 'imports', 'communities', 'analyses', 'secrets'], async (tx) => ({
    homes: new Set(await tx.objectStore('homes').getAllKeys()),
    imports: new Set(await tx.objectStore('imports').getAllKeys()),
    communities: new Set(await tx.objectStore('communities').getAllKeys()),
    analyses: new Set(await tx.objectStore('analyses').getAllKeys()),
    secrets: new Set(await tx.objectStore('secrets').getAllKeys()),
  }));
  return {
    madeMs: content.madeMs,
    homes: content.homes.map(({ id, name, isDemo }) => {
      const files = content.imports.filter(({ homeId }) => homeId === id);
      const newFiles = files.filter((file) => !here.imports.has(file.id)).length;
      return { name, isDemo, isNew: !here.homes.has(id), files: files.length, newFiles };
    }),
    communities: content.communities.map(({ id, name }) => ({ name, isNew: !here.communities.has(id) })),
    comparisons: content.analyses.length,
    newComparisons: content.analyses.filter(({ id }) => !here.analyses.has(id)).length,
    keys: content.secrets.length,
    newKeys: content.secrets.filter(({ id }) => !here.secrets.has(id)).length,
  };
}

/**
 * Brings a backup's content to this device. What is here stays: records of the same id are kept as they are, except a
 * contribution, of which the newer version is kept. All or nothing, but for keys, which are stored first.
 * @throws {VaultError} `not-a-backup`, `newer-version`, `wrong-secret`, `locked`, `no-space`
 */
export async function restoreBackup(file: Uint8Array, passphraseOrCode: string): Promise<void> {
  const content = await readBackup(file, passphraseOrCode);
  for (const { id, secret } of content.secrets) await keepSecret(id, secret);
  await write(
    [
      'homes',
      'dayBlocks',
      'imports',
      'importSeries',
      'communities',
      'contributions',
      'norms',
      'analyses',
      'receipts',
      'settings',
      'stewardships',
      'comparisonRequests',
    ],
    async (tx) => {
      const homes = tx.objectStore('homes');
      await addMissing(homes, content.homes, ({ id }) => id);
      const imports = tx.objectStore('imports');
      const touched = new Map<string, { homeId: string; register: Register }>();
      const added = new Set<string>();
      for (const one of content.imports) {
        if ((await imports.getKey(one.id)) !== undefined || (await homes.getKey(one.homeId)) === undefined) continue;
        await imports.add(one);
        added.add(one.id);
      }
      for (const series of content.importSeries) {
        if (!added.has(series.importId)) continue;
        await tx.objectStore('importSeries').put(series);
        touched.set(`${series.homeId} ${series.register}`, series);
      }
      for (const { homeId, register } of touched.values()) await rebuildDays(tx, homeId, register);

      await addMissing(tx.objectStore('communities'), content.communities, ({ id }) => id);
      const contributions = tx.objectStore('contributions');
      for (const one of content.contributions) {
        const stored = await contributions.get([one.communityId, one.month]);
        if (stored === undefined || stored.version < one.version) await contributions.put(one);
      }
      await addMissing(tx.objectStore('norms'), content.norms, ({ communityId, month }): [string, string] => [
        communityId,
        month,
      ]);
      await addMissing(
        tx.objectStore('comparisonRequests'),
        content.comparisonRequests,
        ({ communityId, month }): [string, string] => [communityId, month],
      );
      await addMissing(tx.objectStore('analyses'), content.analyses, ({ id }) => id);
      await addMissing(tx.objectStore('receipts'), content.receipts, ({ id }) => id);
      await addMissing(tx.objectStore('stewardships'), content.stewardships, ({ id }) => id);
      const settings = tx.objectStore('settings');
      for (const [name, value] of content.settings)
        if ((await settings.getKey(name)) === undefined) await settings.add(value, name);
    },
  );
}

async function addMissing<Key, Value>(
  store: { getKey(key: Key): Promise<unknown>; add(value: Value): Promise<unknown> },
  records: readonly Value[],
  keyOf: (record: Value) => Key,
): Promise<void> {
  for (const record of records) if ((await store.getKey(keyOf(record))) === undefined) await store.add(record);
}
