/** `npm start` itself: ports that are taken or remembered, and invites that outlive a restart. */
import { madeUpMeterFile } from './made-up-file.ts';
import { importFile } from './steps.ts';
import { expect, stoppedServers, test } from './support.ts';

test('a taken port is named, with the command for another one and what that means', async ({ product }) => {
  // The product itself holds the port; a second start over the same data must not move elsewhere silently.
  const refused = await product.start({ withPorts: false }).catch((error: unknown) => String(error));
  expect(refused).toContain(`Port ${new URL(product.origin).port} is taken`);
  expect(refused).toMatch(/npm start -- --port \d+/);
  expect(refused).toContain('different store');
});

test('a restart keeps the ports and the invites that were given out', async ({ page, product, complaints }) => {
  complaints.expect(stoppedServers);
  await importFile(page, madeUpMeterFile());
  const link = await page.evaluate(async () => (await fetch('/demo/invite', { method: 'POST' })).text());
  await product.stop();
  const said = await product.start({ withPorts: false });
  expect(said).toContain(product.origin);
  expect(said).toContain(product.endpoint);
  expect(said).not.toContain('Building');
  await page.goto('/join/');
  await page.getByLabel('Invite link').fill(/http[^"]+/.exec(link)?.[0] ?? '');
  await page.getByRole('button', { name: 'Look at it' }).click();
  await expect(page.getByText(/You were invited by \w+/)).toBeVisible();
});

test('another site can neither spend the demo’s invites nor close its rounds', async ({ request }) => {
  for (const path of ['/demo/invite', '/demo/rounds/close']) {
    const answer = await request.post(path, {
      headers: { origin: 'https://elsewhere.example' },
      data: { month: '2024-01' },
      // A connection that was kept for the next request may be ended by the server just as that is sent.
      maxRetries: 3,
    });
    expect(answer.status()).toBe(403);
  }
});
