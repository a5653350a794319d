import { beforeEach, describe, expect, it } from 'vitest';
import { saveAnalysis } from '../../../src/lib/vault/analyses.ts';
import { onVaultChange } from '../../../src/lib/vault/changes.ts';
import { saveCommunity, saveContribution, saveNorms } from '../../../src/lib/vault/communities.ts';
import { eraseCommunity, eraseEverything, eraseHome } from '../../../src/lib/vault/erase.ts';
import { addHome, listHomes } from '../../../src/lib/vault/homes.ts';
import { addImport } from '../../../src/lib/vault/readings.ts';
import { saveReceipt } from '../../../src/lib/vault/receipts.ts';
import { keepSecret, readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import { saveManualReadings } from '../../../src/lib/vault/manual-readings.ts';
import { saveHomeNotes, saveSetting } from '../../../src/lib/vault/settings.ts';
import { seriesOf } from '../series/arbitrary-series.ts';
import { exampleAnalysis, exampleCommunity, exampleContribution, exampleReceipt } from './examples.ts';
import { dumpDatabase, freshVault } from './fresh-vault.ts';

const secret = new Uint8Array(32).fill(7);

/** A home in a community of its own, with something in every store. */
async function addLife(communityId: string): Promise<string> {
  const { id: homeId } = await addHome({ name: 'Home', timeZone: 'UTC' });
  const series = seriesOf([
    [Date.UTC(2024, 0, 1), 3600, 1],
    [Date.UTC(2024, 0, 2), 3600, 1],
  ]);
  await addImport(homeId, { fileName: 'a', format: 'test', series: [series], findings: [] });
  await saveCommunity({ ...exampleCommunity, id: communityId, homeId });
  await saveContribution({ ...exampleContribution, communityId, homeId });
  await saveNorms({ communityId, month: '2024-03', message: new Uint8Array(1), fetchedMs: 1 });
  await saveAnalysis({ ...exampleAnalysis, id: `${communityId}/2024-03`, communityId, homeId });
  await saveReceipt({ ...exampleReceipt, id: communityId, communityId });
  await keepSecret(secretId('member', communityId), secret);
  await saveSetting('currentHome', homeId);
  await saveHomeNotes(homeId, { actions: [{ advice: 'baseload', day: '2024-01-02' }] });
  await saveManualReadings(
    { homeId, counterDigits: null, readings: [{ register: 'import', atMs: 1, value: 5 }] },
    undefined,
  );
  return homeId;
}

const left = { name: exampleCommunity.name, endpointUrl: exampleCommunity.endpointUrl, months: ['2024-03'] };
const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];

describe('erasing', () => {
  beforeEach(freshVault);

  it('a community leaves the readings and the other communities', async () => {
    const home = await addLife(a);
    await addLife(b);
    const before = await dumpDatabase();
    expect(await eraseCommunity(a)).toEqual({
      homes: 0,
      files: 0,
      daysOfReadings: 0,
      comparisons: 1,
      contributions: 1,
      keys: 1,
      receipts: 1,
      communities: [left],
    });
    const after = await dumpDatabase();
    expect(JSON.stringify(after)).not.toContain(a);
    expect(JSON.stringify(after)).toContain(b);
    expect(after['dayBlocks']).toEqual(before['dayBlocks']);
    expect((await listHomes()).map(({ id }) => id)).toContain(home);
    expect(await readSecret(secretId('member', a))).toBeUndefined();
  });

  it('a home leaves the other home untouched', async () => {
    await addLife(b);
    const before = await dumpDatabase();
    const home = await addLife(a);
    expect(await eraseHome(home)).toMatchObject({
      homes: 1,
      files: 1,
      daysOfReadings: 2,
      keys: 1,
      communities: [left],
    });
    const after = await dumpDatabase();
    expect(JSON.stringify(after)).not.toContain(home);
    // The count of changes went on, that tabs at work on this home notice.
    const own = { settings: [], readingsState: [] };
    expect({ ...after, ...own }).toEqual({ ...before, ...own });
  });

  it('everything leaves nothing, and the app can begin again', async () => {
    await addLife(a);
    await addLife(b);
    const heard: string[] = [];
    const stop = onVaultChange((stores) => heard.push(...stores));
    expect(await eraseEverything()).toMatchObject({ homes: 2, daysOfReadings: 4, keys: 2, communities: [left, left] });
    stop();
    expect(heard).toContain('homes');
    expect(await indexedDB.databases()).toEqual([]);
    expect(await listHomes()).toEqual([]);
    // The data key of before is still in this worker's memory; it must not be used again.
    await keepSecret('member/a', secret);
    const { wraps, secrets } = await dumpDatabase();
    expect([wraps?.length, secrets?.length]).toEqual([1, 1]);
    expect(await readSecret('member/a')).toEqual(secret);
  });
});
