// npm run bench -- TOPIC [--json] [ARG...]: measures one topic of tests/bench and prints its figures.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureDependencies, root, say } from './setup.js';

const folder = join(root, 'tests', 'bench');
const [topic = '', ...args] = process.argv.slice(2);
const topics = (await readdir(folder)).filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -3));
if (!topics.includes(topic)) {
  say(`Which topic? npm run bench -- ${topics.join(' | ')} [--json]`);
  process.exit(2);
}

await ensureDependencies();
await ensureBuilt(['cli']);
const { build } = await import('rolldown');
const file = join(root, 'build', 'bench', `${topic}.mjs`);
await build({
  input: join(folder, `${topic}.ts`),
  platform: 'node',
  external: ['node-tfhe', 'rolldown', 'vite', '@playwright/test'],
  // The checkout's own options extend a file that only SvelteKit makes.
  tsconfig: false,
  output: { file, format: 'esm', codeSplitting: false },
});
/** @type {{ bench: (args: string[]) => Promise<Record<string, unknown>> }} */
const { bench } = await import(pathToFileURL(file).href);
const figures = await bench(args.filter((arg) => arg !== '--json'));
if (args.includes('--json')) {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} else {
  for (const [name, value] of Object.entries(figures)) {
    process.stdout.write(`${name.padEnd(28)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`);
  }
}
process.exit(0);
