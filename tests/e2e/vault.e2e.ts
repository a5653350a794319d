import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, test, type BrowserContext, type Page } from '@playwright/test';
import { serveVault, type VaultServer } from './vault-server.ts';

const soak = process.env.SOAK === '1';
const races = soak ? 500 : 10;
const kills = soak ? 200 : 10;
const killsPerMigration = soak ? 20 : 3;
if (soak) test.setTimeout(3_600_000);

let server: VaultServer;
test.beforeAll(async () => {
  server = await serveVault();
});
test.afterAll(() => {
  server.stop();
});

const newTab = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(server.url);
  return page;
};

const withoutLocks = async (context: BrowserContext): Promise<void> => {
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'locks'));
};

const browsers = [
  { how: '', hasLocks: true, prepare: () => Promise.resolve() },
  { how: ', also without the Web Locks API', hasLocks: false, prepare: withoutLocks },
];

for (const { how, hasLocks, prepare } of browsers) {
  test(`of five tabs that make a key at once, one makes it${how}`, async ({ context }) => {
    await prepare(context);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => newTab(context)));
    const [first] = tabs;
    expect(await first?.evaluate(() => 'locks' in navigator)).toBe(hasLocks);
    for (let race = 0; race < races; race++) {
      const keys = await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(async () => {
            const kept = await window.vault.keepSecret('member/a', crypto.getRandomValues(new Uint8Array(32)));
            return Array.from(kept).join();
          }),
        ),
      );
      expect(new Set(keys).size).toBe(1);
      expect(await first?.evaluate(async () => (await window.vault.listWraps()).length)).toBe(1);
      // The other four still hold the old data key and a connection; both must give way.
      await first?.evaluate(() => window.vault.eraseEverything());
    }
  });

  test(`of five tabs that contribute at once, one contribution is kept${how}`, async ({ context }) => {
    await prepare(context);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => newTab(context)));
    for (let race = 0; race < races; race++) {
      const stored = await Promise.all(
        tabs.map((tab, i) =>
          tab.evaluate(
            ([tag, month]) =>
              window.vault.exclusively('contribution', async () => {
                const communityId = 'ab'.repeat(32);
                if ((await window.vault.findContribution(communityId, month)) !== undefined) return false;
                return window.vault.saveContribution({
                  communityId,
                  month,
                  homeId: 'home',
                  state: 'waiting',
                  version: 1,
                  cohort: -1,
                  body: new Uint8Array(60_000),
                  contribution: new Uint8Array(32).fill(tag),
                  receipt: new Uint8Array(),
                  changedMs: Date.now(),
                });
              }),
            [i, `${2000 + Math.floor(race / 12)}-${String(1 + (race % 12)).padStart(2, '0')}`] as const,
          ),
        ),
      );
      expect(stored.filter(Boolean)).toHaveLength(1);
    }
  });

  test(`of five tabs that make a comparison key at once, one is kept, and one tab uploads it${how}`, async ({
    context,
  }) => {
    await prepare(context);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => newTab(context)));
    for (let race = 0; race < races; race++) {
      const communityId = race.toString(16).padStart(64, '0');
      const kept = await Promise.all(
        tabs.map((tab, i) =>
          tab.evaluate(
            async ([id, tag]) => {
              const bytes = new Uint8Array(100_000).fill(tag);
              const key = { communityId: id, sha256: new Uint8Array(32).fill(tag), size: bytes.length, bytes };
              const { sha256 } = await window.vault.keepServerKey({ ...key, state: 'made', changedMs: Date.now() });
              return Array.from(sha256).join();
            },
            [communityId, i + 1] as const,
          ),
        ),
      );
      expect(new Set(kept).size).toBe(1);
      const stored = await tabs[0]?.evaluate(
        async (id) => Array.from((await window.vault.findServerKey(id))?.sha256 ?? []).join(),
        communityId,
      );
      expect(stored).toBe(kept[0]);
      const sent = await Promise.all(
        tabs.map((tab) =>
          tab.evaluate(async (id) => {
            const hashes: string[] = [];
            await window.vault.uploadServerKey(id, async ({ sha256, bytes }) => {
              // As long as a piece is under way.
              await new Promise((resolve) => setTimeout(resolve, 5));
              if (bytes.length > 0) hashes.push(Array.from(sha256).join());
            });
            return hashes;
          }, communityId),
        ),
      );
      // Without locks tabs may send the same key, of which the endpoint takes each piece once.
      expect(new Set(sent.flat())).toEqual(new Set([stored]));
      if (hasLocks) expect(sent.flat()).toHaveLength(1);
    }
  });
}

