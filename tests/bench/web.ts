/**
 * The app in a phone's browser: Lighthouse on a cold start and with ten years of quarter hours stored, the bytes of the
 * first load, and how long each screen takes to answer a touch. `npm run bench -- web [bytes] [cold] [ten-years] [touch]
 * [--runs=5] [/screen/ ...]`; all four by default, the touches of all screens.
 *
 * Lighthouse is no dependency of the product: it is installed beside the build, out of sight of package-lock.json.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import * as v from 'valibot';
import { simulateHome } from '../../src/simulation/homes.ts';
import { screens } from '../e2e/screens.ts';

const lighthouseVersion = '12.8.2';
const phone = { width: 390, height: 844 };
/** How much slower than this machine a phone is taken to be. */
const slowDown = 4;
/** Longest time to the next frame that nobody notices; what takes longer is told at once. */
const aimMs = 200;
/** Buttons that open a file picker, ask a server, save a file, or cannot be taken back. */
const notTouched =
  /erase|delete|leave|remove|take back|choose a|save|make a|restore|install|csv|json|png|ask the browser|join|start|set a|set up|recovery|demo|print|share|remind|agree|contribute/i;

const root = process.cwd();
const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);
const isRoot = process.getuid?.() === 0;
const run = promisify(execFile);
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

/** Starts the product on ports of its own and resolves once it is ready. */
async function start(data: string): Promise<{ origin: string; child: ChildProcess }> {
  const [port, endpointPort] = await Promise.all([freePort(), freePort()]);
  const ports = ['--port', String(port), '--endpoint-port', String(endpointPort), '--data', data];
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.js'), ...ports], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Ctrl-C stops both')) resolve();
    });
    child.on('close', () => reject(new Error(`npm start ended:\n${said}`)));
  });
  return { origin: `http://localhost:${port}`, child };
}

/** Lighthouse's program, installed on first use. */
async function lighthouse(): Promise<string> {
  const folder = join(root, 'build', 'lighthouse');
  const program = join(folder, 'node_modules', 'lighthouse', 'cli', 'index.js');
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `lighthouse@${lighthouseVersion}`]);
  }
  return program;
}

const score = v.object({ score: v.number() });
const metric = v.object({ numericValue: v.number() });
const reportSchema = v.object({
  categories: v.object({ performance: score, accessibility: score, 'best-practices': score }),
  audits: v.object({
    'largest-contentful-paint': metric,
    'total-blocking-time': metric,
    'cumulative-layout-shift': metric,
    'first-contentful-paint': metric,
  }),
});

const chromeFlags = (profile: string): string =>
  ['--headless=new', `--user-data-dir=${profile}`, ...(isRoot ? ['--no-sandbox'] : [])].join(' ');

/** Medians of several runs with Lighthouse's own settings: a phone on slow 4G, its processor slowed down four times. */
async function lighthouseFigures(
  url: string,
  profile: string,
  keepStorage: boolean,
  runs: number,
): Promise<Record<string, number>> {
  const program = await lighthouse();
  const reports: v.InferOutput<typeof reportSchema>[] = [];
  for (let i = 0; i < runs; i += 1) {
    const file = join(profile, '..', `report-${i}.json`);
    await run(
      process.execPath,
      [
        program,
        url,
        '--output=json',
        `--output-path=${file}`,
        '--only-categories=performance,accessibility,best-practices',
        `--chrome-flags=${chromeFlags(profile)}`,
        '--quiet',
        ...(keepStorage ? ['--disable-storage-reset'] : []),
      ],
      { env: { ...process.env, ...(executablePath && { CHROME_PATH: executablePath }) }, maxBuffer: 1 << 26 },
    );
    reports.push(v.parse(reportSchema, JSON.parse(await readFile(file, 'utf8'))));
  }
  const of = (pick: (report: v.InferOutput<typeof reportSchema>) => number): number => median(reports.map(pick));
  return {
    performance: Math.round(of(({ categories }) => categories.performance.score) * 100),
    accessibility: Math.round(of(({ categories }) => categories.accessibility.score) * 100),
    bestPractices: Math.round(of(({ categories }) => categories['best-practices'].score) * 100),
    firstContentfulPaintMs: Math.round(of(({ audits }) => audits['first-contentful-paint'].numericValue)),
    largestContentfulPaintMs: Math.round(of(({ audits }) => audits['largest-contentful-paint'].numericValue)),
    totalBlockingTimeMs: Math.round(of(({ audits }) => audits['total-blocking-time'].numericValue)),
    cumulativeLayoutShift: Math.round(of(({ audits }) => audits['cumulative-layout-shift'].numericValue) * 1000) / 1000,
  };
}

