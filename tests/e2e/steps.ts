/** What a person does, as steps that several tests take. */
import type { Page } from '@playwright/test';
import { expect } from './support.ts';

/** Time for work that keeps a slow machine busy: keys, the contributions of many homes, encrypted comparisons. */
export const longWorkMs = 180_000;

/**
 * Months of the demo's rounds, each for one test: one demo serves them all, and a round that one of them closes takes no
 * more homes. The two newest whole months of the meter file are those of encrypted-comparison.e2e.ts, the newest two of
 * the demo home, which is made anew every day, those of languages.e2e.ts and screens.e2e.ts.
 */
export const roundMonths = {
  otherDevice: '2024-04',
  wholeWay: '2024-05',
  keys: '2024-06',
  offline: '2024-07',
  endpointTrouble: '2024-08',
  sentByWorker: '2024-09',
} as const;

/** How a text reads on the screen: as it stands, unless the page speaks another language. */
const asItStands = (text: string): string => text;

/** Takes a meter file in, on the readings screen. */
export async function importFile(page: Page, file: string | { name: string; mimeType: string; buffer: Buffer }) {
  await page.goto('/readings/');
  await page.getByLabel('Meter files').setInputFiles(file);
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/ is kept: /)).toBeVisible();
}

/** Waits until a screen is there, nothing of it is still being read or worked out, and two looks at it see the same. */
export async function settled(page: Page) {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('.blank, main [role=status]:has-text("…")')).toHaveCount(0);
  let now = '';
  await expect
    .poll(async () => {
      const before = now;
      now = await page.getByRole('main').innerHTML();
      return now === before;
    })
    .toBe(true);
}

/** Joins the demo community with the invite that the compare screen asks for. */
export async function joinDemo(page: Page, say = asItStands) {
  await page.goto('/compare/');
  await page.getByRole('button', { name: say('Try the demo community') }).click();
  await page.getByRole('button', { name: say('Join'), exact: true }).click();
  await expect(page).toHaveURL(/\/compare\/$/);
}

/** The newest month of which this home has every day, or the whole month so many before it. */
export async function wholeMonth(page: Page, before = 0, say = asItStands): Promise<string> {
  const months = page.getByRole('combobox', { name: say('Month') }).locator('option');
  const whole = months.filter({ hasNotText: say('not complete') }).nth(before);
  return (await whole.getAttribute('value')) ?? '';
}

/** Chooses a month on the compare screen and has the demo's homes contribute to it. */
export async function startRound(page: Page, month: string, say = asItStands) {
  await page.getByRole('combobox', { name: say('Month') }).selectOption(month);
  const start = page.getByRole('button', { name: say('Start the round of this month') });
  const review = page.getByRole('button', { name: say('See what I would contribute') });
  await expect(start.or(review)).toBeVisible();
  if (await start.isVisible()) await start.click();
  await expect(review).toBeVisible({ timeout: longWorkMs });
}

/** Agrees to what is shown, and waits for the receipt and for what is asked after it. */
export async function agree(page: Page, say = asItStands) {
  const button = page.getByRole('button', { name: say('Encrypt and contribute') });
  await button.click();
  // Of a replacement the word "Counted." is there already. The button goes as the progress comes.
  await expect(button).toBeHidden();
  await expect(page.getByRole('progressbar')).toBeHidden({ timeout: longWorkMs });
  await expect(page.getByText(say('Counted.'))).toBeVisible();
}

/** Looks at what would be contributed, agrees, and waits for the receipt. */
export async function contribute(page: Page, button = 'See what I would contribute', say = asItStands) {
  await page.getByRole('button', { name: say(button) }).click();
  await agree(page, say);
}

/** Closes the round through the demo panel and waits for the comparison. */
export async function closeRound(page: Page, say = asItStands) {
  await page.getByRole('button', { name: say('Demo: close the round now') }).click();
  await expect(page.getByRole('heading', { name: say('Figure by figure') })).toBeVisible({ timeout: longWorkMs });
  await expect(page.getByRole('progressbar')).toBeHidden({ timeout: longWorkMs });
}

/** Makes and uploads this home's comparison key, and waits for the answer that it brings. */
export async function setUpComparisonKey(page: Page) {
  await page.getByRole('button', { name: /Set up my comparison key/ }).click();
  await expect(page.getByText('Compared under encryption')).toBeVisible({ timeout: longWorkMs });
}

/** Goes through a screen by keyboard: what has the focus is never behind the elements that lie over the screen. */
export async function expectFocusInSight(page: Page, over: string) {
  await settled(page);
  await page.getByRole('heading', { level: 1 }).click();
  const seen = new Set<string>();
  for (let i = 0; i < 40; i += 1) {
    await page.keyboard.press('Tab');
    const { focused, behind } = await page.evaluate((selector) => {
      const { activeElement: focus } = document;
      const box = focus?.getBoundingClientRect();
      const covers = [...document.querySelectorAll(selector)].filter((one) => {
        const cover = one.getBoundingClientRect();
        return (
          box !== undefined &&
          !one.contains(focus) &&
          !focus?.contains(one) &&
          Math.min(box.bottom, cover.bottom) - Math.max(box.top, cover.top) > 1 &&
          Math.min(box.right, cover.right) - Math.max(box.left, cover.left) > 1
        );
      });
      const focused = focus?.closest('main') ? focus.outerHTML.slice(0, 120) : '';
      return { focused, behind: covers.length > 0 ? (focus?.outerHTML ?? '') : '' };
    }, over);
    expect(behind).toBe('');
    if (focused !== '') seen.add(focused);
  }
  expect(seen.size).toBeGreaterThan(5);
}
