/**
 * A home's membership: an invite that was taken back, the label "homes like yours", going on with another device, and a
 * contribution that a steward has left out. The community's stewards are played from here.
 */
import type { Page } from '@playwright/test';
import { proposeAmendment, unamended } from '../../src/protocol/amendment.ts';
import { signerFromSeed } from '../../src/protocol/ed25519.ts';
import { encodeCulprits } from '../../src/protocol/culprits.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { encodeInviteLink } from '../../src/protocol/invite.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { decodeList } from '../../src/protocol/list.ts';
import { checkManifest, defaultRetentionDays } from '../../src/protocol/manifest.ts';
import { checkAnnouncement } from '../../src/protocol/round-key.ts';
import { mergeSignatures, signMessage } from '../../src/protocol/signed.ts';
import { foundCommunity } from '../../src/simulation/founding.ts';
import { simulatedVector } from '../../src/simulation/home-month.ts';
import { memoryStore } from '../../src/simulation/memory-store.ts';
import {
  closeRound,
  contribute as contributeFromNode,
  memberOfInvite,
  stewardsOf,
} from '../../src/simulation/round.ts';
import { madeUpMeterFile } from './made-up-file.ts';
import { agree, importFile } from './steps.ts';
import { Complaints, expect, test, type Product } from './support.ts';

const month = '2025-02';
const simulatedHomes = 23;

/** A community with one round that collects, 23 simulated homes in it, and one invite that was taken back. */
async function makeCommunity({ endpoint: url, origin }: Product) {
  const endpoint = new EndpointClient({ url, fetch: (to, init) => fetch(to, init) });
  const founding = await foundCommunity({
    name: 'Elm Street',
    stewards: ['Ada', 'Ben', 'Cleo'],
    threshold: 2,
    minimumHomes: 15,
    cohorts: ['Flat', 'House'],
    publishes: ['profiles'],
    endpointKey: await endpoint.identity(),
    lookHours: 0,
    retentionDays: defaultRetentionDays,
    invites: simulatedHomes + 3,
  });
  const community = await checkManifest(founding.manifest);
  await endpoint.registerCommunity(founding.manifest);
  const signers = await Promise.all(founding.stewardSeeds.map(signerFromSeed));
  const [ada, ben] = signers;
  const [own, revoked] = founding.inviteSeeds.slice(simulatedHomes);
  if (!ada || !ben || !own || !revoked) throw new Error('stewards and invites were expected');
  const { publicKey } = await signerFromSeed(revoked);
  const change = { from: '2025-01', invites: [], revoked: [publicKey], replaced: [] };
  const proposals = await Promise.all(
    [ada, ben].map((signer, i) => proposeAmendment(unamended(community), change, i, signer)),
  );
  await endpoint.postAmendment(community.id, proposals.reduce(mergeSignatures));

  const stewards = await stewardsOf(
    community,
    founding.stewardSeeds,
    () => endpoint,
    () => memoryStore(),
  );
  const closesMs = Date.now() + 86_400_000;
  for (const steward of stewards) await steward.announce(month, closesMs);
  const round = { community: community.id, month };
  const announcement = await checkAnnouncement((await endpoint.announcement(round)) ?? new Uint8Array(), community);
  for (const [index, seed] of founding.inviteSeeds.slice(0, simulatedHomes).entries()) {
    const member = await memberOfInvite(community.id, seed);
    const vector = simulatedVector({ seed: 5, index, timeZone: 'Europe/Amsterdam', month });
    await contributeFromNode(endpoint, member, { community, announcement, vector, cohort: index % 2, version: 0 });
  }
  const linkOf = (seed: typeof own) => encodeInviteLink(origin, { endpointUrl: url, community: community.id, seed });
  const invite = (await signerFromSeed(own)).publicKey;
  return { endpoint, community, round, stewards, ada, invite, revoked, own, linkOf };
}

async function chooseMonth(page: Page) {
  await page.goto('/compare/');
  await page.getByRole('combobox', { name: 'Month' }).selectOption(month);
}

test('an invite that was taken back says so; a home says its label, goes on with another device, and is left out', async ({
  page,
  product,
  browser,
}) => {
  const { endpoint, community, round, stewards, ada, invite, revoked, own, linkOf } = await makeCommunity(product);

  // Used, foreign and broken invites are those of endpoint-trouble.e2e.ts.
  await page.goto(linkOf(revoked));
  await expect(page.getByText(/The stewards have taken this invite back/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Join', exact: true })).toBeHidden();

  // The home joins, is asked which homes are like it, and says so.
  await importFile(page, madeUpMeterFile());
  await page.goto(linkOf(own));
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(page).toHaveURL(/\/compare\/$/);
  await chooseMonth(page);
  await page.getByRole('button', { name: 'See what I would contribute' }).click();
  await expect(page.getByText(/The label is sent in the clear/)).toBeVisible();
  await page.getByLabel('House').check();
  await page.getByRole('button', { name: 'Go on', exact: true }).click();
  await agree(page);

  // Its next device takes part as the same home.
  await page.getByText('Go on with another device').click();
  await page.getByRole('button', { name: 'Make a link for my next device' }).click();
  await page.getByRole('button', { name: 'Show: Link for my next device' }).click();
  const link = await page.getByText(/\/join\/#device\.[\w-]{80,}$/).innerText();
  const context = await browser.newContext({ baseURL: product.origin, viewport: { width: 390, height: 844 } });
  const next = await context.newPage();
  const complaints = new Complaints().hear(next);
  // Chromium logs every 404, which is how the endpoint says that something is not there yet.
  complaints.expect(/status of 404 .*\/rounds\/2025-02\/(corrected-list|norms|list)\)$/);
  await importFile(next, madeUpMeterFile());
  await next.goto(link);
  await expect(next.getByText(/here you take part as the same home/)).toBeVisible();
  await expect(next).toHaveURL(/\/join\/$/);
  await next.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(next).toHaveURL(/\/compare\/$/);
  await chooseMonth(next);
  await next.getByRole('button', { name: 'See what I would contribute' }).click();
  await next.getByRole('button', { name: 'Skip' }).click();
  await agree(next);

  // The round closes with the newest device's word, once. A steward names it a culprit, and another seals the rest.
  await closeRound(stewards, community, endpoint, round);
  const message = await endpoint.list(round);
  if (message === undefined) throw new Error('no list');
  const { entries } = decodeList(message.body);
  const ofHome = entries.filter((entry) => Buffer.from(entry.invite).equals(invite));
  expect(ofHome.map(({ cohort, certificates }) => [cohort, certificates.length])).toEqual([[-1, 2]]);
  await chooseMonth(next);
  await expect(next.getByText(/It stands on the list of homes that the round closed with/)).toBeVisible();
  const list = await sha256(message.body);
  const named = encodeCulprits({ community: community.id, month, list, invites: [invite] });
  await endpoint.postCulprits(round, await signMessage('culprits', named, [ada]));
  await stewards[1]?.check(month);
  await stewards[1]?.seal(month);
  await next.reload();
  await next.getByRole('combobox', { name: 'Month' }).selectOption(month);
  await expect(next.getByText(/is not what it claims, and it was left out/)).toBeVisible();

  // The first device forgets the community; its readings stay.
  await page.getByRole('button', { name: 'Forget Elm Street on this device' }).click();
  await page.getByRole('button', { name: 'Forget it here' }).click();
  await expect(page.getByText('This device has forgotten the community.')).toBeVisible();
  await page.goto('/');
  await expect(page.getByRole('main')).toContainText('kWh');
  await context.close();
  expect(complaints.unexpected).toEqual([]);
});
