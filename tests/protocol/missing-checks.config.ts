/** Runs the attacks with one check taken out, `MISSING_CHECK` in the list. No file is changed. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { missingChecks } from './missing-checks.ts';

const root = join(import.meta.dirname, '../..');
const missing = missingChecks[Number(process.env.MISSING_CHECK)];
if (missing === undefined) throw new Error('MISSING_CHECK must be a number of the list');

export default defineConfig({
  root,
  plugins: [
    {
      name: 'missing-check',
      enforce: 'pre',
      transform(code, id) {
        return [missing, ...(missing.also ?? [])]
          .filter(({ file }) => id === join(root, 'src/protocol', file))
          .reduce((left, { find, replace }) => left.replace(find, () => replace), code);
      },
    },
  ],
  test: { include: ['tests/protocol/attacks.test.ts'], testTimeout: 20_000 },
});
