/**
 * After the whole way, no secret key stands in the clear: on the disk, in a store or cache, in an address, in anything
 * the page can reach, or in a message between the page and a worker. With encryption of readings on, no reading stands in
 * the clear on the disk, in a store or a cache.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { madeUpHome, madeUpMeterFile } from './made-up-file.ts';
import { contribute, importFile, joinDemo, longWorkMs, roundMonths, startRound } from './steps.ts';
import { expect, test } from './support.ts';
import { vaultScript } from './vault-server.ts';

declare global {
  interface Window {
    /** Tells the test what passed between the page and a worker, as text of one character a byte. */
    passedOn: (text: string) => void;
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
  const write = (message: unknown) => window.passedOn(window.textOf(message));
  // Nothing is asked of them but the message: whatever overload was called, it is called again as it was.
  for (const { prototype } of [Worker, MessagePort, ServiceWorker]) {
    const post: unknown = Reflect.get(prototype, 'postMessage');
    if (typeof post !== 'function') throw new Error('no postMessage');
    Object.assign(prototype, {
      postMessage(this: object, ...args: unknown[]) {
        write(args[0]);
        Reflect.apply(post, this, args);
      },
    });
  }
  const hear = ({ data }: MessageEvent<unknown>) => write(data);
  const Native = window.Worker;
  window.Worker = class extends Native {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      this.addEventListener('message', hear);
    }
  };
  const start: unknown = Reflect.get(MessagePort.prototype, 'start');
  if (typeof start !== 'function') throw new Error('no start');
  MessagePort.prototype.start = function (this: MessagePort) {
    this.addEventListener('message', hear);
    Reflect.apply(start, this, []);
  };
  navigator.serviceWorker.addEventListener('message', hear);
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

/** A browser of its own on a profile of its own, and all that its pages and their workers say to each other. */
async function launch(profile: string, baseURL: string): Promise<{ context: BrowserContext; passed: string[] }> {
  const context = await chromium.launchPersistentContext(profile, {
    ...(process.env.CHROMIUM_PATH === undefined ? {} : { executablePath: process.env.CHROMIUM_PATH }),
    baseURL,
    args: ['--no-sandbox'],
  });
  const passed: string[] = [];
  await context.exposeFunction('passedOn', (text: string) => void passed.push(text));
  await context.addInitScript(listen);
  return { context, passed };
}

const onProfile = async (work: (profile: string) => Promise<void>): Promise<void> => {
  const profile = await mkdtemp(join(tmpdir(), 'energy-keys-'));
  try {
    await work(profile);
  } finally {
    // A browser that has ended may still be writing for a moment.
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
};

interface Key {
  readonly id: string;
  readonly bytes: readonly number[];
}

/** All keys of this device, by the way that the worker takes. The page knows them from then on, until it is left. */
async function keysOf(page: Page): Promise<Key[]> {
  await page.evaluate(await vaultScript());
  const keys = await page.evaluate(async () => {
    const { listSecretIds, readSecret, dataKey } = window.vault;
    const ids = await listSecretIds();
    const secrets = await Promise.all(ids.map(async (id) => ({ id, bytes: [...((await readSecret(id)) ?? [])] })));
    const raw = await crypto.subtle.exportKey('raw', (await dataKey()).key);
    return [...secrets, { id: 'data key', bytes: [...new Uint8Array(raw)] }];
  });
  return keys;
}

const isClientKey = ({ id }: Key): boolean => id.startsWith('comparison/');

/**
 * What gives a key away: all of a short one. A comparison key begins with its parameters, which are no secret, and has a
 * word for each of its bits: of it 1,200 bytes from the middle, which hold 150 bits.
 */
const partOf = (bytes: readonly number[]): readonly number[] => {
  if (bytes.length <= 64) return bytes;
  const from = 8 * Math.floor(bytes.length / 16);
  return bytes.slice(from, from + 1200);
};

const needlesOf = (keys: readonly Key[]): string[] => keys.flatMap(({ bytes }) => spellings(partOf(bytes)));

const holding = (texts: readonly string[], needles: readonly string[]): string[] =>
  texts.filter((text) => needles.some((needle) => text.includes(needle)));

/** Half days of the made-up home, every thirtieth day: as columns hold them, and as numbers in a text. */
function readingNeedles(): string[] {
  const { energyWh } = madeUpHome().import;
  return Array.from({ length: Math.floor(energyWh.length / 720) }, (_, n) => {
    const half = energyWh.slice(n * 720 + 7, n * 720 + 19);
    return [...spellings([...new Uint8Array(half.buffer)]), half.join(), half.join(', ')];
  }).flat();
}

async function setUpKey(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: /Set up my comparison key/ });
  await button.click();
  // It goes when the key is made, and what stands in its place when the key is uploaded.
  await expect(button).toBeHidden({ timeout: longWorkMs });
  await expect(page.getByRole('progressbar')).toBeHidden({ timeout: longWorkMs });
  await expect(page.getByRole('button', { name: 'Go on with the upload' })).toBeHidden();
}

async function renewKey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Renew the key' }).click();
  await page.getByRole('button', { name: 'Renew', exact: true }).click();
  await expect(page.getByText(/A new comparison key for .* is made/)).toBeVisible();
}

async function encryptReadings(page: Page): Promise<void> {
  await page.goto('/settings/');
  await page.getByRole('button', { name: 'Encrypt my readings' }).click();
  await expect(page.getByText('Encrypted.', { exact: true })).toBeVisible();
}

