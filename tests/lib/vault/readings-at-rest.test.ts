import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ReadingSeries } from '../../../src/lib/series/types.ts';
import { makeBackup, restoreBackup } from '../../../src/lib/vault/backup.ts';
import { forgetDataKey } from '../../../src/lib/vault/data-key.ts';
import { eraseEverything, eraseHome } from '../../../src/lib/vault/erase.ts';
import { exportJson } from '../../../src/lib/vault/export.ts';
import { addHome } from '../../../src/lib/vault/homes.ts';
import { listManualReadings, saveManualReadings } from '../../../src/lib/vault/manual-readings.ts';
import { closeVault } from '../../../src/lib/vault/open.ts';
import { requirePassphrase, setPassphrase } from '../../../src/lib/vault/protection.ts';
import { changeStoredReadings, chooseSealedReadings } from '../../../src/lib/vault/readings-at-rest.ts';
import { borrowReadingsKey, createReadingsKey, openReadingsKey } from '../../../src/lib/vault/readings-key.ts';
import { addImport, listImports, readSeries, setHomeTimeZone, undoImport } from '../../../src/lib/vault/readings.ts';
import { readReadingsState } from '../../../src/lib/vault/sealed-readings.ts';
import { arbitrarySeries, seriesOf } from '../series/arbitrary-series.ts';
import { dumpDatabase, freshVault, putRaw } from './fresh-vault.ts';

beforeEach(freshVault);

const hour = 3_600_000;
const start = Date.UTC(2024, 2, 30);
const hours = (count: number, first = 1_000_003): ReadingSeries =>
  seriesOf(Array.from({ length: count }, (_, i) => [start + i * hour, 3600, first + i] as const));
const fileOf = (series: ReadingSeries, fileName = 'meter.csv') => ({
  fileName,
  format: 'test',
  series: [series],
  findings: [],
});

async function turnOn(): Promise<void> {
  await createReadingsKey();
  await chooseSealedReadings(true);
  await changeStoredReadings();
}
async function turnOff(): Promise<void> {
  await chooseSealedReadings(false);
  await changeStoredReadings();
}

async function livedIn(): Promise<string> {
  const { id } = await addHome({ name: 'Home', timeZone: 'Europe/Amsterdam' });
  await addImport(id, fileOf(hours(96)));
  await saveManualReadings(
    { homeId: id, counterDigits: 6, readings: [{ register: 'gas', atMs: start, value: 1_000_003.5 }] },
    undefined,
  );
  return id;
}

const stores = ['dayBlocks', 'imports', 'importSeries', 'manualReadings'] as const;
const records = async (): Promise<object[]> => {
  const dump = await dumpDatabase();
  return stores.flatMap((name) => dump[name] ?? []).filter((one) => typeof one === 'object' && one !== null);
};
const countSealed = async () => (await records()).filter((record) => 'sealed' in record).length;

/** Whether a reading stands anywhere in the clear, as a number or in bytes as columns hold it. */
function holdsReading(value: unknown): boolean {
  const readings = Array.from({ length: 96 }, (_, i) => 1_000_003 + i);
  const columns = readings.map((one) => Buffer.from(Int32Array.of(one).buffer).toString('hex'));
  const walk = (part: unknown): boolean => {
    if (typeof part === 'number') return readings.includes(Math.floor(part));
    if (typeof part === 'string') return part.includes('meter.csv');
    if (ArrayBuffer.isView(part)) {
      const hex = Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('hex');
      return columns.some((one) => hex.includes(one));
    }
    return typeof part === 'object' && part !== null && Object.values(part).some(walk);
  };
  return walk(value);
}

