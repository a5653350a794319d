/** The endpoint as a program: bundled as for use, started, killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { bundleEndpoint } from '../../scripts/bundle-endpoint.js';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';

// A test that fails leaves none of its programs behind.
const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

/** Bundles the program into a folder, as for use, and gives its path. */
export async function bundleProgram(folder: string): Promise<string> {
  const file = join(folder, 'endpoint.mjs');
  await bundleEndpoint(file);
  return file;
}

export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly client: EndpointClient;
  /** What it wrote to stderr so far. */
  readonly log: () => string;
  /** From the start to `ready`. */
  readonly startMs: number;
  /** Sends a signal and waits for the end; gives the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

/**
 * Starts `serve` and waits until it is ready.
 *
 * @param under - a program, with arguments, that starts it
 */
export async function startProgram(
  program: string,
  data: string,
  args: readonly string[] = [],
  under: readonly string[] = [],
): Promise<Running> {
  const began = performance.now();
  const whole = [...under, process.execPath, program];
  const child = spawn(
    whole[0] ?? '',
    [
      ...whole.slice(1),
      'serve',
      '--data',
      data,
      '--port',
      '0',
      '--origin',
      'https://app.test',
      '--host',
      '127.0.0.1',
      ...args,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  children.push(child);
  let [said, log] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  await new Promise<void>((done, fail) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.endsWith('\nready\n')) done();
    });
    child.once('exit', (code) => fail(new Error(`it ended with ${code}: ${log}`)));
  });
  const url = /^listening (http:\/\/\S+)$/m.exec(said)?.[1];
  if (url === undefined) throw new Error(`it said no address: ${said}`);
  return {
    child,
    url,
    client: new EndpointClient({ url, fetch }),
    log: () => log,
    startMs: performance.now() - began,
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      }
      return child.exitCode;
    },
  };
}
