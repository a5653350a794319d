/**
 * A Green Button file of a hundred megabytes (300,000 readings) taken in by the built app in Chromium: how long reading,
 * looking and keeping take, how long the page is blocked meanwhile, and the memory of the page's process.
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';

const root = process.cwd();
const app = join(root, 'build', 'app');
const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  js: 'text/javascript',
  css: 'text/css',
  svg: 'image/svg+xml',
  json: 'application/json',
  webmanifest: 'application/manifest+json',
  wasm: 'application/wasm',
};

const serveApp = async () => {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(app, path.endsWith('/') ? `${path}index.html` : path);
    readFile(file).then(
      (bytes) => {
        response.setHeader('Content-Type', types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://localhost:${address.port}/readings/`, stop: () => server.close() };
};

/** From now on the page counts how long it is blocked: tasks over 50 ms, and the longest wait of a timer. */
const watch = (page: Page) =>
  page.evaluate(() => {
    const tickMs = 5;
    const seen = { tasks: [] as number[], longestMs: 0, lastMs: performance.now() };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.tasks.push(Math.round(duration));
    }).observe({ type: 'longtask' });
    setInterval(() => {
      const nowMs = performance.now();
      seen.longestMs = Math.max(seen.longestMs, nowMs - seen.lastMs - tickMs);
      seen.lastMs = nowMs;
    }, tickMs);
  });

/** What was seen since the last call. */
const seenSince = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { seen } = window as unknown as { seen: { tasks: number[]; longestMs: number; lastMs: number } };
    const result = { tasksOver50Ms: seen.tasks.splice(0), longestBlockMs: Math.round(seen.longestMs) };
    seen.longestMs = 0;
    return result;
  });

/** Waits for words, looking seldom and cheaply: Playwright's own waiting would take the page's time. */
const waitForText = (page: Page, words: string) =>
  page.evaluate(
    (wanted) =>
      new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (document.body.textContent.includes(wanted)) {
            clearInterval(timer);
            resolve();
          }
        }, 50);
      }),
    words,
  );

/** Makes the file in the page, so that nothing else of it is in memory, and chooses it. */
const choose = (page: Page, readings: number) =>
  page.evaluate(async (count) => {
    const head =
      '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><content><ReadingType xmlns="http://naesb.org/espi"><uom>72</uom><flowDirection>1</flowDirection></ReadingType></content></entry><entry><content><IntervalBlock xmlns="http://naesb.org/espi">\n';
    const parts: Blob[] = [new Blob([head])];
    for (let from = 0; from < count; from += 20_000) {
      let text = '';
      for (let n = from; n < Math.min(count, from + 20_000); n++)
        text += `                <IntervalReading>
                    <cost>${(n * 37) % 10_000}</cost>
                    <ReadingQuality>
                        <quality>0</quality>
                    </ReadingQuality>
                    <timePeriod>
                        <duration>900</duration>
                        <start>${Date.UTC(2015, 0, 1) / 1000 + n * 900}</start>
                    </timePeriod>
                    <value>${(n * n) % 977}</value>
                </IntervalReading>
`;
      parts.push(new Blob([text]));
      await new Promise((resolve) => setTimeout(resolve));
    }
    parts.push(new Blob(['</IntervalBlock></content></entry></feed>']));
    const file = new File(parts, 'large.xml');
    const data = new DataTransfer();
    data.items.add(file);
    const input = document.querySelector<HTMLInputElement>('input[type=file]');
    if (input === null) throw new Error('no input');
    input.files = data.files;
    Object.assign(window, { chooseNow: () => input.dispatchEvent(new Event('change', { bubbles: true })) });
    return file.size;
  }, readings);

/** Resident bytes of the largest page process (the app's; its workers live in it). */
const residentBytes = async (pids: readonly number[]): Promise<number> => {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      // Without the shared memory of files, which the browser holds for all.
      return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    }),
  );
  return Math.max(0, ...sizes);
};

const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

export const bench = async ([count = '300000']: string[]): Promise<Record<string, unknown>> => {
  const server = await serveApp();
  const executablePath = process.env.CHROMIUM_PATH;
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.setDefaultTimeout(120_000);
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Choose a meter file' }).waitFor();
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const pids = processInfo.flatMap(({ type, id }) => (type === 'renderer' ? [id] : []));
    const size = await choose(page, Number(count));
    const figures: Record<string, unknown> = { file: `${megabytes(size)} MB, ${count} readings` };
    const step = async (name: string, act: () => Promise<unknown>, until: () => Promise<unknown>) => {
      const before = await residentBytes(pids);
      let peak = before;
      const timer = setInterval(() => void residentBytes(pids).then((bytes) => (peak = Math.max(peak, bytes))), 50);
      const startedMs = performance.now();
      await act();
      await until();
      const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(2));
      const seen = await seenSince(page);
      clearInterval(timer);
      figures[name] = { seconds, ...seen, memoryOverBaselineMb: megabytes(peak - before) };
    };
    const chooseNow = () => page.evaluate(() => (window as unknown as { chooseNow: () => void }).chooseNow());
    const press = (words: string) =>
      page.evaluate((wanted) => {
        [...document.querySelectorAll('button')]
          .find(({ textContent }) => textContent.trim().startsWith(wanted))
          ?.click();
      }, words);
    await watch(page);
    await seenSince(page);
    await step('preview', chooseNow, () => waitForText(page, 'Keep these readings'));
    await step(
      'keep',
      () => press('Keep these readings'),
      () => waitForText(page, ' is kept: '),
    );
    await choose(page, Number(count));
    await seenSince(page);
    await step('preview again', chooseNow, () => waitForText(page, 'All of these readings are here already.'));
    await step(
      'keep again',
      () => press('Keep these readings'),
      () => waitForText(page, ' is kept: '),
    );
    await step(
      'take back',
      () => press('Take back'),
      () => waitForText(page, 'was taken back.'),
    );
    return figures;
  } finally {
    await browser.close();
    server.stop();
  }
};
