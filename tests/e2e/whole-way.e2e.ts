/** The whole way: a real meter file, a contribution, the comparison, and all of it again without any server. */
import { join } from 'node:path';
import { dataFolder, haveData } from '../real-files/data.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { closeRound, contribute, importFile, joinDemo, roundMonths, setUpComparisonKey, startRound } from './steps.ts';
import { expect, stoppedServers, test } from './support.ts';

/** A real export of a Dutch smart meter; where the real files are not there, a made-up one in the same format. */
const meterFile = () =>
  haveData ? join(dataFolder, 'dev', 'csv', 'nl_dsmrreader_hourly_export.csv') : madeUpMeterFile();

test('from a meter file to a comparison, which is still there when every server is gone', async ({
  page,
  product,
  context,
  complaints,
}) => {
  const posts: { url: string; body: Buffer }[] = [];
  const origins = new Set<string>();
  const paths: string[] = [];
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith('http')) origins.add(url.origin);
    paths.push(request.url());
    const body = request.postDataBuffer();
    if (body !== null && url.origin === product.endpoint) posts.push({ url: request.url(), body });
  });

  await importFile(page, meterFile());

  await page.goto('/');
  await expect(page.getByRole('main')).toContainText('kWh');
  await page.goto('/trends/');
  // The daily trend, moved through by keyboard.
  const bars = page.getByRole('slider', { name: /pick a bar/ });
  await bars.focus();
  const before = Number(await bars.getAttribute('aria-valuenow'));
  await page.keyboard.press('ArrowLeft');
  await expect(bars).toHaveAttribute('aria-valuenow', `${before - 1}`);
  await page.getByRole('button', { name: 'Day and week' }).click();
  await expect(page.getByRole('heading', { name: /Through the day/ })).toBeVisible();
  await page.getByText('Show the numbers').first().click();
  await expect(page.getByRole('table').first()).toBeVisible();

  await joinDemo(page);
  const month = roundMonths.wholeWay;
  await startRound(page, month);

  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await page.getByText('numbers exactly as they are sent').click();
  const numbers = page.getByRole('table').getByRole('row').locator('td');
  await expect.poll(() => numbers.count()).toBeGreaterThan(24);
  const values = (await numbers.allInnerTexts()).map((text) => Number(text.replaceAll(/\D/g, '')));
  await page.getByRole('button', { name: 'Not now' }).click();

  await contribute(page);
  // The same figures once more: a replacement, with other bytes.
  await contribute(page, 'Replace my contribution');

  const contributions = posts.filter(({ url }) => url.endsWith('/contributions')).map(({ body }) => body);
  expect(contributions).toHaveLength(2);
  const [first, second] = contributions;
  if (first === undefined || second === undefined) throw new Error('two contributions were expected');
  const stewards = 3;
  expect(first.length / stewards).toBeGreaterThan(18_000);
  expect(Math.abs(first.length - second.length)).toBeLessThan(16);
  expect(sharedBytes(first, second)).toBeLessThan(0.2);

  // No value of the vector stands in anything that was sent; the search is shown to find what it looks for.
  const patterns = encodingsOf(values);
  const planted = Buffer.concat([first, patterns[0] ?? Buffer.alloc(0), first]);
  expect(found(patterns, planted)).toBe(true);
  for (const { body } of posts) expect(found(patterns, body)).toBe(false);
  expect([...origins].sort()).toEqual([product.origin, product.endpoint].sort());
  // The invite's secret never stood in an address that was asked for.
  for (const path of paths) expect(new URL(path).hash === '' || !path.includes('/join/')).toBe(true);
  expect(new URL(page.url()).hash).toBe('');

  await page.goto('/receipts/');
  await expect(page.getByRole('heading', { name: /^Contribution/ }).first()).toBeVisible();
  await page.getByText('What it carried').first().click();
  await expect(page.getByText(/SHA-256 [0-9a-f]{64}/).first()).toBeVisible();

  await page.goto('/compare/');
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await closeRound(page);
  await setUpComparisonKey(page);
  const verdict = page.getByText(/the mean of 41 homes/);
  await expect(page.getByText(/You are (among|lower|higher)/)).toBeVisible();
  await expect(verdict).toBeVisible();
  const said = await verdict.innerText();

  await page.goto('/advice/');
  const advice = await page.getByRole('main').getByRole('heading', { level: 2 }).first().innerText();
  expect(advice.length).toBeGreaterThan(5);

  // Every server is gone: the app, the readings, the charts and the comparison are not.
  expect(complaints.unexpected).toEqual([]);
  complaints.expect(stoppedServers);
  await product.stop();
  for (const path of ['/', '/trends/', '/advice/', '/receipts/']) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await page.goto('/trends/');
  await page.reload();
  await expect(page.getByRole('slider', { name: /pick a bar/ })).toBeVisible();
  await page.goto('/compare/');
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(page.getByText(said)).toBeVisible();
  await product.start();
});

/** Share of places at which two requests hold the same byte. */
function sharedBytes(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  let same = 0;
  for (let i = 0; i < length; i++) if (a[i] === b[i]) same++;
  return same / length;
}

/** How a run of the vector's numbers would look in a request if somebody forgot to encrypt it. */
function encodingsOf(values: readonly number[]): Buffer[] {
  // Runs of four numbers of which some are large enough that no header holds them by chance.
  const runs = values.flatMap((_, at) => {
    const run = values.slice(at, at + 4);
    return run.length === 4 && run.filter((value) => value > 3).length >= 3 ? [run] : [];
  });
  return runs.flatMap((run) => [
    Buffer.from(run.join(',')),
    Buffer.from(run.join(', ')),
    Buffer.from(new Uint16Array(run).buffer),
    Buffer.from(new Uint32Array(run).buffer),
    Buffer.from(new Float64Array(run).buffer),
    Buffer.from(new BigUint64Array(run.map(BigInt)).buffer),
    Buffer.concat(run.map(cborInteger)),
  ]);
}

/** RFC 8949, section 3: an unsigned integer. */
function cborInteger(value: number): Buffer {
  if (value < 24) return Buffer.from([value]);
  if (value < 256) return Buffer.from([24, value]);
  return Buffer.from([25, value >> 8, value & 255]);
}

const found = (patterns: readonly Buffer[], body: Buffer): boolean =>
  patterns.some((pattern) => body.includes(pattern));
