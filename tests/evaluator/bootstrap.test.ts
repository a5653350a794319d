import { describe, expect, test } from 'vitest';
import type { Ciphertext } from '../../src/evaluator/ciphertext.ts';
import { addCiphertexts, addConstant, scaleCiphertext } from '../../src/evaluator/linear.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { message2Carry2, valuesOf } from '../../src/evaluator/parameters.ts';
import { bigKeyBits, decrypt, encrypt, errorOf, open, realKey, toyKey } from './keys.ts';
import {
  bootstrapNoise,
  keySwitchNoise,
  log2FailureProbability,
  message2Carry2Noise,
  modulusSwitchNoise,
} from './noise.ts';
import { measureNoise } from './noise-measurement.ts';
import { ReferenceEvaluator } from './reference.ts';

const bigints = ({ words }: Ciphertext) => new BigUint64Array(words.slice().buffer);

/** `npm run soak -- evaluator` does more of everything. */
const times = process.env.SOAK === '1' ? 50 : 1;

describe.each([
  ['toyA', 640 * times],
  ['toyB', 200 * times],
  ['toyC', 240 * times],
] as const)('under %s', (name, count) => {
  test(`${count} bootstraps decrypt to f of the value, none wrong`, async () => {
    const key = await open(toyKey(name));
    const p = valuesOf(key.parameters);
    const wrong: string[] = [];
    for (let i = 0; i < count; i++) {
      const value = i % p;
      const f = (x: number) => (x * (2 * i + 1) + (i >> 3)) % p;
      const [result] = key.evaluator.bootstrap(encrypt(key, value), [lookupTable(key.parameters, f)]);
      if (result === undefined || decrypt(key, result) !== f(value)) wrong.push(`${i}: ${value}`);
    }
    expect(wrong).toEqual([]);
  });

  test('the bootstrap is that of the plain reference', async () => {
    const key = await open(toyKey(name));
    const bits = bigKeyBits(key);
    const reference = await ReferenceEvaluator.from(key.serverKeyBytes);
    const p = valuesOf(key.parameters);
    const f = (x: number) => (3 * x + 1) % p;
    for (const value of [0, 1, p - 1]) {
      const input = encrypt(key, value);
      const [ours] = key.evaluator.bootstrap(input, [lookupTable(key.parameters, f)]);
      const theirs = reference.bootstrap(bigints(input), f);
      const words = new Uint32Array(theirs.buffer);
      expect(Math.abs(errorOf(key, { words, degree: 0, noiseLevel: 1 }, f(value), bits))).toBeLessThan(2 ** -12);
      expect(Math.abs(errorOf(key, ours ?? input, f(value), bits))).toBeLessThan(2 ** -12);
    }
  });

  test('jobs in batches give what each gives alone, word for word', async () => {
    const key = await open(toyKey(name));
    const p = valuesOf(key.parameters);
    const inputs = Array.from({ length: 5 }, (_, i) => encrypt(key, (3 * i) % p));
    // Eleven jobs over five inputs: some share theirs, and the last batch is not full.
    const jobs = Array.from({ length: 11 }, (_, i) => ({
      ciphertext: inputs[(i * i) % 5] ?? encrypt(key, 0),
      table: lookupTable(key.parameters, (x) => (x + i) % p),
    }));
    const alone = jobs.map(({ ciphertext, table }) => key.evaluator.bootstrap(ciphertext, [table])[0]);
    expect(key.evaluator.bootstrapAll(jobs)).toEqual(alone);
    expect(alone.map((result) => result && decrypt(key, result))).toEqual(
      jobs.map((_, i) => (3 * ((i * i) % 5) + i) % p),
    );
    expect(key.evaluator.bootstrapAll([])).toEqual([]);
  });

  test('linear operations and several tables on one key switch', async () => {
    const key = await open(toyKey(name));
    const sum = addConstant(
      addCiphertexts(scaleCiphertext(encrypt(key, 1), 2), scaleCiphertext(encrypt(key, 1), -1)),
      1,
      key.parameters,
    );
    const tables = [lookupTable(key.parameters, (x) => x), lookupTable(key.parameters, (x) => x >> 1)];
    expect(key.evaluator.bootstrap(sum, tables).map((result) => decrypt(key, result))).toEqual([2, 1]);
  });
});

const realCount = 200 * times;
test(
  `${realCount} bootstraps under a real key, none wrong, each stage as noisy as predicted`,
  async () => {
    const key = await open(await realKey());
    const { wrong, deviations } = measureNoise(key, realCount);
    expect(wrong).toBe(0);
    const predicted = {
      keySwitch: keySwitchNoise(message2Carry2, message2Carry2Noise),
      modulusSwitch: modulusSwitchNoise(message2Carry2),
      accumulator: bootstrapNoise(message2Carry2, message2Carry2Noise),
    };
    // 1,000 samples of the switches and 12,800 of the accumulators stray by 2.2 % and 0.6 %.
    for (const stage of ['keySwitch', 'modulusSwitch', 'accumulator'] as const) {
      const ratio = deviations[stage] / predicted[stage];
      expect(ratio, stage).toBeGreaterThan(0.9);
      expect(ratio, stage).toBeLessThan(1.1);
    }
    // The results are one sample a bootstrap: 200 stray by 5 %.
    expect(deviations.bootstrap / predicted.accumulator).toBeGreaterThan(0.8);
    expect(deviations.bootstrap / predicted.accumulator).toBeLessThan(1.25);
  },
  180_000 * times,
);

test('predicted noise and failure probability are those that tfhe-rs documents for the set', () => {
  const deviations = {
    keySwitch: keySwitchNoise(message2Carry2, message2Carry2Noise),
    modulusSwitch: modulusSwitchNoise(message2Carry2),
    bootstrap: bootstrapNoise(message2Carry2, message2Carry2Noise),
  };
  expect(Math.log2(deviations.keySwitch)).toBeCloseTo(-10.798, 3);
  expect(Math.log2(deviations.modulusSwitch)).toBeCloseTo(-9.91, 3);
  expect(Math.log2(deviations.bootstrap)).toBeCloseTo(-14.997, 3);
  const { maxNoiseLevel } = message2Carry2;
  expect(log2FailureProbability(message2Carry2, maxNoiseLevel, deviations)).toBeCloseTo(-128.16, 2);
  const exact = { ...deviations, bootstrap: bootstrapNoise(message2Carry2, { ...message2Carry2Noise, transform: 0 }) };
  expect(log2FailureProbability(message2Carry2, maxNoiseLevel, exact)).toBeCloseTo(-128.69, 2);
});
