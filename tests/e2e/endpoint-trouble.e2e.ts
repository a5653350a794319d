/** An endpoint that is down, slow or answers nonsense: the app says so, keeps everything, and can try again. */
import { madeUpMeterFile } from './made-up-file.ts';
import { contribute, importFile, joinDemo, roundMonths, startRound } from './steps.ts';
import { expect, stoppedServers, test } from './support.ts';

// The service worker would send what waits behind the test's back, past the answers that are played here.
test.use({ serviceWorkers: 'block' });

test('a contribution outlives an endpoint that is gone, talks nonsense, or answers late', async ({
  page,
  product,
  context,
  complaints,
}) => {
  complaints.expect(stoppedServers);
  await importFile(page, madeUpMeterFile());
  await joinDemo(page);
  const month = roundMonths.endpointTrouble;
  await startRound(page, month);

  const contributions = `${product.endpoint}/**/contributions`;
  await context.route(contributions, (route) => route.abort('connectionrefused'));
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await page.getByRole('button', { name: 'Encrypt and contribute' }).click();
  await expect(page.getByText('Waiting.')).toBeVisible();
  await expect(page.getByText(/cannot be reached/).first()).toBeVisible();
  await expect(page.getByText('Counted.')).toBeHidden();

  // It waits over a reload, and is not called sent by an answer that proves nothing.
  await context.unroute(contributions);
  const headers = { 'access-control-allow-origin': product.origin, 'content-type': 'application/cbor' };
  await context.route(contributions, (route) => route.fulfill({ status: 200, headers, body: 'hello' }));
  await page.reload();
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByText('Waiting.')).toBeVisible();
  await expect(
    page
      .getByRole('status')
      .or(page.getByRole('alert'))
      .filter({ hasText: /signed message/ }),
  ).toBeVisible();

  await context.unroute(contributions);
  await context.route(contributions, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await route.continue();
  });
  await page.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByText('Counted.')).toBeVisible();
  await context.unroute(contributions);

  // Rounds that make no sense: what is stored is still shown.
  const rounds = `${product.endpoint}/**/rounds`;
  await context.route(rounds, (route) => route.fulfill({ status: 200, headers, body: '<html>' }));
  await page.reload();
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(page.getByText('Counted.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await context.unroute(rounds);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('button', { name: 'Replace my contribution' })).toBeVisible();
  await contribute(page, 'Replace my contribution');
});

test('an invite that is used up, foreign or cut off is refused with a reason', async ({ page, product }) => {
  await importFile(page, madeUpMeterFile());
  await page.goto('/join/');
  const link = page.getByLabel('Invite link');
  await link.fill(`${product.origin}/join/#abc`);
  await page.getByRole('button', { name: 'Look at it' }).click();
  await expect(page.getByRole('alert')).toContainText(/invite/i);
  await expect(page.getByRole('button', { name: 'Join', exact: true })).toBeHidden();
});
