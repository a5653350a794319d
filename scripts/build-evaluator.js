// Compiles the evaluator's AssemblyScript to build/evaluator/evaluator.wasm.
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './setup.js';

const sources = join('src', 'evaluator', 'assembly');
const output = join('build', 'evaluator', 'evaluator.wasm');
/** Memory is made by the host and may be shared by workers; the module only states the most it would take. */
const flags = [
  '-O3',
  '--noAssert',
  '--converge',
  ...['--runtime', 'stub'],
  ...['--enable', 'simd', '--enable', 'threads'],
  '--importMemory',
  '--sharedMemory',
  ...['--initialMemory', '1'],
  ...['--maximumMemory', '65536'],
  ...['--use', 'abort='],
];

const modifiedMs = async (/** @type {string} */ path) =>
  stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );

/**
 * Compiles unless the output is newer than every source.
 * @returns {Promise<string>} the path of the WASM file
 */
export async function buildEvaluator() {
  const target = join(root, output);
  const names = (await readdir(join(root, sources))).filter((name) => name.endsWith('.ts'));
  const inputs = [...names.map((name) => join(root, sources, name)), fileURLToPath(import.meta.url)];
  const newest = Math.max(...(await Promise.all(inputs.map(modifiedMs))));
  if ((await modifiedMs(target)) > newest) return target;
  await mkdir(join(root, 'build', 'evaluator'), { recursive: true });
  // Named by a variable, or its types would change those of arrays in the whole program (`at` never undefined).
  const compiler = 'assemblyscript/asc';
  const { default: asc } = await import(compiler);
  const { error, stderr } = await asc.main([
    join(sources, 'index.ts'),
    '--baseDir',
    root,
    '--outFile',
    output,
    ...flags,
  ]);
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr.toString()}`);
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${await buildEvaluator()}\n`);
