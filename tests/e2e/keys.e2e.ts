/**
 * After the whole way, no secret key stands in the clear: on the disk, in a store or cache, in an address, in anything
 * the page can reach, or in a message between the page and a worker.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { madeUpMeterFile } from './made-up-file.ts';
import { contribute, importFile, joinDemo, startRound } from './steps.ts';
import { expect, test } from './support.ts';
import { vaultScript } from './vault-server.ts';

declare global {
  interface Window {
    /** Everything that passed between the page and its workers, as text of one character a byte. */
    passed: string[];
    textOf: (value: unknown) => string;
  }
}

/** Runs before the app: writes down every message to and from a worker. */
function listen(): void {
  const bytesText = (bytes: Uint8Array): string => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return text;
  };
  window.textOf = (value) => {
    const seen = new Set<unknown>();
    const parts: string[] = [];
    const walk = (part: unknown): void => {
      if (typeof part === 'string') parts.push(part);
      else if (Array.isArray(part) && part.length > 0 && part.every((one) => typeof one === 'number'))
        parts.push(part.map((one: number) => String.fromCharCode(one & 255)).join(''));
      if (typeof part !== 'object' || part === null || seen.has(part)) return;
      seen.add(part);
      if (ArrayBuffer.isView(part))
        parts.push(bytesText(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
      else if (part instanceof ArrayBuffer) parts.push(bytesText(new Uint8Array(part)));
      else if (part instanceof Map || part instanceof Set) for (const one of part) walk(one);
      else for (const name of Object.keys(part)) walk(Reflect.get(part, name));
    };
    walk(value);
    return parts.join('\n');
  };
  window.passed = [];
  const write = (message: unknown) => window.passed.push(window.textOf(message));
  const Native = window.Worker;
  window.Worker = class extends Native {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', ({ data }: MessageEvent<unknown>) => write(data));
    }

    override postMessage(message: unknown, options?: Transferable[] | StructuredSerializeOptions): void {
      write(message);
      if (Array.isArray(options)) super.postMessage(message, options);
      else super.postMessage(message, options);
    }
  };
}

/** Ways a key may be written. */
const spellings = (key: readonly number[]): string[] => {
  const bytes = Buffer.from(key);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const hex = bytes.toString('hex');
  // Of base 64 the last character may hold bits of what follows.
  return [
    bytes.toString('latin1'),
    base64.slice(0, -1),
    bytes.toString('base64url').slice(0, -1),
    hex,
    hex.toUpperCase(),
  ];
};

async function filesHolding(folder: string, needles: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(Buffer.from(needle, 'latin1')))) found.push(entry.name);
  }
  return found;
}

/** Stores and caches in which one of the needles stands, read through the page. */
const placesHolding = (page: Page, needles: readonly string[]): Promise<string[]> =>
  page.evaluate(async (sought) => {
    const found: string[] = [];
    const look = (place: string, text: string) => {
      if (sought.some((needle) => text.includes(needle))) found.push(place);
    };
    const got = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error('cannot read'));
      });
    for (const { name = '' } of await indexedDB.databases()) {
      const db = await got(indexedDB.open(name));
      for (const store of db.objectStoreNames) {
        const values: unknown[] = await got(db.transaction(store).objectStore(store).getAll());
        look(`${name}/${store}`, window.textOf(values));
      }
      db.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const body = await (await cache.match(request))?.arrayBuffer();
        look(`${name} ${request.url}`, `${request.url}\n${window.textOf(body)}`);
      }
    }
    for (const storage of [localStorage, sessionStorage]) look('storage', JSON.stringify(Object.entries(storage)));
    return found;
  }, needles);

const launch = (profile: string, baseURL: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(profile, {
    ...(process.env.CHROMIUM_PATH === undefined ? {} : { executablePath: process.env.CHROMIUM_PATH }),
    baseURL,
    args: ['--no-sandbox'],
  });

test('no secret key is to be found in the clear after the whole way', async ({ product }) => {
  test.setTimeout(300_000);
  const profile = await mkdtemp(join(tmpdir(), 'energy-keys-'));
  try {
    let context = await launch(profile, product.origin);
    await context.addInitScript(listen);
    const addresses: string[] = [];
    context.on('request', (request) => addresses.push(request.url()));
    let page = await context.newPage();
    const inApp = async (work: () => Promise<void>) => {
      await work();
      addresses.push(page.url());
    };
    await page.goto(product.origin);
    await inApp(() => importFile(page, madeUpMeterFile()));
    await inApp(() => joinDemo(page));
    const month = '2024-06';
    await inApp(() => startRound(page, month));
    await inApp(() => contribute(page));

    // What passed so far is written down, and so is all that can be reached from the page's globals.
    const reachable = await page.evaluate(() => {
      const { passed, textOf } = window;
      return {
        passed,
        globals: Object.keys(window).map((name) => (name === 'passed' ? '' : textOf(Reflect.get(window, name)))),
      };
    });
    expect(reachable.passed.length).toBeGreaterThan(2);

    // Only now the keys themselves, by the way that the worker takes.
    await page.evaluate(await vaultScript());
    const keys = await page.evaluate(async () => {
      const { listSecretIds, readSecret, dataKey } = window.vault;
      const secrets = await Promise.all((await listSecretIds()).map(async (id) => [...((await readSecret(id)) ?? [])]));
      const raw = await crypto.subtle.exportKey('raw', (await dataKey()).key);
      return [...secrets, [...new Uint8Array(raw)]];
    });
    expect(keys.length).toBeGreaterThan(1);
    // A comparison key is long: any part of it gives it away.
    const needles = keys.flatMap((key) => spellings(key.slice(0, 32)));

    const holds = (text: string) => needles.some((needle) => text.includes(needle));
    expect(reachable.passed.filter(holds)).toEqual([]);
    expect(reachable.globals.filter(holds)).toEqual([]);
    expect(addresses.filter(holds)).toEqual([]);
    expect(await placesHolding(page, needles)).toEqual([]);
    await context.close();
    expect(await filesHolding(profile, needles)).toEqual([]);

    // Each search finds what is planted in the clear.
    context = await launch(profile, product.origin);
    await context.addInitScript(listen);
    page = await context.newPage();
    await page.goto(product.origin);
    const [planted = []] = keys;
    await page.evaluate(async (bytes) => {
      const cache = await caches.open('planted');
      await cache.put('/planted', new Response(Uint8Array.from(bytes)));
      await new Promise<void>((resolve) => {
        const request = indexedDB.open('planted', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('keys').put(Uint8Array.from(bytes), 'key');
        request.onsuccess = () => {
          request.result.close();
          resolve();
        };
      });
      const worker = new Worker('/service-worker.js');
      worker.postMessage({ nested: [{ key: Uint8Array.from(bytes) }] });
      worker.terminate();
    }, planted);
    expect(await placesHolding(page, needles)).toEqual(['planted/keys', `planted ${product.origin}/planted`]);
    const passed = await page.evaluate(() => window.passed);
    expect(passed.some(holds)).toBe(true);
    await context.close();
    expect((await filesHolding(profile, needles)).length).toBeGreaterThan(0);
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
});