test('a tab that is killed while it imports loses nothing that was acknowledged, and leaves nothing half done', async ({
  context,
}) => {
  let page = await newTab(context);
  const homeId = await page.evaluate(
    async () => (await window.vault.addHome({ name: 'Home', timeZone: 'Europe/Berlin' })).id,
  );
  const acknowledged = new Set<string>();
  await context.exposeFunction('acknowledge', (name: string) => void acknowledged.add(name));
  let interrupted = 0;
  for (let kill = 0; kill < kills; kill++) {
    await page.close();
    page = await newTab(context);
    const before = acknowledged.size;
    const writing = page
      .evaluate(
        async ([home, round]) => {
          for (let i = 0; ; i++) {
            const name = `${round}-${i}`;
            // Each file overlaps the one before, so that stored days are written again.
            const series = window.vault.quarterHours(1_600_000_200_000 + (round * 5 + (i % 5)) * 86_400_000, 960);
            await window.vault.addImport(home, window.vault.file(name, series));
            await window.acknowledge(name);
          }
        },
        [homeId, kill] as const,
      )
      .catch(() => (interrupted += 1));
    await page.waitForTimeout(20 + Math.floor(Math.random() * 150));
    while (acknowledged.size === before) await page.waitForTimeout(5);
    await page.close();
    await writing;
    page = await newTab(context);
    const { names, expectedCount, same } = await page.evaluate(async (home) => {
      const imports = await window.vault.listImports(home);
      const series = await window.vault.readSeries(home, 'import');
      // What the imports say, without the vault's merging: values follow from time.
      const times = new Set<number>();
      for (const { series: parts } of imports)
        for (const { firstMs, endMs } of parts) for (let ms = firstMs; ms < endMs; ms += 900_000) times.add(ms);
      const good = series?.startMs.every((ms, i) => times.has(ms) && series.energyWh[i] === (ms / 900_000) % 997);
      return {
        names: imports.map(({ fileName }) => fileName),
        expectedCount: times.size,
        same: good === true && series?.startMs.length === times.size,
      };
    }, homeId);
    for (const name of acknowledged) expect(names).toContain(name);
    expect(names.length - acknowledged.size).toBeLessThanOrEqual(kill + 1);
    expect(expectedCount).toBeGreaterThan(0);
    expect(same).toBe(true);
  }
  expect(interrupted).toBe(kills);
});

test('a tab that is killed while readings are encrypted or decrypted loses nothing, and the change is ended', async ({
  context,
}) => {
  let page = await newTab(context);
  const homeId = await page.evaluate(async () => {
    const home = await window.vault.addHome({ name: 'Home', timeZone: 'Europe/Berlin' });
    await window.vault.addImport(home.id, window.vault.file('a', window.vault.quarterHours(1_600_000_200_000, 96_000)));
    await window.vault.createReadingsKey();
    return home.id;
  });
  let begun = (): void => undefined;
  await context.exposeFunction('acknowledge', () => begun());
  let unfinished = 0;
  for (let kill = 0; kill < kills; kill++) {
    const sealed = kill % 2 === 0;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const changing = page
      .evaluate(async (to) => {
        await window.vault.chooseSealedReadings(to);
        void window.acknowledge('chosen');
        await window.vault.changeStoredReadings();
      }, sealed)
      .catch(() => undefined);
    await Promise.race([hasBegun, changing]);
    // The first one at once, in the middle of the change.
    await page.waitForTimeout(kill === 0 ? 0 : Math.floor(Math.random() * 300));
    await page.close();
    await changing;
    page = await newTab(context);
    const found = await page.evaluate(async (home) => {
      const { isChanging } = await window.vault.readReadingsState();
      const before = (await window.vault.readSeries(home, 'import'))?.startMs.length;
      await window.vault.changeStoredReadings();
      const series = await window.vault.readSeries(home, 'import');
      const right = series?.startMs.every((ms, i) => series.energyWh[i] === (ms / 900_000) % 997);
      return {
        isChanging,
        before,
        after: series?.startMs.length,
        right,
        state: await window.vault.readReadingsState(),
      };
    }, homeId);
    if (found.isChanging) unfinished += 1;
    expect(found).toMatchObject({ before: 96_000, after: 96_000, right: true, state: { isChanging: false } });
  }
  // Else the kills came too late to show anything.
  expect(unfinished).toBeGreaterThan(0);
});

