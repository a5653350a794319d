/** An endpoint of its own for a command: the real program on a free port with an empty folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningEndpoint {
  readonly url: string;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/**
 * @param program - path of the bundled endpoint
 * @param onlog - told every line of its log
 */
export async function startEndpoint(program: string, onlog: (line: string) => void): Promise<RunningEndpoint> {
  const data = await mkdtemp(join(tmpdir(), 'simulated-endpoint-'));
  const child = spawn(
    process.execPath,
    [program, 'serve', '--data', data, '--port', '0', '--origin', 'http://localhost'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  createInterface({ input: child.stderr }).on('line', onlog);
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
