import { beforeEach, expect, it } from 'vitest';
import { csvOf, exportJson, isoLocal } from '../../../src/lib/vault/export.ts';
import { addHome } from '../../../src/lib/vault/homes.ts';
import { addImport } from '../../../src/lib/vault/readings.ts';
import { saveCommunity } from '../../../src/lib/vault/communities.ts';
import { keepSecret } from '../../../src/lib/vault/secrets.ts';
import { shouldNudge } from '../../../src/lib/vault/storage.ts';
import { seriesOf } from '../series/arbitrary-series.ts';
import { exampleCommunity } from './examples.ts';
import { freshVault } from './fresh-vault.ts';

beforeEach(freshVault);

const series = seriesOf([
  [Date.UTC(2024, 9, 26, 23), 3600, 120, 0],
  [Date.UTC(2024, 9, 27, 0), 3600, 130, 1],
  [Date.UTC(2024, 9, 27, 1), 3600, 0, 2],
]);

it('readings as CSV tell both hours of an autumn night apart, and missing from zero', () => {
  expect(csvOf(series, 'Europe/Berlin').split('\r\n')).toEqual([
    'start,length_seconds,energy_wh,quality',
    '2024-10-27T01:00:00+02:00,3600,120,measured',
    '2024-10-27T02:00:00+02:00,3600,130,estimated',
    '2024-10-27T02:00:00+01:00,3600,,missing',
    '',
  ]);
});

it('instants carry the offset of their zone', () => {
  const ms = Date.UTC(2024, 0, 1, 12);
  expect(isoLocal(ms, 'America/St_Johns')).toBe('2024-01-01T08:30:00-03:30');
  expect(isoLocal(ms, 'Asia/Kathmandu')).toBe('2024-01-01T17:45:00+05:45');
  for (const zone of ['UTC', 'Asia/Kathmandu', 'America/St_Johns']) expect(Date.parse(isoLocal(ms, zone))).toBe(ms);
});

it('everything as JSON, without a secret', async () => {
  const { id } = await addHome({ name: 'Home', timeZone: 'Europe/Berlin' });
  await addImport(id, { fileName: 'a.csv', format: 'test', series: [series], findings: [] });
  await saveCommunity({ ...exampleCommunity, homeId: id });
  await keepSecret('member/a', new Uint8Array(32).fill(0xee));
  const json = await exportJson();
  expect(JSON.parse(json)).toMatchObject({
    homes: [
      { name: 'Home', imports: [{ fileName: 'a.csv' }], readings: [{ register: 'import', energyWh: [120, 130, 0] }] },
    ],
    communities: [{ name: exampleCommunity.name, invite: '02'.repeat(32) }],
  });
  expect(json).not.toContain('ee'.repeat(32));
});

it('a reminder of the backup comes weekly, and only while storage is not persistent', () => {
  const state = { persistent: false, usedBytes: null, quotaBytes: null };
  const day = 86_400_000;
  expect(shouldNudge(state, {}, 7 * day)).toBe(true);
  expect(shouldNudge(state, { lastBackupMs: day }, 7 * day)).toBe(false);
  expect(shouldNudge(state, { lastBackupMs: day, lastBackupNudgeMs: 8 * day }, 9 * day)).toBe(false);
  expect(shouldNudge({ ...state, persistent: true }, {}, 99 * day)).toBe(false);
});
