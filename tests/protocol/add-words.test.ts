import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addWords, mostWords } from '../../src/protocol/add-words.ts';

const word = fc.bigInt(0n, 2n ** 64n - 1n);
const words = (length: number) =>
  fc.array(word, { minLength: length, maxLength: length }).map((all) => BigUint64Array.from(all));

test('words are added modulo 2^64, as plain arithmetic does it', () => {
  const sums = fc
    .integer({ min: 1, max: 5 })
    .chain((eights) => fc.tuple(words(8 * eights), fc.array(words(8 * eights), { maxLength: 9 })));
  fc.assert(
    fc.property(sums, ([start, parts]) => {
      const sum = start.slice();
      addWords(sum, parts);
      const expected = start.map((first, i) =>
        parts.reduce((all, part) => BigInt.asUintN(64, all + (part[i] ?? 0n)), first),
      );
      expect(sum).toEqual(expected);
    }),
  );
});

test('the longest sum that there is room for leaves nothing of the one before', () => {
  const ones = new BigUint64Array(mostWords).fill(2n ** 64n - 1n);
  const sum = new BigUint64Array(mostWords).fill(3n);
  addWords(sum, [ones, ones]);
  expect(new Set(sum)).toEqual(new Set([1n]));
  const short = new BigUint64Array(8);
  addWords(short, []);
  expect(new Set(short)).toEqual(new Set([0n]));
});