/** Puts bytes in the clear where an app may have them: in a cache, in a store, and in a message to a worker. */
const plant = (page: Page, name: string, bytes: readonly number[]): Promise<void> =>
  page.evaluate(
    async ([what, values]) => {
      const cache = await caches.open('planted');
      await cache.put(`/${what}`, new Response(Uint8Array.from(values)));
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.open(`planted ${what}`, 1);
        request.onupgradeneeded = () => request.result.createObjectStore('store');
        request.onerror = () => reject(new Error('cannot plant'));
        request.onsuccess = () => {
          const transaction = request.result.transaction('store', 'readwrite', { durability: 'strict' });
          transaction.objectStore('store').put({ nested: [Uint8Array.from(values)] }, 'key');
          transaction.oncomplete = () => {
            request.result.close();
            resolve();
          };
        };
      });
      const worker = new Worker('/service-worker.js');
      worker.postMessage({ nested: [{ key: Uint8Array.from(values) }] });
      worker.terminate();
    },
    [name, bytes] as const,
  );

test('no secret key and no encrypted reading is to be found in the clear after the whole way', async ({ product }) => {
  await onProfile(async (profile) => {
    let { context, passed } = await launch(profile, product.origin);
    const addresses: string[] = [];
    context.on('request', (request) => addresses.push(request.url()));
    context.on('framenavigated', (frame) => addresses.push(frame.url()));
    let page = await context.newPage();
    await encryptReadings(page);
    await importFile(page, madeUpMeterFile());
    await joinDemo(page);
    await startRound(page, roundMonths.keys);
    await contribute(page);
    await setUpKey(page);
    const before = await keysOf(page);
    await page.goto('/settings/');
    await renewKey(page);

    // All that can be reached from the page's globals is written down too, and only then the keys are.
    const globals = await page.evaluate(() =>
      Object.keys(window).map((name) => window.textOf(Reflect.get(window, name))),
    );
    const after = await keysOf(page);
    // Member, comparison, readings and data key at least.
    expect(after.length).toBeGreaterThan(3);
    const clientKey = after.find(isClientKey)?.bytes ?? [];
    expect(before.find(isClientKey)?.bytes).toHaveLength(clientKey.length);
    expect(before.find(isClientKey)?.bytes).not.toEqual(clientKey);
    const needles = needlesOf([...before, ...after]);
    const readings = readingNeedles();

    expect(passed.length).toBeGreaterThan(20);
    expect(holding(passed, needles)).toEqual([]);
    expect(holding(globals, needles)).toEqual([]);
    expect(holding(addresses, [...needles, ...readings])).toEqual([]);

    // The recovery code comes out once its owner has asked for it, in one message. The same of the bare comparison key.
    await page.goto('/settings/');
    const shown = passed.length;
    await page.getByRole('button', { name: 'Make a recovery code' }).click();
    await page.getByRole('button', { name: 'Show the code' }).click();
    const code = await page.getByLabel('Recovery code', { exact: true }).innerText();
    expect(code).toMatch(/^([0-9A-Z]{4}-){7}[0-9A-Z]{4}$/);
    await expect.poll(() => holding(passed, [code])).toHaveLength(1);
    expect(holding(passed.slice(shown), needles)).toEqual([]);
    await page.getByRole('button', { name: 'I have written it down' }).click();

    await page.getByRole('button', { name: 'Export the bare key, for experts' }).click();
    const confirm = page.getByRole('button', { name: 'Export', exact: true });
    await expect(confirm).toBeVisible();
    expect(holding(passed, needles)).toEqual([]);
    const [download] = await Promise.all([page.waitForEvent('download'), confirm.click()]);
    expect((await readFile(await download.path())).equals(Buffer.from(clientKey))).toBe(true);
    await expect.poll(() => holding(passed, needles)).toHaveLength(1);
    const [exported = ''] = holding(passed, needles);
    const others = needlesOf([...before, ...after.filter((key) => !isClientKey(key))]);
    expect(holding([exported], others)).toEqual([]);

    const written = [...needles, ...readings, code, code.replaceAll('-', '')];
    expect(await placesHolding(page, written)).toEqual([]);
    await context.close();
    // A download that is not saved is deleted with its browser.
    expect(await filesHolding(profile, written)).toEqual([]);

    // Each search finds what is planted in the clear.
    ({ context, passed } = await launch(profile, product.origin));
    page = await context.newPage();
    await page.goto('/');
    const planted = after.find(({ id }) => id.startsWith('member/'))?.bytes ?? [];
    const halfDay = [...new Uint8Array(madeUpHome().import.energyWh.slice(720 + 7, 720 + 19).buffer)];
    for (const [name, bytes] of [
      ['key', planted],
      ['comparison', clientKey],
      ['reading', halfDay],
    ] as const) {
      await plant(page, name, bytes);
      const sought = spellings(partOf(bytes));
      expect(await placesHolding(page, sought)).toEqual([`planted ${name}/store`, `planted ${product.origin}/${name}`]);
      await expect.poll(() => holding(passed, sought).length).toBeGreaterThan(0);
    }
    await context.close();
    for (const bytes of [planted, clientKey, halfDay])
      expect((await filesHolding(profile, spellings(partOf(bytes)))).length).toBeGreaterThan(0);
  });
});

test('readings that are not encrypted are found by the searches that find no encrypted one', async ({ product }) => {
  await onProfile(async (profile) => {
    const { context } = await launch(profile, product.origin);
    const page = await context.newPage();
    await importFile(page, madeUpMeterFile());
    const readings = readingNeedles();
    expect(await placesHolding(page, readings)).toEqual(
      expect.arrayContaining(['private-energy/dayBlocks', 'private-energy/importSeries']),
    );
    await context.close();
    expect((await filesHolding(profile, readings)).length).toBeGreaterThan(0);
  });
});
