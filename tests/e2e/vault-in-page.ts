/** What the vault tests run inside a page: the vault's own modules and readings made up on the spot. */

import { keepSecret, listSecretIds, readSecret } from '../../src/lib/vault/secrets.ts';
import { makeBackup, previewBackup, restoreBackup } from '../../src/lib/vault/backup.ts';
import { saveContribution, findContribution } from '../../src/lib/vault/communities.ts';
import { findServerKey, keepServerKey, uploadServerKey } from '../../src/lib/vault/comparisons.ts';
import { dataKey, listWraps } from '../../src/lib/vault/data-key.ts';
import { eraseEverything } from '../../src/lib/vault/erase.ts';
import { exclusively } from '../../src/lib/vault/exclusive.ts';
import { addHome, listHomes } from '../../src/lib/vault/homes.ts';
import { makeRecoveryCode } from '../../src/lib/vault/protection.ts';
import { listManualReadings, saveManualReadings } from '../../src/lib/vault/manual-readings.ts';
import { changeStoredReadings, chooseSealedReadings } from '../../src/lib/vault/readings-at-rest.ts';
import { borrowReadingsKey, createReadingsKey, openReadingsKey } from '../../src/lib/vault/readings-key.ts';
import { readReadingsState } from '../../src/lib/vault/sealed-readings.ts';
import { addImport, listImports, readSeries, undoImport } from '../../src/lib/vault/readings.ts';
import type { ReadingSeries } from '../../src/lib/series/types.ts';

/** Quarter hours from a day on, with values that follow from time. */
function quarterHours(fromMs: number, count: number): ReadingSeries {
  return {
    register: 'import',
    unit: 'Wh',
    startMs: Float64Array.from({ length: count }, (_, i) => fromMs + i * 900_000),
    lengthSeconds: new Uint32Array(count).fill(900),
    energyWh: Int32Array.from({ length: count }, (_, i) => (fromMs / 900_000 + i) % 997),
    quality: new Uint8Array(count),
  };
}

const file = (fileName: string, series: ReadingSeries) => ({
  fileName,
  format: 'test',
  series: [series],
  findings: [],
});

const vaultInPage = {
  keepSecret,
  readSecret,
  listSecretIds,
  dataKey,
  makeBackup,
  previewBackup,
  restoreBackup,
  saveContribution,
  findContribution,
  keepServerKey,
  findServerKey,
  uploadServerKey,
  listWraps,
  eraseEverything,
  exclusively,
  addHome,
  listHomes,
  makeRecoveryCode,
  addImport,
  listImports,
  readSeries,
  undoImport,
  listManualReadings,
  saveManualReadings,
  createReadingsKey,
  chooseSealedReadings,
  changeStoredReadings,
  readReadingsState,
  quarterHours,
  file,
};

declare global {
  interface Window {
    vault: typeof vaultInPage;
    acknowledge: (what: string) => Promise<void>;
  }
}

borrowReadingsKey(openReadingsKey);
window.vault = vaultInPage;