const launch = (profile: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, {
    viewport: phone,
    hasTouch: true,
    ...(executablePath && { executablePath }),
    args: isRoot ? ['--no-sandbox'] : [],
  });

/** Ten years of quarter hours up to now, as an interval file that the app takes in like any other. */
function tenYears(): string {
  const now = new Date();
  const home = simulateHome({
    seed: 11,
    index: 2,
    timeZone: 'Europe/London',
    from: `${now.getUTCFullYear() - 10}-${now.toISOString().slice(5, 8)}01`,
    to: now.toISOString().slice(0, 10),
    stepSeconds: 900,
  });
  const stamp = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
  const lines = Array.from(
    home.import.startMs,
    (ms, i) => `${(home.import.energyWh[i] ?? 0) / 1000}, ${stamp(ms)}, ${stamp(ms + 900_000)}`,
  );
  return ['Consumption (kwh), Start, End', ...lines].join('\n');
}

async function putTenYearsIn(origin: string, profile: string): Promise<void> {
  const file = join(profile, '..', 'consumption.csv');
  await writeFile(file, tenYears());
  const context = await launch(profile);
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(`${origin}/readings/`);
  await page.getByLabel('Meter files').setInputFiles(file);
  await page.getByRole('button', { name: 'Keep these readings' }).click({ timeout: 120_000 });
  await page.getByText(/ is kept: /).waitFor({ timeout: 300_000 });
  await page.goto(`${origin}/`);
  await page.locator('.figure').first().waitFor({ timeout: 60_000 });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await context.close();
}

/** Compressed bytes of scripts that the overview loads on a cold start, without workers. */
async function firstLoadBytes(origin: string): Promise<number> {
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: isRoot ? ['--no-sandbox'] : [],
  });
  const page = await browser.newPage({ viewport: phone, serviceWorkers: 'block' });
  let bytes = 0;
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script') return;
    void request.sizes().then(({ responseBodySize }) => (bytes += responseBodySize));
  });
  await page.goto(`${origin}/`, { waitUntil: 'networkidle' });
  await page.waitForTimeout(500);
  await browser.close();
  return bytes;
}

declare global {
  interface Window {
    slowestEventMs?: number;
  }
}

/** In the page: the longest since it was last set to 0, once what was touched last has been drawn and told. */
const slowestEventMs = (): Promise<number> =>
  new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(() => resolve(window.slowestEventMs ?? 0), 50));
  });

/**
 * Longest time from a touch or key to the next frame, on one screen: everything that can be pressed is pressed once, in
 * each of the screen's views.
 */
