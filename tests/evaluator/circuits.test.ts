import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Backend, Circuit, normOf, type Wire } from '../../src/evaluator/circuit.ts';
import { clearBackend } from '../../src/evaluator/clear-backend.ts';
import { atLeast, pack, pairTable } from '../../src/evaluator/comparison.ts';
import { encryptedBackend } from '../../src/evaluator/encrypted-backend.ts';
import { EvaluatorError } from '../../src/evaluator/errors.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { message2Carry2 } from '../../src/evaluator/parameters.ts';
import { planRank, rank } from '../../src/evaluator/rank.ts';
import { decrypt, encrypt, type OpenKey, open, realKey, toyKey } from './keys.ts';

const clear = clearBackend(message2Carry2);

/** Base-4 digits of a number, most significant first. */
const digitsOf = (value: number, count: number) =>
  Array.from({ length: count }, (_, i) => Math.floor(value / 4 ** (count - 1 - i)) % 4);

const inputs = <T>(circuit: Circuit<T>, values: readonly T[]): Wire<T>[] =>
  values.map((value) => circuit.input(value, 0, 3));

/** Rank by its definition. */
const rankOf = (code: number, thresholds: readonly number[]) => thresholds.filter((t) => code >= t).length;

/** A small repeatable generator (mulberry32), so that a failure can be found again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Threshold sets of all kinds: spread, clustered, and with few distinct values. */
function thresholdSet(next: () => number): number[] {
  const count = 1 + Math.floor(next() * 9);
  const centre = next() * 255;
  const width = [255, 64, 24, 6][Math.floor(next() * 4)] ?? 255;
  return Array.from({ length: count }, () =>
    Math.min(255, Math.max(1, Math.round(centre + (next() - 0.5) * 2 * width))),
  );
}

async function clearRank(code: number, thresholds: readonly number[]) {
  const circuit = new Circuit(clear);
  const result = await rank(circuit, inputs(circuit, digitsOf(code, 4)), planRank(thresholds));
  return { value: circuit.output(result), bootstraps: circuit.bootstraps };
}

describe('rank', () => {
  test('of random codes among 10,000 random threshold sets is right, in at most 9 bootstraps as planned', async () => {
    const next = random(1);
    const counts = new Map<number, number>();
    for (let i = 0; i < 10_000; i++) {
      const thresholds = thresholdSet(next);
      const plan = planRank(thresholds);
      // A code at random, one on a threshold and one just below.
      const some = thresholds[Math.floor(next() * thresholds.length)] ?? 1;
      for (const code of [Math.floor(next() * 256), some, some - 1]) {
        const { value, bootstraps } = await clearRank(code, thresholds);
        if (value !== rankOf(code, thresholds) || bootstraps !== plan.bootstraps) {
          expect.fail(`code ${code}, thresholds ${thresholds.join()}: ${value} in ${bootstraps}`);
        }
      }
      counts.set(plan.bootstraps, (counts.get(plan.bootstraps) ?? 0) + 1);
    }
    expect(Math.max(...counts.keys())).toBeLessThanOrEqual(9);
    expect(counts.size).toBeGreaterThan(4);
  });

  test('is right for every code', async () => {
    for (const thresholds of [[1], [255], [16], [9, 9, 9, 9, 9, 9, 9, 9, 9], [30, 31, 32, 33, 34, 47, 48, 49, 200]]) {
      for (let code = 0; code < 256; code++) {
        expect((await clearRank(code, thresholds)).value).toBe(rankOf(code, thresholds));
      }
    }
  });

  test.each([
    ['one threshold', [77], 3],
    ['one threshold on a high digit’s edge', [64], 1],
    ['no two in one high digit', [17, 34, 51, 68, 85, 102, 119, 136, 153], 3],
    ['all in one', [17, 18, 19, 20, 21, 22, 23, 24, 25], 4],
    ['five and four in one', [17, 18, 19, 20, 21, 33, 34, 35, 36], 6],
    ['four, three and two in one', [17, 18, 19, 20, 33, 34, 35, 49, 50], 8],
  ] as const)('takes few bootstraps with %s', (_, thresholds, bootstraps) => {
    expect(planRank(thresholds).bootstraps).toBe(bootstraps);
  });

  test('no way to spread nine thresholds needs more than 9', () => {
    // All partitions of up to 9 thresholds over high digits; the plan depends on the sizes only.
    const sizes: number[][] = [];
    const extend = (left: number, most: number, sofar: number[]) => {
      sizes.push(sofar);
      for (let size = Math.min(left, most); size > 0; size--) extend(left - size, size, [...sofar, size]);
    };
    extend(9, 9, []);
    const counts = sizes
      .filter((groups) => groups.length > 0)
      .map((groups) => planRank(groups.flatMap((size, h) => Array.from({ length: size }, (_, i) => 16 * h + 1 + i))));
    expect(sizes.length).toBeGreaterThan(90);
    expect(Math.max(...counts.map(({ bootstraps }) => bootstraps))).toBe(8);
  });

  test.each([[[]], [[0]], [[256]], [[1.5]], [Array.from({ length: 10 }, () => 5)]])(
    'refuses thresholds %j',
    (thresholds) => {
      expect(() => planRank(thresholds)).toThrow(RangeError);
    },
  );
});

