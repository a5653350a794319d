/**
 * What a cheating endpoint, home or steward tries, and which check stops it. The endpoint here has all files and keys
 * that a real one has; it never has a round key or a share.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as v from 'valibot';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encryptShares } from '../../src/lib/fhe/contribution.ts';
import { makeContribution } from '../../src/lib/fhe/make-contribution.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import { concatBytes, equalBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { CiphertextSum } from '../../src/protocol/ciphertext.ts';
import { certify } from '../../src/protocol/certificate.ts';
import {
  checkSignedContribution,
  decodeContribution,
  encodeContribution,
  encodeHeader,
  signContribution,
  type Contribution,
} from '../../src/protocol/contribution.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { encodeVector } from '../../src/protocol/features.ts';
import { fingerprint, fingerprintCoefficients, sealFingerprint } from '../../src/protocol/fingerprint.ts';
import { follow, neverFollowed, type Followed } from '../../src/protocol/follow.ts';
import { encodeHead, encodeHeadAnswer, extend, firstPosition, type LogEntry } from '../../src/protocol/head.ts';
import { checkManifest } from '../../src/protocol/manifest.ts';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { checkAnnouncement, encodeAnnouncement, type Announcement } from '../../src/protocol/round-key.ts';
import { encodeCulprits } from '../../src/protocol/culprits.ts';
import { checkList, correctList, decodeList, encodeList, standsOn, type List } from '../../src/protocol/list.ts';
import { encodeOpening } from '../../src/protocol/opening.ts';
import { encodeSeal } from '../../src/protocol/seal.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import type { Steward } from '../../src/protocol/steward.ts';
import { memoryStore } from '../../src/simulation/memory-store.ts';
import { expectedTotal } from '../../src/simulation/oracle.ts';
import { exampleManifest, month, signerOf } from './example.ts';
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
const announcement = (): Announcement => {
  if (endpoint.announcement === undefined) throw new Error('not announced');
  return endpoint.announcement;
};
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

  test('a total shifted by fractions of the scale, again and again: one is decrypted, whatever is offered', async () => {
    await endpoint.close();
    const honest = endpoint.file('totals/0-0.bin');
    const moved = (by: bigint): Bytes => {
      const total = honest.slice();
      const words = new DataView(total.buffer);
      const at = 8 + 8 * 2048;
      words.setBigUint64(at, BigInt.asUintN(64, words.getBigUint64(at, true) + by), true);
      return total;
    };
    // Whether it is accepted tells the endpoint which side of a rounding the noise is on: it gets that once.
    const offered = [2n ** 33n, ...[...Array(12).keys()].map((i) => 2n ** 32n - 2n ** BigInt(20 + i))].map(moved);
    endpoint.files.delete(`ciphertexts/${toHex(await sha256(nth(ciphertextsOf(), 3)))}.bin`);
    const outcomes = new Set<string>();
    for (const total of offered) {
      endpoint.files.set('totals/0-0.bin', total);
      outcomes.add(await steward.check(month).then(String, () => 'refused'));
    }
    const totals = round.decrypted.filter((bytes) => [honest, ...offered].some((one) => equalBytes(one, bytes)));
    expect(totals).toHaveLength(1);
    expect(outcomes.size).toBe(1);
  });

  test('the steward’s app was killed after it decrypted a total: another one is not decrypted', async () => {
    await endpoint.close();
    await nth(round.records.map(memoryStore), 0).create(
      `${month}/total-0`,
      await sha256(endpoint.file('totals/0-0.bin')),
    );
    endpoint.files.set('totals/0-0.bin', times(endpoint.file('totals/0-0.bin'), 3n));
    await refused(steward.check(month), 'already-decided');
    expect(round.decrypted).toEqual([]);
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
      'a broken word for the first steward',
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
    [
      'another home’s masks, and its bodies moved by something known',
      {
        ciphertexts: () =>
          [0, 1, 2].map((i) => {
            const copy = nth(nth(endpoint.contributions, 7).ciphertexts, i).slice();
            const words = new DataView(copy.buffer);
            const at = 8 + 8 * 2048;
            words.setBigUint64(at, BigInt.asUintN(64, words.getBigUint64(at, true) + 2n ** 33n), true);
            return copy;
          }),
      },
    ],
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

  test('another home’s ciphertext, re-randomised, under that home’s own sealed fingerprint', async () => {
    const victim = nth(endpoint.contributions, 7);
    const cheat = await contributionOf(round.example, endpoint, 4, {
      shares: (shares) => shares.map((share) => share.map(() => 0)),
      ciphertexts: victimTimes(1n),
    });
    const checked = await checkSignedContribution(cheat.signed, round.example.community, announcement());
    endpoint.contributions[4] = await signContribution(
      checked.header,
      victim.sealedFingerprints,
      cheat.ciphertexts,
      await signerOf('member 4'),
    );
    await endpoint.close();
    const opened = await openAll();
    expect(nth(opened, 0).totals).toEqual([others(round.vectors, [4])]);
  });

  test('one invite certifies many members: all but one are refused', async () => {
    const again = await contributionOf(round.example, endpoint, 4, {
      header: {
        certificates: [
          await certify(
            round.example.community.id,
            (await signerOf('member 4')).publicKey,
            nth(round.example.invites, 4),
          ),
        ],
      },
    });
    const stranger = await signerOf('second member');
    const { header } = await checkSignedContribution(again.signed, round.example.community, announcement());
    const second = await signContribution(
      {
        ...header,
        certificates: [await certify(round.example.community.id, stranger.publicKey, nth(round.example.invites, 4))],
      },
      again.sealedFingerprints,
      again.ciphertexts,
      stranger,
    );
    await endpoint.close([...endpoint.contributions, second]);
    await refused(steward.seal(month), 'bad-list');
  });

  test('a second device, certified by the first, contributes once more', async () => {
    const phone = await signerOf('phone');
    const { signed, sealedFingerprints, ciphertexts } = await contributionOf(round.example, endpoint, 4);
    const { header } = await checkSignedContribution(signed, round.example.community, announcement());
    const certificates = [
      ...header.certificates,
      await certify(round.example.community.id, phone.publicKey, await signerOf('member 4')),
    ];
    const second = await signContribution({ ...header, certificates }, sealedFingerprints, ciphertexts, phone);
    await endpoint.close([...endpoint.contributions, second]);
    await refused(steward.seal(month), 'bad-list');
  });

  test('one member key under two invites', async () => {
    const first = await signerOf('member 4');
    const { signed, sealedFingerprints, ciphertexts } = await contributionOf(round.example, endpoint, 5);
    const { header } = await checkSignedContribution(signed, round.example.community, announcement());
    const certificates = [await certify(round.example.community.id, first.publicKey, nth(round.example.invites, 5))];
    endpoint.contributions[5] = await signContribution(
      { ...header, certificates },
      sealedFingerprints,
      ciphertexts,
      first,
    );
    await endpoint.close();
    await refused(steward.seal(month), 'bad-list');
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

  test('a total of a victim and something known, under fingerprints that the endpoint made itself', async () => {
    const victim = 7;
    await endpoint.close();
    const ofEndpoint = await fingerprintCoefficients(announcement().hash);
    const known = splitShares(exampleVector(3), 2, 3);
    const sealedBy = await Promise.all(
      listNow().entries.map(async ({ invite }) => {
        const home = round.example.invites.findIndex(({ publicKey: one }) => equalBytes(one, invite));
        const { signed, sealedFingerprints } = nth(endpoint.contributions, home);
        if (home === victim) return nth(sealedFingerprints, 0);
        // The victim’s own box stays; one other says what is known, the rest say zero.
        const { header } = await checkSignedContribution(signed, round.example.community, announcement());
        const value = home === 3 ? fingerprint(ofEndpoint, nth(known, 0)) : 0n;
        const context = { community: round.example.community.id, month, steward: 0 };
        return sealFingerprint(value, nth(announcement().roundKeys, 0).hpkeKey, encodeHeader(header), context);
      }),
    );
    const added = encryptShares(nodeTfhe, publicKey(), nth(known, 0));
    endpoint.files.set('fingerprints/0.bin', concatBytes(...sealedBy));
    endpoint.files.set('totals/0-0.bin', sumOf([nth(ciphertextsOf(), victim), added]).total(publicKey()));
    await refused(steward.check(month), 'bad-fingerprint');
    expect(round.decrypted).toEqual([]);
  });

  test('a home dropped from the list, or put there with an earlier version: its receipt shows it', async () => {
    const { community } = round.example;
    const victim = nth(endpoint.contributions, 7);
    const earlier = await contributionOf(round.example, endpoint, 7, { header: { version: 0 } });
    const invite = nth(round.example.invites, 7).publicKey;
    const shown = async (contributions: readonly Contribution[]) => {
      await endpoint.close(contributions);
      const list = await checkList(decodeSigned(endpoint.file('list')), community, announcement());
      return standsOn(list, invite, await sha256(victim.signed.body));
    };
    const rest = endpoint.contributions.filter((one) => one !== victim);
    expect(await shown(endpoint.contributions)).toBe(true);
    expect(await shown(rest)).toBe(false);
    expect(await shown([...rest, earlier])).toBe(false);
  });

  test('round keys that are not in the log', async () => {
    await endpoint.close();
    endpoint.history.shift();
    await refused(steward.review(month), 'split-view');
  });

  test('a list that is not in the log', async () => {
    await endpoint.close();
    endpoint.history.pop();
    await refused(steward.review(month), 'split-view');
    expect(round.records[0]?.has(`${month}/list`)).toBe(false);
  });

  test('a corrected list that is not in the log', async () => {
    await endpoint.close();
    const list = listNow();
    const named = { community: list.community, month, list: await sha256(encodeList(list)) };
    const body = encodeCulprits({ ...named, invites: [nth(list.entries, 3).invite] });
    const message = await signMessage('culprits', body, [nth(round.example.stewards, 0)]);
    await endpoint.publishList(await correctList(list, [message], round.example.community), 'corrected-list');
    endpoint.history.pop();
    await refused(steward.review(month), 'split-view');
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

  test('a contribution that came late, slipped in after the list was seen', async () => {
    await endpoint.close(endpoint.contributions.slice(0, -1));
    await steward.check(month);
    await endpoint.close();
    await refused(steward.seal(month), 'wrong-list');
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
    // The lying steward seals both.
    for (const hash of [list.hash, (await nth(round.stewards, 2).review(month)).list.hash]) {
      const seal = encodeSeal({ community: round.example.community.id, month, list: hash });
      endpoint.seals.push(await signMessage('seal', seal, [nth(round.example.stewards, 0)]));
    }
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
    ['a list of another month', (list: List) => ({ ...list, month: '2026-02' }), 'wrong-round'],
    [
      'a list of another announcement',
      (list: List) => ({ ...list, announcement: list.community }),
      'wrong-announcement',
    ],
    ['a list of another community', (list: List) => ({ ...list, community: list.announcement }), 'wrong-community'],
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

  test('two stewards shown different sets of cohorts for one list: neither opens the false one', async () => {
    const withCohort = (list: List): List => ({ ...list, groups: [...list.groups, { name: 'flat', homes: 13 }] });
    await endpoint.close();
    await steward.seal(month);
    await endpoint.close(endpoint.contributions, withCohort);
    await refused(nth(round.stewards, 1).seal(month), 'bad-list');
    await endpoint.close(endpoint.contributions, (list) => ({ ...list, groups: [] }));
    await refused(nth(round.stewards, 1).seal(month), 'bad-list');
  });

  test('a steward’s invented homes all in the victim’s cohort: the cohort does not open', async () => {
    const flats = await Promise.all(
      endpoint.contributions.map((_, home) =>
        // All of the first steward’s invites, and one home that another one invited.
        contributionOf(round.example, endpoint, home, { header: { cohort: home % 3 === 0 || home === 7 ? 0 : -1 } }),
      ),
    );
    await endpoint.close(flats);
    expect(listNow().groups).toEqual([{ name: 'community', homes }]);
    await endpoint.close(flats, (list) => ({ ...list, groups: [...list.groups, { name: 'flat', homes: 10 }] }));
    await refused(steward.seal(month), 'bad-list');
  });

  test('a contribution of another round', async () => {
    const stale = await contributionOf(round.example, endpoint, 4, { header: { month: '2025-12' } });
    await expect(endpoint.close([...endpoint.contributions.slice(5), stale])).rejects.toMatchObject({
      code: 'wrong-round',
    });
    await endpoint.close();
    // The list repeats only what the round’s contributions have in common, so a stale one has another signature.
    const { signatures } = stale.signed;
    const signature = signatures[0]?.signature ?? new Uint8Array();
    await endpoint.publishList({
      ...listNow(),
      entries: listNow().entries.map((entry, i) => (i === 4 ? { ...entry, signature } : entry)),
    });
    await refused(steward.seal(month), 'bad-signature');
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

describe('the endpoint swaps what everything rests on', () => {
  test('another manifest, or the same with another steward’s key', async () => {
    const { community, manifestMessage } = round.example;
    const foreign = await exampleManifest(homes, { name: 'Other Street' });
    await refused(checkManifest(foreign.message, community.id), 'wrong-community');
    const stewards = community.manifest.stewards.map((one, i) =>
      i === 1 ? { ...one, key: round.example.endpoint.publicKey } : one,
    );
    const swapped = await exampleManifest(homes, { stewards });
    await refused(checkManifest(swapped.message, community.id), 'wrong-community');
    await refused(
      checkManifest({ ...manifestMessage, signatures: manifestMessage.signatures.slice(1) }),
      'wrong-signer',
    );
  });

  test('a round key of another steward, for homes', async () => {
    const bytes = endpoint.file('announcement');
    const [first, second] = endpoint.roundKeys;
    if (first === undefined || second === undefined) throw new Error('no keys');
    const { community } = round.example;
    await refused(checkAnnouncement(encodeAnnouncement([first, second, second]), community), 'bad-announcement');
    const forged = await signMessage('round-key', second.body, [round.example.endpoint]);
    await refused(
      checkAnnouncement(encodeAnnouncement([first, forged, nth(endpoint.roundKeys, 2)]), community),
      'wrong-signer',
    );
    expect((await checkAnnouncement(bytes, community)).roundKeys).toHaveLength(3);
  });

  test('a receipt for something else, or by somebody else', async () => {
    const [mine, other] = [nth(endpoint.contributions, 1), nth(endpoint.contributions, 2)];
    const receipt = await endpoint.client().contribute({ community: round.example.community.id, month }, mine);
    await checkReceipt(receipt, round.example.community, mine.signed);
    await refused(checkReceipt(receipt, round.example.community, other.signed), 'wrong-round');
    const forged = await signMessage('receipt', receipt.body, [nth(round.example.stewards, 0)]);
    await refused(checkReceipt(forged, round.example.community, mine.signed), 'wrong-signer');
  });

  test('norms that too few stewards signed, or of another month', async () => {
    await endpoint.close();
    await openAll();
    const { community } = round.example;
    const norms = await endpoint.client().norms({ community: community.id, month });
    if (norms === undefined) throw new Error('no norms');
    await checkNorms(norms, community, month);
    await refused(checkNorms({ ...norms, signatures: norms.signatures.slice(2) }, community, month), 'wrong-signer');
    await refused(checkNorms(norms, community, '2026-02'), 'wrong-round');
  });
});

describe('the endpoint answers nonsense', () => {
  const address = () => ({ community: round.example.community.id, month });
  const answering = (answer: () => Response | Promise<Response>, timeoutMs = 60_000) =>
    new EndpointClient({ url: 'http://endpoint.test', fetch: () => Promise.resolve(answer()), timeoutMs });

  test('a page in place of a message', async () => {
    const html = { headers: { 'content-type': 'text/html' } };
    await refused(answering(() => new Response('<!doctype html>', html)).list(address()), 'wrong-type');
    await refused(answering(() => new Response('<!doctype html>', html)).identity(), 'wrong-type');
    await refused(answering(() => new Response('<!doctype html>')).list(address()), 'malformed');
    // Also where the bytes would do: a browser would run such an answer as a page.
    await endpoint.close();
    await refused(answering(() => new Response(endpoint.file('list'), html)).list(address()), 'wrong-type');
  });

  test('files that are cut short, too long, or never end', async () => {
    await endpoint.close();
    const list = endpoint.file('list');
    await refused(answering(() => new Response(list.slice(0, -1))).list(address()), 'malformed');
    await refused(answering(() => new Response(new Uint8Array(3_000_000))).list(address()), 'malformed');
    await refused(answering(() => new Response(new Uint8Array(20_000))).total(address(), 0, 0), 'malformed');
    await refused(answering(() => new Response(new Uint8Array(57))).fingerprints(address(), 0), 'malformed');
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    await refused(answering(() => new Response(endless)).list(address()), 'malformed');
    expect(sent).toBeLessThan(3_000_000);
  });

  test('a slow drip ends with the time that an answer may take', async () => {
    const server = createServer((_, response) => {
      const timer = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = v.parse(v.object({ port: v.number() }), server.address());
    const url = `http://127.0.0.1:${port}`;
    const client = new EndpointClient({ url, fetch: (to, init) => fetch(to, init), timeoutMs: 300 });
    await refused(client.list(address()), 'unreachable');
    server.closeAllConnections();
    server.close();
  });
});

describe('a steward cheats', () => {
  test('a word given for one list by a steward whose seal is on another', async () => {
    await endpoint.close();
    for (const one of round.stewards.slice(0, 2)) await one.seal(month);
    await nth(round.stewards, 2).review(month);
    const body = encodeSeal({ community: round.example.community.id, month, list: round.example.community.id });
    endpoint.seals.push(await signMessage('seal', body, [nth(round.example.stewards, 2)]));
    await refused(steward.open(month, [2]), 'not-enough-seals');
    // Without a seal of its own, its word would do.
    endpoint.seals.pop();
    await steward.open(month, [2]);
  });

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

describe('the endpoint shows another history than before', () => {
  const entry = async (i: number): Promise<LogEntry> => ({
    kind: 'seal',
    hash: await sha256(Uint8Array.of(i)),
  });
  const showing = (log: readonly LogEntry[], by = round.example.endpoint) =>
    new EndpointClient({
      url: 'http://endpoint.test',
      fetch: async (url) => {
        const since = Number(/\/head\/(\d+)$/.exec(url)?.[1]);
        const { community } = round.example;
        const { count, head } = await extend(firstPosition(community.id), log);
        const body = encodeHead({ community: community.id, count, head, atMs: 5 });
        const entries = log.slice(since);
        return new Response(encodeHeadAnswer({ head: await signMessage('head', body, [by]), entries }));
      },
    });
  const start = (): Followed => neverFollowed(round.example.community);

  test('a log that was rolled back', async () => {
    const log = await Promise.all([1, 2, 3].map(entry));
    const here = await follow(showing(log), start());
    await refused(follow(showing(log.slice(0, 2)), here), 'rolled-back');
  });

  test('a split view: another log to this client than it knew, however long', async () => {
    const log = await Promise.all([1, 2, 3].map(entry));
    const here = await follow(showing(log), start());
    const other = await Promise.all([1, 2, 4, 5, 6].map(entry));
    await refused(follow(showing(other), here), 'split-view');
  });

  test('a head that somebody else signed', async () => {
    await refused(follow(showing([await entry(1)], nth(round.example.stewards, 0)), start()), 'wrong-signer');
  });
});

test('two homes with opposite figures leave traces equal in order, sizes and headers', async () => {
  const { community, invites } = round.example;
  const address = { community: community.id, month };
  await endpoint.close();
  await openAll();
  const trace = async (home: number, vector: readonly number[]) => {
    const requests: unknown[] = [];
    const client = new EndpointClient({
      url: 'http://endpoint.test',
      fetch: async (url, { method = 'GET', headers, body, ...rest }) => {
        const how = Object.entries(rest).filter(([name]) => name !== 'signal');
        const bytes = body instanceof Uint8Array ? body.length : 0;
        requests.push([method, url, [...new Headers(headers)], bytes, how]);
        return endpoint.fetch(url, { method, ...(headers ? { headers } : {}), ...(body ? { body } : {}) });
      },
    });
    const bytes = await client.announcement(address);
    const announced = await checkAnnouncement(bytes ?? new Uint8Array(), community);
    const invite = nth(invites, home);
    const signer = await signerOf(`member ${home}`);
    const certificates = [await certify(community.id, signer.publicKey, invite)];
    const member = { invite: invite.publicKey, certificates, signer };
    const input = { community, announcement: announced, vector, cohort: -1, version: 1 };
    const contribution = await makeContribution(nodeTfhe, member, input);
    await checkReceipt(await client.contribute(address, contribution), community, contribution.signed);
    await client.list(address);
    await client.norms(address);
    const sizes = (one: Contribution) =>
      [one.signed.body, ...one.ciphertexts, ...one.sealedFingerprints].map(({ length }) => length);
    return { requests, sizes: sizes(decodeContribution(encodeContribution(contribution))) };
  };
  const figures = (value: number, share: number) => ({
    meanDailyKwh: value,
    baseloadW: value,
    peakThreeHoursKw: value,
    eveningShare: share,
    nightShare: share,
    middayShare: share,
    weekendRatio: share,
    loadFactor: share,
  });
  const hours = (wh: number) => Array<number>(24).fill(wh);
  const least = encodeVector(figures(0.01, 0), { weekdayWh: hours(0), weekendWh: hours(0) });
  const most = encodeVector(figures(9_999, 1), { weekdayWh: hours(99_999), weekendWh: hours(99_999) });
  expect(least.filter((value, slot) => value === most[slot])).not.toHaveLength(313);
  const quiet = await trace(0, least);
  expect(quiet.requests).toHaveLength(4);
  expect(await trace(25, most)).toEqual(quiet);
});

test('two stewards whose totals are opposite leave traces equal in order, sizes and headers', async () => {
  const trace = async (value: number) => {
    const own = forkRound(untouched);
    const shares = (all: number[][]) => splitShares(Array<number>(313).fill(value), 2, all.length);
    for (let home = 0; home < homes; home++)
      own.endpoint.contributions[home] = await contributionOf(own.example, own.endpoint, home, { shares });
    await own.endpoint.close();
    own.endpoint.log.length = 0;
    own.endpoint.sent.length = 0;
    for (const one of own.stewards) await one.check(month);
    for (const one of own.stewards) await one.seal(month);
    return { log: own.endpoint.log, sent: own.endpoint.sent };
  };
  const zero = await trace(0);
  expect(zero.sent.length).toBeGreaterThan(10);
  expect(await trace(1023)).toEqual(zero);
});
