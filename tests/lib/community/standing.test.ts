import { describe, expect, test } from 'vitest';
import { compareWithNorms } from '../../../src/lib/community/comparison.ts';
import { standingOf } from '../../../src/lib/community/standing.ts';
import { codeOf, features } from '../../../src/protocol/features.ts';
import { exampleValues as values } from './member-home.ts';

const flat = (wh: number) => Array.from({ length: 24 }, () => wh);
const own = { weekdayWh: flat(300), weekendWh: flat(400) };
/** Weekdays of 12 kWh and weekend days of 24 kWh: 15.43 kWh in the mean of a week. */
const profiles = { weekdayWh: flat(500), weekendWh: flat(1000) };
const [daily] = features;
/** Nine limits so that the home has this rank. */
const limits = (rank: number) => {
  const code = codeOf(daily, values.meanDailyKwh);
  return features.map(() => Array.from({ length: 9 }, (_, i) => (i < rank ? code - 20 + i : code + 1 + i)));
};
const hidden = { name: 'community', homes: 41, profiles, means: null, deciles: null };
const at = (rank: number) => compareWithNorms('2025-01', values, own, { ...hidden, deciles: limits(rank) });

describe('where a home stands', () => {
  test('with hidden limits it is told its own figure and the mean day of the published profiles', () => {
    const comparison = compareWithNorms('2025-01', values, own, hidden);
    expect(standingOf(comparison)).toEqual({
      youKwh: 8,
      allHomesKwh: (5 * 12 + 2 * 24) / 7,
      inFifth: null,
      fifthKwh: null,
      rungsToFifth: null,
      nextRungKwh: null,
      rank: null,
    });
  });

  test('with a rank from an encrypted answer it is told its rungs, and no limit', () => {
    const { figures, ...rest } = compareWithNorms('2025-01', values, own, hidden);
    const ranked = { ...rest, figures: figures.map((figure) => ({ ...figure, rank: 5, aboveMean: true })) };
    expect(standingOf(ranked)).toMatchObject({
      inFifth: false,
      rungsToFifth: 4,
      rank: 5,
      nextRungKwh: null,
      fifthKwh: null,
    });
  });

  test.each([
    [0, true, 0],
    [1, true, 0],
    [2, false, 1],
    [9, false, 8],
  ])('rank %i: in the efficient fifth %s, rungs %i', (rank, inFifth, rungsToFifth) => {
    expect(standingOf(at(rank))).toMatchObject({ rank, inFifth, rungsToFifth });
  });

  test('published limits: just below the next rung’s one is one rung lower', () => {
    const comparison = at(4);
    const { nextRungKwh, fifthKwh } = standingOf(comparison) ?? {};
    expect(nextRungKwh).toBeLessThan(values.meanDailyKwh);
    expect(fifthKwh).toBeLessThan(nextRungKwh ?? 0);
    const norms = { ...hidden, deciles: limits(4) };
    const rankWith = (meanDailyKwh: number) =>
      standingOf(compareWithNorms('2025-01', { ...values, meanDailyKwh }, own, norms))?.rank;
    expect(rankWith((nextRungKwh ?? 0) * 1.0001)).toBe(4);
    expect(rankWith((nextRungKwh ?? 0) * 0.9999)).toBe(3);
    expect(rankWith((fifthKwh ?? 0) * 0.9999)).toBe(1);
  });

  test('on the lowest rung there is none below', () => {
    expect(standingOf(at(0))?.nextRungKwh).toBeNull();
  });
});