test('a base-4 number of any length compares with thresholds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.nat(20_000), fc.nat(20_000), async (count, a, threshold) => {
      const value = a % 4 ** count;
      for (const t of [threshold % (4 ** count + 2), value, value + 1]) {
        const circuit = new Circuit(clear);
        const result = await atLeast(circuit, inputs(circuit, digitsOf(value, count)), t);
        expect(circuit.output(result)).toBe(value >= t ? 1 : 0);
        expect(circuit.bootstraps).toBe(2 * Math.ceil(count / 2) - 1);
      }
    }),
    { numRuns: 300 },
  );
});

/** Ranks to two bits, and those in pairs through a table, as an advice model does. */
async function twoBitPairs<T>(circuit: Circuit<T>, ranks: readonly Wire<T>[], table: readonly number[]) {
  const [a, b] = await Promise.all(ranks.map((wire) => circuit.lut(wire, (r) => Math.min(3, r >> 1))));
  if (a === undefined || b === undefined) throw new RangeError('ranks: two');
  return pairTable(circuit, a, b, (x, y) => table[4 * x + y] ?? 0);
}

/** A circuit over all operations, drawn at random, that stays within what the layer allows. */
async function randomCircuit<T>(backend: Backend<T>, values: readonly T[], seed: number): Promise<T[]> {
  const next = random(seed);
  const circuit = new Circuit(backend);
  const [a, b] = inputs(circuit, values);
  if (a === undefined || b === undefined) throw new RangeError('values: two');
  const packed = pack(circuit, a, b, 4);
  const table = Array.from({ length: 16 }, () => Math.floor(next() * 16));
  const looked = await circuit.lut(packed, (x) => table[x] ?? 0);
  const difference = circuit.add(packed, circuit.scale(looked, -1));
  const sign = await circuit.geq(circuit.add(difference, -Math.floor(next() * 2)));
  const halved = await circuit.lut(pack(circuit, sign, a, 4), (x) => table[x + 3] ?? 0);
  const pair = await pairTable(
    circuit,
    circuit.claim(await circuit.lut(halved, (x) => x & 3), 0, 3),
    a,
    (x, y) => x ^ y,
  );
  return [looked, sign, halved, pair].map((wire) => circuit.output(wire));
}

async function agrees(key: OpenKey, runs: number, seed: number): Promise<void> {
  const backend = encryptedBackend(key.evaluator);
  const next = random(seed);
  for (let i = 0; i < runs; i++) {
    const values = [Math.floor(next() * 4), Math.floor(next() * 4)];
    const expected = await randomCircuit(clear, values, seed + i);
    const actual = await randomCircuit(
      backend,
      values.map((value) => encrypt(key, value)),
      seed + i,
    );
    expect(actual.map((ciphertext) => decrypt(key, ciphertext))).toEqual(expected);

    const thresholds = thresholdSet(next);
    const code = Math.floor(next() * 256);
    const circuit = new Circuit(backend);
    const digits = inputs(
      circuit,
      digitsOf(code, 4).map((digit) => encrypt(key, digit)),
    );
    const place = await rank(circuit, digits, planRank(thresholds));
    expect(decrypt(key, circuit.output(place))).toBe(rankOf(code, thresholds));
    const mean = 1 + Math.floor(next() * 255);
    const above = await atLeast(circuit, digits, mean);
    expect(decrypt(key, circuit.output(above))).toBe(code >= mean ? 1 : 0);
    const table = Array.from({ length: 16 }, () => Math.floor(next() * 16));
    const advice = await twoBitPairs(circuit, [place, above], table);
    const bits = Math.min(3, rankOf(code, thresholds) >> 1);
    expect(decrypt(key, circuit.output(advice))).toBe(table[4 * bits]);
  }
}

