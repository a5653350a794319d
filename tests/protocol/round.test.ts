/** One round's messages from the manifest to the norms, without encryption. */
import { beforeAll, describe, expect, test } from 'vitest';
import { checkClose, encodeClose } from '../../src/protocol/close.ts';
import {
  checkContributionFiles,
  checkSignedContribution,
  decodeContribution,
  encodeContribution,
} from '../../src/protocol/contribution.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkList, encodeList, makeList } from '../../src/protocol/list.ts';
import { checkNorms, computeNorms, encodeNorms } from '../../src/protocol/norms-message.ts';
import { checkOpening, encodeOpening } from '../../src/protocol/opening.ts';
import { checkReceipt, encodeReceipt } from '../../src/protocol/receipt.ts';
import { checkSeals, encodeSeal } from '../../src/protocol/seal.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { encodeVector } from '../../src/protocol/features.ts';
import { exampleContribution, exampleContributions, makeExample, month, type Example } from './example.ts';

let example: Example;
beforeAll(async () => {
  example = await makeExample(30);
});

const vectorOf = (home: number) =>
  encodeVector(
    {
      meanDailyKwh: 5 + home,
      baseloadW: 50 + 10 * home,
      peakThreeHoursKw: 1 + home / 10,
      eveningShare: 0.2 + home / 200,
      nightShare: 0.1,
      middayShare: 0.2,
      weekendRatio: 1.1,
      loadFactor: 0.2,
    },
    { weekdayWh: Array<number>(24).fill(100 + home), weekendWh: Array<number>(24).fill(200) },
  );

describe('a round', () => {
  test('contribution, receipt and close pass their checks after transport', async () => {
    const { community, announcement, endpoint, stewards } = example;
    const contribution = decodeContribution(encodeContribution(await exampleContribution(example, 3)));
    const checked = await checkSignedContribution(contribution.signed, community, announcement);
    await checkContributionFiles(contribution, checked);
    expect(checked.issuer).toBe(0);
    const receipt = {
      community: community.id,
      month,
      member: checked.member,
      version: 1,
      contribution: await sha256(contribution.signed.body),
      receivedMs: 1,
    };
    const signed = await signMessage('receipt', encodeReceipt(receipt), [endpoint]);
    expect(await checkReceipt(decodeSigned(encodeSigned(signed)), community, contribution.signed)).toEqual(receipt);
    const close = { community: community.id, month, announcement: announcement.hash };
    const closing = await signMessage('close', encodeClose(close), stewards.slice(1));
    expect(await checkClose(closing, community, announcement)).toEqual(close);
    const alone = await signMessage('close', encodeClose(close), stewards.slice(2));
    await expect(checkClose(alone, community, announcement)).rejects.toMatchObject({ code: 'wrong-signer' });
  });

  test('list, seals, openings and norms', async () => {
    const { community, announcement, endpoint, stewards } = example;
    const list = makeList(community, announcement, await exampleContributions(example, 30), 5);
    const message = await signMessage('list', encodeList(list), [endpoint]);
    const checked = await checkList(message, community, announcement);
    expect(checked.list).toEqual(list);
    expect(list.groups).toEqual([{ name: 'community', homes: 30 }]);

    const sealed = { community: community.id, month, list: checked.hash };
    const seals = await Promise.all(stewards.map((steward) => signMessage('seal', encodeSeal(sealed), [steward])));
    expect(await checkSeals(seals, community, sealed)).toEqual([0, 1, 2]);
    await expect(checkSeals(seals.slice(1), community, sealed)).rejects.toMatchObject({ code: 'not-enough-seals' });

    const vectors = Array.from({ length: 30 }, (_, home) => vectorOf(home));
    const shares = vectors.map((vector) => splitShares(vector, 2, 3));
    const openings = await Promise.all(
      stewards.map(async (signer, steward) => {
        const sums = [
          vectors[0]?.map((_, slot) => shares.reduce((sum, s) => sum + (s[steward]?.[slot] ?? 0), 0) % 1_048_573) ?? [],
        ];
        const opening = { ...sealed, steward, words: [], sums };
        const signed = await signMessage('opening', encodeOpening(opening), [signer]);
        return checkOpening(signed, community, { month, list: checked.hash, groups: 1 });
      }),
    );
    const opened = await computeNorms(community, checked, openings);
    expect(opened.totals[0]).toEqual(vectors[0]?.map((_, slot) => vectors.reduce((sum, v) => sum + (v[slot] ?? 0), 0)));
    const byTwo = await computeNorms(community, checked, openings.slice(1));
    expect({ ...byTwo.norms, checked: true }).toEqual(opened.norms);
    const norms = await signMessage('norms', encodeNorms(opened.norms), stewards.slice(0, 2));
    expect(await checkNorms(norms, community, month)).toEqual(opened.norms);
  });
});