test('what the browser evicted comes back from a backup, by passphrase and by recovery code', async ({ context }) => {
  const page = await newTab(context);
  const { file, code, secret } = await page.evaluate(async () => {
    const home = await window.vault.addHome({ name: 'Home', timeZone: 'Europe/Berlin' });
    await window.vault.addImport(home.id, window.vault.file('a', window.vault.quarterHours(1_600_000_200_000, 960)));
    const kept = await window.vault.keepSecret('member/a', crypto.getRandomValues(new Uint8Array(32)));
    const recovery = await window.vault.makeRecoveryCode();
    return {
      file: Array.from(await window.vault.makeBackup('wind over quiet meters')),
      code: recovery,
      secret: Array.from(kept),
    };
  });
  const session = await context.newCDPSession(page);
  for (const words of ['wind over quiet meters', code]) {
    await page.goto('about:blank');
    await session.send('Storage.clearDataForOrigin', { origin: server.origin, storageTypes: 'all' });
    await page.goto(server.url);
    const restored = await page.evaluate(
      async ([backup, passphrase]) => {
        const before = await window.vault.listHomes();
        await window.vault.restoreBackup(Uint8Array.from(backup), passphrase);
        const [home] = await window.vault.listHomes();
        const series = await window.vault.readSeries(home?.id ?? '', 'import');
        const kept = await window.vault.readSecret('member/a');
        return { before: before.length, readings: series?.startMs.length, secret: Array.from(kept ?? []) };
      },
      [file, words] as const,
    );
    expect(restored).toEqual({ before: 0, readings: 960, secret });
  }
});

/** Stores that the release of a schema version had. */
const version1 = [
  ...['homes', 'dayBlocks', 'imports', 'importSeries', 'secrets', 'wraps'],
  ...['communities', 'contributions', 'norms', 'analyses', 'receipts', 'settings'],
];
const version2 = [...version1, 'stewardships', 'stewardRecords'];
const released: Readonly<Record<number, readonly string[]>> = {
  1: version1,
  2: version2,
  3: [...version2, 'serverKeys', 'comparisonRequests'],
};

test('every older schema has a test of its migration', async ({ context }) => {
  const page = await newTab(context);
  await page.evaluate(() => window.vault.listHomes());
  const [database] = await page.evaluate(() => indexedDB.databases());
  expect(Object.keys(released).map(Number)).toEqual(
    Array.from({ length: (database?.version ?? 0) - 1 }, (_, i) => i + 1),
  );
});

const readingsByHand = [
  { homeId: 'home', counterDigits: 6, readings: [{ register: 'gas', atMs: 1_600_000_000_000, value: 1234.5 }] },
] as const;

/** Makes the page's database what it would be with an older release, with the records that release could have. */
const goBackTo = (page: Page, version: number): Promise<void> =>
  page.evaluate(
    ([older, names, byHand]) =>
      new Promise<void>((resolve, reject) => {
        const fail = () => reject(new Error('cannot go back'));
        const open = indexedDB.open('private-energy');
        open.onerror = fail;
        open.onsuccess = () => {
          const newest = open.result;
          const transaction = newest.transaction(names);
          const stores = names.map((name) => {
            const store = transaction.objectStore(name);
            const indexes = Array.from(store.indexNames, (index) => [index, store.index(index).keyPath] as const);
            const keys = store.getAllKeys();
            const values: IDBRequest<unknown[]> = store.getAll();
            return { name, keyPath: store.keyPath, indexes, keys, values };
          });
          transaction.oncomplete = () => {
            newest.close();
            indexedDB.deleteDatabase('private-energy').onsuccess = () => {
              const again = indexedDB.open('private-energy', older);
              again.onerror = fail;
              again.onupgradeneeded = () => {
                for (const { name, keyPath, indexes, keys, values } of stores) {
                  const store = again.result.createObjectStore(name, { keyPath });
                  for (const [index, path] of indexes) store.createIndex(index, path);
                  for (const [i, value] of values.result.entries())
                    store.put(value, keyPath === null ? keys.result[i] : undefined);
                  // Before version 4 readings by hand were a setting.
                  if (name === 'settings') store.put(byHand, 'manualReadings');
                }
              };
              again.onsuccess = () => {
                again.result.close();
                resolve();
              };
            };
          };
        };
      }),
    [version, [...(released[version] ?? [])], [...readingsByHand]] as const,
  );

