/**
 * Encrypted comparisons with real keys at a real endpoint, checked against the plain figures:
 * `compare --homes N [--data FILE] [--seed S]`. One JSON object on stdout; ends with 1 if an answer is wrong.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { fewestComparedHomes, simulateComparisons } from '../simulation/compare.ts';
import { homeVectors } from '../simulation/home-vectors.ts';
import { startEndpoint } from '../simulation/running-endpoint.ts';
import { wholeNumber } from './whole-number.ts';

const usage =
  'Usage: compare --homes N [--data FILE] [--seed S]\n' +
  `  --homes N    homes that ask for their comparison (5); at least ${fewestComparedHomes} take part in the round\n` +
  '  --data FILE  real homes of this file (.csv or .csv.gz) instead of simulated ones\n' +
  '  --seed S     another whole number makes other simulated homes (1)\n';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const doneSchema = v.object({
  event: v.literal('comparison-done'),
  bootstraps: v.number(),
  cpuMs: v.number(),
});

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      homes: { type: 'string', default: '5' },
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  });
  const homes = wholeNumber('homes', values.homes);
  if (homes < 1) throw new RangeError('--homes must be at least 1');
  const seed = wholeNumber('seed', values.seed);
  const { month, vectors } = await homeVectors(Math.max(homes, fewestComparedHomes), seed, values.data);
  let [bootstraps, cpuMs] = [0, 0];
  const program = fileURLToPath(new URL('./endpoint.mjs', import.meta.url));
  const endpoint = await startEndpoint(program, (line) => {
    const done = v.safeParse(v.pipe(v.string(), v.parseJson(), doneSchema), line);
    if (!done.success) {
      say(line);
      return;
    }
    bootstraps += done.output.bootstraps;
    cpuMs += done.output.cpuMs;
  });
  try {
    const figures = await simulateComparisons({ endpointUrl: endpoint.url, month, vectors, homes, say });
    const { bytesUp, bytesDown, ...counts } = figures;
    const perHome = (sum: number): number => Math.round((100 * sum) / homes) / 100;
    const costs = { bootstrapsPerHome: perHome(bootstraps), secondsPerHome: perHome(cpuMs / 1000) };
    process.stdout.write(`${JSON.stringify({ ...counts, ...costs, bytesUp, bytesDown })}\n`);
    return figures.wrong === 0 && figures.answers > 0 ? 0 : 1;
  } finally {
    await endpoint.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  say(`\n${usage}`);
  process.exitCode = 1;
}
