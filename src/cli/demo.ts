/**
 * Serves the app with the demo community on localhost:
 * `demo --app DIR --data DIR --port N --endpoint URL`. Prints `ready` on a line of its own when it is.
 */
import { parseArgs } from 'node:util';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { appFiles } from '../simulation/app-files.ts';
import { DemoCommunity } from '../simulation/demo-community.ts';
import { demoRoutes } from '../simulation/demo-routes.ts';

const { values } = parseArgs({
  options: {
    app: { type: 'string' },
    data: { type: 'string' },
    port: { type: 'string' },
    endpoint: { type: 'string' },
  },
});
const { app: folder, data, port, endpoint } = values;
if (folder === undefined || data === undefined || port === undefined || endpoint === undefined) {
  process.stderr.write('Usage: demo --app DIR --data DIR --port N --endpoint URL\n');
  process.exit(2);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const appOrigin = `http://localhost:${port}`;
const demo = await DemoCommunity.open({
  folder: data,
  endpointUrl: endpoint,
  appOrigin,
  say: print,
});
// The demo first: a build for other hosts has a file that says there is no demo.
const app = new Hono().route('/demo', demoRoutes(demo, appOrigin)).route('/', appFiles(folder));
const server = serve({ fetch: app.fetch, port: Number(port), hostname: 'localhost' }, () => print('ready'));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    if ('closeIdleConnections' in server) server.closeIdleConnections();
    setTimeout(() => process.exit(0), 2000).unref();
  });
}
