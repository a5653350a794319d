import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, sourceOf } from '../../src/evaluator/byte-source.ts';
import {
  ciphertextBytes,
  parseCiphertext,
  parseCompressedCiphertext,
  writeCiphertext,
} from '../../src/evaluator/ciphertext.ts';
import { EvaluatorError, type EvaluatorErrorCode } from '../../src/evaluator/errors.ts';
import { openEvaluator } from '../../src/evaluator/evaluator.ts';
import { expandServerKey } from '../../src/evaluator/key-expansion.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { message2Carry2, type Parameters } from '../../src/evaluator/parameters.ts';
import { readServerKeyHeader } from '../../src/evaluator/server-key.ts';
import { evaluatorModule, vector } from './keys.ts';

const key = vector('toyA.server_key.bin');
const { parameters } = await readServerKeyHeader(sourceOf(key));
const ciphertext = vector('toyA.cts.bin').subarray(0, ciphertextBytes(parameters));
const compressed = vector('real22.compressed_ct.2.bin');

/** The code of the EvaluatorError that `run` throws; anything else it throws is thrown on. */
async function refusal(run: () => unknown): Promise<EvaluatorErrorCode | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof EvaluatorError) return error.code;
    throw error;
  }
}

/** `bytes` with a little-endian u32 replaced. */
function withU32(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const changed = bytes.slice();
  new DataView(changed.buffer).setUint32(offset, value, true);
  return changed;
}

