// npm run screenshots: contact sheets of every screen into screenshots/ (ignored by git).
// npm run screenshots -- --kept: the pictures of the manifest and the README, which are kept in the repository.
import { join } from 'node:path';
import { chromiumPath } from './chromium.js';
import { ensureBuilt, ensureDependencies, root, run } from './setup.js';

await ensureDependencies();
const CHROMIUM_PATH = await chromiumPath();
await ensureBuilt(['cli', 'app']);
const what = process.argv.includes('--kept') ? 'kept' : 'sheets';
await run(
  process.execPath,
  [
    join(root, 'node_modules', '@playwright', 'test', 'cli.js'),
    'test',
    '--config',
    'playwright.screenshots.config.ts',
    what,
  ],
  { CHROMIUM_PATH },
);
