// Bundles the endpoint into one file that needs nothing but Node beside it.
import { join } from 'node:path';
import { root } from './setup.js';

/**
 * The evaluator must have been built (scripts/build-evaluator.js): its module goes into the file.
 * @param {string} file where to write it
 */
export async function bundleEndpoint(file) {
  const { build } = await import('rolldown');
  await build({
    input: join(root, 'src', 'cli', 'endpoint.ts'),
    platform: 'node',
    moduleTypes: { '.wasm': 'binary' },
    // The checkout's own options extend a file that only SvelteKit makes; the bundler needs none of them.
    tsconfig: false,
    output: { file, format: 'esm', codeSplitting: false, sourcemap: true },
  });
}
