/**
 * Time to first success for new stewards, by the app alone: three phones found a community, a home joins by an invite,
 * the first round is opened, and the home sees its comparison. A steward's app is killed in the middle.
 */
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { simulatedVector } from '../../src/simulation/home-month.ts';
import { contribute as contributeFromNode, memberOfInvite } from '../../src/simulation/round.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { parseInviteLink, type Invite } from '../../src/protocol/invite.ts';
import { checkManifest } from '../../src/protocol/manifest.ts';
import { checkAnnouncement } from '../../src/protocol/round-key.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { contribute, importFile, longWorkMs } from './steps.ts';
import { Complaints, expect, test } from './support.ts';

/** A month of the made-up meter file. */
const month = '2025-02';
const monthName = 'February 2025';
const passphrase = 'three phones and a kettle';

/** One person's phone. */
interface Phone {
  readonly name: string;
  readonly context: BrowserContext;
  page: Page;
}

async function openPhone(browser: Browser, name: string, complaints: Complaints, asked: string[]): Promise<Phone> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB' });
  context.on('request', (request) => asked.push(request.url()));
  context.on('page', (page) => complaints.hear(page));
  return { name, context, page: await context.newPage() };
}

async function setPassphrase(page: Page) {
  await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await page.getByLabel('Passphrase again').fill(passphrase);
  await page.getByRole('button', { name: 'Set the passphrase' }).click();
}

async function saveRecoveryCode(page: Page) {
  await page.getByRole('button', { name: 'Make a recovery code instead' }).click();
  await expect(page.getByText(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){7}$/)).toBeVisible();
  await page.getByLabel('I have written it down').check();
  await page.getByRole('button', { name: 'Go on' }).click();
}

