// Set-up on a fresh machine: `node:` modules only, because nothing else may be there yet.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const lockRecord = join(root, 'node_modules', '.installed-lock-sha256');
/** What the built files are made from. */
const sources = [
  'src',
  'static',
  'scripts',
  'package-lock.json',
  'svelte.config.js',
  'vite.config.ts',
  'tsconfig.json',
];

const sha256 = (/** @type {string | Uint8Array} */ bytes) => createHash('sha256').update(bytes).digest('hex');

/** Progress goes to stderr, so that a command's stdout stays its own. */
export const say = (/** @type {string} */ line) => process.stderr.write(`${line}\n`);

/**
 * Runs a program in the checkout with its output on stderr; rejects unless it ends with 0.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<void>}
 */
export function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? 'a signal'}`));
    });
  });
}

const readText = (/** @type {string} */ file) => readFile(file, 'utf8').catch(() => '');

/** Installs the packages of package-lock.json unless exactly those are installed already. */
export async function ensureDependencies() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node 20.19 or newer is needed; this is ${process.version}. See https://nodejs.org`);
  }
  const wanted = sha256(await readFile(join(root, 'package-lock.json')));
  if ((await readText(lockRecord)) === wanted) return;
  say('Installing packages (npm ci)…');
  // Node was looked at above. A package that asks for npm 10 is installed by Debian 13's npm 9.2 just as well.
  const words = ['ci', '--no-audit', '--no-fund', '--engine-strict=false'];
  await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', words);
  await writeFile(lockRecord, wanted);
}

/** What the build itself writes beside the sources. */
const madeByTheBuild = /^src.locales.(\.wuchale|data\.js$|en\.po$)/;

/**
 * Every file below a path, sorted, as paths from the checkout's folder.
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function filesBelow(path) {
  const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return existsSync(join(root, path)) ? [path] : [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !madeByTheBuild.test(file))
    .sort();
}

/** One hash over names and contents of all that the build reads. */
async function sourceHash() {
  const files = (await Promise.all(sources.map(filesBelow))).flat();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0${sha256(await readFile(join(root, file)))}\n`);
  return hash.digest('hex');
}

/**
 * Builds `app` (the web app) and `cli` (evaluator and command line) where sources changed since the last build.
 * @param {('app' | 'cli')[]} targets
 */
export async function ensureBuilt(targets) {
  const wanted = await sourceHash();
  for (const target of targets) {
    const stamp = join(root, 'build', `.${target}-sources-sha256`);
    if ((await readText(stamp)) === wanted) continue;
    const { build } = await import('./build.js');
    await build(target);
    await mkdir(dirname(stamp), { recursive: true });
    await writeFile(stamp, wanted);
  }
}
