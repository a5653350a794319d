// npm run soak -- PART: the long form of the tests whose path has PART in it (SOAK=1 tells them so).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies, root, say } from './setup.js';

const [part] = process.argv.slice(2);
if (part === undefined) {
  say('Which part? npm run soak -- meter | endpoint | load | vault | attacks | evaluator');
  process.exit(2);
}
await ensureDependencies();
await ensureBuilt(['cli']);
const run = (/** @type {string} */ program, /** @type {string[]} */ args) =>
  /** @type {Promise<boolean>} */ (
    new Promise((resolve) => {
      spawn(join(root, 'node_modules', '.bin', program), args, {
        cwd: root,
        stdio: 'inherit',
        env: { CHROMIUM_PATH: '/usr/bin/chromium', ...process.env, SOAK: '1' },
      }).on('close', (code) => resolve(code === 0));
    })
  );
const ok = await run('vitest', ['run', part, '--passWithNoTests', '--testTimeout', String(6 * 3_600_000)]);
const okInBrowser = await run('playwright', ['test', part, '--pass-with-no-tests']);
process.exit(ok && okInBrowser ? 0 : 1);
