/**
 * Backup of everything on this device in one encrypted file, and restoring by merging. Runs in the fhe worker, because
 * the file holds the secret keys.
 */

import * as v from 'valibot';
import { equalBytes, type Bytes } from '../../protocol/bytes.ts';
import { bytesUpTo, instantMs } from '../../protocol/fields.ts';
import { openBackup, sealBackup } from './backup-file.ts';
import { dataKey, listWraps } from './data-key.ts';
import { VaultError } from './error.ts';
import { changeReadings } from './home-draft.ts';
import { manualReadingsOf } from './migrations.ts';
import { afterRestore } from './moved-member.ts';
import { listHomes } from './homes.ts';
import { read, write, type Transaction } from './open.ts';
import { checkNewPassphrase } from './passphrase.ts';
import { changeStoredReadings, chooseSealedReadings } from './readings-at-rest.ts';
import { createReadingsKey, readingsKeyId } from './readings-key.ts';
import { decodeRecord, encodeRecord } from './record-cbor.ts';
import {
  analysisSchema,
  communitySchema,
  comparisonRequestSchema,
  contributionSchema,
  homeSchema,
  importSchema,
  importSeriesSchema,
  manualReadingsSchema,
  normsSchema,
  receiptSchema,
  schemaVersion,
  stewardshipSchema,
  type JoinedCommunity,
} from './schema.ts';
import { importKind, importSeriesKind, manualReadingsKind, openRecords, stateOf } from './sealed-readings.ts';
import { keepSecret, listSecretIds, readSecret, secretId } from './secrets.ts';

const contentSchema = v.strictObject({
  schema: v.picklist([1, 2, 3, schemaVersion]),
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
  /** Among the settings in backups of schemas 1 to 3. */
  manualReadings: v.optional(v.array(manualReadingsSchema), []),
  /** Whether readings were sealed on the device. Not in backups of schemas 1 to 3. */
  areReadingsSealed: v.optional(v.boolean(), false),
  settings: v.array(v.strictTuple([v.string(), v.unknown()])),
  secrets: v.array(v.strictObject({ id: v.string(), secret: bytesUpTo(1 << 20) })),
});
type Content = v.InferOutput<typeof contentSchema>;

const through = async (bytes: Bytes, stream: CompressionStream | DecompressionStream): Promise<Bytes> =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

const backedUp = [
  'homes',
  'imports',
  'importSeries',
  'manualReadings',
  'readingsState',
  'communities',
  'contributions',
  'norms',
  'analyses',
  'receipts',
  'settings',
  'stewardships',
  'comparisonRequests',
] as const;

/**
 * Makes a backup file of all homes, readings, keys, communities, comparisons, receipts and settings. The passphrase
 * opens it, and the recovery code if there is one.
 * @throws {VaultError} `locked`; `wrong-secret` when the passphrase is too short
 */
export async function makeBackup(passphrase: string): Promise<Bytes> {
  checkNewPassphrase(passphrase);
  const { key } = await dataKey();
  const ids = (await listSecretIds()).filter((id) => id !== readingsKeyId);
  const secrets = await Promise.all(
    ids.map(async (id) => ({ id, secret: (await readSecret(id)) ?? new Uint8Array() })),
  );
  const stored = await read([...backedUp], async (tx) => {
    const [names, values] = await Promise.all([
      tx.objectStore('settings').getAllKeys(),
      tx.objectStore('settings').getAll(),
    ]);
    return {
      homes: await tx.objectStore('homes').getAll(),
      imports: await tx.objectStore('imports').getAll(),
      importSeries: await tx.objectStore('importSeries').getAll(),
      manualReadings: await tx.objectStore('manualReadings').getAll(),
      state: stateOf(await tx.objectStore('readingsState').get('readings')),
      communities: await tx.objectStore('communities').getAll(),
      contributions: await tx.objectStore('contributions').getAll(),
      norms: await tx.objectStore('norms').getAll(),
      analyses: await tx.objectStore('analyses').getAll(),
      receipts: await tx.objectStore('receipts').getAll(),
      stewardships: await tx.objectStore('stewardships').getAll(),
      comparisonRequests: await tx.objectStore('comparisonRequests').getAll(),
      settings: names.map((name, i) => [name, values[i]]),
    };
  });
  const { state, imports, importSeries, manualReadings, ...others } = stored;
  const content = encodeRecord({
    schema: schemaVersion,
    madeMs: Date.now(),
    ...others,
    imports: await openRecords(importKind, imports, state),
    importSeries: await openRecords(importSeriesKind, importSeries, state),
    manualReadings: await openRecords(manualReadingsKind, manualReadings, state),
    areReadingsSealed: state.sealed,
    secrets,
  });
  const wrap = (await listWraps()).find((one) => one.kind === 'recovery');
  const recovery = wrap?.kind === 'recovery' ? { wrap, dataKey: key } : null;
  return sealBackup(await through(content, new CompressionStream('gzip')), passphrase, recovery);
}

