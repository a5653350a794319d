/**
 * Plays one round with real encryption at a real endpoint, and says whether the opened totals are exact:
 * `simulate --homes N --stewards n --threshold t [--data FILE] [--seed S] [--tamper]`. One JSON object on stdout; ends
 * with 1 if a total is wrong or a party refuses.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { EndpointClient, EndpointError } from '../protocol/endpoint-client.ts';
import { ProtocolError } from '../protocol/error.ts';
import { mostHomes } from '../protocol/fields.ts';
import { simulatedVector } from '../simulation/home-month.ts';
import { replayHomes, type ReplayedHomes } from '../simulation/replay.ts';
import { simulateRound } from '../simulation/simulate.ts';

const usage =
  'Usage: simulate --homes N --stewards n --threshold t [--data FILE] [--seed S] [--tamper]\n' +
  '  --homes N       homes that take part, at most 1000 (56)\n' +
  '  --stewards n    stewards who hold the keys (3)\n' +
  '  --threshold t   stewards needed to open a total (2)\n' +
  '  --data FILE     real homes of this file (.csv or .csv.gz) instead of simulated ones\n' +
  '  --seed S        another whole number makes other simulated homes (1)\n' +
  '  --tamper        one home sends a ciphertext with one word changed\n';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const wholeNumber = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
};

/** The homes' vectors and their month. */
async function homesOf(homes: number, seed: number, file: string | undefined): Promise<ReplayedHomes> {
  if (file === undefined) {
    if (homes > mostHomes) throw new RangeError(`--homes must be at most ${mostHomes}, not ${homes}`);
    const [month, timeZone] = ['2025-01', 'Europe/Amsterdam'];
    const vectors = Array.from({ length: homes }, (_, index) => simulatedVector({ seed, index, timeZone, month }));
    return { month, vectors };
  }
  const bytes = await readFile(file);
  const { month, vectors } = replayHomes((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  if (homes > vectors.length) {
    throw new RangeError(`--homes must be at most ${vectors.length}: so many homes of the file have ${month} complete`);
  }
  return { month, vectors: vectors.slice(0, homes) };
}

interface RunningEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the endpoint on a free port with an empty folder, which goes when it stops. */
async function startEndpoint(): Promise<RunningEndpoint> {
  const data = await mkdtemp(join(tmpdir(), 'simulated-endpoint-'));
  const program = fileURLToPath(new URL('./endpoint.mjs', import.meta.url));
  const child = spawn(
    process.execPath,
    [program, 'serve', '--data', data, '--port', '0', '--origin', 'http://localhost'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(data, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^listening (http:\S+)$/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return { url, stop };
  }
  await stop();
  throw new Error('The endpoint did not start');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((done) => child.once('close', done));
  child.kill('SIGTERM');
  await end;
}

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
  const { month, vectors } = await homesOf(homes ?? 0, seed ?? 0, values.data);
  const endpoint = await startEndpoint();
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
