/** Trends, cost and advice as a person uses them, over a year that was simulated with a truth planted in it. */
import AxeBuilder from '@axe-core/playwright';
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { simulateHome } from '../../src/simulation/homes.ts';
import { expect, test } from './support.ts';

const timeZone = 'Europe/Amsterdam';
test.use({ timezoneId: timeZone, locale: 'en-GB' });

/** 14 months with a high baseload, and 30 % less from 1 June 2024 on. */
const planted = () =>
  simulateHome({
    seed: 4,
    index: 2,
    timeZone,
    from: '2023-06-01',
    to: '2024-08-15',
    stepSeconds: 3600,
    traits: {
      baseloadW: 320,
      solarKwp: 0,
      heating: 'none',
      heatLossWPerK: 0,
      carKwhPerWeek: 0,
      hotWater: 'none',
      coolingWPerK: 0,
    },
    saving: { from: '2024-06-01', fraction: 0.3 },
  }).import;

/** Energy of a month `YYYY-MM` of the home's clock, kWh. */
const plantedKwh = (month: string): number => {
  const { startMs, energyWh } = planted();
  const local = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit' });
  return startMs.reduce((sum, ms, i) => (local.format(ms) === month ? sum + (energyWh[i] ?? 0) / 1000 : sum), 0);
};

/** The readings as a DSMR-reader export by the hour. */
const meterFile = () => {
  const { startMs, energyWh } = planted();
  const rows = Array.from(
    startMs,
    (ms, i) => `${new Date(ms).toISOString().slice(0, 19)}+00:00,${(energyWh[i] ?? 0) / 1000},0`,
  );
  const header = 'Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff)';
  return { name: 'meter.csv', mimeType: 'text/csv', buffer: Buffer.from([header, ...rows].join('\n')) };
};

async function takeIn(page: Page) {
  await page.goto('/readings/');
  await page.getByLabel('Meter files').setInputFiles(meterFile());
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByRole('button', { name: 'Keep these readings' })).toBeHidden();
  await expect(page.getByRole('link', { name: 'See your overview' })).toBeVisible();
  await page.goto('/trends/');
  await expect(page.getByRole('heading', { name: /^Use: / })).toBeVisible();
}

const expectAccessible = async (page: Page) => {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
};

const expectNoSideways = async (page: Page) => {
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    // Drawings take their new width a moment later.
    await expect
      .poll(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
      .toBeLessThanOrEqual(0);
  }
};

test('trends: every view, the day behind a bar, zoom, numbers and picture to take away', async ({ page }) => {
  await takeIn(page);
  await expectAccessible(page);

  // The keyboard picks a bar, its button opens the day, and buttons zoom.
  await page.getByRole('button', { name: 'Year', exact: true }).click();
  // What is pressed is drawn a frame later.
  await expect(page.getByRole('heading', { name: 'Use: 2024' })).toBeVisible();
  const slider = page.getByRole('slider', { name: /pick a bar/ });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuetext', /^January 2024: /);
  await page.getByRole('button', { name: 'Open January 2024' }).click();
  await expect(page.getByRole('heading', { name: 'Use: January 2024' })).toBeVisible();
  await slider.focus();
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: /^Open Mon, 1 Jan 2024/ }).click();
  await expect(slider).toHaveAttribute('aria-valuemax', '23');
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await expect(slider).toHaveAttribute('aria-valuemax', '1');

  // Two fingers that move apart show less, around where they are.
  await page.getByRole('button', { name: 'Month', exact: true }).click();
  const days = 31;
  await expect(slider).toHaveAttribute('aria-valuemax', `${days - 1}`);
  await slider.evaluate((element) => {
    const clientY = element.getBoundingClientRect().top + 60;
    const finger = (type: string, pointerId: number, clientX: number) =>
      element.dispatchEvent(
        new PointerEvent(type, { bubbles: true, pointerType: 'touch', pointerId, clientX, clientY, buttons: 1 }),
      );
    finger('pointerdown', 11, 150);
    finger('pointerdown', 12, 200);
    finger('pointermove', 12, 300);
    finger('pointerup', 11, 150);
    finger('pointerup', 12, 300);
  });
  await expect.poll(async () => Number(await slider.getAttribute('aria-valuemax')) + 1).toBeLessThan(days / 2);

  // Numbers agree with what was imported.
  await page.getByRole('button', { name: 'Month', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Use: January 2024' })).toBeVisible();
  await page.getByText('Show the numbers').first().click();
  const numbers = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Numbers (CSV)' }).click();
  const csv = await readFile(await (await numbers).path(), 'utf8');
  const [head, ...lines] = csv.trim().split('\r\n');
  expect(head).toBe('Period,Energy (kWh),Share known');
  expect(lines).toHaveLength(31);
  const total = lines.reduce((sum, one) => sum + Number(one.split('",')[1]?.split(',')[0]), 0);
  expect(total).toBeCloseTo(plantedKwh('2024-01'), 6);
  const picture = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Picture (PNG)' }).click();
  const png = await readFile(await (await picture).path());
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect(png.length).toBeGreaterThan(4000);

  const headed = (name: RegExp) => page.getByRole('heading', { name });
  for (const [view, shown] of [
    ['Day and week', headed(/^Through the week/)],
    ['Calendar', headed(/^Calendar: /)],
    ['Power', headed(/^Always-on power by month/)],
    ['Weather', headed(/^Outdoor temperatures/)],
    ['Sun', page.getByText('No export in your readings.')],
  ] as const) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: view, exact: true }).click();
    await expect(shown).toBeVisible();
    await expectAccessible(page);
    await expectNoSideways(page);
  }
});

