/** Meter files in, shown, kept and taken back, and what is none told apart, in the running app. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { dataFolder, haveData } from '../real-files/data.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { importFile } from './steps.ts';
import { expect, test } from './support.ts';

test.use({ timezoneId: 'Europe/Amsterdam', locale: 'en-US' });

interface FilePayload {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

const textFile = (name: string, text: string, mimeType = 'text/csv'): FilePayload => ({
  name,
  mimeType,
  buffer: Buffer.from(text),
});

/** A day of hours of 0.25 kWh, in a layout that no format has. */
const unknownTable = (day: string) =>
  textFile(
    `${day}.csv`,
    [
      'Moment;Buiten;Stroom wh',
      ...Array.from({ length: 24 }, (_, hour) => `${day} ${String(hour).padStart(2, '0')}:00;11,5;250`),
    ].join('\n'),
  );

const choose = async (page: Page, ...files: FilePayload[]) => {
  await page.goto('/readings/');
  await page.getByLabel('Meter files').setInputFiles(files);
};

/** SHA-256 of everything in the app's database, for comparing before and after. */
const digestOfVault = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const all = await new Promise<[string, unknown[]][]>((resolve, reject) => {
      const request = indexedDB.open('private-energy');
      request.onerror = () => reject(new Error('no database'));
      request.onsuccess = () => {
        const db = request.result;
        const transaction = db.transaction([...db.objectStoreNames]);
        const found: [string, unknown[]][] = [];
        for (const name of db.objectStoreNames) {
          const values = transaction.objectStore(name).getAll();
          values.onsuccess = () => found.push([name, values.result]);
        }
        transaction.oncomplete = () => {
          db.close();
          resolve(found);
        };
      };
    });
    const text = JSON.stringify(all, (_, value: unknown) =>
      ArrayBuffer.isView(value) ? Array.from(new Uint8Array(value.buffer)).join() : value,
    );
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    return Array.from(new Uint8Array(digest)).join();
  });

test('a file is shown before it is kept, counted once however often it is kept, and taken back', async ({ page }) => {
  await page.goto('/readings/');
  await page.getByLabel('Meter files').setInputFiles(madeUpMeterFile());
  const preview = page.getByRole('region', { name: 'export.csv' });
  await expect(preview).toContainText('DSMR-reader');
  await expect(preview).toContainText(/10,200\s+readings, every hour/);
  const total = await preview.locator('.figure').first().innerText();
  await preview.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/export.csv is kept: 10,200 new readings/)).toBeVisible();
  await expect(page.getByRole('article', { name: 'export.csv' })).toContainText(total);

  await page.getByLabel('Meter files').setInputFiles(madeUpMeterFile());
  await expect(page.getByText('All of these readings are here already.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/export.csv is kept: 0 new readings/)).toBeVisible();
  await expect(page.getByRole('article')).toHaveCount(2);
  await page.goto('/');
  const shown = await page.locator('.figure').first().innerText();

  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Take back export.csv' }).first().click();
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.goto('/');
  await expect(page.locator('.figure').first()).toHaveText(shown);
  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Take back export.csv' }).click();
  await expect(page.getByText('No files yet.')).toBeVisible();
  await page.goto('/');
  await expect(page.getByText('No readings yet.')).toBeVisible();
});

