import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combineShares, interpolate, prime, splitShares } from '../../src/protocol/shamir.ts';

const element = fc.integer({ min: 0, max: prime - 1 });

/** Inverse by trying, in bigint: slow and obvious. */
const inverse = (a: bigint): bigint => {
  const p = BigInt(prime);
  let [old, now, x, y] = [((a % p) + p) % p, p, 1n, 0n];
  while (now !== 0n) {
    const quotient = old / now;
    [old, now] = [now, old - quotient * now];
    [x, y] = [y, x - quotient * y];
  }
  return ((x % p) + p) % p;
};

test('p = 2^20 − 3 is prime, and 1,000 of its elements stay below 2^30', () => {
  expect(prime).toBe(2 ** 20 - 3);
  for (let divisor = 2; divisor * divisor <= prime; divisor++) expect(prime % divisor).not.toBe(0);
  expect(1000 * (prime - 1)).toBeLessThan(2 ** 30);
});

describe('shares', () => {
  test('any t of n give the values back; known answer for a line', () => {
    // y = 5 + 7x at x = 1, 2, 3.
    const shares = [12, 19, 26].map((y, party) => ({ party, values: [y] }));
    expect(interpolate(shares.slice(0, 2), 0)).toEqual([5]);
    expect(
      interpolate(
        [shares[2], shares[0]].flatMap((s) => s ?? []),
        0,
      ),
    ).toEqual([5]);
    expect(interpolate(shares.slice(0, 2), 4)).toEqual([33]);
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 2, max: 9 }).chain((n) => fc.tuple(fc.integer({ min: 2, max: n }), fc.constant(n))),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }),
        (values, [threshold, parties], order) => {
          const all = splitShares(values, threshold, parties).map((share, party) => ({
            party,
            values: share,
            at: order[party] ?? 0,
          }));
          const some = all.sort((a, b) => a.at - b.at).slice(0, threshold);
          expect(combineShares(some, threshold)).toEqual(values);
          expect(combineShares(all, threshold)).toEqual(values);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('interpolation agrees with bigint Lagrange', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 2, maxLength: 6 }), fc.integer({ min: 0, max: 12 }), (ys, x) => {
        const p = BigInt(prime);
        const expected = ys.reduce((sum, y, i) => {
          const weight = ys.reduce((product, _, j) => {
            if (i === j) return product;
            return (((product * BigInt(x - (j + 1))) % p) * inverse(BigInt(i - j))) % p;
          }, 1n);
          return (((sum + BigInt(y) * weight) % p) + p) % p;
        }, 0n);
        expect(
          interpolate(
            ys.map((y, party) => ({ party, values: [y] })),
            x,
          ),
        ).toEqual([Number(expected)]);
      }),
    );
  });

  test('one share of a fixed value is spread over the whole field', () => {
    const first = Array.from({ length: 200 }, () => splitShares(Array<number>(50).fill(1), 2, 2)[0] ?? []).flat();
    const buckets = Array<number>(16).fill(0);
    for (const y of first) buckets[Math.floor((16 * y) / prime)] = (buckets[Math.floor((16 * y) / prime)] ?? 0) + 1;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - 625) ** 2 / 625, 0);
    // 15 degrees of freedom: beyond 60 once in four million runs.
    expect(chiSquare).toBeLessThan(60);
  });

  test('sums of shares are shares of sums', () => {
    const [a, b] = [splitShares([3, 1000], 3, 5), splitShares([4, prime - 1], 3, 5)];
    const sums = a.map((share, party) => ({
      party,
      values: share.map((y, slot) => (y + (b[party]?.[slot] ?? 0)) % prime),
    }));
    expect(combineShares(sums, 3)).toEqual([7, 999]);
  });

  test('refuses too few, contradicting, doubled, uneven and impossible ones', () => {
    const shares = splitShares([5], 2, 3).map((values, party) => ({ party, values }));
    const code = (name: string): unknown => expect.objectContaining({ code: name });
    expect(() => combineShares(shares.slice(0, 1), 2)).toThrow(code('not-enough-openings'));
    const lie = shares.map(({ party, values }) => ({
      party,
      values: party === 1 ? [((values[0] ?? 0) + 1) % prime] : values,
    }));
    expect(() => combineShares(lie, 2)).toThrow(code('openings-disagree'));
    expect(() => combineShares([...shares.slice(0, 2), ...shares.slice(0, 1)], 2)).toThrow(code('bad-share'));
    expect(() =>
      combineShares(
        [
          { party: 0, values: [1] },
          { party: 1, values: [1, 2] },
        ],
        2,
      ),
    ).toThrow(code('bad-share'));
    expect(() => interpolate([], 0)).toThrow(code('bad-share'));
    for (const bad of [-1, prime, 0.5, Number.NaN]) expect(() => splitShares([bad], 2, 3)).toThrow(code('bad-value'));
  });
});
