import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { mergeSeries } from '../../../src/lib/series/merge.ts';
import type { ReadingSeries } from '../../../src/lib/series/types.ts';
import { onVaultChange } from '../../../src/lib/vault/changes.ts';
import { addHome, listHomes, renameHome } from '../../../src/lib/vault/homes.ts';
import {
  addImport,
  listImports,
  listRegisters,
  previewImport,
  readSeries,
  setHomeTimeZone,
  undoImport,
  type FileToImport,
} from '../../../src/lib/vault/readings.ts';
import { arbitrarySeries, seriesOf } from '../series/arbitrary-series.ts';
import { dumpDatabase, freshVault, putRaw } from './fresh-vault.ts';

beforeEach(freshVault);

const hour = 3_600_000;
const hours = (fromMs: number, count: number, wh: number): ReadingSeries =>
  seriesOf(Array.from({ length: count }, (_, i) => [fromMs + i * hour, 3600, wh + i] as const));
const fileOf = (...series: ReadingSeries[]): FileToImport => ({
  fileName: 'a.csv',
  format: 'test',
  series,
  findings: [],
});
const newHome = () => addHome({ name: 'Home', timeZone: 'Europe/Amsterdam' });
const start = Date.UTC(2024, 2, 30);

describe('homes', () => {
  it('are listed as added and renamed', async () => {
    const home = await newHome();
    await renameHome(home.id, ' Cabin ');
    expect(await listHomes()).toEqual([{ ...home, name: 'Cabin' }]);
  });

  it('need a real time zone', async () => {
    await expect(addHome({ name: 'Home', timeZone: 'Mars/Base' })).rejects.toThrow('timeZone');
  });
});

describe('imports', () => {
  it('give back exactly what the file said, cut at local days', async () => {
    const { id } = await newHome();
    const series = hours(start, 72, 100);
    const record = await addImport(id, fileOf(series));
    expect(record).toMatchObject({ added: 72, replaced: 0, conflicts: 0 });
    expect(await readSeries(id, 'import')).toEqual(series);
    // 31 March 2024 has 23 hours in Amsterdam and begins at 23:00 UTC.
    const day = await readSeries(id, 'import', { from: '2024-03-31', until: '2024-04-01' });
    expect(day?.startMs.length).toBe(23);
    expect(day?.startMs[0]).toBe(Date.UTC(2024, 2, 30, 23));
    expect(await listRegisters(id)).toEqual(['import']);
    expect((await listImports(id)).map(({ fileName }) => fileName)).toEqual(['a.csv']);
  });

  it('of the same file twice count nothing twice', async () => {
    const { id } = await newHome();
    const series = hours(start, 48, 100);
    await addImport(id, fileOf(series));
    expect((await previewImport(id, [series]))[0]).toMatchObject({ added: 0, agreed: 48 });
    await addImport(id, fileOf(series));
    expect(await readSeries(id, 'import')).toEqual(series);
  });

  it('with several series of a register make one of them', async () => {
    const { id } = await newHome();
    const [a, b] = [hours(start, 24, 5), hours(start + 24 * hour, 24, 50)];
    await addImport(id, fileOf(a, b, { ...a, register: 'export' }));
    expect(await readSeries(id, 'import')).toEqual(mergeSeries(a, b).series);
    expect(await listRegisters(id)).toEqual(['import', 'export']);
  });

  it('that fail change nothing', async () => {
    const { id } = await newHome();
    await addImport(id, fileOf(hours(start, 24, 5)));
    const before = await dumpDatabase();
    const shared = hours(start, 48, 9);
    const bad = { ...shared, energyWh: shared.energyWh.subarray(0, 3) };
    await expect(addImport(id, fileOf({ ...hours(start, 48, 9), register: 'export' }, bad))).rejects.toThrow();
    await expect(addImport('gone', fileOf(hours(start, 2, 2)))).rejects.toMatchObject({ code: 'not-found' });
    expect(await dumpDatabase()).toEqual(before);
  });

  it('taken back in any order leave what the others said', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitrarySeries, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        async (files, undone) => {
          await freshVault();
          const { id } = await newHome();
          const kept: { id: string; series: ReadingSeries }[] = [];
          for (const series of files) kept.push({ id: (await addImport(id, fileOf(series))).id, series });
          for (const which of undone) {
            const [gone] = kept.splice(which % Math.max(1, kept.length), 1);
            if (gone !== undefined) await undoImport(gone.id);
          }
          const expected = kept
            .map(({ series }) => series)
            .filter(({ startMs }) => startMs.length > 0)
            .reduce<ReadingSeries | undefined>(
              (all, one) => (all === undefined ? one : mergeSeries(all, one).series),
              undefined,
            );
          expect(await readSeries(id, 'import')).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('move with their home to another zone', async () => {
    const { id } = await newHome();
    await addImport(id, fileOf(hours(start, 48, 100)));
    await setHomeTimeZone(id, 'Asia/Tokyo');
    const day = await readSeries(id, 'import', { from: '2024-03-31', until: '2024-04-01' });
    expect(day?.startMs[0]).toBe(Date.UTC(2024, 2, 30, 15));
  });

  it('tell listeners what changed', async () => {
    const { id } = await newHome();
    const heard: string[] = [];
    const stop = onVaultChange((stores) => heard.push(...stores));
    await addImport(id, fileOf(hours(start, 2, 1)));
    stop();
    expect(heard).toContain('dayBlocks');
  });
});

it('refuses a damaged day by name', async () => {
  const { id } = await newHome();
  await addImport(id, fileOf(hours(start, 24, 5)));
  const [block] = (await dumpDatabase())['dayBlocks'] ?? [];
  await putRaw('dayBlocks', { ...(block ?? {}), quality: new Uint8Array(1) });
  await expect(readSeries(id, 'import')).rejects.toMatchObject({ code: 'damaged' });
});
