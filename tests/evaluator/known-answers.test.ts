import { describe, expect, test } from 'vitest';
import { ciphertextBytes, parseCiphertext, parseCompressedCiphertext } from '../../src/evaluator/ciphertext.ts';
import { Evaluator } from '../../src/evaluator/evaluator.ts';
import { attach, fillTables, type KeyMemory, type Machine, makeKeyMemory } from '../../src/evaluator/machine.ts';
import { message2Carry2 } from '../../src/evaluator/parameters.ts';
import { rootOfUnity } from '../../src/evaluator/twiddles.ts';
import { errorOf, evaluatorModule, open, smallKeyBits, toyKey, vector } from './keys.ts';

const readJson = (name: string): unknown => JSON.parse(new TextDecoder().decode(vector(name)));

/** A machine without a key: its areas serve as scratch. */
async function bare(): Promise<{ machine: Machine; key: KeyMemory }> {
  const key = makeKeyMemory(message2Carry2, 1, 2 ** 27);
  const machine = await attach(await evaluatorModule(), key, 0);
  fillTables(machine, key);
  return { machine, key };
}
const { machine, key } = await bare();
const scratch = key.layout.shared.keySwitchKey;
const bytesAt = (address: number, length: number) => new Uint8Array(key.memory.buffer, address, length).slice();

test('mask stream, also from the middle of a block and with carries of the counter', () => {
  const answers = readJson('csprng.json') as Record<string, string>;
  new Uint8Array(key.memory.buffer, scratch, 16).set(Uint8Array.from({ length: 16 }, (_, i) => i));
  machine.exports.setAesKey(scratch);
  let compared = 0;
  for (const [name, hex] of Object.entries(answers)) {
    const match = /^bytes_(\d+)_(\d+)$/.exec(name);
    if (match === null) continue;
    const [from, to] = [Number(match[1]), Number(match[2])];
    const expected = Uint8Array.from(Buffer.from(hex, 'hex'));
    for (const skip of [0, 1]) {
      const words = (to - from) / 8 - skip;
      machine.exports.fillMask(scratch, from / 8 + skip, words);
      expect(bytesAt(scratch, 8 * words)).toEqual(expected.subarray(8 * skip));
      compared++;
    }
  }
  expect(compared).toBe(6);
});

test('decomposition, ties included', () => {
  const { cases } = readJson('decomposition.json') as {
    cases: { base_log: number; level: number; samples: { x: string; digits: number[] }[] }[];
  };
  let compared = 0;
  for (const { base_log: baseLog, level, samples } of cases) {
    for (const { x, digits } of samples) {
      machine.exports.decompose(BigInt(x), baseLog, level, scratch);
      expect([...new Int32Array(key.memory.buffer, scratch, level)]).toEqual(digits);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(50);
});

test.each([
  ['standard', 0],
  ['centered_mean', 1],
] as const)('modulus switch: %s', (kind, centred) => {
  const answer = readJson('modswitch.json') as {
    n: number;
    N: number;
    lwe: string[];
  } & Record<typeof kind, { mask: number[]; body: number }>;
  new BigUint64Array(key.memory.buffer, scratch, answer.n + 1).set(answer.lwe.map(BigInt));
  machine.exports.modulusSwitch(scratch, answer.n, answer.N, centred, scratch + 4096);
  const switched = [...new Uint32Array(key.memory.buffer, scratch + 4096, answer.n + 1)];
  expect(switched).toEqual([...answer[kind].mask, answer[kind].body]);
});

test.each([0, 2])('decompression of the ciphertext of %i', (value) => {
  const compressed = parseCompressedCiphertext(vector(`real22.compressed_ct.${value}.bin`), message2Carry2);
  const expected = parseCiphertext(vector(`real22.ct.${value}.bin`), message2Carry2);
  expect(new Evaluator(key, machine).decompress(compressed)).toEqual(expected);
});

interface Stage {
  value: number;
  after_keyswitch_u64: string[];
  modswitch_standard: { mask: number[]; body: number };
}

describe.each(['toyA', 'toyB', 'toyC'] as const)('key switch under %s', (name) => {
  test('gives the known words but for the rounding of the key to 32 bits', async () => {
    const toy = await open(toyKey(name));
    const { stages } = readJson(`${name}.json`) as { stages: Stage[] };
    const size = ciphertextBytes(toy.parameters);
    const bits = smallKeyBits(toy);
    const { lweDimension, polynomialSize } = toy.parameters;
    const { own } = toy.machine;
    expect(stages).toHaveLength(4);
    for (const [index, stage] of stages.entries()) {
      const ciphertext = parseCiphertext(
        vector(`${name}.cts.bin`).subarray(index * size, (index + 1) * size),
        toy.parameters,
      );
      const switched = toy.evaluator.keySwitch(ciphertext);
      switched.forEach((word, i) => {
        const difference = BigInt.asIntN(64, word - BigInt(stage.after_keyswitch_u64[i] ?? '0'));
        expect(Math.abs(Number(difference)) / 2 ** 64).toBeLessThan(2 ** -22);
      });
      toy.machine.exports.modulusSwitch(own.smallLwe, lweDimension, polynomialSize, 0, own.switched);
      const rotations = [...new Uint32Array(toy.memory.memory.buffer, own.switched, lweDimension + 1)];
      // The key's rounding may take a word on the edge of a step to its other side; one in 2^12 is that near.
      const { mask, body } = stage.modswitch_standard;
      expect(rotations.filter((rotation, i) => rotation !== [...mask, body][i]).length).toBeLessThan(2);
      const words = new Uint32Array(switched.buffer);
      expect(Math.abs(errorOf(toy, { words, degree: 0, noiseLevel: 1 }, stage.value, bits))).toBeLessThan(2 ** -8);
    }
  });
});

test('roots of unity are those of exact angles', () => {
  for (let i = 0; i < 4096; i++) {
    const [cos, sin] = rootOfUnity(i / 4096);
    expect(Math.abs(cos - Math.cos((2 * Math.PI * i) / 4096))).toBeLessThan(1e-15);
    expect(Math.abs(sin - Math.sin((2 * Math.PI * i) / 4096))).toBeLessThan(1e-15);
    expect(Math.abs(cos * cos + sin * sin - 1)).toBeLessThan(3e-16);
  }
});
