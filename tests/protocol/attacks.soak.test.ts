/** Every check of the list is needed: where it is taken out, its attack gets through, so that the attack's test fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingChecks } from './missing-checks.ts';

const root = join(import.meta.dirname, '../..');
const attacks = readFileSync(join(import.meta.dirname, 'attacks.test.ts'), 'utf8');

test.each(missingChecks)(
  'the check against “$attack” stands in $file, and the attack is tested',
  ({ also = [], attack, ...check }) => {
    for (const { file, find } of [check, ...also]) {
      expect(readFileSync(join(root, 'src/protocol', file), 'utf8').split(find)).toHaveLength(2);
    }
    expect(attacks).toContain(attack);
  },
);

describe.skipIf(process.env.SOAK !== '1')('without its check', () => {
  test.each(missingChecks.map((missing, index) => ({ ...missing, index })))(
    '$attack gets through ($file)',
    async ({ attack, index }) => {
      const escaped = attack.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const args = ['run', '--config', 'tests/protocol/missing-checks.config.ts', '--reporter', 'json', '-t', escaped];
      const child = spawn(join(root, 'node_modules/.bin/vitest'), args, {
        cwd: root,
        env: { ...process.env, MISSING_CHECK: String(index) },
      });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      await once(child, 'close');
      // One test has run, and it failed by what it expects.
      expect(JSON.parse(out.slice(out.indexOf('{')))).toMatchObject({ numFailedTests: 1, numPassedTests: 0 });
    },
  );
});
