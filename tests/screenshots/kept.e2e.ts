/** `npm run screenshots -- --kept`: the pictures of the manifest and the README. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { closeRound, contribute, joinDemo, settled, startRound } from '../e2e/steps.ts';
import { test } from '../e2e/support.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'static', 'screenshots');

test.use({ deviceScaleFactor: 2, locale: 'en-GB', timezoneId: 'Europe/London' });

test('pictures to keep', async ({ page }) => {
  test.setTimeout(600_000);
  await mkdir(folder, { recursive: true });
  await page.goto('/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await page.getByRole('img', { name: /^Mean day of each month/ }).waitFor({ timeout: 60_000 });
  await joinDemo(page);
  await startRound(page, await page.getByRole('combobox', { name: 'Month' }).inputValue());
  await contribute(page);
  await closeRound(page);
  for (const [path, name] of [
    ['/trends/', 'trends'],
    ['/compare/', 'compare'],
    ['/', 'overview'],
  ] as const) {
    await page.goto(path);
    await settled(page);
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `${name}-narrow.png`) });
  }
  await page.screenshot({ path: join(root, 'docs', 'screenshots', 'overview.png') });
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.screenshot({ path: join(folder, 'overview-wide.png') });
});
