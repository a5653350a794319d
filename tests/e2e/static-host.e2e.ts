/** Files that the endpoint has exported, on hosts that know nothing of it, fetched by a page in Chromium. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { Core, defaultLimits } from '../../src/endpoint/core.ts';
import { createEndpoint } from '../../src/endpoint/endpoint.ts';
import { exportFiles } from '../../src/endpoint/export.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { toHex } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { clientOf, fewestHomes, month, startMs, TestCommunity } from '../endpoint/community.ts';
import { signerOf } from '../protocol/example.ts';
import { freePort } from './support.ts';

const nginx = [process.env.NGINX_PATH ?? '', '/usr/sbin/nginx'].find((path) => existsSync(path));

let folder: string;
let files: string;
/** SHA-256 by path. */
const expected: Record<string, string> = {};
const processes: ChildProcess[] = [];

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'static-host-'));
  files = join(folder, 'files');
  const [data, signer] = [join(folder, 'data'), await signerOf('endpoint')];
  await mkdir(data);
  const store = await FileStore.open(data);
  const client = clientOf(createEndpoint({ store, signer, origins: [], now: () => startMs }));
  const street = await TestCommunity.make(fewestHomes);
  const announcement = await street.announce(client);
  for (const home of street.invites.keys()) {
    await client.contribute(street.round(), await street.contribution(announcement, home));
  }
  await client.close(street.round(), await street.close(announcement));
  const core = new Core({ store, signer, now: () => startMs, limits: defaultLimits, log: () => undefined });
  // Identity, manifest, announcement, list, seals, and per steward a total, fingerprints and ciphertexts.
  expect(await exportFiles(core, files)).toBe(5 + 3 * (2 + fewestHomes));
  const round = `communities/${street.id}/rounds/${month}`;
  for (const path of [`communities/${street.id}/manifest`, `${round}/list`, `${round}/totals/0-2.bin`]) {
    expected[path] = toHex(await sha256(await readFile(join(files, path))));
  }
});

test.afterAll(async () => {
  for (const child of processes) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }
  await rm(folder, { recursive: true, force: true });
});

/** Starts a server and waits until it answers. */
async function startHost(command: string, args: readonly string[], url: string): Promise<void> {
  processes.push(spawn(command, args, { stdio: 'ignore' }));
  await expect
    .poll(() =>
      fetch(url).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBeGreaterThan(0);
}

/** What a page gets of a file: SHA-256, and the headers that a client looks at. */
const fetchIn = (page: Page, url: string) =>
  page.evaluate(async (address) => {
    const response = await fetch(address);
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await response.arrayBuffer()));
    const part = await fetch(address, { headers: { range: 'bytes=8-15' } });
    return {
      isolated: crossOriginIsolated,
      hash: Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join(''),
      caching: response.headers.get('cache-control'),
      partLength: (await part.arrayBuffer()).byteLength,
    };
  }, url);

test('Python’s plain file server carries the files for an app on its own origin', async ({ page }) => {
  await writeFile(join(files, 'index.html'), '<!doctype html><title>app</title>');
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  await startHost('python3', ['-m', 'http.server', String(port), '--directory', files], origin);
  await page.goto(`${origin}/index.html`);
  for (const [path, hash] of Object.entries(expected)) {
    expect(await fetchIn(page, `${origin}/${path}`)).toMatchObject({ hash });
  }
});

test('nginx with the documented lines carries them for a cross-origin isolated app elsewhere', async ({ page }) => {
  test.skip(nginx === undefined, 'There is no nginx here: install Debian’s, or set NGINX_PATH');
  const isolating = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  const app = createServer((_, response) =>
    response.writeHead(200, isolating).end('<!doctype html><title>app</title>'),
  );
  const [appPort, port, wrongPort] = [await freePort(), await freePort(), await freePort()];
  await new Promise<void>((done) => app.listen(appPort, 'localhost', done));
  const appOrigin = `http://localhost:${appPort}`;
  const documented = await readFile(join(import.meta.dirname, '../../deploy/nginx-static.conf'), 'utf8');
  const server = documented
    .replaceAll('https://energy.example', appOrigin)
    .replace('listen 8430', `listen ${port}`)
    .replace('/srv/energy-files', files);
  // Beside it one that lacks the lines: there the same page must fail, or this test would show nothing.
  const bare = `server { listen ${wrongPort}; root ${files}; }`;
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; user root; pid ${folder}/pid; error_log ${folder}/log; events {}
     http { access_log off; client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
     uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5; ${server} ${bare} }`,
  );
  const host = `http://localhost:${port}`;
  await startHost(nginx ?? '', ['-c', join(folder, 'nginx.conf'), '-p', folder], host);
  await page.goto(appOrigin);
  for (const [path, hash] of Object.entries(expected)) {
    expect(await fetchIn(page, `${host}/${path}`)).toEqual({
      isolated: true,
      hash,
      caching: 'public, max-age=31536000, immutable',
      partLength: 8,
    });
    await expect(fetchIn(page, `http://localhost:${wrongPort}/${path}`)).rejects.toThrow(/Failed to fetch/);
  }
  app.close();
});
