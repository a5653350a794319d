/**
 * What a cheating endpoint, home or steward tries, and which check stops it. The endpoint here has all files and keys
 * that a real one has; it never has a round key or a share.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { equalBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { CiphertextSum } from '../../src/protocol/ciphertext.ts';
import { decodeContribution, encodeContribution, type Contribution } from '../../src/protocol/contribution.ts';
import { encodeCulprits } from '../../src/protocol/culprits.ts';
import { correctList, decodeList, encodeList, type List } from '../../src/protocol/list.ts';
import { encodeOpening } from '../../src/protocol/opening.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import type { Steward } from '../../src/protocol/steward.ts';
import { expectedTotal } from '../../src/simulation/oracle.ts';
import { month } from './example.ts';
import { contributionOf, exampleVector, forkRound, makeRound, type RoundExample } from './round-example.ts';
import type { TestEndpoint } from './test-endpoint.ts';

const homes = 26;
let round: RoundExample;
let endpoint: TestEndpoint;
let steward: Steward;

let untouched: RoundExample;
beforeAll(async () => {
  untouched = await makeRound(homes);
});
beforeEach(() => {
  round = forkRound(untouched);
  endpoint = round.endpoint;
  steward = nth(round.stewards, 0);
});

const nth = <T>(items: readonly T[], i: number): T => {
  const item = items[i];
  if (item === undefined) throw new Error(`no item ${i}`);
  return item;
};
const refused = (promise: Promise<unknown>, code: string) => expect(promise).rejects.toMatchObject({ code });
const publicKey = (i = 0): Bytes => nth(endpoint.announcement?.roundKeys ?? [], i).publicKey;
const listNow = (): List => decodeList(decodeSigned(endpoint.file('list')).body);
const others = (vectors: readonly (readonly number[])[], left: readonly number[]) =>
  expectedTotal(vectors.filter((_, home) => !left.includes(home)));
const openAll = async () => {
  for (const one of round.stewards) await one.check(month);
  for (const one of round.stewards) await one.seal(month);
  for (const one of round.stewards) await one.open(month);
  return Promise.all(round.stewards.map((one) => one.publishNorms(month)));
};
const sumOf = (ciphertexts: readonly Bytes[]): CiphertextSum => {
  const sum = new CiphertextSum();
  for (const ciphertext of ciphertexts) sum.add(ciphertext);
  return sum;
};
/** Ciphertext words times a factor, modulo 2^64: what anyone can do to a ciphertext. */
const times = (ciphertext: Bytes, factor: bigint): Bytes => {
  const copy = ciphertext.slice();
  const words = new DataView(copy.buffer);
  for (let at = 8; at < 8 + 8 * 2368; at += 8)
    words.setBigUint64(at, BigInt.asUintN(64, words.getBigUint64(at, true) * factor), true);
  return copy;
};
const ciphertextsOf = (i = 0): Bytes[] => endpoint.contributions.map(({ ciphertexts }) => nth(ciphertexts, i));

