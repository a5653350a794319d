/** The simulate command as people run it: it builds what is missing, starts the real endpoint, and encrypts. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const realHomes = join(root, '../shared/data/community/nl_zonnedael_56homes_2013H1_15min_Wh.csv');

const simulate = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.js', 'simulate', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { status, stderr, lines: lines.map((line): unknown => JSON.parse(line)) };
};
const aNumber: unknown = expect.any(Number);
const figures = (homes: number, exact: boolean) => ({
  homes,
  slots: 313,
  exact,
  bytesPerHome: aNumber,
  encryptMsPerHome: aNumber,
  sumMs: aNumber,
  openMs: aNumber,
  totalMs: aNumber,
});

describe('simulate', () => {
  test('opens exactly what the homes contributed, and prints one object', () => {
    const { status, lines } = simulate('--homes', '46', '--stewards', '3', '--threshold', '2', '--seed', '7');
    expect({ status, lines }).toEqual({ status: 0, lines: [figures(46, true)] });
  });

  test('one changed word is not exact, and ends with 1', () => {
    const { status, lines } = simulate('--homes', '24', '--tamper');
    expect({ status, lines }).toEqual({ status: 1, lines: [figures(24, false)] });
  });

  test('numbers that no round can have are refused in words', () => {
    for (const [args, words] of [
      [['--homes', '22'], 'homes must be 23 to 1000'],
      [['--homes', '1001'], 'at most 1000'],
      [['--homes', '30', '--threshold', '1'], 'threshold must be 2'],
      [['--homes', '30', '--stewards', '12'], 'stewards must be 2 to 9'],
      [['--homes', 'many'], 'whole number'],
      [['--homes', '30', '--data', 'nowhere.csv'], 'no such file'],
    ] as const) {
      const { status, stderr, lines } = simulate(...args);
      expect({ status, lines }).toEqual({ status: 1, lines: [] });
      expect(stderr).toContain(words);
    }
  });

  test.skipIf(!existsSync(realHomes))('56 real homes, exactly', () => {
    const { status, lines } = simulate('--homes', '56', '--stewards', '3', '--threshold', '2', '--data', realHomes);
    expect({ status, lines }).toEqual({ status: 0, lines: [figures(56, true)] });
  });
});
