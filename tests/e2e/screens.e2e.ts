/** Every screen at every size, light and dark: nothing is wider than the screen or cut off, and WCAG 2.2 AA holds. */
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { screens, widths } from './screens.ts';
import { closeRound, contribute, expectFocusInSight, joinDemo, settled, startRound, wholeMonth } from './steps.ts';
import { expect, test } from './support.ts';

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
        element.closest('svg, .visually-hidden, [role=region], details:not([open]), dialog:not([open])') === null
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

/** Texts that lie on one another, or under a control, as pairs of their first words. */
const overlaps = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const main = document.querySelector('main');
    const hidden = 'svg, select, .visually-hidden, [role=region], dialog:not([open])';
    const boxes: { owner: Element; words: string; box: DOMRect }[] = [];
    const walker = document.createTreeWalker(main ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const [words, owner] = [node.textContent?.trim() ?? '', node.parentElement];
      if (words === '' || owner === null || owner.closest(hidden) !== null || !owner.checkVisibility()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects())
        if (box.width > 1) boxes.push({ owner, words: words.slice(0, 30), box });
    }
    for (const owner of document.querySelectorAll('main :is(input, select):not(.visually-hidden)')) {
      const box = owner.getBoundingClientRect();
      if (box.width > 1 && owner.checkVisibility()) boxes.push({ owner, words: `a ${owner.tagName}`, box });
    }
    const found: string[] = [];
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        if (a.owner === b.owner) continue;
        const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // Lines are set closer than a font's own box is high.
        if (across > 3 && down > 0.4 * Math.min(a.box.height, b.box.height))
          found.push(`“${a.words}” and “${b.words}”`);
      }
    }
    return found;
  });

/** Sets the size of all text, as a person can in the browser. */
const setTextSize = (page: Page, percent: number) =>
  page.evaluate((size) => (document.documentElement.style.fontSize = `${size}%`), percent);

async function expectAccessible(page: Page, what: string): Promise<void> {
  const wordless = await page
    .locator('h1, h2, h3, h4, dt, summary')
    .evaluateAll((all) => all.filter((one) => one.checkVisibility() && one.textContent.trim() === '').length);
  expect(wordless, `headings without words on ${what}`).toBe(0);
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  expect(found, what).toEqual([]);
}

/** Drawings take their new width a moment after the screen has its own. */
async function expectFits(page: Page, what: string): Promise<void> {
  await expect.poll(() => misfits(page), what).toEqual([]);
  await expect.poll(() => overlaps(page), what).toEqual([]);
}

async function expectGood(page: Page, what: string): Promise<void> {
  await settled(page);
  for (const width of widths) {
    await page.setViewportSize({ width, height: 844 });
    await expectFits(page, `${what} at ${width} px`);
  }
  await setTextSize(page, 200);
  await page.setViewportSize({ width: 640, height: 844 });
  await expectFits(page, `${what} with text of twice the size`);
  await setTextSize(page, 100);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${what}, ${colorScheme}`);
  }
}

test('the search for what does not fit finds what was planted', async ({ page }) => {
  await page.goto('/more/');
  await settled(page);
  expect(await misfits(page)).toEqual([]);
  await page.evaluate(() => {
    const wide = document.createElement('p');
    wide.textContent = 'planted';
    wide.style.width = '3000px';
    document.querySelector('main .screen')?.append(wide);
  });
  expect((await misfits(page)).some((name) => name.includes('planted'))).toBe(true);
  expect(await overlaps(page)).toEqual([]);
  await page.evaluate(() => {
    const over = document.createElement('p');
    over.textContent = 'laid over';
    over.style.position = 'absolute';
    over.style.top = '1rem';
    document.querySelector('main')?.prepend(over);
  });
  expect((await overlaps(page)).some((pair) => pair.includes('laid over'))).toBe(true);
});

test('every screen fits and is accessible, before there is anything to show and with a compared home', async ({
  page,
}) => {
  for (const path of screens) {
    await page.goto(path);
    await expectGood(page, `empty ${path}`);
  }

  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await expect(page.getByRole('button', { name: 'Take back' })).toBeVisible();
  await joinDemo(page);
  // The demo's round of the month after it may be over already.
  await startRound(page, await wholeMonth(page, 1));
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await expect(page.getByRole('button', { name: 'Encrypt and contribute' })).toBeVisible();
  await expectGood(page, 'the review of a contribution');
  await page.getByRole('button', { name: 'Not now' }).click();
  await contribute(page);
  await closeRound(page);
  for (const path of screens) {
    await page.goto(path);
    await page.waitForLoadState('networkidle');
    await expectGood(page, path);
  }

  // Longer words where there is least room.
  for (const language of ['de', 'es']) {
    await page.evaluate((tag) => localStorage.setItem('language', tag), language);
    for (const path of screens) {
      await page.setViewportSize({ width: 320, height: 844 });
      await page.goto(path);
      await settled(page);
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      for (const width of [320, 390]) {
        await page.setViewportSize({ width, height: 844 });
        await expectFits(page, `${path} in ${language} at ${width} px`);
      }
      if (language === 'de') await expectAccessible(page, `${path} in ${language}`);
    }
  }

  // With the system's own colours what is chosen can still be told, and nothing moves where that is not wanted.
  await page.evaluate(() => localStorage.setItem('language', 'en'));
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
  await page.goto('/trends/');
  const border = (name: string) =>
    page.getByRole('button', { name, exact: true }).evaluate((button) => getComputedStyle(button).borderTopColor);
  expect(await border('Use')).not.toBe(await border('Calendar'));
  const tab = page.getByRole('navigation').getByRole('link', { name: 'Trends' });
  await expect(tab).toHaveCSS('border-bottom-style', 'solid');
  await page.getByRole('button', { name: 'Calendar', exact: true }).click();
  await expect(page.getByRole('heading', { name: /^Calendar: / })).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);

  await page.goto('/settings/');
  await expectFocusInSight(page, 'nav');
});
