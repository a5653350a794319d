/**
 * `npm run -s endpoint -- serve|verify|export …`: the aggregation endpoint. `serve` prints `listening URL` and `ready`
 * on lines of their own when it is; the log goes to stderr, one JSON object a line. Bundled it is one file, which is all
 * that an operator needs (scripts/bundle-endpoint.js).
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parentPort, Worker } from 'node:worker_threads';
import { createAdaptorServer } from '@hono/node-server';
import evaluatorModule from '../../build/evaluator/evaluator.wasm';
import { openCore, openEndpoint } from '../endpoint/endpoint.ts';
import { exportFiles } from '../endpoint/export.ts';
import { EvaluatorPool } from '../evaluator/pool.ts';
import { parentThreadPort, threadPort } from '../evaluator/ports.ts';
import { serveEvaluator } from '../evaluator/worker.ts';
import { jsonLog, reasonOf } from '../endpoint/log.ts';
import { verifyAll } from '../endpoint/verify.ts';

const usage = `usage: npm run -s endpoint -- COMMAND --data DIR ...
  serve --data DIR --port N --origin ORIGIN [--origin ORIGIN...]
    --data DIR          folder for everything it keeps; made if it is not there
    --port N            0 takes a free one
    --origin ORIGIN     where the app is served, such as https://app.example; * for anywhere
    --host HOST         address to listen at (localhost)
    --behind-proxy      take the client's address from X-Forwarded-For, which the proxy in front must set
    --retention-days N  deletes after so many days what communities would keep for longer (366)
    --server-keys N     most homes' server keys at a time, 28.5 MB each (2000)
    --log-requests      a line for every request
  verify --data DIR     reads everything that is kept; exit code 1 if something is damaged or gone
  export --data DIR --to FOLDER
                        writes the files that a static host can serve`;

const tickMs = 5_000;
/** How long requests may take to end after a signal. */
const graceMs = 10_000;
/** Memory for expanded server keys, about 90 MB each; the ones longest unused make room. */
const keyMemoryBytes = 2 ** 29;

const { values, positionals } = (() => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        origin: { type: 'string', multiple: true, default: [] },
        host: { type: 'string', default: 'localhost' },
        to: { type: 'string' },
        'behind-proxy': { type: 'boolean', default: false },
        'retention-days': { type: 'string', default: '366' },
        'server-keys': { type: 'string', default: '2000' },
        'log-requests': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return fail(`${reasonOf(error)}\n${usage}`, 2);
  }
})();

function fail(message: string, code = 1): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const log = jsonLog(values['log-requests'] ? 'debug' : 'info', (line) => process.stderr.write(`${line}\n`));

/**
 * Keeps a second process off the folder, which is made if it is not there: a name that the system frees when this process
 * ends, however it ends. Processes with another network, such as other containers, do not see it.
 */
async function claim(folder: string): Promise<Server> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Not by its path, of which a folder may have several: systemd's /var/lib/NAME is a link to /var/lib/private/NAME.
  const { dev, ino } = await stat(folder, { bigint: true });
  const name = createHash('sha256').update(`${dev} ${ino}`).digest('hex');
  const server = createServer().unref();
  // A path on the file system may be too long for a socket, and would stay behind.
  server.listen({ path: `\0private-energy-endpoint-${name}` });
  await once(server, 'listening').catch(() =>
    fail(`Another endpoint has ${relative('.', folder)} open; a folder is for one.`),
  );
  return server;
}

/** Threads for comparisons, which run this same file; the first one starts with the first comparison. */
async function evaluatorPool(): Promise<EvaluatorPool> {
  const module = await WebAssembly.compile(evaluatorModule);
  const spawn = () => threadPort(new Worker(new URL(import.meta.url)));
  const workers = Math.max(1, availableParallelism() - 1);
  return new EvaluatorPool({ module, spawn, workers, maxBytes: keyMemoryBytes });
}

async function serve(folder: string): Promise<void> {
  const { port = '', origin: origins, host } = values;
  const [retentionDays, allServerKeys] = [Number(values['retention-days']), Number(values['server-keys'])];
  if (!/^\d{1,5}$/.test(port) || origins.length === 0 || ![retentionDays, allServerKeys].every(Number.isInteger))
    fail(usage, 2);
  const bad = origins.find((origin) => origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin));
  if (bad !== undefined)
    fail(`--origin ${bad} is no origin: give scheme and host only, such as https://app.example`, 2);
  if (process.platform === 'linux') await claim(folder);
  const pool = await evaluatorPool();
  const endpoint = await openEndpoint({
    folder,
    evaluator: { pool },
    origins,
    log,
    limits: { retentionDays, allServerKeys },
    behindProxy: values['behind-proxy'],
  });
  const server = createAdaptorServer({
    fetch: endpoint.fetch,
    serverOptions: {
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 8192,
      connectionsCheckingInterval: 2_000,
    },
  });
  server.on('error', (error: Error) => fail(error.message));
  server.listen(Number(port), host, () => {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`listening http://${host}:${actual}\nready\n`);
  });

  const end = (code: number): void => {
    clearInterval(timer);
    void endpoint.stop();
    server.close(() => process.exit(code));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    // What is not done by now is dropped: nothing of it was acknowledged.
    setTimeout(() => process.exit(code), graceMs).unref();
  };
  let ticking = false;
  const timer = setInterval(() => {
    if (ticking) return;
    ticking = true;
    endpoint
      .tick()
      .catch((error: unknown) => {
        log('error', 'stopping', { reason: reasonOf(error) });
        end(1);
      })
      .finally(() => (ticking = false));
  }, tickMs);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0));
}

async function verify(folder: string): Promise<void> {
  const { entries, blobs, faults } = await verifyAll(await openCore(folder));
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  process.stdout.write(`${entries} entries and ${blobs} files read, ${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

async function main(): Promise<void> {
  const [command] = positionals;
  if (values.data === undefined) fail(usage, 2);
  const folder = resolve(values.data);
  if (command === 'serve') return serve(folder);
  if (command === 'verify') return verify(folder);
  if (command !== 'export' || values.to === undefined) fail(usage, 2);
  const files = await exportFiles(await openCore(folder), resolve(values.to));
  process.stdout.write(`${files} files written\n`);
}

if (parentPort !== null) serveEvaluator(parentThreadPort(parentPort));
else await main().catch((error: unknown) => fail(reasonOf(error)));
