/** The screen of this device: protection of keys, lock, backup, export and erasing, in the running app. */
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { madeUpMeterFile } from './made-up-file.ts';
import { contribute, importFile, joinDemo, roundMonths, settled, startRound } from './steps.ts';
import { expect, test } from './support.ts';

test.use({ timezoneId: 'Europe/Amsterdam', locale: 'en-US' });

const words = 'wind over quiet meters';

const setPassphrase = async (page: Page) => {
  await page.goto('/settings/');
  await page.getByText('Set a passphrase', { exact: true }).click();
  await page.getByLabel('New passphrase', { exact: true }).fill(words);
  await page.getByLabel('New passphrase once more', { exact: true }).fill(words);
  await page.getByRole('button', { name: 'Set the passphrase' }).click();
  await expect(page.getByText('The passphrase is set.')).toBeVisible();
};

const makeBackup = async (page: Page): Promise<Buffer> => {
  await page.goto('/settings/');
  await page.getByText('Make a backup', { exact: true }).first().click();
  await page.getByLabel('Passphrase of the backup', { exact: true }).fill(words);
  await page.getByLabel('Passphrase of the backup once more', { exact: true }).fill(words);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Make a backup' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^energy-\d{4}-\d\d-\d\d\.peua$/);
  await expect(page.getByText(/Last backup: /)).toBeVisible();
  return readFile(await download.path());
};

const openBackup = async (page: Page, buffer: Buffer, secret: string) => {
  await page.getByText('Restore a backup').click();
  await page.getByLabel('Backup file').setInputFiles({ name: 'my.peua', mimeType: '', buffer });
  await page.getByLabel('Its passphrase, or the recovery code').fill(secret);
  await page.getByRole('button', { name: 'See what it holds' }).click();
};

