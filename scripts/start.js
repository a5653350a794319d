// npm start: installs and builds what is missing, then runs the app with the demo community and the endpoint.
//   --port N            the app's port (8420)            --endpoint-port N   the endpoint's port (8421)
//   --data DIR          where both keep their data       --phone             how to open it on a phone
// Ports are remembered in the data folder, because what a browser keeps belongs to the address it was opened at.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureDependencies, root, say } from './setup.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    'endpoint-port': { type: 'string' },
    data: { type: 'string', default: join(root, '.data') },
    phone: { type: 'boolean', default: false },
  },
});
const data = resolve(values.data);
const portsFile = join(data, 'ports.json');

/** @returns {Promise<{ port?: number, endpointPort?: number }>} */
async function rememberedPorts() {
  try {
    return JSON.parse(await readFile(portsFile, 'utf8'));
  } catch {
    return {};
  }
}

const portOf = (/** @type {string | undefined} */ text, /** @type {number} */ otherwise) => {
  const port = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`"${text ?? port}" is no port. Give a whole number from 1 to 65535.`);
};

/** Fails with advice if something else listens on the port. */
const ensureFree = (/** @type {number} */ port, /** @type {string} */ flag) =>
  /** @type {Promise<void>} */ (
    new Promise((done, fail) => {
      const probe = createServer();
      probe.once('error', () =>
        fail(
          new Error(
            `Port ${port} is taken by another program. Stop that program, or run\n\n` +
              `  npm start -- ${flag} ${port + 10}\n\n` +
              `A different port is a different store: what the app keeps in your browser belongs to its address, so\n` +
              `readings and keys kept at port ${port} will not be seen at another one. They are not lost; they come\n` +
              `back with the old port.`,
          ),
        ),
      );
      probe.listen(port, '127.0.0.1', () => probe.close(() => done()));
    })
  );

/** @type {import('node:child_process').ChildProcess[]} */
const children = [];
let stopping = false;

/** Ends both programs, each in its own time. */
function stop() {
  if (stopping) return;
  stopping = true;
  for (const child of children) child.kill('SIGTERM');
}

/**
 * Starts one of the built programs and waits until it says `ready`.
 * @param {string} name
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function launch(name, args) {
  return new Promise((ready, fail) => {
    const program = join(root, 'build', 'cli', `${name}.mjs`);
    const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own: Ctrl-C reaches this script alone, which then stops the others in order.
      detached: process.platform !== 'win32',
    });
    children.push(child);
    let line = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      line += text;
      const lines = line.split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) {
        if (whole === 'ready') ready();
        else say(whole);
      }
    });
    child.on('error', fail);
    child.on('close', (code) => {
      fail(new Error(`The ${name} program ended (${code ?? 'killed'}).`));
      if (!stopping) process.exitCode = 1;
      stop();
    });
  });
}

try {
  await ensureDependencies();
  await ensureBuilt(['cli', 'app']);
  const remembered = await rememberedPorts();
  const port = portOf(values.port, remembered.port ?? 8420);
  const endpointPort = portOf(values['endpoint-port'], remembered.endpointPort ?? 8421);
  if (port === endpointPort) throw new Error(`The app and the endpoint need two different ports; both are ${port}.`);
  await ensureFree(port, '--port');
  await ensureFree(endpointPort, '--endpoint-port');
  await mkdir(data, { recursive: true });
  await writeFile(portsFile, `${JSON.stringify({ port, endpointPort })}\n`);

  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, stop);
  const origin = `http://localhost:${port}`;
  const endpoint = `http://localhost:${endpointPort}`;
  say('Starting the aggregation endpoint…');
  await launch('endpoint', [
    'serve',
    '--data',
    join(data, 'endpoint'),
    '--port',
    String(endpointPort),
    '--origin',
    origin,
  ]);
  say('Starting the app and the demo community…');
  await launch('demo', [
    '--app',
    join(root, 'build', 'app'),
    '--data',
    join(data, 'demo'),
    '--port',
    String(port),
    '--endpoint',
    endpoint,
  ]);
  say(
    `\n  The app        ${origin}\n  The endpoint   ${endpoint}\n\nCtrl-C stops both; what they hold is kept in ${data}.`,
  );
  if (values.phone) {
    say(
      `\nOn an Android phone: a browser grants keys and offline use only to a secure page, and over USB the phone's own\n` +
        `localhost is one. Switch on USB debugging, plug the phone in, and run\n\n` +
        `  adb reverse tcp:${port} tcp:${port} && adb reverse tcp:${endpointPort} tcp:${endpointPort}\n\n` +
        `then open ${origin} in the phone's Chrome.`,
    );
  }
} catch (error) {
  if (!stopping) say(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = stopping ? (process.exitCode ?? 0) : 1;
  stop();
}
