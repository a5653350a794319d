import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';

const root = new URL('../..', import.meta.url).pathname;

/** Ports that were given out already. */
const given = new Set<number>();

/**
 * A port that nothing listens on now. It lies below those that systems choose for outgoing connections, so that no
 * request takes it while the server that it is for is not up, or is down for a moment.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (given.has(port)) continue;
    given.add(port);
    const probe = createServer().listen(port, 'localhost');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** The app, the endpoint and the demo community, started as `npm start` does, on ports and in a folder of their own. */
export class Product {
  readonly origin: string;
  readonly endpoint: string;
  readonly #port: number;
  readonly #endpointPort: number;
  readonly #data: string;
  #process: ChildProcess | undefined;
  readonly #parts: ChildProcess[] = [];

  private constructor(port: number, endpointPort: number, data: string) {
    this.origin = `http://localhost:${port}`;
    this.endpoint = `http://localhost:${endpointPort}`;
    this.#port = port;
    this.#endpointPort = endpointPort;
    this.#data = data;
  }

  static async start(): Promise<Product> {
    const data = await mkdtemp(join(tmpdir(), 'energy-e2e-'));
    const [port, endpointPort] = await Promise.all([freePort(), freePort()]);
    const product = new Product(port, endpointPort, data);
    await product.start();
    return product;
  }

  /**
   * Starts both programs and resolves with what was said when they are ready. Without `withPorts` on the ports that the
   * data folder remembers.
   */
  async start({ withPorts = true } = {}): Promise<string> {
    const ports = withPorts ? ['--port', String(this.#port), '--endpoint-port', String(this.#endpointPort)] : [];
    const child = spawn(process.execPath, [join(root, 'scripts', 'start.js'), ...ports, '--data', this.#data], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (!said.includes('Ctrl-C stops both')) return;
        this.#process = child;
        resolve(said);
      });
      child.on('close', (code) => reject(new Error(`npm start ended with ${code ?? 'a signal'}:\n${said}`)));
    });
  }

  /** Starts the endpoint alone, as if only the app's server were down. */
  startEndpoint(): Promise<void> {
    const data = join(this.#data, 'endpoint');
    return this.#startPart('endpoint', [
      'serve',
      '--data',
      data,
      '--port',
      String(this.#endpointPort),
      '--origin',
      this.origin,
    ]);
  }

  /** Starts the app's server alone, over another build of the app. */
  startApp(app: string): Promise<void> {
    const data = join(this.#data, 'demo');
    return this.#startPart('demo', [
      '--app',
      app,
      '--data',
      data,
      '--port',
      String(this.#port),
      '--endpoint',
      this.endpoint,
    ]);
  }

  async #startPart(name: string, args: string[]): Promise<void> {
    const child = spawn(process.execPath, [join(root, 'build', 'cli', `${name}.mjs`), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#parts.push(child);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (/^ready$/m.test(said)) resolve();
      });
      child.on('close', () => reject(new Error(`${name} ended: ${said}`)));
    });
  }

  /** Starts the endpoint and the app's server as parts that can be killed one by one. */
  async startParts(): Promise<void> {
    await this.startEndpoint();
    await this.startApp(join(root, 'build', 'app'));
  }

  /** Ends the endpoint that was started as a part as a power cut would. */
  async killEndpoint(): Promise<void> {
    const at = this.#parts.findIndex(({ spawnargs }) => spawnargs.some((arg) => arg.endsWith('endpoint.mjs')));
    const [part] = this.#parts.splice(at, 1);
    if (part === undefined || at === -1) throw new Error('the endpoint was not started as a part');
    part.kill('SIGKILL');
    await once(part, 'close');
  }

  /** Everything that the endpoint has written. */
  async endpointFiles(): Promise<Buffer[]> {
    const entries = await readdir(join(this.#data, 'endpoint'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name))));
  }

  /** Stops whatever runs; what it holds stays in its folder. */
  async stop(): Promise<void> {
    for (const part of this.#parts.splice(0)) {
      part.kill('SIGTERM');
      if (part.exitCode === null) await once(part, 'close');
    }
    const child = this.#process;
    if (child?.exitCode !== null) return;
    child.kill('SIGINT');
    await once(child, 'close');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#data, { recursive: true, force: true });
  }
}

/** Everything that pages complained about: console errors, uncaught errors, failed requests to the app. */
export class Complaints {
  readonly #said: string[] = [];
  readonly #expected: RegExp[] = [];

  hear(page: Page): this {
    page.on('console', (message) => {
      if (message.type() === 'error') this.#said.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.#said.push(error.message));
    return this;
  }

  /** What a test brings about on purpose is no complaint, whenever the browser says it. */
  expect(what: RegExp): void {
    this.#expected.push(what);
  }

  get unexpected(): string[] {
    return this.#said.filter((text) => !this.#expected.some((what) => what.test(text)));
  }
}

/** What the browser itself says about servers that a test has stopped. */
export const stoppedServers =
  /net::ERR_(CONNECTION_\w+|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH|INTERNET_DISCONNECTED|NETWORK_\w+)|Failed to update a ServiceWorker/;

/** Tests share one running product; each fails on any console error or content security policy violation. */
export const test = base.extend<{ complaints: Complaints }, { product: Product }>({
  product: [
    async ({ browserName }, use) => {
      expect(browserName).toBe('chromium');
      const product = await Product.start();
      await use(product);
      await product.remove();
    },
    { scope: 'worker', timeout: 600_000 },
  ],
  baseURL: async ({ product }, use) => use(product.origin),
  complaints: [
    async ({ page }, use) => {
      const complaints = new Complaints().hear(page);
      await use(complaints);
      expect(complaints.unexpected).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect } from '@playwright/test';
