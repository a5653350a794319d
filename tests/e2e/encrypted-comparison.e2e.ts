/** Encrypted comparison in the browser, with real keys: set up over a bad network, answered by an endpoint that is killed. */
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import * as v from 'valibot';
import adviceModel from '../../src/endpoint/advice-model.json' with { type: 'json' };
import { parseAdviceModel, scoredAdvice, scoreInClear } from '../../src/protocol/advice-model.ts';
import { keyPieceBytes, serverKeyBytes } from '../../src/protocol/comparison.ts';
import { codesOf, encodeVector, features } from '../../src/protocol/features.ts';
import { demoHomes, demoSeed, demoZone } from '../../src/simulation/demo-community.ts';
import { simulatedVector } from '../../src/simulation/home-month.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';
import { dataFolder, haveData } from '../real-files/data.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { closeRound, contribute, importFile, joinDemo, longWorkMs, startRound, wholeMonth } from './steps.ts';
import { expect, stoppedServers, test } from './support.ts';

const meterFile = () =>
  haveData ? join(dataFolder, 'dev', 'csv', 'nl_dsmrreader_hourly_export.csv') : madeUpMeterFile();

const analysisSchema = v.object({
  source: v.string(),
  advice: v.optional(v.object({ model: v.number(), scores: v.record(v.string(), v.number()) })),
  comparison: v.object({
    month: v.string(),
    figures: v.array(v.object({ value: v.number(), rank: v.nullable(v.number()), aboveMean: v.nullable(v.boolean()) })),
  }),
});

/** All records of one of the app's stores. */
const storeOf = (page: Page, name: string): Promise<unknown[]> =>
  page.evaluate(
    (store) =>
      new Promise<unknown[]>((resolve, reject) => {
        const opening = indexedDB.open('private-energy');
        opening.onerror = () => reject(new Error('no vault'));
        opening.onsuccess = () => {
          const asked = opening.result.transaction(store).objectStore(store).getAll();
          asked.onsuccess = () => {
            opening.result.close();
            resolve(asked.result);
          };
        };
      }),
    name,
  );

/** Ranks and above-the-mean of a home among itself and the demo's homes, from plain vectors. */
function expectedPlaces(month: string, values: readonly number[]) {
  const named = { ...Object.fromEntries(features.map(({ name }, i) => [name, values[i] ?? 0])) };
  const own = v.parse(
    v.object(
      v.entriesFromList(
        features.map(({ name }) => name),
        v.number(),
      ),
    ),
    named,
  );
  const flat = Array<number>(24).fill(0);
  const vectors = Array.from({ length: demoHomes }, (_, index) =>
    simulatedVector({ seed: demoSeed, index, timeZone: demoZone, month }),
  );
  vectors.push(encodeVector(own, { weekdayWh: flat, weekendWh: flat }));
  const { deciles, means } = expectedNorms(expectedTotal(vectors));
  return codesOf(own).map((code, i) => ({
    rank: (deciles[i] ?? []).filter((threshold) => code >= threshold).length,
    aboveMean: code > (means[i] ?? 0),
  }));
}

/** From a meter file to a round that is opened, in which this home takes part: that of the newest whole month but so many. */
async function openedMonth(page: Page, before = 0): Promise<string> {
  await importFile(page, meterFile());
  await joinDemo(page);
  const month = await wholeMonth(page, before);
  await startRound(page, month);
  await contribute(page);
  await closeRound(page);
  return month;
}

const setUp = (page: Page) => page.getByRole('button', { name: /Set up my comparison key/ });
const goOn = (page: Page) => page.getByRole('button', { name: 'Go on with the upload' });

