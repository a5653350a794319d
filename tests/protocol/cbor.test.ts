import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import { fromHex, toHex } from '../../src/protocol/bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from '../../src/protocol/cbor.ts';

const anything = v.unknown();
const bytesOf = (hex: string) => {
  const bytes = fromHex(hex);
  if (bytes === null) throw new Error('no hex');
  return bytes;
};

describe('encoding', () => {
  test.each([
    // RFC 8949 appendix A.
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000, '1903e8'],
    [1000000000000, '1b000000e8d4a51000'],
    [-1, '20'],
    [-1000, '3903e7'],
    [true, 'f5'],
    [null, 'f6'],
    ['', '60'],
    ['ü', '62c3bc'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
    [{ a: 1, b: [2, 3] }, 'a26161016162820203'],
    // Section 4.2.1: keys in bytewise order of their encodings, so shorter ones first.
    [{ bb: 1, a: 2, c: 3 }, 'a361610261630362626201'],
  ] satisfies [CborValue, string][])('%j', (value, hex) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(decodeCbor(anything, bytesOf(hex), 'It')).toEqual(value);
  });
});

describe('decoding refuses what is not canonical', () => {
  test.each([
    ['nothing', ''],
    ['a long integer', '1800'],
    ['a long length', '5801ff'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite string', '7f6161ff'],
    ['a float', 'f93c00'],
    ['a float of a whole number', 'fb4000000000000000'],
    ['undefined', 'f7'],
    ['a tag', 'c100'],
    ['keys out of order', 'a2616202616101'],
    ['a key twice', 'a2616101616102'],
    ['a key that is no text', 'a10102'],
    ['bytes after the end', '0000'],
    ['an end too soon', '8201'],
    ['an integer beyond 2^53', '1b0020000000000001'],
    ['text that is not UTF-8', '61ff'],
    ['a big length without content', '5affffffff00'],
  ])('%s', (_, hex) => {
    expect(() => decodeCbor(anything, bytesOf(hex), 'It')).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  test('and what does not fit, saying where', () => {
    const schema = v.strictObject({ a: v.array(v.number()) });
    expect(() => decodeCbor(schema, encodeCbor({ a: [1, 'x'] }), 'The thing')).toThrow(
      'This cannot be read: The thing, at “a.1”.',
    );
    expect(() => decodeCbor(schema, encodeCbor({ a: [], b: 1 }), 'The thing')).toThrow('at “b”');
  });

  test('any bytes give a ProtocolError or a value that encodes to them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeCbor(anything, bytes, 'It');
        } catch (error) {
          expect(error).toMatchObject({ name: 'ProtocolError', code: 'malformed' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
