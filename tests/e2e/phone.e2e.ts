/** What people expect of an app on their phone: it can be installed, it reminds, and a month can be given away. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { madeUpMeterFile } from './made-up-file.ts';
import { importFile, settled } from './steps.ts';
import { expect, test } from './support.ts';

async function tryDemo(page: Page) {
  await page.goto('/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await expect(page.getByRole('img', { name: /^Mean day of each month/ })).toBeVisible();
}

async function download(page: Page, button: string) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test('the browser’s install prompt is kept until a home of one’s own is shown, and then asked for once', async ({
  page,
}) => {
  await tryDemo(page);
  const offer = page.getByRole('heading', { name: 'Keep it at hand' });
  const prompt = () =>
    page.evaluate(() => {
      const event = new Event('beforeinstallprompt', { cancelable: true });
      Object.assign(event, { prompt: () => Promise.resolve(document.body.toggleAttribute('data-prompted', true)) });
      return dispatchEvent(event);
    });
  // True would mean that the browser may show its own banner.
  expect(await prompt()).toBe(false);
  await expect(offer).toBeHidden();

  await importFile(page, madeUpMeterFile());
  // The page was loaded anew for that, and a browser says it again then.
  expect(await prompt()).toBe(false);
  await page.getByRole('link', { name: 'See your overview' }).click();
  await expect(offer).toBeVisible();
  await page.getByRole('button', { name: 'Install', exact: true }).click();
  await expect(page.locator('body[data-prompted]')).toHaveCount(1);
});

test.describe('on an iPhone', () => {
  test.use({
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  });

  test('the way to the home screen is shown in pictures, and stays away once put off', async ({ page }) => {
    await importFile(page, madeUpMeterFile());
    await page.goto('/');
    await page.getByRole('button', { name: 'How to install' }).click();
    await expect(page.getByRole('dialog', { name: 'Install on iPhone or iPad' })).toContainText('Add to Home Screen');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Not now' }).click();
    await expect(page.getByRole('heading', { name: 'Keep it at hand' })).toBeHidden();
    await page.reload();
    await expect(page.locator('.figure').first()).toBeVisible();
    // The offer would come after everything else.
    await settled(page);
    await expect(page.getByRole('heading', { name: 'Keep it at hand' })).toBeHidden();
  });
});

test('a reminder comes as a calendar entry, before and after there are readings', async ({ page }) => {
  await page.goto('/');
  const later = await download(page, 'Remind me in 3 days');
  expect(later.name).toBe('energy-meter-file.ics');
  expect(later.bytes.toString()).toMatch(/^BEGIN:VCALENDAR\r\n[^]*SUMMARY:[^]*END:VCALENDAR\r\n$/);
  await page.goto('/more/');
  expect((await download(page, 'Add to my calendar')).bytes.toString()).toContain('RRULE:FREQ=MONTHLY;BYMONTHDAY=3');
});

test('a month goes on one page: as numbers, as a picture, and on paper without the app around it', async ({ page }) => {
  await tryDemo(page);
  await page.goto('/report/');
  const months = page.getByRole('combobox', { name: 'Month' });
  await months.selectOption({ index: 1 });
  const numbers = await download(page, 'Numbers (CSV)');
  const lines = numbers.bytes.toString().trim().split('\r\n');
  expect(lines[0]).toBe('Day,Energy (kWh),Share known');
  expect(lines.length).toBeGreaterThan(28);
  const picture = await download(page, 'Picture (PNG)');
  expect(picture.bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(picture.bytes.length).toBeGreaterThan(5000);

  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('navigation')).toBeHidden();
  await expect(page.getByRole('button')).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 2 }).first()).toBeVisible();
});