const eraseEverything = async (page: Page) => {
  await page.getByRole('button', { name: 'Erase everything' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
};

test('an app that asks for its passphrase shows nothing before it is given, and opens with the recovery code too', async ({
  page,
}) => {
  await importFile(page, madeUpMeterFile());
  await setPassphrase(page);
  await page.getByRole('button', { name: 'Make a recovery code' }).click();
  await page.getByRole('button', { name: 'Show the code' }).click();
  const code = await page.getByLabel('Recovery code', { exact: true }).innerText();
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByLabel('Recovery code', { exact: true })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Backup' })).toBeHidden();
  await page.emulateMedia({ media: 'screen' });
  await expect(page.getByRole('button', { name: 'Print' })).toBeVisible();
  await page.getByRole('button', { name: 'I have written it down' }).click();
  await expect(page.getByText(code)).toHaveCount(0);

  await page.getByText('Ask for the passphrase when the app is opened').click();
  await page.getByLabel('Passphrase', { exact: true }).fill('quite another passphrase');
  await page.getByRole('button', { name: 'Ask from now on' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByLabel('Passphrase', { exact: true }).fill(words);
  await page.getByRole('button', { name: 'Ask from now on' }).click();
  await expect(page.getByText('does not open by itself')).toBeVisible();

  for (const secret of [words, code]) {
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
    await expect(page.getByText('kWh')).toHaveCount(0);
    await page.getByLabel('Passphrase or recovery code').fill(`${words} not`);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await page.getByLabel('Passphrase or recovery code').fill(secret);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.locator('.figure').first()).toContainText('kWh');
  }

  await page.getByRole('link', { name: 'More' }).click();
  await page.getByRole('link', { name: /This device/ }).click();
  await page.getByRole('button', { name: 'Lock now' }).click();
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await expect.poll(() => page.workers()).toHaveLength(0);
});

test('an open app locks itself when nobody has touched it for as long as was chosen', async ({ page }) => {
  await page.clock.install();
  await setPassphrase(page);
  await page.getByText('Ask for the passphrase when the app is opened').click();
  await page.getByLabel('Passphrase', { exact: true }).fill(words);
  await page.getByRole('button', { name: 'Ask from now on' }).click();
  await page.getByLabel('Lock when the app was not used for').selectOption('1 minute');
  await expect(page.getByText('The time was changed.')).toBeVisible();
  const heading = page.getByRole('heading', { name: 'This device', exact: true });
  await heading.click();
  // From here on no time passes but what the test lets pass.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 20_000));
  await heading.click();
  await page.clock.runFor(50_000);
  await heading.click();
  await page.clock.runFor(50_000);
  await expect(heading).toBeVisible();
  await page.clock.runFor(20_000);
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
});

test('everything comes back from a backup after it was erased', async ({ page }) => {
  await importFile(page, madeUpMeterFile());
  await page.goto('/');
  const shown = await page.locator('.figure').first().innerText();
  const backup = await makeBackup(page);
  expect(backup.includes('export.csv')).toBe(false);

  await eraseEverything(page);
  await expect(page.getByText(/Erased: 1 home, 1 file, and 425 days of readings/)).toBeVisible();
  await expect(page.getByText('Nobody else holds anything of it.')).toBeVisible();
  expect(await page.evaluate(async () => (await caches.keys()).filter((name) => name.includes('shared')))).toEqual([]);

  await openBackup(page, backup, 'not this passphrase');
  await expect(page.getByRole('alert')).toBeVisible();
  const damaged = Buffer.from(backup);
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1;
  await page.getByLabel('Backup file').setInputFiles({ name: 'my.peua', mimeType: '', buffer: damaged });
  await page.getByLabel('Its passphrase, or the recovery code').fill(words);
  await page.getByRole('button', { name: 'See what it holds' }).click();
  await expect(page.getByRole('alert')).toContainText(/damaged|changed/);
  await page.getByLabel('Backup file').setInputFiles({ name: 'my.peua', mimeType: '', buffer: backup });
  await page.getByRole('button', { name: 'See what it holds' }).click();
  await expect(page.getByText('My home: new here, 1 file, 1 of them new')).toBeVisible();
  await page.getByRole('button', { name: 'Restore it' }).click();
  await expect(page.getByText('The backup was restored.')).toBeVisible();

  await page.goto('/');
  await expect(page.locator('.figure').first()).toHaveText(shown);
});

test('readings and everything else can be taken along as plain files', async ({ page }) => {
  await importFile(page, madeUpMeterFile());
  await page.goto('/settings/');
  const [csv] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Taken from the grid (CSV)' }).click(),
  ]);
  const lines = (await readFile(await csv.path(), 'utf8')).trimEnd().split('\r\n');
  expect(lines[0]).toBe('start,length_seconds,energy_wh,quality');
  expect(lines).toHaveLength(10_201);
  expect(lines[1]).toMatch(/^2024-01-01T00:00:00\+01:00,3600,\d+,measured$/);
  const [json] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Everything (JSON)' }).click(),
  ]);
  const all: unknown = JSON.parse(await readFile(await json.path(), 'utf8'));
  expect(all).toMatchObject({ homes: [{ name: 'My home', imports: [{ fileName: 'export.csv' }] }] });
});

test('what protects the keys, the last backup and the storage are told', async ({ page }) => {
  await page.goto('/settings/');
  await expect(page.getByText('opens by itself.')).toBeVisible();
  await expect(page.getByText('Passphrase: none.')).toBeVisible();
  await expect(page.getByText('Recovery code: none.')).toBeVisible();
  await expect(page.getByText('No backup was made on this device yet.')).toBeVisible();
  await expect(page.getByText(/Kept until you erase it|Not promised to stay/)).toBeVisible();
  await expect(page.getByText(/used of .* allowed/)).toBeVisible();
});

