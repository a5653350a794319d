import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from './debian.js';
import { root, run, say } from './setup.js';

/** Where a Chromium is: CHROMIUM_PATH, the system's, else Debian's package, else Playwright's own download. */
export async function chromiumPath() {
  const found = () =>
    [process.env.CHROMIUM_PATH, '/usr/bin/chromium'].find((path) => path !== undefined && existsSync(path));
  if (found() === undefined && !(await installed('chromium'))) say('Trying Playwright’s download of Chromium.');
  if (found() === undefined) {
    await run(join(root, 'node_modules', '.bin', 'playwright'), ['install', 'chromium']);
    const { chromium } = await import('@playwright/test');
    return chromium.executablePath();
  }
  return found();
}