/** Text of the link that a screen gives away under this label. */
async function linkOf(page: Page, label: string): Promise<string> {
  await page.getByRole('button', { name: `Show: ${label}` }).click();
  await expect(page.getByRole('img', { name: `QR code: ${label}` })).toBeVisible();
  const link = await page.getByText(/\/#[\w-]{70,}$/).innerText();
  await page.getByRole('button', { name: `Show: ${label}` }).click();
  return link;
}

async function becomeSteward({ page, name }: Phone, link: string, protect: (page: Page) => Promise<void>) {
  await page.goto(link);
  await expect(page.getByRole('heading', { name: 'Linden Street' })).toBeVisible();
  // The link's secret left the address bar.
  await expect(page).toHaveURL(/\/community\/$/);
  await protect(page);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Become a steward' }).click();
}

/** Has the app killed when the endpoint has a steward's entry and the app has not heard of it. */
async function killWhenEntered(phone: Phone, enter: () => Promise<void>) {
  await phone.page.route('**/entries', async (route) => {
    await route.fetch({ maxRetries: 3 });
    await phone.page.close();
  });
  const closed = phone.page.waitForEvent('close', { timeout: 0 });
  // What it is pressed for may close it before the press is over.
  await enter().catch((error: unknown) => {
    if (!phone.page.isClosed()) throw error;
  });
  await closed;
  phone.page = await phone.context.newPage();
}

async function draftAndGiveUp({ page }: Phone, origin: string) {
  await page.goto(`${origin}/community/`);
  await setPassphrase(page);
  await page.getByLabel('Name of the community').fill('Elm Street');
  await page.getByLabel('Your name').fill('Carla');
  await page.getByRole('button', { name: 'Create a draft' }).click();
  await page.getByRole('button', { name: 'Give this draft up' }).click();
  await page.getByRole('button', { name: 'Give it up', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Start a community', exact: true })).toBeVisible();
}

const roundCard = (page: Page) => page.getByRole('region', { name: `Round of ${monthName}` });

async function publishKeys(page: Page) {
  await page.getByLabel('From').fill(month);
  await page.getByLabel('Months').selectOption('2');
  await page.getByRole('button', { name: 'Publish my keys' }).first().click();
  await expect(roundCard(page)).toContainText(/Waiting for keys|Collecting/, { timeout: longWorkMs });
  await expect(page.getByRole('progressbar')).toHaveCount(0, { timeout: longWorkMs });
}

async function closeNow(page: Page) {
  await roundCard(page).getByRole('button', { name: 'Close it now' }).click();
  await page.getByRole('button', { name: 'Close it', exact: true }).click();
}

async function invitesOf({ page }: Phone, count: number): Promise<string[]> {
  await page.getByRole('link', { name: 'My invites' }).click();
  await page.getByRole('button', { name: 'Show all QR codes' }).click();
  const shown = page.getByRole('list', { name: 'QR codes' }).getByText(/\/join\/#/);
  await expect(shown).toHaveCount(count);
  const links = await shown.allInnerTexts();
  await page.getByRole('link', { name: 'For stewards' }).click();
  return links;
}

/** The numbers of the community's log, as a screen shows them after a look. */
async function logOf(page: Page): Promise<string> {
  await page.reload();
  await page.getByText('Compare the community’s log').click();
  return `${await page.getByText(/^(\d{5} ?){6}$/).innerText()} ${await page.getByText(/at entry/).innerText()}`;
}

/** Has simulated homes contribute with these invites. */
async function contributeSimulated(endpointUrl: string, invites: readonly Invite[]) {
  const endpoint = new EndpointClient({ url: endpointUrl, fetch: (url, init) => fetch(url, init) });
  const [first] = invites;
  if (first === undefined) throw new Error('no invites');
  const community = await checkManifest(await endpoint.manifest(first.community), first.community);
  const bytes = await endpoint.announcement({ community: community.id, month });
  if (bytes === undefined) throw new Error('not announced');
  const announcement = await checkAnnouncement(bytes, community);
  for (const [index, { seed }] of invites.entries()) {
    const member = await memberOfInvite(community.id, seed);
    const vector = simulatedVector({ seed: 5, index, timeZone: 'Europe/Amsterdam', month });
    await contributeFromNode(endpoint, member, { community, announcement, vector, cohort: -1, version: 0 });
  }
}

test('three stewards and a home, from nothing to the first comparison', async ({ browser, product }) => {
  const complaints = new Complaints();
  // Chromium logs every 404, which is how the endpoint says that something is not there yet.
  complaints.expect(/status of 404 .*\/rounds\/2025-02\/(corrected-list|openings\/\d|norms)\)$/);
  const asked: string[] = [];
  const anna = await openPhone(browser, 'Anna', complaints, asked);
  const ben = await openPhone(browser, 'Ben', complaints, asked);
  const carla = await openPhone(browser, 'Carla', complaints, asked);
  const home = await openPhone(browser, 'Home', complaints, asked);
  const stewards = [anna, ben, carla];

  // Anna drafts the community.
  await anna.page.goto(`${product.origin}/more/`);
  await anna.page.getByRole('link', { name: /For stewards/ }).click();
  await anna.page.getByRole('link', { name: 'Start a community', exact: true }).click();
  await setPassphrase(anna.page);
  await anna.page.getByLabel('Name of the community').fill('Linden Street');
  await anna.page.getByLabel('Your name').fill('Anna');
  await expect(anna.page.getByLabel('Address of the endpoint')).toHaveValue(product.endpoint);
  await anna.page.getByLabel('Fewest homes').fill('15');
  await anna.page.getByLabel('Invites from each steward').fill('7');
  await expect(anna.page.getByText(/no total could ever be opened/)).toBeVisible();
  await anna.page.getByLabel('Invites from each steward').fill('9');
  await anna.page.getByLabel('The means of eight figures').check();
  await anna.page.getByLabel('The tenths of eight figures').check();
  await anna.page.getByLabel('Time for homes').selectOption({ label: 'None, for trying it out' });
  await anna.page.getByRole('button', { name: 'Create a draft' }).click();
  const links = [await linkOf(anna.page, 'Link for steward 2'), await linkOf(anna.page, 'Link for steward 3')];

  // Carla drafts one too, and thinks better of it.
  await draftAndGiveUp(carla, product.origin);

  // Ben and Carla join by their links; a link works once.
  await killWhenEntered(ben, () => becomeSteward(ben, links[0] ?? '', saveRecoveryCode));
  await ben.page.goto(`${product.origin}/steward/`);
  await carla.page.goto(links[0] ?? '');
  await expect(carla.page.getByText(/Somebody has used this link already/)).toBeVisible();
  await becomeSteward(carla, links[1] ?? '', () => Promise.resolve());
  for (const { page } of [ben, carla]) await expect(page.getByRole('heading', { name: 'For stewards' })).toBeVisible();

  // All see the same numbers, and sign.
  const phrases = await Promise.all(stewards.map(({ page }) => page.getByText(/^(\d{5} ?){6}$/).innerText()));
  expect(new Set(phrases).size).toBe(1);
  for (const { page } of stewards) {
    await page.getByLabel('All stewards see the same numbers').check();
    await page.getByRole('button', { name: 'Sign' }).click();
  }
  for (const { page } of stewards) await expect(page.getByRole('heading', { name: 'Rounds' })).toBeVisible();

  // Keys for two months, and the invites.
  for (const { page } of stewards) await publishKeys(page);
  for (const { page } of stewards) await expect(roundCard(page)).toContainText('Collecting');
  const invites: string[][] = [];
  for (const steward of stewards) invites.push(await invitesOf(steward, 9));
  expect(new Set(invites.flat()).size).toBe(27);

  // A home joins and contributes.
  await home.page.goto(product.origin);
  await importFile(home.page, madeUpMeterFile());
  await home.page.goto(invites[0]?.[0] ?? '');
  await expect(home.page.getByText('You were invited by Anna')).toBeVisible();
  await home.page.getByRole('button', { name: 'Join', exact: true }).click();
  await home.page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await contribute(home.page);

  // Neighbours, simulated here: 24 homes in all, 16 without those of any one steward.
  const rest = invites.flatMap((own, i) => own.slice(i === 0 ? 1 : 0, 8));
  await contributeSimulated(product.endpoint, rest.map(parseInviteLink));

  // Two of three stewards close the round before its date.
  await closeNow(anna.page);
  await expect(roundCard(anna.page)).toContainText('You asked to close it now');
  await closeNow(carla.page);
  await expect(roundCard(carla.page)).toContainText('Closed with 24 homes', { timeout: longWorkMs });

  // Carla checks and seals, and is told who is missing; then her app is killed.
  await roundCard(carla.page).getByRole('button', { name: 'Check and open' }).click();
  await expect(roundCard(carla.page)).toContainText('Sealed by 1 of 3', { timeout: longWorkMs });
  await expect(roundCard(carla.page)).toContainText('Waiting for Anna and Ben');
  await carla.page.close();

  // Ben's is killed while it checks, which goes no further than the total; opened again, it takes the round up where it was.
  await ben.page.route(/\/totals\//, () => undefined);
  const checking = ben.page.waitForRequest(/\/totals\//);
  await roundCard(ben.page).getByRole('button', { name: 'Check and open' }).click();
  await checking;
  await expect(roundCard(ben.page).getByRole('progressbar')).toBeVisible();
  await ben.page.close();
  ben.page = await ben.context.newPage();
  await ben.page.goto(`${product.origin}/steward/`);
  await roundCard(ben.page).getByRole('button', { name: 'Check and open' }).click();
  await expect(roundCard(ben.page)).toContainText('Sealed by 2 of 3', { timeout: longWorkMs });
  await expect(roundCard(ben.page)).toContainText('Waiting for Anna.');

  // The last one opens it; the others' apps go on by themselves.
  await roundCard(anna.page).getByRole('button', { name: 'Check and open' }).click();
  carla.page = await carla.context.newPage();
  await carla.page.goto(`${product.origin}/steward/`);
  for (const { page } of stewards) await expect(roundCard(page)).toContainText('Published', { timeout: longWorkMs });

  // The home sees where it stands.
  await home.page.goto(`${product.origin}/compare/`);
  await home.page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(home.page.getByText(/the mean of 24 homes/)).toBeVisible();

  // It stands on the list that the stewards sealed, and sees the same log as a steward.
  await expect(home.page.getByText('It stands on the list of homes that the stewards have sealed.')).toBeVisible();
  await expect
    .poll(async () => new Set([await logOf(home.page), await logOf(anna.page)]).size, { timeout: longWorkMs })
    .toBe(1);

  // It leaves: the endpoint is told, and nothing of the community stays on the phone but the readings.
  await home.page.getByText('Leave this community').click();
  await home.page.getByRole('button', { name: 'Leave Linden Street' }).click();
  await home.page.getByRole('button', { name: 'Leave', exact: true }).click();
  await expect(home.page.getByText('You have left the community.')).toBeVisible();
  expect(asked.some((url) => url.endsWith('/leave'))).toBe(true);

  // Which invites are used, and by whom they were issued.
  await anna.page.getByRole('link', { name: 'My invites' }).click();
  await expect(anna.page.getByText('8 of 9 used')).toHaveCount(3);

  // Two more invites from Anna, which hold when Carla has signed too.
  await anna.page.getByRole('link', { name: 'Issue more' }).click();
  await anna.page.getByLabel('How many').fill('2');
  const proposed = anna.page.getByText(/Your proposal is there/);
  const propose = anna.page.getByRole('button', { name: 'Propose more invites' });
  await propose.click();
  await expect(proposed).toBeVisible();
  // She thinks better of it, and then again.
  await anna.page.getByRole('button', { name: 'Cancel this proposal' }).click();
  await expect(anna.page.getByText('No change waits for signatures.')).toBeVisible();
  await propose.click();
  await expect(proposed).toBeVisible();
  await carla.page.goto(`${product.origin}/steward/`);
  await carla.page.getByRole('link', { name: 'Look at it' }).click();
  await expect(carla.page.getByText('Anna issues 2 more invites')).toBeVisible();
  await carla.page.getByRole('button', { name: 'Sign this change' }).click();
  await expect(carla.page.getByText('You have signed the change.')).toBeVisible();
  await anna.page.goto(`${product.origin}/steward/invites/`);
  await expect(anna.page.getByText('8 of 11 used')).toBeVisible();
  await expect(anna.page.getByRole('heading', { name: 'Invite 11' })).toBeVisible();

  // Ben's phone is lost: Dora takes the place with a key of her own.
  const dora = await openPhone(browser, 'Dora', complaints, asked);
  await anna.page.getByRole('link', { name: 'Issue more' }).click();
  await anna.page.getByLabel('Whose place').selectOption('Ben');
  await dora.page.goto(await linkOf(anna.page, 'Link to the steward’s place'));
  await expect(dora.page.getByText('You are asked to take the place of Ben')).toBeVisible();
  await setPassphrase(dora.page);
  await dora.page.getByLabel('Your name').fill('Dora');
  await dora.page.getByRole('button', { name: 'Make my key' }).click();
  await expect(dora.page.getByRole('heading', { name: 'Waiting for the stewards' })).toBeVisible();
  const waiting = dora.page.getByRole('region', { name: 'Waiting for the stewards' });
  const numbers = await waiting.getByText(/^(\d{5} ?){6}$/).innerText();
  await anna.page.getByLabel('The link that comes back').fill(await linkOf(dora.page, 'My link for the stewards'));
  await anna.page.getByLabel('The link that comes back').blur();
  await expect(anna.page.getByText(numbers)).toBeVisible();
  await anna.page.getByLabel('I have heard the same numbers').check();
  await anna.page.getByRole('button', { name: 'Propose the new steward' }).click();
  await expect(anna.page.getByText(/Your proposal is there/)).toBeVisible();
  await carla.page.reload();
  await expect(carla.page.getByText(/Dora takes the place of Ben/)).toBeVisible();
  await expect(carla.page.getByText(numbers)).toBeVisible();
  await carla.page.getByLabel('I have heard the same numbers').check();
  await carla.page.getByRole('button', { name: 'Sign this change' }).click();
  await expect(carla.page.getByText('You have signed the change.')).toBeVisible();
  await expect(dora.page.getByRole('heading', { name: 'Rounds' })).toBeVisible();

  for (const { context } of [...stewards, home, dora]) await context.close();
  expect(complaints.unexpected).toEqual([]);
  // No link's secret was ever asked for from anybody.
  const secrets = [...links, ...invites.flat()].map((link) => link.slice(link.indexOf('#') + 1));
  expect(asked.filter((url) => secrets.some((secret) => url.includes(secret) && !url.includes('#')))).toEqual([]);
});