describe('the endpoint shows other totals than it should: the steward adds up the column itself', () => {
  const victim = 7;
  const attacks: Record<string, () => Bytes> = {
    'one home’s ciphertext as the total': () => nth(ciphertextsOf(), victim),
    'one home’s ciphertext in a sum of zeros': () => sumOf([nth(ciphertextsOf(), victim)]).total(publicKey()),
    'a weighted sum': () =>
      sumOf([...ciphertextsOf().slice(1), times(nth(ciphertextsOf(), victim), 250n)]).total(publicKey()),
    'one home left out': () => sumOf(ciphertextsOf().slice(1)).total(publicKey()),
    'one home twice': () => sumOf([...ciphertextsOf(), nth(ciphertextsOf(), victim)]).total(publicKey()),
    'a total moved by a quarter of a step': () => {
      const total = endpoint.file('totals/0-0.bin').slice();
      const words = new DataView(total.buffer);
      const at = 8 + 8 * 2048;
      // Half a step is 2^32 of 2^64; a whole one is a different plaintext.
      words.setBigUint64(at, BigInt.asUintN(64, words.getBigUint64(at, true) + 2n ** 33n), true);
      return total;
    },
    'an uncentred sum of other words': () => times(endpoint.file('totals/0-0.bin'), 3n),
  };

  test.each(Object.entries(attacks))('%s', async (_, attack) => {
    await endpoint.close();
    endpoint.files.set('totals/0-0.bin', attack());
    const opened = await openAll();
    expect(nth(opened, 0).totals).toEqual([expectedTotal(round.vectors)]);
    // One total was decrypted by each steward; the cheated one then decrypted each home's bytes as signed, once.
    expect(round.decrypted).toHaveLength(3 + homes);
    expect(endpoint.culprits).toEqual([]);
  });

  test('a second total after the first was refused is never decrypted', async () => {
    await endpoint.close();
    const honest = endpoint.file('totals/0-0.bin');
    endpoint.files.set('totals/0-0.bin', times(honest, 3n));
    endpoint.files.delete(`ciphertexts/${toHex(await sha256(nth(ciphertextsOf(), 3)))}.bin`);
    await expect(steward.seal(month)).rejects.toThrow();
    endpoint.files.set('totals/0-0.bin', honest);
    const before = round.decrypted.length;
    await expect(steward.seal(month)).rejects.toThrow();
    expect(round.decrypted.slice(before).some((bytes) => equalBytes(bytes, honest))).toBe(false);
  });

  test('a total of other length or footer is refused before it is decrypted', async () => {
    await endpoint.close();
    endpoint.files.set('totals/0-0.bin', endpoint.file('totals/0-0.bin').slice(0, -1));
    await refused(steward.seal(month), 'bad-ciphertext');
  });

  test('another ciphertext in place of a home’s, when the column is fetched', async () => {
    await endpoint.close();
    endpoint.files.set('totals/0-0.bin', times(endpoint.file('totals/0-0.bin'), 3n));
    const path = `ciphertexts/${toHex(await sha256(nth(ciphertextsOf(), 5)))}.bin`;
    endpoint.files.set(path, nth(ciphertextsOf(), 6));
    await refused(steward.seal(month), 'bad-ciphertext');
  });
});

describe('a home cheats', () => {
  const replaceHome = async (home: number, cheats: Parameters<typeof contributionOf>[3]) => {
    endpoint.contributions[home] = await contributionOf(round.example, endpoint, home, cheats);
    await endpoint.close();
  };
  const victimTimes = (factor: bigint) => (own: Bytes[]) =>
    // 250·ct + fresh: re-randomised, so that no bytes are equal.
    own.map((fresh, i) =>
      sumOf([times(nth(nth(endpoint.contributions, 7).ciphertexts, i), factor), fresh]).total(publicKey(i)),
    );

  test.each([
    [
      'a broken word',
      {
        ciphertexts: (own: Bytes[]) =>
          own.map((one, i) => (i === 0 ? one.map((byte, at) => (at === 15 ? byte ^ 1 : byte)) : one)),
      },
    ],
    [
      'a broken word for the last steward to check',
      {
        ciphertexts: (own: Bytes[]) =>
          own.map((one, i) => (i === 2 ? one.map((byte, at) => (at === 15 ? byte ^ 1 : byte)) : one)),
      },
    ],
    ['a multiple of another home’s ciphertext, re-randomised', { ciphertexts: victimTimes(250n) }],
    ['a copy of another home’s ciphertext, re-randomised', { ciphertexts: victimTimes(1n) }],
    ['a fingerprint of something else', { fingerprint: (value: bigint) => (value + 1n) % (2n ** 61n - 1n) }],
    ['a fingerprint beyond its field', { fingerprint: () => 2n ** 63n }],
    ['only one steward’s share', { fingerprint: (value: bigint, i: number) => (i === 0 ? value ^ 1n : value) }],
  ])('%s: it is named, and the round opens without it', async (_, cheats) => {
    await replaceHome(4, cheats);
    const opened = await openAll();
    expect(nth(opened, 0).totals).toEqual([others(round.vectors, [4])]);
    const corrected = decodeList(decodeSigned(endpoint.file('corrected-list')).body);
    expect(corrected.removed.map(({ invite }) => invite)).toEqual([nth(round.example.invites, 4).publicKey]);
  });

  test('copying another home’s ciphertext bytes', async () => {
    const copied = nth(endpoint.contributions, 7).ciphertexts;
    await replaceHome(4, { ciphertexts: () => [...copied] });
    await refused(steward.seal(month), 'bad-list');
  });

  test('more cheats than may be named: the round is given up and its keys erased', async () => {
    for (let home = 0; home < 11; home++) {
      endpoint.contributions[home] = await contributionOf(round.example, endpoint, home, { fingerprint: () => 1n });
    }
    await endpoint.close();
    await refused(steward.seal(month), 'spoiled');
    await refused(steward.seal(month), 'wrong-round');
  });

  test('a vector that is no vector spoils the round, and is seen', async () => {
    await replaceHome(4, {
      shares: (shares) => shares.map((share) => share.map((y, slot) => (slot === 5 ? (y + 3) % 1_048_573 : y))),
    });
    for (const one of round.stewards) await one.seal(month);
    for (const one of round.stewards) await one.open(month);
    await refused(steward.publishNorms(month), 'spoiled');
  });
});

