// npm run soak -- PART: the long form of the tests whose path has PART in it (SOAK=1 tells them so).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies, root, say } from './setup.js';

const [part] = process.argv.slice(2);
if (part === undefined) {
  say('Which part? npm run soak -- meter | endpoint | vault | attacks | evaluator');
  process.exit(2);
}
await ensureDependencies();
await ensureBuilt(['cli']);
const vitest = join(root, 'node_modules', '.bin', 'vitest');
const args = ['run', part, '--testTimeout', String(6 * 3_600_000)];
spawn(vitest, args, { cwd: root, stdio: 'inherit', env: { ...process.env, SOAK: '1' } }).on('close', (code) =>
  process.exit(code ?? 1),
);
