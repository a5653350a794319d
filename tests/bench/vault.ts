import { chromium } from '@playwright/test';
import { serveVault } from '../e2e/vault-server.ts';

/** Ten years of quarter hours in a real Chromium: taken in, read back, backed up and restored, in ms. */
export async function bench(): Promise<Record<string, unknown>> {
  const server = await serveVault();
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const page = await browser.newPage();
  await page.goto(server.url);
  const figures = await page.evaluate(async () => {
    const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
      const startMs = performance.now();
      const result = await work();
      return [Math.round(performance.now() - startMs), result];
    };
    const { vault } = window;
    const startMs = Date.UTC(2014, 0, 1);
    const { id } = await vault.addHome({ name: 'Home', timeZone: 'Europe/Berlin' });
    const tenYears = vault.quarterHours(startMs, 3653 * 96);
    const [importMs] = await timed(() => vault.addImport(id, vault.file('ten-years', tenYears)));
    const month = vault.quarterHours(Date.UTC(2024, 0, 1), 31 * 96);
    const [addMonthMs, added] = await timed(() => vault.addImport(id, vault.file('month', month)));
    const [readAllMs, all] = await timed(() => vault.readSeries(id, 'import'));
    const [readMonthMs] = await timed(() =>
      vault.readSeries(id, 'import', { from: '2020-03-01', until: '2020-04-01' }),
    );
    const [undoMs] = await timed(() => vault.undoImport(added.id));
    const [backupMs, file] = await timed(() => vault.makeBackup('wind over quiet meters'));
    await vault.eraseEverything();
    const [restoreMs] = await timed(() => vault.restoreBackup(file, 'wind over quiet meters'));
    const readings = all?.startMs.length;
    return {
      readings,
      importMs,
      addMonthMs,
      readAllMs,
      readMonthMs,
      undoMs,
      backupMs,
      backupBytes: file.length,
      restoreMs,
    };
  });
  await browser.close();
  server.stop();
  return figures;
}