for (const version of Object.keys(released).map(Number))
  test(`a tab that is killed while it migrates from version ${version} loses nothing`, async ({ context }) => {
    let page = await newTab(context);
    const { homeId, secret } = await page.evaluate(async () => {
      const home = await window.vault.addHome({ name: 'Home', timeZone: 'Europe/Berlin' });
      await window.vault.addImport(home.id, window.vault.file('a', window.vault.quarterHours(1_600_000_200_000, 9600)));
      const kept = await window.vault.keepSecret('member/a', crypto.getRandomValues(new Uint8Array(32)));
      return { homeId: home.id, secret: Array.from(kept) };
    });
    for (let kill = 0; kill < killsPerMigration; kill++) {
      // A page that has no connection open goes back.
      await page.reload();
      await goBackTo(page, version);
      expect((await page.evaluate(() => indexedDB.databases())).map((database) => database.version)).toEqual([version]);
      await page.close();
      page = await newTab(context);
      const migrating = page.evaluate(() => window.vault.listHomes()).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      await page.close();
      await migrating;
      page = await newTab(context);
      const found = await page.evaluate(async (home) => {
        const series = await window.vault.readSeries(home, 'import');
        const kept = await window.vault.readSecret('member/a');
        const homes = await window.vault.listHomes();
        const byHand = await window.vault.listManualReadings('home');
        return { readings: series?.startMs.length, secret: Array.from(kept ?? []), homes: homes.length, byHand };
      }, homeId);
      expect(found).toEqual({ readings: 9600, secret, homes: 1, byHand: readingsByHand[0] });
    }
  });

/** Files below a folder in which one of the needles stands. */
async function filesHolding(folder: string, needles: readonly Buffer[]): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    if (needles.some((needle) => bytes.includes(needle))) found.push(entry.name);
  }
  return found;
}

test('no secret key stands in the browser’s profile in the clear', async () => {
  const profile = await mkdtemp(join(tmpdir(), 'energy-profile-'));
  const open = () =>
    chromium.launchPersistentContext(profile, {
      ...(process.env.CHROMIUM_PATH === undefined ? {} : { executablePath: process.env.CHROMIUM_PATH }),
      args: ['--no-sandbox'],
    });
  try {
    const secret = randomBytes(32);
    const needles = [secret, Buffer.from(secret.toString('hex')), Buffer.from(secret.toString('base64').slice(0, 40))];
    let context = await open();
    let page = await newTab(context);
    await page.evaluate((bytes) => window.vault.keepSecret('member/a', Uint8Array.from(bytes)), [...secret]);
    await context.close();
    expect(await filesHolding(profile, needles)).toEqual([]);

    // The search itself works: a key that is planted in the clear is found.
    for (const planted of ['bytes', 'hex'] as const) {
      context = await open();
      page = await newTab(context);
      await page.evaluate(
        ([bytes, how]) =>
          new Promise<void>((resolve, reject) => {
            const request = indexedDB.open(`planted ${how}`, 1);
            request.onupgradeneeded = () => request.result.createObjectStore('keys');
            request.onerror = () => reject(new Error('cannot plant'));
            request.onsuccess = () => {
              const transaction = request.result.transaction('keys', 'readwrite', { durability: 'strict' });
              const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
              transaction.objectStore('keys').put(how === 'hex' ? hex : Uint8Array.from(bytes), 'key');
              transaction.oncomplete = () => resolve();
            };
          }),
        [[...secret], planted] as const,
      );
      await context.close();
      expect(await filesHolding(profile, planted === 'hex' ? needles.slice(1, 2) : needles.slice(0, 1))).not.toEqual(
        [],
      );
    }
  } finally {
    // A browser that has ended may still be writing for a moment.
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  }
});
