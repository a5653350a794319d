/** A whole round with real encryption and real stewards at the real endpoint. */
import { expect, test } from 'vitest';
import { decryptTotal, makeRoundKey } from '../../src/lib/fhe/contribution.ts';
import { makeContribution } from '../../src/lib/fhe/make-contribution.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import { certify } from '../../src/protocol/certificate.ts';
import { logCheck, neverFollowed } from '../../src/protocol/follow.ts';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { mergeSignatures } from '../../src/protocol/signed.ts';
import { checkAnnouncement } from '../../src/protocol/round-key.ts';
import { Steward } from '../../src/protocol/steward.ts';
import { memoryStore } from '../../src/simulation/memory-store.ts';
import { signerOf } from '../protocol/example.ts';
import { exampleVector } from '../protocol/round-example.ts';
import { clientOf, closesMs, exampleEndpoint, fewestHomes, month, startMs, TestCommunity } from './support.ts';

test('A round with real encryption goes from round keys to norms', async () => {
  const endpoint = await exampleEndpoint();
  const client = clientOf(endpoint);
  const street = await TestCommunity.make(fewestHomes);
  const { community } = street;
  const round = street.round();
  await client.registerCommunity(street.manifest);
  const stewards = street.stewards.map(
    (signer, steward) =>
      new Steward({
        community,
        steward,
        signer,
        endpoint: client,
        inLog: logCheck(client, neverFollowed(community)),
        store: memoryStore(),
        encryption: {
          makeRoundKey: () => makeRoundKey(nodeTfhe),
          decryptTotal: (key, total) => decryptTotal(nodeTfhe, key, total),
        },
        now: () => startMs,
      }),
  );
  for (const steward of stewards) await steward.announce(month, closesMs);
  const announcement = await checkAnnouncement((await client.announcement(round)) ?? new Uint8Array(), community);
  expect(await client.rounds(community.id)).toEqual([{ month, state: 'collecting', closesMs, homes: 0 }]);

  for (const [home, invite] of street.invites.entries()) {
    const signer = await signerOf(`member ${home}`);
    const certificates = [await certify(community.id, signer.publicKey, invite)];
    const contribution = await makeContribution(
      nodeTfhe,
      { invite: invite.publicKey, certificates, signer },
      { community, announcement, vector: exampleVector(home), cohort: -1, version: 1 },
    );
    await checkReceipt(await client.contribute(round, contribution), community, contribution.signed);
  }
  expect(await client.list(round)).toBeUndefined();
  const words = await Promise.all(stewards.slice(0, 2).map((steward) => steward.signClose(month)));
  await client.close(round, words.reduce(mergeSignatures));

  for (const steward of stewards) await steward.seal(month);
  expect((await client.rounds(community.id))[0]?.state).toBe('sealed');
  for (const steward of stewards) await steward.open(month);
  const opened = await Promise.all(stewards.map((steward) => steward.publishNorms(month)));
  const expected = exampleVector(0).map((_, slot) =>
    street.invites.reduce((sum, _invite, home) => sum + (exampleVector(home)[slot] ?? 0), 0),
  );
  for (const { totals } of opened) expect(totals).toEqual([expected]);
  const norms = await client.norms(round);
  expect(norms).toBeDefined();
  if (norms) expect((await checkNorms(norms, community, month)).checked).toBe(true);
  expect(await client.rounds(community.id)).toEqual([{ month, state: 'opened', closesMs, homes: fewestHomes }]);
});
