/** The real program against connections that behave badly, and its other commands. */
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundleProgram, startProgram, type Running } from './program.ts';
import { temporaryFolder } from './support.ts';

let program: string;
let data: string;
let running: Running;
beforeAll(async () => {
  program = await bundleProgram(await temporaryFolder());
  data = await temporaryFolder();
  running = await startProgram(program, data);
});

/** Sends these bytes and gives what comes back until the other side ends the connection. */
const exchange = (sent: string): Promise<string> =>
  new Promise((done, fail) => {
    const { hostname, port } = new URL(running.url);
    const socket = connect(Number(port), hostname, () => socket.write(sent));
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => (answer += String(text)));
    socket.on('end', () => socket.end()).on('close', () => done(answer));
    socket.on('error', fail);
  });
const statusOf = (answer: string): string => answer.split(' ')[1] ?? 'none';

test('Requests whose end is said in two ways, or whose headers are too long, are refused', async () => {
  const twice =
    'POST /communities HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  expect(statusOf(await exchange(twice))).toBe('400');
  const obsolete = 'GET /identity HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n';
  expect(statusOf(await exchange(obsolete))).toBe('400');
  const long = `GET /identity HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9000)}\r\n\r\n`;
  expect(statusOf(await exchange(long))).toBe('431');
  expect(await running.client.identity()).toHaveLength(32);
});

test('Connections that never finish their headers are closed, and others are served meanwhile', async () => {
  const slow = Array.from({ length: 50 }, () => exchange('GET /identity HTTP/1.1\r\nHost: a\r\n'));
  expect(await running.client.identity()).toHaveLength(32);
  const answers = await Promise.all(slow);
  expect(new Set(answers.map(statusOf))).toEqual(new Set(['408']));
});

test('A request that is too large is answered, and the connection is of no use for more', async () => {
  const head =
    'POST /communities HTTP/1.1\r\nHost: a\r\nContent-Type: application/cbor\r\nContent-Length: 99999999\r\n\r\n';
  expect(statusOf(await exchange(head))).toBe('413');
});

test('Wrong use is told, and what is no data folder is not looked at', async () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  for (const args of [
    [],
    ['serve'],
    ['serve', '--data', data, '--port', 'x', '--origin', '*'],
    ['serve', '--data', data, '--port', '0'],
    ['serve', '--data', data, '--port', '0', '--origin', 'https://app.example/path'],
    ['serve', '--data', data, '--port', '0', '--nonsense'],
    ['export', '--data', data],
  ]) {
    const { status, stderr } = run(...args);
    expect([args, status, stderr.length > 20]).toEqual([args, 2, true]);
  }
  const empty = await temporaryFolder();
  expect(run('verify', '--data', empty)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('no key') as unknown,
  });
  expect(await readdir(empty)).toEqual([]);
  expect(run('verify', '--data', data)).toMatchObject({ status: 0 });
  const to = join(empty, 'files');
  expect(run('export', '--data', data, '--to', to)).toMatchObject({ status: 0, stdout: '1 files written\n' });
  expect(await readdir(to)).toEqual(['identity']);
});
