/**
 * `npm run -s endpoint -- serve --data DIR --port N --origin ORIGIN`: runs the aggregation endpoint.
 * Prints `listening URL` and `ready` on lines of their own when it is; its log goes to stderr.
 */
import { parseArgs } from 'node:util';
import { serve } from '@hono/node-server';
import { openEndpoint } from '../endpoint/endpoint.ts';
import { jsonLog, reasonOf } from '../endpoint/log.ts';

const usage = `usage: npm run -s endpoint -- serve --data DIR --port N --origin ORIGIN [--origin ORIGIN...] [--host HOST]
  --data DIR       folder for everything it keeps; made if it is not there
  --port N         0 takes a free one
  --origin ORIGIN  where the app is served, such as https://app.example; * for anywhere
  --host HOST      address to listen at (localhost)
  --log-requests   a line for every request`;

const tickMs = 30_000;
/** How long requests may take to end after a signal. */
const graceMs = 10_000;

async function runServer(values: {
  data: string;
  port: number;
  origins: string[];
  host: string;
  logRequests: boolean;
}): Promise<void> {
  const { data, port, origins, host, logRequests } = values;
  const log = jsonLog(logRequests ? 'debug' : 'info', (line) => process.stderr.write(`${line}\n`));
  const endpoint = await openEndpoint({ folder: data, origins, log });
  const timer = setInterval(
    () => void endpoint.tick().catch((error: unknown) => log('error', 'tick-failed', { reason: reasonOf(error) })),
    tickMs,
  );
  const server = serve({ fetch: endpoint.fetch, port, hostname: host }, (info) => {
    process.stdout.write(`listening http://${host}:${info.port}\nready\n`);
  });
  server.on('error', (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  const stop = (): void => {
    clearInterval(timer);
    server.close(() => process.exit(0));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    setTimeout(() => process.exit(0), graceMs).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
}

async function main(): Promise<number | undefined> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      port: { type: 'string' },
      origin: { type: 'string', multiple: true, default: [] },
      host: { type: 'string', default: 'localhost' },
      'log-requests': { type: 'boolean', default: false },
    },
  });
  const { data, port = '', origin: origins, host } = values;
  const [command] = positionals;
  if (command !== 'serve' || data === undefined || !/^\d{1,5}$/.test(port) || origins.length === 0) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  await runServer({ data, port: Number(port), origins, host, logRequests: values['log-requests'] });
  return undefined;
}

try {
  const code = await main();
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}