/**
 * The content of a backup file, checked.
 * @throws {VaultError} `not-a-backup`, `newer-version`, `wrong-secret`
 */
async function readBackup(file: Uint8Array, passphraseOrCode: string): Promise<Content> {
  const packed = await openBackup(file, passphraseOrCode);
  const result = v.safeParse(contentSchema, decodeRecord(await through(packed, new DecompressionStream('gzip'))), {
    abortEarly: true,
  });
  if (result.success) return upToDate(result.output);
  const [issue] = result.issues;
  throw new VaultError(
    'not-a-backup',
    `This backup cannot be read: ${v.getDotPath(issue) ?? '–'}: ${issue.message}. Nothing was changed.`,
  );
}

/** The content as a backup of today has it. */
function upToDate(content: Content): Content {
  const old = content.settings.find(([name]) => name === 'manualReadings');
  return {
    ...content,
    manualReadings: [...content.manualReadings, ...manualReadingsOf(old?.[1])],
    settings: content.settings.filter((setting) => setting !== old),
  };
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
  const communities = await keepSecrets(content);
  if (content.areReadingsSealed && (await listHomes()).length === 0) {
    await createReadingsKey();
    await chooseSealedReadings(true);
    await changeStoredReadings();
  }
  const here = new Set(await read(['manualReadings'], (tx) => tx.store.getAllKeys()));
  await changeReadings(
    async (open) => {
      for (const home of content.homes) {
        const draft = await open(home.id, home);
        const isOfHome = ({ homeId }: { readonly homeId: string }) => homeId === home.id;
        await draft.bringBack(content.imports.filter(isOfHome), content.importSeries.filter(isOfHome));
        for (const one of content.manualReadings)
          if (one.homeId === home.id && !here.has(home.id)) draft.keepManual(one);
      }
    },
    (apply) =>
      write([...restored], async (tx) => (await apply(tx)) && (await bringOthers(tx, { ...content, communities }))),
  );
}

/**
 * Stores a backup's keys. Of a community that is not here yet the member key moves: it is followed by another. Gives the
 * communities as they are then.
 */
async function keepSecrets({ communities, secrets }: Content): Promise<JoinedCommunity[]> {
  const here = new Set(await read(['communities'], (tx) => tx.store.getAllKeys()));
  const moved = new Map<string, JoinedCommunity>();
  for (const { id, secret } of secrets) {
    const joined = communities.find((one) => secretId('member', one.id) === id && !here.has(one.id));
    const after = joined && (await afterRestore(joined, secret));
    const kept = await keepSecret(id, after?.seed ?? secret);
    // A key that was here without its community is used as it is.
    if (after !== undefined && equalBytes(kept, after.seed)) moved.set(after.community.id, after.community);
  }
  return communities.map((one) => moved.get(one.id) ?? one);
}

/** With the day blocks, which are worked out of the series of each import. */
const restored = [...backedUp, 'dayBlocks'] as const;

type Restored = Pick<Transaction<[...typeof restored]>, 'objectStore'>;

/** All but readings. */
async function bringOthers(tx: Restored, content: Content): Promise<true> {
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
  return true;
}

async function addMissing<Key, Value>(
  store: { getKey(key: Key): Promise<unknown>; add(value: Value): Promise<unknown> },
  records: readonly Value[],
  keyOf: (record: Value) => Key,
): Promise<void> {
  for (const record of records) if ((await store.getKey(keyOf(record))) === undefined) await store.add(record);
}
