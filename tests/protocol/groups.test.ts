import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasEnoughHomes, openedGroups, type GroupedHome } from '../../src/protocol/groups.ts';

const stewards = [0, 1, 2].map((i) => ({ name: String(i), key: new Uint8Array(32).fill(i) }));
const manifest = { stewards, threshold: 2, minimumHomes: 15, cohorts: ['flat', 'house', 'farm'] };
/** Homes of a cohort whose invites the stewards issued in turn. */
const homes = (count: number, cohort: number): GroupedHome[] =>
  Array.from({ length: count }, (_, i) => ({ issuer: i % 3, cohort }));
const names = (all: readonly GroupedHome[]) =>
  openedGroups(all, manifest).map(({ name, members }) => [name, members.length]);

describe('enough homes', () => {
  test('count without the invites of any threshold − 1 stewards', () => {
    expect(hasEnoughHomes(homes(22, 0), manifest)).toBe(false); // 22 − 8 = 14
    expect(hasEnoughHomes(homes(23, 0), manifest)).toBe(true); // 23 − 8 = 15
    const ofOne = Array.from({ length: 500 }, () => ({ issuer: 1, cohort: 0 }));
    expect(hasEnoughHomes([...ofOne, ...homes(20, 0).filter(({ issuer }) => issuer !== 1)], manifest)).toBe(false);
    expect(hasEnoughHomes(homes(44, 0), { ...manifest, threshold: 3 })).toBe(false); // 44 − 15 − 15 = 14
    expect(hasEnoughHomes(homes(45, 0), { ...manifest, threshold: 3 })).toBe(true);
  });
});

describe('opened groups', () => {
  test('none without enough homes in all', () => {
    expect(names([...homes(12, 0), ...homes(9, 1)])).toEqual([]);
  });

  test('the community, and each cohort with enough homes when the rest is empty or enough', () => {
    expect(names([...homes(30, 0), ...homes(25, 1)])).toEqual([
      ['community', 55],
      ['flat', 30],
      ['house', 25],
    ]);
    expect(names([...homes(30, 0), ...homes(25, -1)])).toEqual([
      ['community', 55],
      ['flat', 30],
    ]);
  });

  test('a rest of a few homes takes the smallest cohort with it, the first of equal ones', () => {
    expect(names([...homes(30, 0), ...homes(25, 1), ...homes(1, -1)])).toEqual([
      ['community', 56],
      ['flat', 30],
    ]);
    expect(names([...homes(25, 0), ...homes(25, 1), ...homes(3, 2)])).toEqual([
      ['community', 53],
      ['house', 25],
    ]);
    expect(names([...homes(30, 0), ...homes(3, -1)])).toEqual([['community', 33]]);
  });

  test('a steward’s invented homes around a victim in its cohort open nothing of it', () => {
    const invented = Array.from({ length: 200 }, () => ({ issuer: 2, cohort: 2 }));
    expect(names([...homes(30, 0), ...invented, { issuer: 0, cohort: 2 }])).toEqual([['community', 231]]);
  });

  test('whatever the homes, every opened group and what is left of the community has enough', () => {
    const home = fc.record({ issuer: fc.integer({ min: 0, max: 2 }), cohort: fc.integer({ min: -1, max: 2 }) });
    fc.assert(
      fc.property(fc.array(home, { maxLength: 150 }), (all) => {
        const groups = openedGroups(all, manifest);
        const of = (members: readonly number[]) => all.filter((_, i) => members.includes(i));
        for (const { members } of groups) expect(hasEnoughHomes(of(members), manifest)).toBe(true);
        const opened = new Set(groups.slice(1).flatMap(({ members }) => members));
        const rest = all.filter((_, i) => !opened.has(i));
        if (groups.length > 0 && rest.length > 0) expect(hasEnoughHomes(rest, manifest)).toBe(true);
        expect(openedGroups(all, manifest)).toEqual(groups);
      }),
    );
  });
});
