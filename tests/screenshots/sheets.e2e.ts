/**
 * `npm run screenshots`: every screen in every language, theme and size, as one contact sheet a screen, to be looked at.
 * It expects nothing but that the screens can be reached.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { madeUpMeterFile } from '../e2e/made-up-file.ts';
import { closeRound, contribute, joinDemo, setUpComparisonKey, settled, startRound } from '../e2e/steps.ts';
import { test } from '../e2e/support.ts';
import { screens, widths } from '../e2e/screens.ts';
import { languages } from '../../src/locales/locale.ts';

const folder = join(import.meta.dirname, '../../screenshots');
/** Some of the languages or screens alone: `SCREENSHOT_LANGUAGES=en,de SCREENSHOT_SCREENS=/,/trends/ npm run screenshots`. */
const shownLanguages = process.env.SCREENSHOT_LANGUAGES?.split(',') ?? Object.keys(languages);
const only = process.env.SCREENSHOT_SCREENS?.split(',');
const themes = ['light', 'dark'] as const;

/** Of no known format: its owner says what the columns mean. */
const unknownTable = {
  name: 'unknown.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(
    ['Moment;Buiten;Stroom wh', ...Array.from({ length: 24 }, (_, hour) => `03-02-2026 ${hour}:00;11,5;250`)].join(
      '\n',
    ),
  ),
};

/** What a screen shows after a step on it; the steps are named by no language. */
const states: readonly {
  readonly name: string;
  readonly path: string;
  readonly open: (page: Page) => Promise<void>;
}[] = [
  ...['day', 'calendar', 'power', 'weather', 'sun'].map((name, index) => ({
    name: `full-trends-${name}`,
    path: '/trends/',
    open: (page: Page) =>
      page
        .locator('.views button')
        .nth(index + 1)
        .click(),
  })),
  { name: 'full-readings-preview', path: '/readings/', open: (page) => choose(page, madeUpMeterFile()) },
  { name: 'full-readings-mapper', path: '/readings/', open: (page) => choose(page, unknownTable) },
  { name: 'full-cost-tariff', path: '/cost/', open: (page) => page.locator('main .card .row button').first().click() },
];

async function choose(page: Page, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  await page.locator('input[type=file]').first().setInputFiles(file);
  await page.locator('#preview-title, #mapper-title').waitFor();
}

interface Shot {
  readonly label: string;
  readonly width: number;
  readonly png: Buffer;
}

/** All shots of one screen on one page, each with its label. */
async function writeSheet(browser: Browser, name: string, shots: readonly Shot[]): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 2400, height: 1200 } });
  const figures = shots.map(
    ({ label, width, png }) =>
      `<figure style="margin:0;width:${Math.min(720, width)}px"><figcaption>${label}</figcaption>
       <img style="width:100%;border:1px solid #888" src="data:image/png;base64,${png.toString('base64')}"></figure>`,
  );
  await page.setContent(
    `<body style="margin:16px;font:16px system-ui;background:#bbb;display:flex;flex-wrap:wrap;gap:16px;align-items:start">${figures.join('')}</body>`,
  );
  await writeFile(join(folder, `${name}.png`), await page.screenshot({ fullPage: true }));
  await page.close();
}

async function shoot(page: Page, language: string, theme: string, width: number): Promise<Shot> {
  await page.setViewportSize({ width, height: 844 });
  // As tall as its content, so that the tab bar stands below it.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(844, height) });
  await page.waitForTimeout(150);
  return { label: `${language} ${theme} ${width}`, width, png: await page.screenshot() };
}

test('contact sheets', async ({ page, browser }) => {
  test.setTimeout(3_600_000);
  await mkdir(folder, { recursive: true });
  const sheetOf = async (name: string, path: string, open?: (page: Page) => Promise<void>): Promise<void> => {
    const shots: Shot[] = [];
    for (const language of shownLanguages) {
      await page.evaluate((tag) => localStorage.setItem('language', tag), language);
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme });
        await page.goto(path);
        await settled(page);
        await open?.(page);
        await page.waitForLoadState('networkidle');
        for (const width of widths) shots.push(await shoot(page, language, colorScheme, width));
      }
    }
    await writeSheet(browser, name, shots);
  };
  const shotsOf = async (name: string, paths: readonly string[]): Promise<void> => {
    for (const path of paths) await sheetOf(`${name}-${path === '/' ? 'overview' : path.replaceAll('/', '')}`, path);
  };
  await page.goto('/');
  const asked = screens.filter((path) => only === undefined || only.includes(path));
  await shotsOf('empty', asked);
  await page.evaluate(() => localStorage.setItem('language', 'en'));
  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await page.getByRole('button', { name: 'Take back' }).waitFor({ timeout: 60_000 });
  await page.goto('/cost/');
  await page.getByRole('button', { name: 'Enter your tariff' }).click();
  await page.getByLabel(/^Price per kWh/).fill('0.30');
  await page.getByRole('button', { name: 'Save' }).click();
  await joinDemo(page);
  await startRound(page, await page.getByRole('combobox', { name: 'Month' }).inputValue());
  await contribute(page);
  await closeRound(page);
  await setUpComparisonKey(page);
  await shotsOf('full', asked);
  for (const { name, path, open } of states) if (asked.includes(path)) await sheetOf(name, path, open);
});