test('a made-up home is marked wherever its name shows, and real readings never go into it', async ({ page }) => {
  await page.goto('/readings/');
  await page.getByRole('button', { name: 'Try a demo home' }).click();
  await expect(page.getByRole('heading', { name: 'Demo home (made up)' })).toBeVisible();
  await expect(page.getByRole('article', { name: 'Made-up readings' })).toBeVisible();
  await page.goto('/');
  await expect(page.getByText('its readings are made up')).toBeVisible();
  await importFile(page, madeUpMeterFile());
  await expect(page.getByRole('heading', { name: 'My home', exact: true })).toBeVisible();
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.getByLabel('Home that is shown').selectOption({ label: 'Demo home (made up)' });
  await expect(page.getByRole('article', { name: 'Made-up readings' })).toBeVisible();

  await page.getByRole('button', { name: 'Erase this home' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
  await expect(page.getByText(/Demo home was erased/)).toBeVisible();
  await expect(page.getByRole('heading', { name: 'My home', exact: true })).toBeVisible();
});

test('a table of no known format is read by the columns its owner confirms, and so is the next one', async ({
  page,
}) => {
  await choose(page, unknownTable('03-02-2026'));
  await expect(page.getByRole('heading', { name: 'What do the columns mean?' })).toBeVisible();
  await expect(page.getByLabel('Order of dates')).toHaveValue('dmy');
  // Both numbers could be energy; the guess is the one with a unit.
  await expect(page.getByRole('checkbox', { name: 'Stroom wh' })).toBeChecked();
  await page.getByLabel('Order of dates').selectOption('mdy');
  await expect(page.getByRole('cell').filter({ hasText: 'Mar 2, 2026' }).first()).toBeVisible();
  await page.getByLabel('Order of dates').selectOption('dmy');
  await expect(page.getByRole('cell').filter({ hasText: 'Feb 3, 2026' }).first()).toBeVisible();
  await page.getByLabel('Unit').selectOption('kWh');
  await expect(page.getByRole('cell', { name: '250,000.0 Wh' }).first()).toBeVisible();
  await page.getByLabel('Unit').selectOption('Wh');
  await page.getByRole('button', { name: 'Read the file like this' }).click();
  await expect(page.locator('.figure')).toHaveText('6.0 kWh');
  await page.getByRole('button', { name: 'Keep these readings' }).click();

  await page.getByLabel('Meter files').setInputFiles(unknownTable('04-02-2026'));
  await expect(page.locator('.figure')).toHaveText('6.0 kWh');
  await expect(page.getByRole('button', { name: 'Correct the columns' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);
});

const wrongFiles: [what: string, file: FilePayload, says: RegExp][] = [
  [
    'photo',
    { name: 'meter.csv', mimeType: 'text/csv', buffer: Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex') },
    /photo|picture/,
  ],
  ['bill', textFile('bill.pdf', '%PDF-1.7\n%âãÏÓ\n1 0 obj <<>> endobj', 'application/pdf'), /PDF/],
  ['empty file', textFile('empty.csv', ''), /empty/],
  ['text', textFile('letter.txt', 'Dear neighbour,\nthank you for the flowers.\n'), /none of the known meter formats/],
  ['web page', textFile('page.html', '<!doctype html><html><body>Log in</body></html>'), /web page/],
  [
    'file with entity tricks',
    textFile(
      'feed.xml',
      `<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]><feed xmlns="http://www.w3.org/2005/Atom"><entry><content>&b;</content></entry></feed>`,
    ),
    /./,
  ],
  ['truncated archive', textFile('export.zip', 'PK\u0003\u0004rest'), /./],
];

for (const [what, file, says] of wrongFiles)
  test(`a ${what} is told, by name, and changes nothing`, async ({ page }) => {
    await importFile(page, madeUpMeterFile());
    const before = await digestOfVault(page);
    await page.getByLabel('Meter files').setInputFiles(file);
    const alert = page.getByRole('alert');
    await expect(alert).toContainText(`${file.name} was not taken in.`);
    await expect(alert).toContainText(says);
    await expect(alert).toContainText('Nothing that is stored was changed.');
    await expect(page.getByRole('button', { name: 'Choose a meter file' })).toBeVisible();
    expect(await digestOfVault(page)).toBe(before);
  });

test('several files come one after another, a bad one among them', async ({ page }) => {
  await choose(
    page,
    textFile('letter.txt', 'Dear neighbour,\nthank you.\n'),
    madeUpMeterFile(),
    textFile('empty.csv', ''),
  );
  await expect(page.getByText('One more file waits.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByRole('alert')).toHaveCount(2);
  await expect(page.getByText(/export.csv is kept/)).toBeVisible();
});

test('a file can be pasted, dropped, shared by another app', async ({ page }) => {
  const { buffer } = madeUpMeterFile();
  const text = buffer.subarray(0, 20_000).toString();
  await page.goto('/readings/');
  await expect(page.getByRole('button', { name: 'Choose a meter file' })).toBeVisible();
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));
  }, text);
  await expect(page.getByRole('heading', { name: 'pasted text' })).toBeVisible();
  await page.getByRole('button', { name: 'Do not keep' }).click();

  const transfer = await page.evaluateHandle((dropped) => {
    const data = new DataTransfer();
    data.items.add(new File([dropped], 'dropped.csv'));
    return data;
  }, text);
  await page.getByRole('group', { name: 'Add a meter file' }).dispatchEvent('drop', { dataTransfer: transfer });
  await expect(page.getByRole('heading', { name: 'dropped.csv' })).toBeVisible();
  await page.getByRole('button', { name: 'Do not keep' }).click();

  // What Android does with the manifest's share_target: a navigation with a form, which the service worker takes.
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
  const toServer: string[] = [];
  page.context().on('request', (request) => {
    if (request.method() === 'POST' && request.serviceWorker() !== null) toServer.push(request.url());
  });
  await page.evaluate((shared) => {
    const data = new DataTransfer();
    data.items.add(new File([shared], 'shared.csv'));
    const form = document.createElement('form');
    form.method = 'post';
    form.enctype = 'multipart/form-data';
    form.action = '/readings/';
    const input = document.createElement('input');
    input.type = 'file';
    input.name = 'files';
    input.files = data.files;
    form.append(input);
    document.body.append(form);
    form.submit();
  }, text);
  await expect(page.getByRole('heading', { name: 'shared.csv' })).toBeVisible();
  expect(toServer).toEqual([]);
  expect(await page.evaluate(() => caches.has('shared-files'))).toBe(false);
});

test('reading a long file shows progress and can be cancelled', async ({ page }) => {
  await page.goto('/readings/');
  await expect(page.getByRole('button', { name: 'Choose a meter file' })).toBeVisible();
  // In the page, where no time passes between what is seen and what is pressed.
  const shareWhenCancelled = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = () => {
          const bar = document.querySelector<HTMLProgressElement>('progress[aria-label="Reading long.csv"]');
          const cancel = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Cancel');
          if (bar === null || bar.value === 0 || cancel === undefined) {
            requestAnimationFrame(look);
            return;
          }
          cancel.click();
          resolve(bar.value);
        };
        look();
      }),
  );
  await page.evaluate(() => {
    const header = 'Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff)';
    const lines = [header];
    for (let i = 0; i < 800_000; i++)
      lines.push(`${new Date(i * 3_600_000).toISOString().slice(0, 19)}+00:00,0.25,0.5`);
    const data = new DataTransfer();
    data.items.add(new File([lines.join('\n')], 'long.csv'));
    const input = document.querySelector<HTMLInputElement>('input[type=file]');
    if (input === null) throw new Error('no input');
    input.files = data.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  expect(await shareWhenCancelled).toBeLessThan(1);
  await expect(page.getByRole('button', { name: 'Choose a meter file' })).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('readings by hand tell what was used between them, across a rollover and a new meter', async ({ page }) => {
  await importFile(page, madeUpMeterFile());
  await page.getByText('Meter readings by hand').click();
  const enter = async (at: string, value: string, meter = '') => {
    await page.getByLabel('Read at').fill(at);
    await page.getByLabel('The meter shows (kWh)').fill(value);
    await page.getByLabel('Name of the meter, if it was changed').fill(meter);
    await page.getByRole('button', { name: 'Add this reading' }).click();
    await expect(page.getByLabel('The meter shows (kWh)')).toHaveValue('');
  };
  await enter('2026-01-01T00:00', '99950');
  await enter('2026-01-11T00:00', '20,5');
  const hand = page.getByRole('article', { name: 'Readings by hand' });
  await expect(hand).toContainText('70.5 kWh');
  await enter('2026-01-11T00:00', '5', 'new');
  await enter('2026-01-21T00:00', '25', 'new');
  await expect(hand).toContainText('90.5 kWh');
  await page.getByRole('button', { name: /^Remove the reading of Jan 21/ }).click();
  await expect(hand).toContainText('70.5 kWh');
});

test('of a file with several meters the owner says which are theirs', async ({ page }) => {
  const day = (nmi: string, wh: number) => [
    `200,${nmi},E1,E1,E1,N1,${nmi},KWH,30,`,
    `300,20260201,${Array.from({ length: 48 }, () => wh / 1000).join(',')},A,,,20260202000000,`,
  ];
  const nem12 = ['100,NEM12,202602020000,A,B', ...day('6000000001', 100), ...day('6000000002', 200), '900'].join('\n');
  await choose(page, textFile('nem.csv', nem12));
  const keep = page.getByRole('button', { name: 'Keep these readings' });
  await expect(keep).toBeDisabled();
  await page.getByRole('checkbox', { name: /6000000002/ }).check();
  await expect(page.locator('.figure')).toHaveText('9.6 kWh');
  await keep.click();
  await expect(page.getByRole('article', { name: 'nem.csv' })).toContainText('9.6 kWh');
});

test('a file that disagrees with what is here shows where, and one that fits two formats asks which it is', async ({
  page,
}) => {
  const hours = (changed: string) =>
    [
      'Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff)',
      ...Array.from(
        { length: 48 },
        (_, hour) =>
          `2024-03-0${1 + Math.floor(hour / 24)}T${String(hour % 24).padStart(2, '0')}:00:00+01:00,${hour === 30 ? changed : '0.5'},0`,
      ),
    ].join('\n');
  await choose(page, textFile('first.csv', hours('0.5')));
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/ is kept: /)).toBeVisible();
  await page.getByLabel('Meter files').setInputFiles(textFile('second.csv', hours('1.25')));
  await expect(page.getByText('This file disagrees with what is here about 1 stretch of time.')).toBeVisible();
  await expect(page.getByRole('row', { name: /Mar 2, 2024, 6:00.* 0\.50 kWh 1\.3 kWh/ })).toBeVisible();
  await expect(page.getByText('Nothing odd was found.')).toHaveCount(0);
  await page.getByRole('button', { name: 'Do not keep' }).click();

  const both = [
    'time,Import T1 kWh,Import T2 kWh,OpnameDatum,StandNormaal,StandDal,TerugleveringNormaal,TerugleveringDal',
    '2025-01-01 00:00,100.000,200.000,2025-01-01,300,200,10,20',
    '2025-01-01 00:15,100.100,200.200,2025-01-02,310,205,10,20',
    '2025-01-01 00:30,100.200,200.300,2025-01-03,320,210,11,22',
  ].join('\n');
  await page.getByLabel('Meter files').setInputFiles(textFile('both.csv', both));
  const which = page.getByLabel('This file fits several formats. Which is it?');
  await expect(page.locator('.figure').first()).toHaveText('30.0 kWh');
  await which.selectOption('homewizard');
  await expect(page.locator('.figure').first()).toHaveText('0.50 kWh');
  // Nobody is bound to the first answer.
  await which.selectOption('greenchoice');
  await expect(page.locator('.figure').first()).toHaveText('30.0 kWh');
});

test('real files of every kind are read by the app itself', async ({ page }) => {
  test.skip(!haveData, 'the real files are not there');
  await page.goto('/readings/');
  for (const [path, total] of [
    ['greenbutton/pge_electric_interval_2011-03_2012-04.xml', /kWh/],
    ['csv/nl_homewizard_15min_registers.csv', /kWh/],
    ['nem12/Example_WesternPower.csv', /kWh/],
    ['household/uk_lcl_MAC000033_2013_30min_with_duplicates.csv', /kWh/],
  ] as const) {
    await page.getByLabel('Meter files').setInputFiles(join(dataFolder, 'dev', path));
    await expect(page.locator('.figure').first()).toHaveText(total);
    await page.getByRole('button', { name: 'Do not keep' }).click();
  }
});

test('a file of gas only, or of panels only, is told to be that', async ({ page }) => {
  await page.goto('/readings/');
  for (const [text, says] of [
    ['time,Gas m3\n2026-01-01 00:00,10\n2026-01-02 00:00,12\n', 'This file holds gas only.'],
    [
      'Date/Time,Energy Produced (Wh)\n01/13/2024 00:00,10\n01/13/2024 01:00,12\n',
      'but not what you took from the grid',
    ],
  ] as const) {
    await page.getByLabel('Meter files').setInputFiles(textFile('one.csv', text));
    await expect(page.getByText(says)).toBeVisible();
    await page.getByRole('button', { name: 'Do not keep' }).click();
  }
});

test('a file opened with the installed app is read like a chosen one', async ({ page, request }) => {
  const manifest = (await (await request.get('/manifest.webmanifest', { maxRetries: 3 })).json()) as {
    file_handlers: { action: string; accept: Record<string, string[]> }[];
  };
  const [handler] = manifest.file_handlers;
  expect(handler?.action).toBe('/readings/');
  expect(Object.values(handler?.accept ?? {}).flat()).toEqual(
    expect.arrayContaining(['.csv', '.xml', '.zip', '.gz', '.xlsx', '.json', '.txt', '.tsv']),
  );
  // The browser hands files over through this queue when they are opened with an installed app.
  await page.addInitScript(() => {
    const waiting: unknown[] = [];
    let consumer: ((launch: unknown) => void) | undefined;
    Object.defineProperty(window, 'launchQueue', {
      value: {
        setConsumer(take: (launch: unknown) => void) {
          consumer = take;
          for (const launch of waiting.splice(0)) take(launch);
        },
      },
    });
    Object.assign(window, {
      openWithApp: (name: string, text: string) => {
        const launch = { files: [{ getFile: () => Promise.resolve(new File([text], name)) }] };
        if (consumer === undefined) waiting.push(launch);
        else consumer(launch);
      },
    });
  });
  await page.goto('/readings/');
  const { name, buffer } = madeUpMeterFile();
  await page.evaluate(
    ([fileName, text]) =>
      (window as unknown as { openWithApp: (name: string, text: string) => void }).openWithApp(fileName, text),
    [name, buffer.toString()] as const,
  );
  await expect(page.getByRole('heading', { name })).toBeVisible();
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByText(/ is kept: /)).toBeVisible();
});

test('a file that covers a move is kept in two parts, one for each home', async ({ page }) => {
  const hours = Array.from(
    { length: 48 },
    (_, hour) =>
      `2024-02-0${hour < 24 ? 1 : 2}T${String(hour % 24).padStart(2, '0')}:00:00+01:00,${hour < 24 ? '0.25' : '1'},0`,
  );
  await choose(page, textFile('moved.csv', ['Hour Start,Electricity 1,Electricity 2', ...hours].join('\n')));
  await expect(page.locator('.figure')).toHaveText('30.0 kWh');
  await page.getByText('You moved? Keep a part of the file for this home').click();
  await page.getByLabel('First day in the next home').fill('2024-02-02');
  await expect(page.locator('.figure')).toHaveText('6.0 kWh');
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  // The rest is offered for another home.
  await expect(page.getByText('moved.csv is kept: 24 new readings.')).toBeVisible();
  await expect(page.getByLabel('First day in this home')).toHaveValue('2024-02-02');
  await expect(page.getByLabel('For which home')).toHaveValue('');
  await expect(page.locator('.figure')).toHaveText('24.0 kWh');
  await page.getByRole('button', { name: 'Keep these readings' }).click();
  await expect(page.getByRole('article', { name: 'moved.csv' })).toContainText('24.0 kWh');
  await page.getByLabel('Home that is shown').selectOption({ label: 'My home' });
  const kept = page.getByRole('article', { name: 'moved.csv' });
  await expect(kept).toContainText('6.0 kWh');
  await kept.locator('summary').click();
  await expect(kept).toContainText('Only the readings before Fri, Feb 2, 2024 were kept for this home.');
});
