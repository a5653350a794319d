/**
 * What the app promises of itself on every screen, with the headers of its own server and on a host that sends none:
 * cross-origin isolation, the content security policy with Trusted Types, and not one request to anybody else.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import type { Page } from '@playwright/test';
import { screens } from './screens.ts';
import { expect, freePort, test } from './support.ts';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
};

/** A host of files that sends a type and nothing more, as many do. */
async function plainHost(): Promise<{ origin: string; server: Server }> {
  const port = await freePort();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname);
    const file = path.endsWith('/') ? `${path}index.html` : path;
    readFile(join('build/app', file)).then(
      (bytes) => response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'text/plain' }).end(bytes),
      () => response.writeHead(404).end(),
    );
  }).listen(port, 'localhost');
  await once(server, 'listening');
  return { origin: `http://localhost:${port}`, server };
}

/** What a page lets happen that it must not. */
const holes = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = [];
    // The window's own evaluation: a page's function would run outside its policy.
    const inline = document.createElement('script');
    let isTyped = false;
    try {
      inline.textContent = 'window.planted = true';
    } catch {
      isTyped = true;
    }
    if (!isTyped) {
      document.head.append(inline);
      if ('planted' in window) found.push('an inline script ran');
    }
    try {
      document.createElement('p').innerHTML = '<b>planted</b>';
      found.push('text became HTML without a policy');
    } catch {
      // As it should be.
    }
    try {
      new Worker('https://elsewhere.example/worker.js');
      found.push('a worker of another origin was made');
    } catch {
      // As it should be.
    }
    const image = new Image();
    const loaded = new Promise<string>((resolve) => {
      image.onload = () => resolve('loaded');
      image.onerror = () => resolve('refused');
    });
    image.src = 'http://127.0.0.1:9/planted.png';
    if ((await loaded) !== 'refused') found.push('a picture of another origin was shown');
    if (document.querySelector('meta[http-equiv="content-security-policy"]') === null)
      found.push('no policy in the page');
    return found;
  });

/** Goes through all screens; gives the origins that were asked. */
async function visitAll(page: Page, origin: string): Promise<Set<string>> {
  const asked = new Set<string>();
  page.on('request', (request) => {
    const { protocol, origin: of } = new URL(request.url());
    if (protocol.startsWith('http') && !request.url().endsWith('/planted.png')) asked.add(of);
  });
  for (const path of screens) {
    await page.goto(`${origin}${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await page.evaluate(() => crossOriginIsolated), `${path} is isolated`).toBe(true);
    expect(await holes(page), path).toEqual([]);
  }
  return asked;
}

async function expectCharts(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await expect(page.getByRole('img', { name: /^Mean day of each month/ })).toBeVisible();
}

/** The refusals above are said on the console, and nothing else may be. */
const planted = /Trusted ?(Type|Script|HTML)|planted\.png|elsewhere\.example|inline script/i;

test('with the headers of its own server', async ({ page, product, complaints }) => {
  complaints.expect(planted);
  await expectCharts(page, product.origin);
  const asked = await visitAll(page, product.origin);
  expect([...asked].filter((origin) => origin !== product.origin && origin !== product.endpoint)).toEqual([]);
});

test('on a host that sends no headers, from the second load on', async ({ page, complaints }) => {
  complaints.expect(planted);
  const { origin, server } = await plainHost();
  await page.goto(origin);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await expectCharts(page, origin);
  const asked = await visitAll(page, origin);
  expect([...asked]).toEqual([origin]);
  // An app that is still open would complain about the server that ends.
  await page.close();
  server.closeAllConnections();
  server.close();
});
