import { beforeEach, describe, expect, it } from 'vitest';
import { features } from '../../../src/protocol/features.ts';
import { listAnalyses, saveAnalysis } from '../../../src/lib/vault/analyses.ts';
import {
  findContribution,
  findNorms,
  listCommunities,
  listContributions,
  saveCommunity,
  saveContribution,
  saveNorms,
} from '../../../src/lib/vault/communities.ts';
import { listReceipts, saveReceipt } from '../../../src/lib/vault/receipts.ts';
import { readSettings, saveSetting } from '../../../src/lib/vault/settings.ts';
import { exampleAnalysis, exampleCommunity, exampleContribution, exampleReceipt } from './examples.ts';
import { freshVault, putRaw } from './fresh-vault.ts';

beforeEach(freshVault);

describe('communities', () => {
  it('are stored whole and replaced by id', async () => {
    await saveCommunity(exampleCommunity);
    await saveCommunity({ ...exampleCommunity, name: 'Renamed' });
    expect(await listCommunities()).toEqual([{ ...exampleCommunity, name: 'Renamed' }]);
  });

  it('let neither another tab nor a late answer take a contribution back', async () => {
    expect(await saveContribution(exampleContribution)).toBe(true);
    const other = { ...exampleContribution, contribution: new Uint8Array(32).fill(9) };
    expect(await saveContribution(other)).toBe(false);
    expect(await saveContribution({ ...exampleContribution, state: 'counted' })).toBe(true);
    expect(await saveContribution(exampleContribution)).toBe(false);
    expect(await saveContribution({ ...other, version: 2 })).toBe(true);
  });

  it('keep the newest version of a contribution', async () => {
    await saveContribution({ ...exampleContribution, version: 2, state: 'counted' });
    await saveContribution({ ...exampleContribution, version: 1 });
    expect(await findContribution(exampleCommunity.id, '2024-03')).toMatchObject({ version: 2, state: 'counted' });
    await saveContribution({ ...exampleContribution, month: '2024-04' });
    await saveContribution({ ...exampleContribution, communityId: 'f'.repeat(64) });
    expect((await listContributions(exampleCommunity.id)).map(({ month }) => month)).toEqual(['2024-04', '2024-03']);
  });

  it('have norms per month', async () => {
    const norms = { communityId: exampleCommunity.id, month: '2024-03', message: new Uint8Array([1]), fetchedMs: 5 };
    await saveNorms(norms);
    expect(await findNorms(norms.communityId, '2024-03')).toEqual(norms);
    expect(await findNorms(norms.communityId, '2024-04')).toBeUndefined();
  });

  it('refuse a damaged record by name', async () => {
    await saveCommunity(exampleCommunity);
    await putRaw('communities', { ...exampleCommunity, invite: new Uint8Array(31) });
    await expect(listCommunities()).rejects.toMatchObject({ code: 'damaged' });
  });
});

it('past comparisons are listed by month', async () => {
  await saveAnalysis(exampleAnalysis);
  const older = { ...exampleAnalysis, id: 'older', comparison: { ...exampleAnalysis.comparison, month: '2023-12' } };
  await saveAnalysis(older);
  expect(await listAnalyses(exampleAnalysis.homeId)).toEqual([exampleAnalysis, older]);
  expect(exampleAnalysis.comparison.figures.map(({ name }) => name)).toEqual(features.map(({ name }) => name));
});

it('receipts are listed with the newest first', async () => {
  await saveReceipt(exampleReceipt);
  await saveReceipt({ ...exampleReceipt, id: 'later', sentMs: exampleReceipt.sentMs + 1 });
  expect((await listReceipts()).map(({ id }) => id)).toEqual(['later', exampleReceipt.id]);
});

it('settings are made and unmade, and an invalid one is as if never made', async () => {
  await saveSetting('price', { currency: 'EUR', perKwh: 0.31 });
  await saveSetting('currentHome', 'a');
  await saveSetting('currentHome', undefined);
  expect(await readSettings()).toEqual({ price: { currency: 'EUR', perKwh: 0.31 } });
  await expect(saveSetting('price', { currency: 'EUR', perKwh: -1 })).rejects.toThrow();
});
