/** Every screen at every size, light and dark: nothing is wider than the screen or cut off, and WCAG 2.2 AA holds. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { closeRound, contribute, joinDemo, startRound } from './steps.ts';
import { expect, test } from './support.ts';

const widths = [320, 390, 768, 1280];
const screens = [
  '/',
  '/trends/',
  '/compare/',
  '/advice/',
  '/more/',
  '/readings/',
  '/receipts/',
  '/privacy/',
  '/settings/',
  '/join/',
];

/** Elements that stick out of the screen, or whose text is cut off, as selectors a person can find them by. */
const misfits = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const name = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.className} “${element.textContent.trim().slice(0, 30)}”`;
    const visible = [...document.querySelectorAll('main *')].filter((element) => {
      const box = element.getBoundingClientRect();
      return (
        box.width > 1 &&
        box.height > 1 &&
        element.closest('svg, .visually-hidden, [role=region], details:not([open])') === null
      );
    });
    const out = visible.filter((element) => element.getBoundingClientRect().right > innerWidth + 1);
    const cut = visible.filter(
      (element) =>
        element.children.length === 0 &&
        getComputedStyle(element).overflowX !== 'visible' &&
        !(element instanceof HTMLInputElement || element instanceof HTMLSelectElement) &&
        element.scrollWidth > element.clientWidth + 1,
    );
    return [...out, ...cut].map(name);
  });

async function expectGood(page: Page, what: string): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    expect(await misfits(page), `${what} at ${width} px`).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    );
    expect(found, `${what}, ${colorScheme}`).toEqual([]);
  }
}

test('the search for what does not fit finds what was planted', async ({ page }) => {
  await page.goto('/more/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await misfits(page)).toEqual([]);
  await page.evaluate(() => {
    const wide = document.createElement('p');
    wide.textContent = 'planted';
    wide.style.width = '3000px';
    document.querySelector('main .screen')?.append(wide);
  });
  expect((await misfits(page)).some((name) => name.includes('planted'))).toBe(true);
});

test('every screen fits and is accessible, before there is anything to show and with a compared home', async ({
  page,
}) => {
  test.setTimeout(600_000);
  for (const path of screens) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectGood(page, `empty ${path}`);
  }

  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await expect(page.getByRole('button', { name: 'Take back' })).toBeVisible({ timeout: 60_000 });
  await joinDemo(page);
  await startRound(page, await page.getByRole('combobox', { name: 'Month' }).inputValue());
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await expectGood(page, 'the review of a contribution');
  await page.getByRole('button', { name: 'Not now' }).click();
  await contribute(page);
  await closeRound(page);
  for (const path of screens) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.waitForLoadState('networkidle');
    await expectGood(page, path);
  }
});
