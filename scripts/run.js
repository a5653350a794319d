// Runs one command line program of src/cli, after the set-up it needs: node scripts/run.js NAME [ARG...]
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ensureDependencies, root } from './setup.js';

const [name = '', ...args] = process.argv.slice(2);
await ensureDependencies();
await ensureBuilt(['cli']);
const program = spawn(process.execPath, ['--enable-source-maps', join(root, 'build', 'cli', `${name}.mjs`), ...args], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => program.kill(signal));
program.on('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