describe('encrypted circuits equal the clear ones', () => {
  /** `npm run soak -- evaluator` does more of everything. */
  const times = process.env.SOAK === '1' ? 50 : 1;
  test('under a toy key', async () => agrees(await open(toyKey('toyA')), 24 * times, 7), 60_000 * times);
  test('under a toy key of two levels', async () => agrees(await open(toyKey('toyC')), 8 * times, 9), 60_000 * times);
  test('under a real key', async () => agrees(await open(await realKey()), 3 * times, 11), 180_000 * times);
});

describe('the layer refuses', () => {
  const code = async (run: (circuit: Circuit<number>, wire: Wire<number>) => unknown) => {
    const circuit = new Circuit(clear);
    try {
      await run(circuit, circuit.input(3, 0, 3));
      return undefined;
    } catch (error) {
      return error instanceof EvaluatorError ? error.code : error;
    }
  };

  test('noise beyond the key’s bound, counted by source', async () => {
    expect(await code((c, x) => c.lut(c.scale(x, 5), (v) => v % 2))).toBeUndefined();
    expect(await code((c, x) => c.lut(c.scale(x, -6), () => 1))).toBe('circuit');
    expect(await code((c, x) => c.lut(c.add(c.scale(x, 5), c.input(0, 0, 0)), () => 1))).toBe('circuit');
    expect(await code((c, x) => c.lut(c.add(c.add(c.add(x, x), c.add(x, x)), c.add(x, x)), () => 1))).toBe('circuit');
    const circuit = new Circuit(clear);
    const x = circuit.input(1, 0, 1);
    expect(normOf(circuit.add(circuit.add(x, x), circuit.scale(x, -2)))).toBe(0);
    expect(normOf(pack(circuit, x, circuit.input(0, 0, 1), 4))).toBe(Math.sqrt(17));
  });

  test('ranges that the ring does not hold', async () => {
    expect(await code((c) => c.lut(c.input(0, 0, 16), (v) => v))).toBe('circuit');
    expect(await code((c) => c.lut(c.input(0, 0, 32), () => 0))).toBe('circuit');
    expect(await code((c) => c.geq(c.input(-16, -16, 15)))).toBeUndefined();
    expect(await code((c) => c.geq(c.input(-17, -17, 15)))).toBe('circuit');
  });

  test('halves in a table’s input, and outputs that cannot be read', async () => {
    expect(await code(async (c, x) => c.lut(await c.lut(x, (v) => v / 2), (v) => v))).toBe('circuit');
    expect(await code(async (c, x) => c.output(await c.lut(x, (v) => v / 2)))).toBe('circuit');
    expect(await code((c, x) => c.output(c.scale(x, -1)))).toBe('circuit');
    expect(await code((c, x) => c.lut(x, (v) => v / 3))).toBe('circuit');
  });

  test('a false claim, on the clear back end', async () => {
    expect(await code((c, x) => c.claim(x, 0, 2))).toBe('circuit');
  });
});

test('a cancelled circuit stops before its next bootstrap and says how far it came', async () => {
  const cancel = new AbortController();
  const seen: number[] = [];
  const circuit = new Circuit(clear, {
    signal: cancel.signal,
    onBootstrap: (done) => {
      seen.push(done);
      if (done === 2) cancel.abort();
    },
  });
  const digits = inputs(circuit, digitsOf(200, 4));
  await expect(atLeast(circuit, digits, 100)).rejects.toThrow('aborted');
  expect(seen).toEqual([1, 2]);
});

test('tables: values of the ring’s second half are the first’s, negated', () => {
  const { words, degree } = lookupTable(message2Carry2, (x) => (x < 0 ? -0.5 : 0.5), -16, 15);
  expect([...new Set(words)]).toEqual([2 ** 26]);
  expect(degree).toBe(1);
  expect(() => lookupTable(message2Carry2, (x) => x, 0, 16)).toThrow(EvaluatorError);
});