test('cost: a tariff by hand gives the bill, and another one what it would have been', async ({ page }) => {
  await takeIn(page);
  await page.goto('/cost/');
  await page.getByRole('button', { name: 'Enter your tariff' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('price per kWh');
  await page.getByLabel(/^Price per kWh/).fill('0.30');
  await page.getByLabel(/^Standing charge/).fill('0.50');
  await expectAccessible(page);
  await expectNoSideways(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { name: 'July 2024' })).toBeVisible();
  // The total is energy × price + 31 × 0.50, as the lines say.
  const line = (
    await page
      .getByRole('row', { name: /^All hours/ })
      .first()
      .innerText()
  ).replaceAll(/\s+/g, ' ');
  const [, kwh = '', amount = ''] = /([\d.,]+) kWh × .*?([\d.,]+)$/.exec(line.trim()) ?? [];
  expect(Math.abs(Number(kwh.replaceAll(',', '')) * 0.3 - Number(amount.replaceAll(',', '')))).toBeLessThan(0.03);
  await expect(page.getByRole('row', { name: /^Standing charge 31 days/ }).first()).toContainText('15.50');

  await page.getByRole('button', { name: 'Enter another tariff' }).click();
  await page.getByLabel(/^Price per kWh/).fill('0.20');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Over the last year, with the same use')).toContainText(/less a year/);
  await expectAccessible(page);
  await expectNoSideways(page);
  await page.goto('/advice/');
  await expect(page.getByRole('heading', { name: /Compare your tariff with Another tariff/ })).toBeVisible();
});

test('advice: the planted cause first; what was done is tested, and may be too early to tell', async ({ page }) => {
  await takeIn(page);
  await page.goto('/advice/');
  await expect(page.getByRole('heading', { name: /^1\. Find what is always on/ })).toBeVisible();
  await page.getByText('How is this worked out?').first().click();
  await expect(page.getByText(/× 8\.76 × 20/)).toBeVisible();
  await expectAccessible(page);

  const card = page.getByRole('region', { name: /^1\. / });
  await card.getByRole('button', { name: 'I did this' }).click();
  await card.getByLabel('Since when?').fill('2024-06-01');
  await card.getByRole('button', { name: 'Start the test' }).click();
  await expect(page.getByText(/It worked: you use about \d+.?% less/)).toBeVisible();
  await page.getByRole('button', { name: 'Remove this test' }).click();
  await card.getByRole('button', { name: 'I did this' }).click();
  await card.getByLabel('Since when?').fill('2024-08-01');
  await card.getByRole('button', { name: 'Start the test' }).click();
  await expect(page.getByText(/Too early to tell/)).toBeVisible();
  await expectNoSideways(page);
});