async function slowestTouchMs(page: Page, url: string): Promise<{ ms: number; what: string }> {
  await page.goto(url);
  await page.locator('h1').waitFor();
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(1500);
  let slowest = { ms: 0, what: '' };
  const touch = async (what: string, action: () => Promise<void>): Promise<void> => {
    await page.evaluate(() => (window.slowestEventMs = 0));
    await action().catch(() => undefined);
    await page.waitForTimeout(400);
    const ms = await page.evaluate(slowestEventMs).catch(() => 0);
    if (ms > aimMs) process.stderr.write(`  ${ms} ms: ${what}\n`);
    if (ms > slowest.ms) slowest = { ms, what };
  };
  const targets = page.locator('main button:visible:enabled, main summary:visible, main [role=slider]:visible');
  const touchAll = async (view: string): Promise<void> => {
    const viewNames = await page.locator(views).allInnerTexts();
    for (let i = 0; i < Math.min(40, await targets.count()); i += 1) {
      const target = targets.nth(i);
      const name = ((await target.getAttribute('aria-label')) ?? (await target.innerText().catch(() => ''))).trim();
      if (notTouched.test(name) || viewNames.includes(name)) continue;
      if ((await target.getAttribute('role')) === 'slider') {
        await touch(`${view}${name}: arrow key`, () => target.press('ArrowLeft', { timeout: 3000 }));
      } else {
        await touch(`${view}${name}`, () => target.click({ timeout: 3000 }));
      }
      if (new URL(page.url()).pathname !== new URL(url).pathname) await page.goto(url);
      await page.keyboard.press('Escape');
    }
    for (const select of await page.locator('main select:visible').all()) {
      await touch(`${view}choosing from a list`, async () => {
        await select.selectOption({ index: 1 }, { timeout: 3000 });
      });
    }
  };
  const views = 'main [aria-label="What to look at"] button';
  const longer = page.getByRole('button', { name: 'Zoom out' });
  for (const view of await page.locator(views).all()) {
    const name = await view.innerText();
    await touch(name, () => view.click({ timeout: 3000 }));
    await touchAll(`${name}: `);
    // Until all ten years are shown, on which the next view opens.
    for (let i = 0; i < 8 && (await longer.count()) > 0 && (await longer.isEnabled()); i += 1)
      await touch(`${name}: zoom out`, () => longer.click({ timeout: 3000 }));
  }
  if ((await page.locator(views).count()) === 0) await touchAll('');
  for (const link of await page.locator('nav[aria-label] a').all()) {
    await page.goto(url);
    await page.waitForLoadState('networkidle');
    await touch(`tab ${await link.innerText()}`, () => link.click({ timeout: 3000 }));
  }
  return slowest;
}

async function touches(origin: string, profile: string, paths: readonly string[]): Promise<Record<string, string>> {
  const context = await launch(profile);
  await context.addInitScript(() => {
    // Newer than TypeScript's own type of it.
    const options = { type: 'event', buffered: true, durationThreshold: 16 };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!('interactionId' in entry) || entry.interactionId === 0) continue;
        window.slowestEventMs = Math.max(window.slowestEventMs ?? 0, entry.duration);
      }
    }).observe(options);
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const devtools = await context.newCDPSession(page);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowDown });
  const figures: Record<string, string> = {};
  for (const path of paths) {
    const { ms, what } = await slowestTouchMs(page, `${origin}${path}`);
    figures[`touch ${path}`] = `${ms} ms${what === '' ? '' : ` (${what.replaceAll(/\s+/g, ' ').slice(0, 40)})`}`;
    process.stderr.write(`${path} ${figures[`touch ${path}`]}\n`);
  }
  await context.close();
  return figures;
}

export async function bench(args: string[]): Promise<Record<string, unknown>> {
  const chosen = args.filter((arg) => /^[a-z-]+$/.test(arg) && !arg.startsWith('-'));
  const parts = chosen.length === 0 ? ['bytes', 'cold', 'ten-years', 'touch'] : chosen;
  const paths = args.filter((arg) => arg.startsWith('/'));
  const runs = Number(args.find((arg) => arg.startsWith('--runs='))?.slice('--runs='.length) ?? 5);
  const folder = await mkdtemp(join(tmpdir(), 'energy-web-'));
  const { origin, child } = await start(join(folder, 'data'));
  try {
    const [cold, full] = [join(folder, 'cold'), join(folder, 'ten-years')];
    const figures: Record<string, unknown> = {};
    if (parts.includes('bytes')) figures['script bytes, first load'] = await firstLoadBytes(origin);
    if (parts.includes('cold')) figures['lighthouse, cold'] = await lighthouseFigures(`${origin}/`, cold, false, runs);
    if (parts.includes('ten-years') || parts.includes('touch')) await putTenYearsIn(origin, full);
    if (parts.includes('ten-years'))
      figures['lighthouse, ten years'] = await lighthouseFigures(`${origin}/`, full, true, runs);
    if (parts.includes('touch'))
      Object.assign(figures, await touches(origin, full, paths.length === 0 ? screens : paths));
    return figures;
  } finally {
    child.kill('SIGINT');
    await once(child, 'close');
    await rm(folder, { recursive: true, force: true });
  }
}
