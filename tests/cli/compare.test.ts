/** The compare command as people run it: real keys, a real endpoint, every answer checked. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const compare = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.js', 'compare', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stderr, lines: stdout.split('\n').filter((line) => line !== '') };
};

test('compare answers a home without a wrong answer, and prints one object', () => {
  const { status, lines } = compare('--homes', '1', '--seed', '5');
  const aNumber: unknown = expect.any(Number);
  const figures: unknown[] = lines.map((line): unknown => JSON.parse(line));
  expect({ status, figures }).toEqual({
    status: 0,
    figures: [
      {
        homes: 1,
        // Ranks, means and scores.
        answers: 8 + 8 + 4,
        wrong: 0,
        bootstrapsPerHome: aNumber,
        secondsPerHome: aNumber,
        bytesUp: aNumber,
        bytesDown: aNumber,
      },
    ],
  });
  const [first] = figures;
  expect(v.parse(v.object({ bytesDown: v.number() }), first).bytesDown).toBeLessThan(350_000);
});

test('numbers that make no sense are refused in words', () => {
  for (const [args, words] of [
    [['--homes', '0'], 'at least 1'],
    [['--homes', 'some'], 'whole number'],
    [['--homes', '1001'], 'at most 1000'],
    [['--data', 'nowhere.csv'], 'no such file'],
  ] as const) {
    const { status, stderr, lines } = compare(...args);
    expect({ status, lines }).toEqual({ status: 1, lines: [] });
    expect(stderr).toContain(words);
  }
});
