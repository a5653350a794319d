import { describe, expect, test } from 'vitest';
import { parseAdviceModel, scoreInClear, type AdviceTree } from '../../src/protocol/advice-model.ts';
import { ProtocolError } from '../../src/protocol/error.ts';

const leaf = (rank: number): AdviceTree => ({ rank, table: [0, 0, 0, 1, 1, 2, 2, 3, 3, 3] });
/** The larger of the two. */
const larger = (left: AdviceTree, right: AdviceTree): AdviceTree => ({
  left,
  right,
  table: Array.from({ length: 16 }, (_, x) => Math.max(x >> 2, x & 3)),
});
const tree = larger(larger(leaf(0), leaf(1)), leaf(7));
const model = { version: 1, advice: { baseload: tree, evening: leaf(3), night: leaf(4), heating: leaf(0) } };

describe('an advice model', () => {
  test('is read as it is', () => {
    expect(parseAdviceModel(JSON.parse(JSON.stringify(model)))).toEqual(model);
  });

  test('scores a home by its tables', () => {
    expect(scoreInClear(tree, [0, 0, 9, 9, 9, 9, 9, 0])).toBe(0);
    expect(scoreInClear(tree, [0, 5, 0, 0, 0, 0, 0, 3])).toBe(2);
    expect(scoreInClear(tree, [4, 5, 0, 0, 0, 0, 0, 9])).toBe(3);
    expect(scoreInClear(leaf(3), [0, 0, 0, 4, 0, 0, 0, 0])).toBe(1);
  });

  test.each<[string, object]>([
    ['another version', { ...model, version: 0 }],
    ['advice missing', { version: 1, advice: { baseload: tree } }],
    ['advice that nobody knows', { ...model, advice: { ...model.advice, other: tree } }],
    ['a ninth feature', { ...model, advice: { ...model.advice, night: leaf(8) } }],
    ['a short table', { ...model, advice: { ...model.advice, night: { rank: 0, table: [0, 1] } } }],
    ['a value above 3', { ...model, advice: { ...model.advice, night: { rank: 0, table: Array(10).fill(4) } } }],
    ['five features', { ...model, advice: { ...model.advice, night: larger(larger(tree, leaf(2)), leaf(3)) } }],
  ])('is refused with %s', (_, other) => {
    expect(() => parseAdviceModel(other)).toThrow(ProtocolError);
  });
});
