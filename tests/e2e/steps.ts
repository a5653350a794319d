/** What a person does, as steps that several tests take. */
import type { Page } from '@playwright/test';
import { expect } from './support.ts';

/** Takes a meter file in, on the readings screen. */
export async function importFile(page: Page, file: string | { name: string; mimeType: string; buffer: Buffer }) {
  await page.goto('/readings/');
  await page.getByLabel('Meter files').setInputFiles(file);
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/ is kept: /)).toBeVisible({ timeout: 30_000 });
}

/** Joins the demo community with the invite that the compare screen asks for. */
export async function joinDemo(page: Page) {
  await page.goto('/compare/');
  await page.getByRole('button', { name: 'Try the demo community' }).click();
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page).toHaveURL(/\/compare\/$/);
}

/** Chooses a month on the compare screen and has the demo's homes contribute to it. */
export async function startRound(page: Page, month: string) {
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  const start = page.getByRole('button', { name: 'Start the round of this month' });
  const review = page.getByRole('button', { name: 'See what I would contribute' });
  await expect(start.or(review)).toBeVisible();
  if (await start.isVisible()) await start.click();
  await expect(review).toBeVisible({ timeout: 60_000 });
}

/** Looks at what would be contributed, agrees, and waits for the receipt. */
export async function contribute(page: Page, button = 'See what I would contribute') {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('button', { name: 'Encrypt and contribute' }).click();
  await expect(page.getByRole('progressbar')).toBeHidden({ timeout: 60_000 });
  await expect(page.getByText('Counted.')).toBeVisible({ timeout: 60_000 });
}

/** Closes the round through the demo panel and waits for the comparison. */
export async function closeRound(page: Page) {
  await page.getByRole('button', { name: 'Demo: close the round now' }).click();
  await expect(page.getByRole('heading', { name: 'Figure by figure' })).toBeVisible({ timeout: 90_000 });
}

/** Makes and uploads this home's comparison key, and waits for the answer that it brings. */
export async function setUpComparisonKey(page: Page) {
  await page.getByRole('button', { name: /Set up my comparison key/ }).click();
  await expect(page.getByText('Compared under encryption')).toBeVisible({ timeout: 180_000 });
}
