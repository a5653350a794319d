// npm test: sets up what is missing and runs the tests. `npm test -- PART...` runs some of the parts.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { chromiumPath } from './chromium.js';
import { ensureProgram } from './debian.js';
import { ensureBuilt, ensureDependencies, root, say } from './setup.js';

const results = join(root, 'build', 'test');
const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name);

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** Runs a program; true if it ended with 0. */
const succeeds = (
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {NodeJS.ProcessEnv} */ env = {},
) =>
  /** @type {Promise<boolean>} */ (
    new Promise((resolve) => {
      const child = spawn(command, args, {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, ...env },
      });
      child.on('error', () => resolve(false));
      child.on('close', (code) => resolve(code === 0));
    })
  );

/**
 * Counts from a runner's JSON report; a runner that failed without counting a failure counts as one.
 * @param {boolean} ok
 * @param {string} file
 * @param {(report: any) => Counts} read
 * @returns {Promise<Counts>}
 */
async function countsOf(ok, file, read) {
  try {
    const counts = read(JSON.parse(await readFile(file, 'utf8')));
    return !ok && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** One check that has no tests to count: types, lint. */
const asOne = async (/** @type {Promise<boolean>} */ check) => {
  const ok = await check;
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
};

async function vitest(/** @type {string} */ project) {
  const file = join(results, `${project}.json`);
  const ok = await succeeds(bin('vitest'), [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
  return countsOf(ok, file, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests + (report.numFailedTestSuites > 0 && report.numFailedTests === 0 ? 1 : 0),
    skipped: report.numPendingTests,
  }));
}

async function endToEnd() {
  const CHROMIUM_PATH = await chromiumPath();
  await ensureProgram('nginx', '/usr/sbin/nginx');
  await ensureBuilt(['cli', 'app']);
  const file = join(results, 'e2e.json');
  const ok = await succeeds(bin('playwright'), ['test', '--reporter=list,json'], {
    CHROMIUM_PATH,
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  });
  return countsOf(ok, file, ({ stats }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
  }));
}

/** @type {Record<string, () => Promise<Counts>>} */
const parts = {
  types: () => asOne(succeeds('npm', ['run', '-s', 'check'])),
  lint: () => asOne(succeeds('npm', ['run', '-s', 'lint'])),
  unit: async () => {
    await ensureProgram('strace', '/usr/bin/strace');
    return vitest('unit');
  },
  // By itself: other tests beside it would be part of the load.
  load: () => vitest('load'),
  'real-files': () => vitest('real-files'),
  e2e: endToEnd,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !(part in parts));
if (unknown.length > 0) {
  say(`There is no part "${unknown.join('", "')}". Parts: ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

await ensureDependencies();
await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
await ensureBuilt(['cli']);
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const lines = [];
for (const [part, check] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(part)) continue;
  say(`\n== ${part}`);
  const startMs = performance.now();
  const counts = await check();
  lines.push(
    `${part}: ${((performance.now() - startMs) / 1000).toFixed(1)} s, ${counts.passed} passed, ${counts.failed} failed`,
  );
  for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[key] += counts[key];
}
process.stdout.write(
  `\n${lines.join('\n')}\n\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
