/** The app in other languages, and in a made-up one in which a text that nobody could translate stands out. */
import type { Page } from '@playwright/test';
import { disguised, plainWords, speakPseudo } from './pseudo-language.ts';
import { screens } from './screens.ts';
import { closeRound, contribute, joinDemo, settled, startRound, wholeMonth } from './steps.ts';
import { expect, test } from './support.ts';

test.use({ serviceWorkers: 'block' });

/** Names of the demo, of its community and of its homes. */
const names = [/Demo Street/, /Steward \d/, /\b(Ada|Ben|Cleo)\b/];

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await page.waitForLoadState('networkidle');
  await settled(page);
  // What is folded is read as well.
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
}

test('no screen shows a text that was not taken out for translation', async ({ page, context }) => {
  await speakPseudo(context);
  const found: Record<string, string[]> = {};
  const look = async (what: string) => {
    const words = await plainWords(page, names);
    if (words.length > 0) found[what] = words;
  };
  for (const path of screens) {
    await open(page, path);
    await look(`empty ${path}`);
  }
  await page.goto('/readings/');
  await page.getByRole('button', { name: disguised('Try a demo home') }).click();
  await expect(page.getByRole('button', { name: disguised('Take back') })).toBeVisible();
  await joinDemo(page, disguised);
  await startRound(page, await wholeMonth(page, 0, disguised), disguised);
  await page.getByRole('button', { name: disguised('See what I would contribute') }).click();
  await expect(page.getByRole('button', { name: disguised('Encrypt and contribute') })).toBeVisible();
  await look('the review of a contribution');
  await page.getByRole('button', { name: disguised('Not now') }).click();
  await contribute(page, 'See what I would contribute', disguised);
  await look('a contribution');
  await closeRound(page, disguised);
  for (const path of screens) {
    await open(page, path);
    await look(path);
  }
  expect(found).toEqual({});
});

for (const [locale, title] of [
  ['de-DE', 'Ihre Energie'],
  ['es-ES', 'Su energía'],
] as const)
  test.describe(locale, () => {
    test.use({ locale });
    test('the browser chooses the language, the settings can choose another', async ({ page }) => {
      const language = page.locator('html');
      await page.goto('/');
      await expect(language).toHaveAttribute('lang', locale.slice(0, 2));
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
      await page.goto('/settings/');
      await page.locator('select').filter({ hasText: 'English' }).selectOption('en');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('This device');
      await expect(language).toHaveAttribute('lang', 'en');
      await page.goto('/');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Your energy');
    });
  });