describe('the endpoint shows other fingerprints or lists than it should', () => {
  test('a fingerprint resealed under a victim’s header', async () => {
    await endpoint.close();
    const column = endpoint.file('fingerprints/0.bin').slice();
    column.set(column.slice(56, 112), 0);
    endpoint.files.set('fingerprints/0.bin', column);
    await refused(steward.seal(month), 'bad-fingerprint');
  });

  test('fewer fingerprints than homes', async () => {
    await endpoint.close();
    endpoint.files.set('fingerprints/0.bin', endpoint.file('fingerprints/0.bin').slice(56));
    await refused(steward.seal(month), 'bad-fingerprint');
  });

  test('another list after the first was seen', async () => {
    await endpoint.close();
    await steward.review(month);
    await endpoint.close(endpoint.contributions.slice(1));
    await refused(steward.review(month), 'wrong-list');
  });

  test('different lists to different stewards: neither gets enough seals', async () => {
    await endpoint.close();
    await nth(round.stewards, 0).seal(month);
    await nth(round.stewards, 1).seal(month);
    await endpoint.close(endpoint.contributions.slice(1));
    await nth(round.stewards, 2).seal(month);
    for (const one of round.stewards) await refused(one.open(month), 'not-enough-seals');
    expect(endpoint.openings).toEqual([]);
  });

  test('a lying steward seals both lists: an honest one opens neither without the others', async () => {
    await endpoint.close();
    await nth(round.stewards, 1).seal(month);
    const first = (await nth(round.stewards, 1).review(month)).list.hash;
    await endpoint.close(endpoint.contributions.slice(1));
    await nth(round.stewards, 2).seal(month);
    const second = (await nth(round.stewards, 2).review(month)).list.hash;
    for (const list of [first, second]) {
      const body = encodeSeal({ community: round.example.community.id, month, list });
      endpoint.seals.push(await signMessage('seal', body, [nth(round.example.stewards, 0)]));
    }
    await refused(nth(round.stewards, 1).open(month), 'not-enough-seals');
    await refused(nth(round.stewards, 2).open(month), 'not-enough-seals');
  });

  test('a victim named as culprit to get the list without it, after a steward sealed the list with it', async () => {
    await endpoint.close();
    await nth(round.stewards, 1).seal(month);
    const { list } = await nth(round.stewards, 2).review(month);
    const body = encodeCulprits({
      community: round.example.community.id,
      month,
      list: list.hash,
      invites: [nth(round.example.invites, 7).publicKey],
    });
    const message = await signMessage('culprits', body, [nth(round.example.stewards, 0)]);
    await endpoint.publishList(await correctList(list.list, [message], round.example.community), 'corrected-list');
    await nth(round.stewards, 2).seal(month);
    await refused(nth(round.stewards, 2).open(month), 'not-enough-seals');
    await refused(nth(round.stewards, 1).open(month), 'not-enough-seals');
  });

  test('a corrected list that leaves out more than was named', async () => {
    await endpoint.close();
    const first = listNow();
    const body = encodeCulprits({
      community: round.example.community.id,
      month,
      list: await sha256(encodeList(first)),
      invites: [nth(first.entries, 3).invite],
    });
    const message = await signMessage('culprits', body, [nth(round.example.stewards, 0)]);
    const corrected = await correctList(first, [message], round.example.community);
    const tooMuch = {
      ...corrected,
      entries: corrected.entries.slice(1),
      removed: [nth(corrected.entries, 0), ...corrected.removed],
    };
    const counted = { ...tooMuch, groups: [{ name: 'community', homes: tooMuch.entries.length }] };
    await endpoint.publishList(counted, 'corrected-list');
    await refused(steward.review(month), 'bad-list');
    await endpoint.publishList({ ...corrected, culprits: [] }, 'corrected-list');
    await refused(steward.review(month), 'bad-list');
  });

  test.each([
    ['an entry twice', (list: List) => ({ ...list, entries: [nth(list.entries, 0), ...list.entries] }), 'bad-list'],
    ['entries out of order', (list: List) => ({ ...list, entries: [...list.entries].reverse() }), 'bad-list'],
    [
      'another cohort than the home said',
      (list: List) => ({ ...list, entries: list.entries.map((e) => ({ ...e, cohort: 1 })) }),
      'bad-signature',
    ],
    [
      'an earlier version of a contribution',
      (list: List) => ({ ...list, entries: list.entries.map((e) => ({ ...e, version: 0 })) }),
      'bad-signature',
    ],
    [
      'a group that must not open',
      (list: List) => ({ ...list, groups: [...list.groups, { name: 'flat', homes: 5 }] }),
      'bad-list',
    ],
    ['a wrong number of homes', (list: List) => ({ ...list, groups: [{ name: 'community', homes: 25 }] }), 'bad-list'],
    ['another month', (list: List) => ({ ...list, month: '2026-02' }), 'wrong-round'],
    ['another announcement', (list: List) => ({ ...list, announcement: list.community }), 'wrong-announcement'],
    ['another community', (list: List) => ({ ...list, community: list.announcement }), 'wrong-community'],
  ])('%s', async (_, change: (list: List) => List, code) => {
    await endpoint.close(endpoint.contributions, change);
    await refused(steward.seal(month), code);
  });

  test('fewer homes than the minimum outside any steward’s invites', async () => {
    // 8 of the homes have invites of one steward: 22 − 8 = 14.
    await endpoint.close(endpoint.contributions.slice(0, 22));
    await refused(steward.seal(month), 'not-enough-homes');
  });

  test('a steward’s own invites fill the round', async () => {
    const ofOne = endpoint.contributions.filter((_, i) => i % 3 === 0);
    await endpoint.close([...ofOne, ...endpoint.contributions.filter((_, i) => i % 3 !== 0).slice(0, 14)]);
    await refused(steward.seal(month), 'not-enough-homes');
  });

  test('a list signed by somebody else', async () => {
    await endpoint.close();
    const { body } = decodeSigned(endpoint.file('list'));
    endpoint.files.set('list', encodeSigned(await signMessage('list', body, [nth(round.example.stewards, 0)])));
    await refused(steward.seal(month), 'wrong-signer');
  });

  test('an announcement with another steward’s key in place of one’s own', async () => {
    await endpoint.close();
    const other = await makeRound(homes);
    endpoint.files.set('announcement', other.endpoint.file('announcement'));
    await refused(steward.seal(month), 'bad-announcement');
  });
});