describe('server key', () => {
  test('of toy A says what it is', () => {
    expect(parameters).toEqual({
      lweDimension: 32,
      glweDimension: 1,
      polynomialSize: 512,
      pbsBaseLog: 23,
      pbsLevel: 1,
      ksBaseLog: 4,
      ksLevel: 4,
      messageModulus: 4,
      carryModulus: 4,
      maxNoiseLevel: 5,
      modulusSwitch: 'standard',
    } satisfies Parameters);
  });

  // Offsets from the layout: key-switch bodies at 12 (2048 words), then base, level, n + 1, seed, modulus, kind, length.
  const middle = 12 + 8 * 2048;
  const tail = 16_500 + 8 * 32_768;
  test.each([
    ['a KS32 pattern', 0, 1, 'unsupported'],
    ['a XOF seed in the key-switching key', middle + 24, 1, 'unsupported'],
    ['a stream that starts late', middle + 24 + 20, 1, 'unsupported'],
    ['a power-of-two modulus', middle + 24 + 44 + 4, 1, 'unsupported'],
    ['a 32-bit modulus', middle + 24 + 44 + 16, 32, 'unsupported'],
    ['a multi-bit key', middle + 24 + 68, 1, 'unsupported'],
    ['an odd polynomial size', tail + 8, 500, 'malformed'],
    ['a zero level', tail + 24, 0, 'malformed'],
    ['a drift-technique key', tail + 100, 1, 'unsupported'],
    ['an unknown modulus switch', tail + 100, 3, 'malformed'],
    ['the order PBS_KS', tail + 104, 1, 'unsupported'],
    ['a message modulus of 3', tail + 108, 3, 'malformed'],
    ['another maximum degree', tail + 124, 14, 'malformed'],
    ['a noise level of 0', tail + 132, 0, 'malformed'],
    ['a hostile length', 8, 0x7fff_ffff, 'malformed'],
    ['a length that is off by one', 4, 2049, 'malformed'],
  ] as const)('with %s is refused', async (_, offset, value, code) => {
    expect(await refusal(() => readServerKeyHeader(sourceOf(withU32(key, offset, value))))).toBe(code);
  });

  test('with one byte more or fewer is refused', async () => {
    const longer = new Uint8Array(key.length + 1);
    longer.set(key);
    expect(await refusal(() => readServerKeyHeader(sourceOf(longer)))).toBe('malformed');
    expect(await refusal(() => readServerKeyHeader(sourceOf(key.subarray(0, -1))))).toBe('malformed');
  });

  test('of parameters that were not asked for is refused, before memory is taken', async () => {
    const module = await evaluatorModule();
    expect(await refusal(() => expandServerKey(module, sourceOf(key)))).toBe('unsupported');
    expect(
      await refusal(() => expandServerKey(module, sourceOf(key), { accept: [parameters], maxBytes: 2 ** 18 })),
    ).toBe('too-large');
  });

  const inHeaders = fc.oneof(
    fc.nat(11),
    fc.nat(103).map((at) => middle + at),
    fc.nat(139).map((at) => tail + at),
  );
  const inBodies = fc.oneof(fc.integer({ min: 12, max: middle - 1 }), fc.integer({ min: 16_500, max: tail - 1 }));

  test('truncated anywhere or with any header byte changed gives a typed error or a key of the same size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.nat(key.length - 1), inHeaders),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          expect(await refusal(() => readServerKeyHeader(sourceOf(key.subarray(0, at))))).toBe('malformed');
          const changed = key.slice();
          changed[at] = (changed[at] ?? 0) ^ change;
          let most = 0;
          const source: ByteSource = {
            size: changed.length,
            read: (offset, length) => {
              most = Math.max(most, length);
              return changed.subarray(offset, offset + length);
            },
          };
          await refusal(() => readServerKeyHeader(source));
          expect(most).toBeLessThan(200);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('with any bytes changed is refused or expands within the limit and computes something', async () => {
    const module = await evaluatorModule();
    const maxBytes = 2 ** 22;
    const input = parseCiphertext(ciphertext, parameters);
    let expanded = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(inBodies, fc.nat(255)), { minLength: 1, maxLength: 40 }),
        fc.option(fc.tuple(inHeaders, fc.nat(255)), { freq: 2 }),
        async (changes, inHeader) => {
          const changed = key.slice();
          for (const [at, value] of changes) changed[at] = value;
          if (inHeader !== null) changed[inHeader[0]] = inHeader[1];
          const refused = await refusal(async () => {
            const source = sourceOf(changed);
            const { parameters: own } = await readServerKeyHeader(source);
            const memory = await expandServerKey(module, source, { accept: [own], maxBytes });
            expect(memory.memory.buffer.byteLength).toBeLessThanOrEqual(maxBytes);
            const evaluator = await openEvaluator(module, memory);
            const [result] = evaluator.bootstrap(input, [lookupTable(own, (x) => x % 2)]);
            expect(result?.words).toHaveLength(input.words.length);
            expanded++;
          });
          expect(refused === undefined || ['malformed', 'unsupported', 'too-large'].includes(refused)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
    expect(expanded).toBeGreaterThan(10);
  });

  test('from a source that comes up short is refused', async () => {
    const short: ByteSource = { size: key.length, read: (offset, length) => key.subarray(offset, offset + length - 1) };
    expect(await refusal(() => readServerKeyHeader(short))).toBe('malformed');
  });
});

describe('ciphertext', () => {
  test('comes back byte for byte', () => {
    const parsed = parseCiphertext(ciphertext, parameters);
    expect(writeCiphertext(parsed, parameters, false)).toEqual(ciphertext);
    expect(parsed.noiseLevel).toBe(1);
  });

  const at = 16 + 8 * 512;
  test.each([
    ['another dimension', 0, 512, 'malformed'],
    ['a hostile dimension', 4, 1, 'malformed'],
    ['another modulus', at, 1, 'unsupported'],
    ['a degree beyond the space', at + 24, 16, 'malformed'],
    ['another message modulus', at + 40, 16, 'malformed'],
    ['another pattern', at + 56, 1, 'unsupported'],
    ['another order', at + 60, 1, 'unsupported'],
  ] as const)('with %s is refused', async (_, offset, value, code) => {
    expect(await refusal(() => parseCiphertext(withU32(ciphertext, offset, value), parameters))).toBe(code);
  });

  test('is read from a Buffer in the middle of a larger one as from bytes of its own', () => {
    const inside = Buffer.concat([Buffer.alloc(13), ciphertext, Buffer.alloc(5)]).subarray(13, 13 + ciphertext.length);
    expect(parseCiphertext(inside, parameters)).toEqual(parseCiphertext(ciphertext, parameters));
    const seeded = Buffer.concat([Buffer.alloc(3), compressed]).subarray(3);
    expect(parseCompressedCiphertext(seeded, message2Carry2)).toEqual(
      parseCompressedCiphertext(compressed, message2Carry2),
    );
  });

  test('compressed: fields of the known answer', () => {
    const parsed = parseCompressedCiphertext(compressed, message2Carry2);
    expect(parsed).toMatchObject({ degree: 3, noiseLevel: 1 });
    expect(parsed.seed).toEqual(compressed.slice(20, 36));
  });

  test('random bytes, truncation and changes give a typed error or a ciphertext', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(compressed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (random, at, change) => {
          expect(await refusal(() => parseCiphertext(random, parameters))).toBe('malformed');
          await refusal(() => parseCompressedCiphertext(random, message2Carry2));
          expect(await refusal(() => parseCompressedCiphertext(compressed.subarray(0, at), message2Carry2))).toBe(
            'malformed',
          );
          const changed = compressed.slice();
          changed[at] = (changed[at] ?? 0) ^ change;
          await refusal(() => parseCompressedCiphertext(changed, message2Carry2));
        },
      ),
      { numRuns: 300 },
    );
  });
});