describe('with readings encrypted', () => {
  it('none stands in the clear, in whichever order', async () => {
    const id = await livedIn();
    expect(holdsReading(await dumpDatabase())).toBe(true);
    await turnOn();
    expect(holdsReading(await dumpDatabase())).toBe(false);
    await addImport(id, fileOf(hours(120)));
    await setHomeTimeZone(id, 'Asia/Tokyo');
    await saveManualReadings(
      { homeId: id, counterDigits: 6, readings: [{ register: 'gas', atMs: start, value: 1_000_004.5 }] },
      undefined,
    );
    expect(holdsReading(await dumpDatabase())).toBe(false);
    // Each way a reading may stand in the clear is found.
    await putRaw('receipts', { id: 'planted', planted: hours(3).energyWh });
    expect(holdsReading(await dumpDatabase())).toBe(true);
  });

  it('the app works with them as before', async () => {
    const id = await livedIn();
    await turnOn();
    expect(await readSeries(id, 'import')).toEqual(hours(96));
    const { id: second } = await addImport(id, fileOf(hours(120), 'second.csv'));
    expect(await readSeries(id, 'import')).toEqual(hours(120));
    expect((await listImports(id)).map(({ fileName, added }) => [fileName, added])).toEqual([
      ['second.csv', 24],
      ['meter.csv', 96],
    ]);
    await undoImport(second);
    expect(await readSeries(id, 'import')).toEqual(hours(96));
    expect((await listManualReadings(id)).readings).toHaveLength(1);
    expect(JSON.parse(await exportJson())).toMatchObject({ homes: [{ readings: [{ register: 'import' }] }] });
    await turnOff();
    expect(await countSealed()).toBe(0);
    expect(await readSeries(id, 'import')).toEqual(hours(96));
    expect((await listManualReadings(id)).counterDigits).toBe(6);
  });

  it('imports and undone imports give what they give in the clear', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrarySeries, { minLength: 1, maxLength: 3 }), fc.nat(), async (files, which) => {
        const [plain, sealed] = [[], []] as [unknown[], unknown[]];
        for (const results of [plain, sealed]) {
          await freshVault();
          const { id } = await addHome({ name: 'Home', timeZone: 'Europe/Amsterdam' });
          if (results === sealed) await turnOn();
          const ids: string[] = [];
          for (const series of files) ids.push((await addImport(id, fileOf(series))).id);
          results.push(await readSeries(id, 'import'));
          await undoImport(ids[which % ids.length] ?? '');
          results.push(await readSeries(id, 'import'));
        }
        expect(sealed).toEqual(plain);
      }),
      { numRuns: 15 },
    );
  });

  it('a record opens in its own place and version only, and not when a byte is changed', async () => {
    const id = await livedIn();
    await turnOn();
    const [first, second] = (await dumpDatabase())['dayBlocks'] ?? [];
    const of = (record: unknown, change: object) => ({ ...(record ?? {}), ...change });
    const dayOf = (record: unknown) =>
      typeof record === 'object' && record !== null && 'day' in record ? { day: record.day } : {};
    const versionOf = (record: unknown) =>
      typeof record === 'object' && record !== null && 'version' in record ? Number(record.version) : 0;
    for (const [good, bad] of [
      [second, of(first, dayOf(second))],
      [first, of(first, { version: versionOf(first) + 1 })],
      [first, of(first, { sealed: new Uint8Array(100) })],
      [first, of(first, { nonce: new Uint8Array(3) })],
    ]) {
      await putRaw('dayBlocks', bad);
      await expect(readSeries(id, 'import')).rejects.toMatchObject({ code: 'damaged' });
      await putRaw('dayBlocks', good);
      expect(await readSeries(id, 'import')).toEqual(hours(96));
    }
  });

  it('a locked app reads none, and says so', async () => {
    const id = await livedIn();
    await turnOn();
    await setPassphrase('wind over quiet meters');
    await requirePassphrase('wind over quiet meters');
    await closeVault();
    forgetDataKey();
    borrowReadingsKey(openReadingsKey);
    await expect(readSeries(id, 'import')).rejects.toMatchObject({ code: 'locked' });
    await expect(addImport(id, fileOf(hours(120)))).rejects.toMatchObject({ code: 'locked' });
  });

  it('lends a key that no script can take out', async () => {
    await createReadingsKey();
    const key = await openReadingsKey();
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow();
    await expect(crypto.subtle.exportKey('jwk', key)).rejects.toThrow();
  });
});

describe('the change', () => {
  it('ended at any record is gone on with, and reads right meanwhile', async () => {
    const id = await livedIn();
    await createReadingsKey();
    await chooseSealedReadings(true);
    // A tab that is killed leaves some records sealed and some not.
    const all = await records();
    const stop = new Error('killed');
    let steps = 0;
    await expect(
      changeStoredReadings(() => {
        steps += 1;
        if (steps === 2) throw stop;
      }),
    ).rejects.toBe(stop);
    const sealed = await countSealed();
    expect(sealed).toBeGreaterThan(0);
    expect(sealed).toBeLessThan(all.length);
    expect(await readReadingsState()).toMatchObject({ sealed: true, isChanging: true });
    expect(await readSeries(id, 'import')).toEqual(hours(96));
    await addImport(id, fileOf(hours(120)));
    await changeStoredReadings();
    expect(await countSealed()).toBe((await records()).length);
    expect(await readReadingsState()).toMatchObject({ sealed: true, isChanging: false });
    expect(await readSeries(id, 'import')).toEqual(hours(120));
  });

  it('cancelled in the middle leaves everything as it was', async () => {
    const id = await livedIn();
    await createReadingsKey();
    await chooseSealedReadings(true);
    let cancelled: Promise<void> | undefined;
    await changeStoredReadings(() => {
      cancelled ??= chooseSealedReadings(false);
    });
    await cancelled;
    await changeStoredReadings();
    expect(await countSealed()).toBe(0);
    expect(await readReadingsState()).toMatchObject({ sealed: false, isChanging: false });
    expect(await readSeries(id, 'import')).toEqual(hours(96));
  });

  it('beside imports and erasing loses nothing', async () => {
    const id = await livedIn();
    const other = await addHome({ name: 'Other', timeZone: 'UTC' });
    await addImport(other.id, fileOf(hours(48)));
    await createReadingsKey();
    await chooseSealedReadings(true);
    const later = { ...hours(48), startMs: hours(48).startMs.map((ms) => ms + 200 * hour) };
    await Promise.all([changeStoredReadings(), addImport(id, fileOf(later)), eraseHome(other.id)]);
    expect((await readSeries(id, 'import'))?.startMs.length).toBe(96 + 48);
    expect(await readSeries(other.id, 'import')).toBeUndefined();
    expect(await countSealed()).toBe((await records()).length);
  });
});

describe('a key of before everything was erased', () => {
  it('seals nothing any more', async () => {
    await livedIn();
    await turnOn();
    await eraseEverything();
    const id = await livedIn();
    expect(await countSealed()).toBe(0);
    await turnOn();
    await addImport(id, fileOf(hours(120)));
    borrowReadingsKey(openReadingsKey);
    expect(await readSeries(id, 'import')).toEqual(hours(120));
  });
});

describe('a backup of encrypted readings', () => {
  it('brings them back encrypted to an empty device, under a key of its own', async () => {
    const id = await livedIn();
    await turnOn();
    const file = await makeBackup('wind over quiet meters');
    await freshVault();
    await restoreBackup(file, 'wind over quiet meters');
    expect(await readSeries(id, 'import')).toEqual(hours(96));
    expect((await listManualReadings(id)).readings).toHaveLength(1);
    expect(await countSealed()).toBe((await records()).length);
    expect(holdsReading(await dumpDatabase())).toBe(false);
  });
});
