/** What the service worker keeps: the app at once, the encryption module from its first use on, across updates. */
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import * as v from 'valibot';
import { sendingTag } from '../../src/lib/community/send-contribution.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { contribute, expectFocusInSight, importFile, joinDemo, roundMonths, startRound } from './steps.ts';
import { expect, stoppedServers, test } from './support.ts';

const manifestSchema = v.object({
  icons: v.array(v.object({ src: v.string(), sizes: v.string(), purpose: v.optional(v.string()) })),
  shortcuts: v.array(v.object({ url: v.string() })),
  screenshots: v.array(v.object({ src: v.string(), form_factor: v.string() })),
});

/** Paths of the WebAssembly files that the app's own cache holds. */
const keptModules = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests
      .flat()
      .map(({ url }) => new URL(url).pathname)
      .filter((path) => path.includes('tfhe'))
      .sort();
  });

test('the encryption module is fetched when first used, works offline then, and survives an update of the app', async ({
  page,
  product,
  context,
  complaints,
}) => {
  complaints.expect(stoppedServers);
  const fetched: string[] = [];
  context.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  const modules = () => fetched.filter((path) => path.includes('tfhe'));

  await importFile(page, madeUpMeterFile());
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.goto('/trends/');
  await joinDemo(page);
  const month = roundMonths.offline;
  await startRound(page, month);
  expect(modules()).toEqual([]);
  expect(await keptModules(page)).toEqual([]);

  await contribute(page);
  const kept = [...new Set(modules())].sort();
  expect(kept.some((path) => path.endsWith('.wasm'))).toBe(true);
  await expect.poll(() => keptModules(page)).toEqual(kept);

  // The app's own server is gone; the endpoint is there: encryption works from what is kept.
  await product.stop();
  await product.startEndpoint();
  await page.reload();
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await contribute(page, 'Replace my contribution');

  // An update: one page differs, and the module is no longer to be had from the server.
  await product.stop();
  const update = await mkdtemp(join(tmpdir(), 'energy-update-'));
  await cp('build/app', update, { recursive: true });
  const worker = join(update, 'service-worker.js');
  const source = await readFile(worker, 'utf8');
  const changed = source.replace(/("url":"\/privacy\/?"[^}]*"revision":")[0-9a-f]+/, '$1updated');
  expect(changed).not.toBe(source);
  await writeFile(worker, changed);
  const workers = join(update, '_app', 'immutable', 'workers', 'assets');
  for (const file of await readdir(workers)) if (file.includes('tfhe')) await rm(join(workers, file));
  await product.startEndpoint();
  await product.startApp(update);
  await page.reload();
  await expect(page.getByText('A newer version of this app is ready.')).toBeVisible();
  await expectFocusInSight(page, 'nav, .toast');
  const reloaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Reload now' }).click();
  await reloaded;
  await expect(page.getByText('A newer version of this app is ready.')).toBeHidden();
  expect(await keptModules(page)).toEqual(kept);
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await contribute(page, 'Replace my contribution');

  await rm(update, { recursive: true });
  await product.stop();
  await product.start();
});

/** Wakes the service worker as the browser does once there is a network; a browser without a window does not by itself. */
async function wakeServiceWorker(context: BrowserContext, page: Page, origin: string): Promise<void> {
  const devtools = await context.newCDPSession(page);
  let registrationId = '';
  devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.find(({ isDeleted }) => !isDeleted)?.registrationId ?? registrationId;
  });
  await devtools.send('ServiceWorker.enable');
  await expect.poll(() => registrationId).not.toBe('');
  await devtools.send('ServiceWorker.dispatchSyncEvent', {
    origin,
    registrationId,
    tag: sendingTag,
    lastChance: false,
  });
}

test('what waits is sent by the service worker once there is a network, without the page', async ({
  page,
  product,
  context,
  complaints,
}) => {
  complaints.expect(stoppedServers);
  await importFile(page, madeUpMeterFile());
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await joinDemo(page);
  await startRound(page, roundMonths.sentByWorker);
  // The page cannot reach the endpoint's inbox, the service worker can once it was seen to wait: some browsers
  // wake it at once.
  let [refused, reachable] = [0, false];
  await context.route(`${product.endpoint}/**/contributions`, async (route) => {
    if (reachable && route.request().serviceWorker() !== null) return route.continue();
    refused += 1;
    await route.abort('connectionrefused');
  });
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await page.getByRole('button', { name: 'Encrypt and contribute' }).click();
  await expect(page.getByText('Waiting.')).toBeVisible();
  reachable = true;
  await wakeServiceWorker(context, page, product.origin);
  await expect(page.getByText('Counted.')).toBeVisible();
  expect(refused).toBeGreaterThan(0);
  await page.goto('/receipts/');
  await expect(page.getByText(/signed/i).first()).toBeVisible();
});

test('the app can be installed to the home screen', async ({ page }) => {
  await page.goto('/');
  const href = await page.locator('link[rel=manifest]').getAttribute('href');
  const manifest: unknown = JSON.parse(await page.evaluate(async (path) => (await fetch(path ?? '')).text(), href));
  expect(manifest).toMatchObject({ display: 'standalone', start_url: '/' });
  const { icons, shortcuts, screenshots } = v.parse(manifestSchema, manifest);
  expect(icons.map(({ sizes }) => sizes)).toEqual(expect.arrayContaining(['192x192', '512x512']));
  expect(icons.some(({ purpose }) => purpose?.includes('maskable'))).toBe(true);
  for (const { src, sizes } of icons) {
    const size = await page.evaluate(
      (path) =>
        new Promise<string>((resolve, reject) => {
          const image = new Image();
          image.onload = () => resolve(`${image.naturalWidth}x${image.naturalHeight}`);
          image.onerror = () => reject(new Error(path));
          image.src = path;
        }),
      src,
    );
    if (src.endsWith('.png')) expect(size).toBe(sizes);
  }
  // Shortcuts lead to screens that exist, pictures are there, and other apps can hand files over.
  // A connection that was kept for the next request may be ended by the server just as that is sent.
  const got = (url: string) => page.request.get(url, { maxRetries: 3 });
  for (const { url } of shortcuts) expect((await got(url)).status(), url).toBe(200);
  expect(screenshots.map(({ form_factor }) => form_factor)).toEqual(expect.arrayContaining(['narrow', 'wide']));
  for (const { src } of screenshots) expect((await got(src)).headers()['content-type'], src).toBe('image/png');
  expect(manifest).toMatchObject({ share_target: { method: 'POST' }, file_handlers: [{ action: '/readings/' }] });
});