test('A home’s place is worked out under encryption and equals the plain one, over a bad network and a killed endpoint', async ({
  page,
  product,
  context,
  complaints,
}) => {
  complaints.expect(stoppedServers);
  const month = await openedMonth(page);
  await expect(page.getByText('Compared on this device with')).toBeVisible();
  await expect(page.getByText(/You are (among|lower|higher)/)).toBeHidden();
  // From here on the programs run by themselves, so that one can be killed.
  await product.stop();
  await product.startParts();

  const sent: Buffer[] = [];
  let pieces = 0;
  let cuts = 0;
  let isReloaded = false;
  const held = 15;
  await context.route(/comparison-keys\/[0-9a-f]{64}$/, async (route) => {
    const request = route.request();
    if (request.method() !== 'PATCH') return route.continue();
    pieces++;
    // This one never gets through: the upload is still under way when the page is reloaded.
    if (pieces === held && !isReloaded) return;
    // Five cuts, the last one right after another.
    if ([3, 9, 20, 40, 41].includes(pieces)) {
      cuts++;
      return route.abort('internetdisconnected');
    }
    return route.continue();
  });
  context.on('request', (request) => {
    const body = request.postDataBuffer();
    if (body !== null && request.url().startsWith(product.endpoint)) sent.push(body);
  });

  await setUp(page).click();
  await expect(page.getByText(/Making your comparison key: about \d+ seconds/)).toBeVisible();
  const bar = page.getByRole('progressbar');
  const seen = new Set<string | null>();
  await expect.poll(async () => seen.add(await bar.getAttribute('value')).size).toBeGreaterThan(2);

  // A reload in the middle of the upload: it is not made again, and goes on where it was.
  await expect(page.getByText('Uploading the public part')).toBeVisible({ timeout: longWorkMs });
  await expect.poll(() => pieces).toBe(held);
  const secrets = await storeOf(page, 'secrets');
  await page.reload();
  isReloaded = true;
  const accepted = page.waitForResponse(
    (response) => response.url().endsWith('/comparisons') && response.request().method() === 'POST' && response.ok(),
    { timeout: longWorkMs },
  );
  await goOn(page).click();
  await accepted;
  await product.killEndpoint();
  expect(cuts).toBe(5);
  expect(pieces - held).toBeLessThan(Math.ceil(serverKeyBytes / keyPieceBytes));
  expect(await storeOf(page, 'secrets')).toHaveLength(secrets.length);
  expect(await storeOf(page, 'serverKeys')).toMatchObject([{ state: 'stored' }]);
  await product.startEndpoint();

  await expect(page.getByText('Compared under encryption')).toBeVisible({ timeout: longWorkMs });
  const verdict = page.getByText(/You use (more|no more) than the mean of 41 homes/);
  await expect(verdict).toBeVisible();
  await expect(page.getByText(/You are (among|lower|higher)/)).toBeVisible();
  const analyses = v.parse(v.array(analysisSchema), await storeOf(page, 'analyses'));
  expect(analyses).toHaveLength(1);
  const [analysis] = analyses;
  if (analysis === undefined) throw new Error('no analysis');
  expect(analysis.source).toBe('encrypted');
  const { figures } = analysis.comparison;
  const places = figures.map(({ rank, aboveMean }) => ({ rank, aboveMean }));
  const values = figures.map(({ value }) => value);
  expect(places).toEqual(expectedPlaces(month, values));
  const { version, advice } = parseAdviceModel(adviceModel);
  const scores: [string, number][] = scoredAdvice.map((id) => [
    id,
    scoreInClear(
      advice[id],
      places.map(({ rank }) => rank ?? -1),
    ),
  ]);
  expect(analysis.advice).toEqual({ model: version, scores: Object.fromEntries(scores) });

  // Neither what left the app nor what the endpoint wrote says a figure or an answer.
  const named = v.parse(
    v.object(
      v.entriesFromList(
        features.map(({ name }) => name),
        v.number(),
      ),
    ),
    Object.fromEntries(features.map(({ name }, i) => [name, values[i] ?? 0])),
  );
  const patterns = [codesOf(named), places.map(({ rank }) => rank ?? 0)].flatMap(encodings);
  patterns.push(...values.map((value) => Buffer.from(new Float64Array([value]).buffer)));
  // What runs might remove a file while it is read.
  await product.stop();
  const written = await product.endpointFiles();
  const finds = (bytes: Buffer): boolean => patterns.some((pattern) => bytes.includes(pattern));
  for (const pattern of patterns) expect(finds(Buffer.concat([written[0] ?? Buffer.of(), pattern]))).toBe(true);
  expect(sent.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(serverKeyBytes / 2);
  expect([...sent, ...written].filter(finds)).toHaveLength(0);

  await page.goto('/receipts/');
  await expect(page.getByRole('heading', { name: 'Comparison key' })).toBeVisible();
  await expect(page.getByRole('heading', { name: /^Comparison request, [A-Z][a-z]+ \d{4}$/ })).toBeVisible();
  await expect(page.getByText('Acknowledged', { exact: false })).toHaveCount(3);
  await expect(page.getByText('Not acknowledged yet')).toHaveCount(0);

  // Past answers open when every server is gone.
  await page.goto('/compare/');
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(verdict).toBeVisible();
  await expect(page.getByText('Compared under encryption')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Your past comparisons' })).toBeVisible();
  // Money is beside the energy, and says what price it assumes.
  await expect(page.getByText(/Money assumes .* a kWh/)).toBeVisible();
  // Switched off nothing is shown and the advice knows of no comparison; switched on all of it is back.
  await page.getByRole('button', { name: 'Switch comparing off' }).click();
  await expect(page.getByRole('heading', { name: 'Comparing is switched off' })).toBeVisible();
  await expect(verdict).toBeHidden();
  await page.getByRole('button', { name: 'Compare again' }).click();
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(verdict).toBeVisible();
  await product.start();
});

test('A second tab and a cancelled set-up make no second key; a garbage answer is said to be unreadable', async ({
  page,
  product,
  context,
}) => {
  // The demo’s round of the newest month is over already.
  const month = await openedMonth(page, 1);
  await context.route(/\/comparisons\/[0-9a-f]{64}\.bin$/, (route) =>
    route.fulfill({
      body: Buffer.alloc(264_000, 7),
      headers: { 'access-control-allow-origin': product.origin, 'cross-origin-resource-policy': 'cross-origin' },
    }),
  );
  await setUp(page).click();
  await expect(page.getByText(/Making your comparison key/)).toBeVisible();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('progressbar')).toBeHidden();
  const comparisonKeys = async (): Promise<number> =>
    (await storeOf(page, 'secrets')).filter((one) =>
      v.is(v.object({ id: v.pipe(v.string(), v.startsWith('comparison/')) }), one),
    ).length;
  expect(await comparisonKeys()).toBe(1);

  const second = await context.newPage();
  await second.goto('/compare/');
  await second.getByRole('combobox', { name: 'Month' }).selectOption(month);
  for (const tab of [page, second]) await expect(setUp(tab)).toBeEnabled();
  await Promise.all([setUp(page).click(), setUp(second).click()]);
  await expect(page.getByText('This answer could not be read.')).toBeVisible({ timeout: longWorkMs });
  expect(await comparisonKeys()).toBe(1);
  expect(await storeOf(page, 'serverKeys')).toHaveLength(1);
  expect(await storeOf(page, 'comparisonRequests')).toMatchObject([{ state: 'unreadable' }]);
  // Nothing else has changed: what was compared on this device is still there.
  await expect(page.getByText('Compared on this device with')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Figure by figure' })).toBeVisible();
  await second.close();
});

/** Ways to write eight small numbers down. */
function encodings(values: readonly number[]): Buffer[] {
  const cbor = (value: number): number[] => (value < 24 ? [value] : [24, value]);
  return [
    Buffer.from(values.flatMap(cbor)),
    Buffer.from(values),
    Buffer.from(new Uint16Array(values).buffer),
    Buffer.from(new Uint32Array(values).buffer),
    Buffer.from(new BigUint64Array(values.map(BigInt)).buffer),
    Buffer.from(new Float32Array(values).buffer),
    Buffer.from(new Float64Array(values).buffer),
    Buffer.from(values.join(',')),
    Buffer.from(values.join(', ')),
  ];
}
