// npm run build -- [app] [cli]: builds the web app, the command line programs, or without a word both. Needs the
// packages to be installed (scripts/setup.js does that).
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleEndpoint } from './bundle-endpoint.js';
import { ensureDependencies, ensureBuilt, root, run, say } from './setup.js';

/** Packages with files of their own beside their code, which a bundle would lose. */
const external = ['node-tfhe', 'playwright', '@playwright/test'];

async function buildApp() {
  say('Building the app…');
  await run(process.execPath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--logLevel', 'warn']);
}

async function buildCommands() {
  say('Building the command line programs…');
  const evaluator = join(root, 'scripts', 'build-evaluator.js');
  if (existsSync(evaluator)) {
    const { buildEvaluator } = await import(evaluator);
    await buildEvaluator();
  }
  const { build } = await import('rolldown');
  const folder = join(root, 'src', 'cli');
  const names = (await readdir(folder))
    .filter((name) => /^[^.]+\.ts$/.test(name) && name !== 'endpoint.ts')
    .map((name) => name.slice(0, -3));
  await rm(join(root, 'build', 'cli'), { recursive: true, force: true });
  await build({
    input: Object.fromEntries(names.map((name) => [name, join(folder, `${name}.ts`)])),
    platform: 'node',
    external,
    // The checkout's own options extend a file that only SvelteKit makes; the bundler needs none of them.
    tsconfig: false,
    output: {
      dir: join(root, 'build', 'cli'),
      format: 'esm',
      entryFileNames: '[name].mjs',
      chunkFileNames: '[name]-[hash].mjs',
      sourcemap: true,
    },
  });
  await bundleEndpoint(join(root, 'build', 'cli', 'endpoint.mjs'));
}

/**
 * Builds one target from scratch.
 * @param {'app' | 'cli'} target
 */
export const build = (target) => (target === 'app' ? buildApp() : buildCommands());

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  /** @type {('app' | 'cli')[]} */
  const targets = [];
  for (const target of process.argv.slice(2)) if (target === 'app' || target === 'cli') targets.push(target);
  // Not awaited here: ensureBuilt imports this module, which must have been evaluated by then.
  ensureDependencies()
    .then(() => ensureBuilt(targets.length > 0 ? targets : ['app', 'cli']))
    .catch((/** @type {unknown} */ error) => {
      say(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    });
}