describe('a steward cheats', () => {
  test('a lying share sum is seen by a third opening', async () => {
    await endpoint.close();
    for (const one of round.stewards) await one.seal(month);
    for (const one of round.stewards) await one.open(month);
    const { list } = await steward.review(month);
    const sums = [Array<number>(313).fill(7)];
    const body = encodeOpening({
      community: round.example.community.id,
      month,
      list: list.hash,
      steward: 2,
      words: [],
      sums,
    });
    endpoint.openings[2] = await signMessage('opening', body, [nth(round.example.stewards, 2)]);
    await refused(steward.publishNorms(month), 'openings-disagree');
  });

  test('an opening of another round, or of another steward, replayed', async () => {
    await endpoint.close();
    for (const one of round.stewards) await one.seal(month);
    for (const one of round.stewards) await one.open(month);
    const honest = endpoint.openings[1];
    endpoint.openings[1] = endpoint.openings[2];
    await refused(steward.publishNorms(month), 'wrong-signer');
    const body = encodeOpening({
      community: round.example.community.id,
      month: '2025-12',
      list: round.example.community.id,
      steward: 1,
      words: [],
      sums: [Array<number>(313).fill(7)],
    });
    endpoint.openings[1] = await signMessage('opening', body, [nth(round.example.stewards, 1)]);
    await refused(steward.publishNorms(month), 'wrong-list');
    endpoint.openings[1] = honest;
    await steward.publishNorms(month);
  });
});

test('two homes with opposite figures leave traces equal in order and sizes', async () => {
  const trace = async (home: number): Promise<readonly number[]> => {
    const contribution = decodeContribution(encodeContribution(await contributionOf(round.example, endpoint, home)));
    const sizes = (one: Contribution) =>
      [one.signed.body, ...one.ciphertexts, ...one.sealedFingerprints].map(({ length }) => length);
    return [encodeContribution(contribution).length, ...sizes(contribution)];
  };
  expect(exampleVector(0)).not.toEqual(exampleVector(25));
  expect(await trace(0)).toEqual(await trace(25));
});
