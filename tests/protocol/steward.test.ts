import { beforeAll, describe, expect, test } from 'vitest';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import type { Steward } from '../../src/protocol/steward.ts';
import { expectedNorms, expectedTotal } from '../../src/simulation/oracle.ts';
import { month } from './example.ts';
import { makeRound, type RoundExample } from './round-example.ts';

const nth = <T>(items: readonly T[], i: number): T => {
  const item = items[i];
  if (item === undefined) throw new Error(`no item ${i}`);
  return item;
};

describe('a round of honest parties', () => {
  let round: RoundExample;
  let stewards: readonly Steward[];
  beforeAll(async () => {
    round = await makeRound(24);
    stewards = round.stewards;
    await round.endpoint.close();
  });

  test('opens to the plain totals and norms, checked', async () => {
    for (const steward of stewards.slice(0, 2)) await steward.seal(month);
    await expect(nth(stewards, 0).open(month)).rejects.toMatchObject({ code: 'not-enough-seals' });
    await nth(stewards, 2).seal(month);
    await nth(stewards, 0).open(month);
    await nth(stewards, 1).open(month);
    await expect(nth(stewards, 0).publishNorms(month)).rejects.toMatchObject({ code: 'not-enough-openings' });
    await nth(stewards, 2).open(month);
    for (const steward of stewards) {
      const opened = await steward.publishNorms(month);
      expect(opened.totals).toEqual([expectedTotal(round.vectors)]);
    }
    const norms = await round.endpoint.client().norms({ community: round.example.community.id, month });
    if (norms === undefined) throw new Error('no norms');
    const checked = await checkNorms(norms, round.example.community, month);
    expect(checked.groups).toEqual([{ name: 'community', ...expectedNorms(expectedTotal(round.vectors)) }]);
    expect(checked.checked).toBe(true);
    expect(norms.signatures).toHaveLength(3);
  });

  test('doing any step again changes nothing and decrypts nothing more', async () => {
    const before = round.decrypted.length;
    const seals = round.endpoint.seals.map(({ body }) => body);
    for (const steward of stewards) {
      await steward.announce(month, 5);
      await steward.seal(month);
      await steward.open(month);
    }
    expect(round.decrypted.length).toBe(before);
    expect(round.endpoint.seals.slice(3).map(({ body }) => body)).toEqual(seals);
  });

  test('after erasing, the month cannot be announced again', async () => {
    await nth(stewards, 0).erase(month);
    await expect(nth(stewards, 0).announce(month, 9)).rejects.toMatchObject({ code: 'wrong-round' });
    await expect(nth(stewards, 0).signClose(month)).rejects.toMatchObject({ code: 'wrong-round' });
  });
});

test('members can look at a list before it is sealed', async () => {
  let nowMs = 1_000;
  const { endpoint, stewards } = await makeRound(24, { lookHours: 48 }, () => nowMs);
  await endpoint.close();
  const steward = nth(stewards, 0);
  expect((await steward.review(month)).sealableMs).toBe(1_000 + 48 * 3_600_000);
  nowMs += 47 * 3_600_000;
  await expect(steward.seal(month)).rejects.toMatchObject({ code: 'too-early' });
  nowMs += 3_600_000;
  await steward.seal(month);
});

describe('a steward is missing', () => {
  test('nothing opens, until the others have heard its word on the list’s phrase', async () => {
    const { endpoint, stewards, vectors, example } = await makeRound(24);
    await endpoint.close();
    const [first, second] = [nth(stewards, 0), nth(stewards, 1)];
    await first.seal(month);
    await second.seal(month);
    await expect(first.open(month)).rejects.toMatchObject({ code: 'not-enough-seals' });
    await expect(first.open(month, [0])).rejects.toMatchObject({ code: 'not-enough-seals' });
    expect(await first.sealedPhrase(month)).toMatch(/^\d{5}( \d{5}){5}$/);
    expect(await second.sealedPhrase(month)).toBe(await first.sealedPhrase(month));
    await expect(first.publishNorms(month)).rejects.toMatchObject({ code: 'not-enough-openings' });
    await first.open(month, [2]);
    await second.open(month, [2]);
    const { norms, totals } = await first.publishNorms(month, true);
    await second.publishNorms(month, true);
    expect(totals).toEqual([expectedTotal(vectors)]);
    expect(norms.checked).toBe(false);
    const published = await endpoint.client().norms({ community: example.community.id, month });
    expect(published?.signatures).toHaveLength(2);
  });
});