test('the screen lock opens the app beside the passphrase, never alone', async ({ page }) => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const addAuthenticator = async (isUserVerified: boolean): Promise<string> => {
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified,
        hasPrf: true,
        automaticPresenceSimulation: true,
      },
    });
    return authenticatorId;
  };
  const offer = page.getByText('Unlock with this device’s screen lock or a security key');

  await importFile(page, madeUpMeterFile());
  await page.goto('/settings/');
  await expect(page.getByText('Passphrase: none.')).toBeVisible();
  await expect(offer).toHaveCount(0);
  await setPassphrase(page);

  // Nobody's finger: the authenticator says no, and locks itself as real ones do.
  const strangers = await addAuthenticator(false);
  await offer.click();
  await page.getByRole('button', { name: 'Set it up' }).click();
  await expect(page.getByRole('alert')).toContainText('did not answer. Try again');
  await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: strangers });
  const authenticatorId = await addAuthenticator(true);
  await page.getByRole('button', { name: 'Set it up' }).click();
  await expect(page.getByText('Screen lock or security key: set up.')).toBeVisible();
  await page.getByRole('button', { name: 'Ask for the screen lock or security key when opened' }).click();
  await expect(page.getByText('does not open by itself')).toBeVisible();

  const open = page.getByRole('button', { name: 'Use the screen lock or security key' });
  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await open.click();
  await expect(page.locator('.figure').first()).toContainText('kWh');

  await page.goto('/');
  await expect(page.getByRole('heading', { name: 'Locked' })).toBeVisible();
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
  await open.click();
  await expect(page.getByRole('alert')).toContainText('did not answer. Try again');
  await expect(page.getByText('kWh')).toHaveCount(0);
  await page.getByLabel('Passphrase or recovery code').fill(words);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.locator('.figure').first()).toContainText('kWh');

  // When the passphrase goes, so does the screen lock.
  await page.getByRole('link', { name: 'More' }).click();
  await page.getByRole('link', { name: /This device/ }).click();
  await page.getByRole('button', { name: 'Open by itself again' }).click();
  await page.getByRole('button', { name: 'Remove the passphrase' }).click();
  await expect(page.getByText('The passphrase is gone.')).toBeVisible();
  await expect(page.getByText('Screen lock or security key: set up.')).toHaveCount(0);
  await expect(offer).toHaveCount(0);
});

test('a backup is called for weekly while the browser may clear the data', async ({ page }) => {
  const now = Date.now();
  await page.clock.setSystemTime(now);
  const nudge = page.getByText('the browser may clear them');
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(nudge).toHaveCount(0);
  await importFile(page, madeUpMeterFile());
  await page.goto('/');
  await expect(nudge).toBeVisible();
  await page.getByRole('button', { name: 'Remind me in a week' }).click();
  await expect(nudge).toHaveCount(0);
  const daysOn = async (days: number) => {
    await page.clock.setSystemTime(now + days * 86_400_000);
    await page.goto('/');
    await expect(page.locator('.figure').first()).toContainText('kWh');
    await settled(page);
  };
  await daysOn(6);
  await expect(nudge).toHaveCount(0);
  await daysOn(8);
  await expect(nudge).toBeVisible();
  await makeBackup(page);
  await daysOn(9);
  await expect(nudge).toHaveCount(0);
});

test('a backup is offered before anything is sent; once it takes part elsewhere, the old device is told and sends nothing', async ({
  page,
  browser,
  product,
}) => {
  await importFile(page, madeUpMeterFile());
  await joinDemo(page);
  await startRound(page, roundMonths.otherDevice);
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await expect(page.getByText('Your keys are on this device only.')).toBeVisible();
  await expect(page.getByRole('link', { name: 'Make a backup first' })).toHaveAttribute('href', '/settings/');
  const backup = await makeBackup(page);

  const other = await browser.newContext({ baseURL: product.origin, timezoneId: 'Europe/Amsterdam', locale: 'en-US' });
  const there = await other.newPage();
  await there.goto('/settings/');
  await openBackup(there, backup, words);
  await there.getByRole('button', { name: 'Restore it' }).click();
  await expect(there.getByText('The backup was restored.')).toBeVisible();
  await there.goto('/compare/');
  await there.getByRole('combobox', { name: 'Month' }).selectOption(roundMonths.otherDevice);
  await there.getByRole('button', { name: 'See what I would contribute' }).waitFor();
  await expect(there.getByText('Your keys are on this device only.')).toHaveCount(0);
  await contribute(there);
  await other.close();

  await page.goto('/compare/');
  await expect(page.getByRole('heading', { name: 'This home takes part from another device now' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'See what I would contribute' })).toHaveCount(0);
});
