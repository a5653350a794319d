/**
 * Somebody new, with a phone and no instructions: from a cold start to the first chart and to a contribution, by touch
 * and by keyboard alone. Every step is recorded in the test's attachment.
 */
import type { Page } from '@playwright/test';
import { settled } from './steps.ts';
import { expect, Product, test } from './support.ts';

const [chartWithinMs, contributionWithinMs] = [60_000, 180_000];

/** What was done and when, since the app was opened. */
class Record {
  readonly #startedMs = Date.now();
  readonly #steps: string[] = [];

  step(what: string): number {
    const ms = Date.now() - this.#startedMs;
    this.#steps.push(`${(ms / 1000).toFixed(1).padStart(6)} s  ${what}`);
    return ms;
  }

  async keep(): Promise<void> {
    await test.info().attach('steps.txt', { body: this.#steps.join('\n'), contentType: 'text/plain' });
    process.stdout.write(`${this.#steps.join('\n')}\n`);
  }
}

/** How a person presses what has this name: a finger, or the keyboard. */
type Press = (page: Page, name: string) => Promise<void>;

const byTouch: Press = async (page, name) => {
  const target = page
    .getByRole('link', { name, exact: true })
    .or(page.getByRole('button', { name, exact: true }))
    .first();
  await target.click();
};

/** The focused element: its words, whether its focus is shown, and whether anything covers it wholly. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return undefined;
    const box = element.getBoundingClientRect();
    const [middle, points] = [box.top + box.height / 2, [0.1, 0.5, 0.9]];
    const isSeen = points.some((share) => {
      const top = document.elementFromPoint(box.left + box.width * share, middle);
      return top !== null && (element.contains(top) || top.contains(element));
    });
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return {
      name: element.innerText.trim() || (element.getAttribute('aria-label') ?? ''),
      isSeen: isSeen || box.width <= 1,
      hasOutline: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    };
  });

const byKeyboard: Press = async (page, name) => {
  // What comes late would push what has the focus elsewhere, or take the focus away with what it replaces.
  await settled(page);
  for (let tab = 0; tab < 80; tab += 1) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at === undefined) continue;
    expect(at.isSeen, `${at.name} is not covered when it has the focus`).toBe(true);
    expect(at.hasOutline, `${at.name} shows that it has the focus`).toBe(true);
    if (at.name === name) {
      await page.keyboard.press('Enter');
      return;
    }
  }
  throw new Error(`The keyboard does not reach “${name}”.`);
};

const shown = (page: Page, name: string | RegExp) =>
  expect(page.getByRole('link', { name }).or(page.getByRole('button', { name })).first()).toBeVisible();

for (const [way, press] of [
  ['by touch', byTouch],
  ['by keyboard alone', byKeyboard],
] as const) {
  test(`from a cold start to the first chart and a contribution, ${way}`, async ({ page }) => {
    const product = await Product.start();
    try {
      const record = new Record();
      await page.goto(product.origin);
      record.step('the app is open');
      await shown(page, 'Try a demo home');
      await press(page, 'Try a demo home');
      record.step('Try a demo home');
      await expect(page.getByRole('img', { name: /^Mean day of each month/ })).toBeVisible({ timeout: chartWithinMs });
      expect(record.step('the first chart is there')).toBeLessThan(chartWithinMs);

      const take = async (name: string) => {
        await shown(page, name);
        await press(page, name);
        record.step(name);
      };
      for (const name of ['Compare with a community', 'Try the demo community', 'Join']) await take(name);
      const start = 'Start the round of this month';
      const review = 'See what I would contribute';
      // The demo may have made the round of this month already.
      await shown(page, new RegExp(`^(${start}|${review})$`));
      if (await page.getByRole('button', { name: start }).isVisible()) await take(start);
      for (const name of [review, 'Encrypt and contribute']) await take(name);
      await expect(page.getByText('Counted.')).toBeVisible({ timeout: contributionWithinMs });
      expect(record.step('the contribution is counted')).toBeLessThan(contributionWithinMs);
      await record.keep();
    } finally {
      // An app that is still open would complain about the endpoint that ends.
      await page.close();
      await product.remove();
    }
  });
}
