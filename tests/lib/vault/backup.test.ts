import { randomInt } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../../src/protocol/bytes.ts';
import { sha256 } from '../../../src/protocol/hash.ts';
import { listAnalyses, saveAnalysis } from '../../../src/lib/vault/analyses.ts';
import { makeBackup, previewBackup, restoreBackup } from '../../../src/lib/vault/backup.ts';
import {
  listCommunities,
  listContributions,
  saveCommunity,
  saveContribution,
} from '../../../src/lib/vault/communities.ts';
import { addHome, listHomes, renameHome } from '../../../src/lib/vault/homes.ts';
import { freshRecoveryCode } from '../../../src/lib/vault/passphrase.ts';
import { makeRecoveryCode } from '../../../src/lib/vault/protection.ts';
import { addImport, listImports, readSeries, undoImport } from '../../../src/lib/vault/readings.ts';
import { listReceipts, saveReceipt } from '../../../src/lib/vault/receipts.ts';
import { keepSecret, readSecret } from '../../../src/lib/vault/secrets.ts';
import { readSettings, saveSetting } from '../../../src/lib/vault/settings.ts';
import { seriesOf } from '../series/arbitrary-series.ts';
import { exampleAnalysis, exampleCommunity, exampleContribution, exampleReceipt } from './examples.ts';
import { dumpDatabase, freshVault } from './fresh-vault.ts';

const passphrase = 'wind over quiet meters';
const secret = new Uint8Array(32).fill(7);
const start = Date.UTC(2024, 2, 30);
const series = seriesOf(Array.from({ length: 96 }, (_, i) => [start + i * 3_600_000, 3600, 100 + i, i % 3] as const));

/** A device with something of everything; gives the home's id. */
async function livedIn(): Promise<string> {
  const { id: homeId } = await addHome({ name: 'Home', timeZone: 'Europe/Amsterdam' });
  await addImport(homeId, { fileName: 'a.csv', format: 'test', series: [{ ...series, label: 'E1' }], findings: [] });
  await keepSecret('member/a', secret);
  await saveCommunity({ ...exampleCommunity, homeId });
  await saveContribution({ ...exampleContribution, homeId });
  await saveAnalysis({ ...exampleAnalysis, homeId });
  await saveReceipt(exampleReceipt);
  await saveSetting('price', { currency: 'EUR', perKwh: 0.31 });
  return homeId;
}

/** Everything but what is this device's own: the sealing of keys. */
async function everything(): Promise<unknown> {
  const { wraps, secrets, ...rest } = await dumpDatabase();
  return { ...rest, keys: [wraps?.length, secrets?.length] };
}

let homeId: string;
beforeEach(async () => {
  await freshVault();
  homeId = await livedIn();
});

describe('a backup', () => {
  it('brings everything to an empty device', async () => {
    const file = await makeBackup(passphrase);
    const before = await everything();
    await freshVault();
    expect(await previewBackup(file, passphrase)).toMatchObject({
      homes: [{ name: 'Home', isDemo: false, isNew: true, files: 1, newFiles: 1 }],
      communities: [{ name: exampleCommunity.name, isNew: true }],
      newComparisons: 1,
      newKeys: 1,
    });
    await restoreBackup(file, passphrase);
    expect(await everything()).toEqual(before);
    expect(await readSeries(homeId, 'import')).toEqual(series);
    expect(await readSecret('member/a')).toEqual(secret);
    expect(await readSettings()).toEqual({ price: { currency: 'EUR', perKwh: 0.31 } });
    expect(await listReceipts()).toHaveLength(1);
    expect(await listAnalyses(homeId)).toHaveLength(1);
  });

  it('restored twice, or where it was made, changes nothing', async () => {
    const file = await makeBackup(passphrase);
    const before = await dumpDatabase();
    await restoreBackup(file, passphrase);
    await restoreBackup(file, passphrase);
    expect(await dumpDatabase()).toEqual(before);
    expect(await previewBackup(file, passphrase)).toMatchObject({ newKeys: 0, newComparisons: 0 });
  });

  it('merges with what came later, which stays', async () => {
    const file = await makeBackup(passphrase);
    await renameHome(homeId, 'Renamed');
    const later = { ...series, startMs: series.startMs.map((ms) => ms + 96 * 3_600_000) };
    await addImport(homeId, { fileName: 'b.csv', format: 'test', series: [later], findings: [] });
    await saveContribution({ ...exampleContribution, homeId, version: 2, state: 'counted' });
    const [first] = (await listImports(homeId)).filter(({ fileName }) => fileName === 'a.csv');
    await undoImport(first?.id ?? '');
    await restoreBackup(file, passphrase);
    expect((await listHomes()).map(({ name }) => name)).toEqual(['Renamed']);
    expect((await readSeries(homeId, 'import'))?.startMs.length).toBe(192);
    expect(await listContributions(exampleCommunity.id)).toMatchObject([{ version: 2, state: 'counted' }]);
  });

  it('opens with the recovery code of its device too', async () => {
    const code = await makeRecoveryCode();
    const file = await makeBackup(passphrase);
    await freshVault();
    await expect(restoreBackup(file, await freshRecoveryCode())).rejects.toMatchObject({ code: 'wrong-secret' });
    await restoreBackup(file, code);
    expect(await readSecret('member/a')).toEqual(secret);
    expect(await listCommunities()).toHaveLength(1);
  });

  it('holds nothing in the clear and is never the same twice', async () => {
    const [one, other] = [await makeBackup(passphrase), await makeBackup(passphrase)];
    for (const clear of [secret, utf8(exampleCommunity.name), utf8('Europe/Amsterdam')])
      expect(toHex(one)).not.toContain(toHex(clear));
    expect(one).not.toEqual(other);
  });
});

describe('a backup is refused, and nothing changed,', () => {
  const isRefused = async (file: Uint8Array, words: string, code: string) => {
    await expect(restoreBackup(file, words)).rejects.toMatchObject({ name: 'VaultError', code });
  };

  it('with a wrong passphrase', async () => {
    const file = await makeBackup(passphrase);
    await freshVault();
    await isRefused(file, 'wind over quiet metres', 'wrong-secret');
    expect((await dumpDatabase())['homes'] ?? []).toEqual([]);
  });

  it('with any bit changed, or cut short', async () => {
    const file = await makeBackup(passphrase);
    const before = await dumpDatabase();
    for (let i = 0; i < 1000; i++) {
      const at = randomInt(file.length);
      const changed = i % 2 === 0 ? file.slice(0, at) : file.slice();
      if (i % 2 === 1) changed[at] = (changed[at] ?? 0) ^ (1 << randomInt(8));
      await isRefused(changed, passphrase, 'not-a-backup');
    }
    await isRefused(new TextEncoder().encode('start,kWh\n'.repeat(100)), passphrase, 'not-a-backup');
    expect(await dumpDatabase()).toEqual(before);
  });

  it('with a byte changed by one who also mends the check sum', async () => {
    const file = await makeBackup(passphrase);
    const inside = file.slice(0, -32);
    // In the content, in its nonce, and in the box of the file key (the head ends at about byte 140).
    for (const at of [inside.length - 1, 165, 120]) {
      const changed = inside.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(restoreBackup(concatBytes(changed, await sha256(changed)), passphrase)).rejects.toMatchObject({
        name: 'VaultError',
      });
    }
  });
});
