/**
 * Plays one round with real encryption at a real endpoint, and says whether the opened totals are exact:
 * `simulate --homes N --stewards n --threshold t [--data FILE] [--seed S] [--tamper]`. One JSON object on stdout; ends
 * with 1 if a total is wrong or a party refuses.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EndpointClient, EndpointError } from '../protocol/endpoint-client.ts';
import { ProtocolError } from '../protocol/error.ts';
import { homeVectors } from '../simulation/home-vectors.ts';
import { startEndpoint } from '../simulation/running-endpoint.ts';
import { simulateRound } from '../simulation/simulate.ts';
import { wholeNumber } from './whole-number.ts';

const usage =
  'Usage: simulate --homes N --stewards n --threshold t [--data FILE] [--seed S] [--tamper]\n' +
  '  --homes N       homes that take part, at most 1000 (56)\n' +
  '  --stewards n    stewards who hold the keys (3)\n' +
  '  --threshold t   stewards needed to open a total (2)\n' +
  '  --data FILE     real homes of this file (.csv or .csv.gz) instead of simulated ones\n' +
  '  --seed S        another whole number makes other simulated homes (1)\n' +
  '  --tamper        one home sends a ciphertext with one word changed\n';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      homes: { type: 'string', default: '56' },
      stewards: { type: 'string', default: '3' },
      threshold: { type: 'string', default: '2' },
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      tamper: { type: 'boolean', default: false },
    },
  });
  const [homes, stewards, threshold, seed] = (['homes', 'stewards', 'threshold', 'seed'] as const).map((name) =>
    wholeNumber(name, values[name]),
  );
  const { month, vectors } = await homeVectors(homes ?? 0, seed ?? 0, values.data);
  const program = fileURLToPath(new URL('./endpoint.mjs', import.meta.url));
  const endpoint = await startEndpoint(program, say);
  try {
    const figures = await simulateRound({
      endpointOf: () => new EndpointClient({ url: endpoint.url, fetch: (url, init) => fetch(url, init) }),
      month,
      vectors,
      stewards: stewards ?? 0,
      threshold: threshold ?? 0,
      tamper: values.tamper,
      say,
    });
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return figures.exact ? 0 : 1;
  } finally {
    await endpoint.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const refused = error instanceof ProtocolError || error instanceof EndpointError;
  if (refused)
    process.stdout.write(`${JSON.stringify({ exact: false, refused: error.code, message: error.message })}\n`);
  say(error instanceof Error ? error.message : String(error));
  if (!refused) say(`\n${usage}`);
  process.exitCode = 1;
}
