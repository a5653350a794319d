import { expect, test } from 'vitest';
import { fromHex, toHex } from '../../src/protocol/bytes.ts';
import { ciphertextBytes } from '../../src/protocol/ciphertext.ts';
import { encodeContribution } from '../../src/protocol/contribution.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { StoreError } from '../../src/endpoint/store.ts';
import { jsonLog, shortAddress } from '../../src/endpoint/log.ts';
import { MemoryStore } from './memory-store.ts';
import { clientOf, exampleEndpoint, month, TestCommunity } from './support.ts';

const origin = 'https://app.test';
const base = 'http://endpoint.test';
const cbor = { 'content-type': 'application/cbor' };

async function closedRound() {
  const endpoint = await exampleEndpoint({ store: new MemoryStore() });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  for (const home of street.invites.keys()) {
    await client.contribute(street.round(), await street.contribution(announcement, home));
  }
  await client.close(street.round(), await street.close(announcement));
  const path = `${base}/communities/${street.id}/rounds/${month}`;
  const get = (name: string, headers: Record<string, string> = {}, method = 'GET') =>
    endpoint.fetch(new Request(`${path}/${name}`, { headers, method }));
  return { endpoint, client, street, announcement, path, get };
}

const codeOf = async (response: Response): Promise<string> => {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem: unknown = await response.json();
  expect(problem).toMatchObject({ status: response.status });
  const { type, title, detail } = problem as { type: string; title: string; detail: string };
  expect([title, detail].every((text) => text.length > 5)).toBe(true);
  return type.replace('urn:peua:', '');
};

test('Files of a closed round are immutable, validated by their hash and served in parts', async () => {
  const { get, client, street } = await closedRound();
  const whole = await client.total(street.round(), 0, 1);
  const etag = `"${toHex(await sha256(whole))}"`;
  const full = await get('totals/0-1.bin');
  expect(Object.fromEntries(full.headers)).toMatchObject({
    etag,
    'cache-control': 'public, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    'content-length': String(ciphertextBytes),
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringMatching(/default-src 'none'.*base-uri 'none'.*sandbox/) as unknown,
  });
  const part = async (range: string, headers = {}) => {
    const response = await get('totals/0-1.bin', { range, ...headers });
    return { status: response.status, range: response.headers.get('content-range'), bytes: await response.bytes() };
  };
  const size = whole.length;
  expect(await part('bytes=0-9')).toEqual({ status: 206, range: `bytes 0-9/${size}`, bytes: whole.slice(0, 10) });
  expect(await part('bytes=100-')).toEqual({
    status: 206,
    range: `bytes 100-${size - 1}/${size}`,
    bytes: whole.slice(100),
  });
  expect(await part('bytes=-5')).toEqual({
    status: 206,
    range: `bytes ${size - 5}-${size - 1}/${size}`,
    bytes: whole.slice(-5),
  });
  expect((await part(`bytes=5-${size + 100}`)).bytes).toEqual(whole.slice(5));
  expect((await part('bytes=0-9', { 'if-range': etag })).status).toBe(206);
  for (const ignored of ['bytes=9-5', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-', 'bytes=a-b']) {
    expect(await part(ignored)).toMatchObject({ status: 200, bytes: whole });
  }
  expect((await part('bytes=0-9', { 'if-range': '"other"' })).status).toBe(200);
  const beyond = await get('totals/0-1.bin', { range: `bytes=${size}-` });
  expect([beyond.status, await codeOf(beyond)]).toEqual([416, 'bad-range']);

  for (const known of [etag, `"x", W/${etag}`, '*']) {
    const response = await get('totals/0-1.bin', { 'if-none-match': known });
    expect([response.status, (await response.bytes()).length]).toEqual([304, 0]);
  }
  expect((await get('totals/0-1.bin', { 'if-none-match': '"x"' })).status).toBe(200);
  const head = await get('totals/0-1.bin', {}, 'HEAD');
  expect([head.status, head.headers.get('etag'), (await head.bytes()).length]).toEqual([200, etag, 0]);
});

test('What may change is asked about again; what is not there is not kept', async () => {
  const { get } = await closedRound();
  for (const name of ['seals', 'announcement', 'list']) expect((await get(name)).status).toBe(200);
  expect((await get('seals')).headers.get('cache-control')).toBe('no-cache');
  // A new steward makes it anew before homes take part.
  expect((await get('announcement')).headers.get('cache-control')).toContain('no-cache');
  for (const name of ['norms', 'corrected-list', 'totals/9-9.bin', 'totals/x', 'fingerprints/9.bin', 'nothing']) {
    const response = await get(name);
    expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(await codeOf(response)).toBe('not-found');
  }
});

test('Pages of the app’s origin may ask, pages of others may not', async () => {
  const { get, endpoint, path } = await closedRound();
  const allowed = await get('list', { origin });
  expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
  expect(allowed.headers.get('vary')).toContain('Origin');
  expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
  expect((await get('list', { origin: 'https://evil.test' })).headers.get('access-control-allow-origin')).toBeNull();
  const missing = await get('nothing', { origin });
  expect(missing.headers.get('access-control-allow-origin')).toBe(origin);
  const preflight = (from: string) =>
    endpoint.fetch(
      new Request(`${path}/contributions`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      }),
    );
  const answer = await preflight(origin);
  expect(answer.status).toBe(204);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET,HEAD,POST,PATCH',
    'access-control-allow-headers': expect.stringContaining('Authorization') as unknown,
    'access-control-max-age': '86400',
  });
  expect((await preflight('https://evil.test')).headers.get('access-control-allow-origin')).toBeNull();
});

test('Ids in addresses are checked by form before anything else', async () => {
  const { endpoint, street } = await closedRound();
  const bad = [
    `/communities/${'A'.repeat(64)}/manifest`,
    '/communities/..%2f..%2fkey/manifest',
    '/communities/%2e%2e/manifest',
    `/communities/${street.id}/rounds/2026-13/list`,
    `/communities/${street.id}/rounds/..%2f..%2f/list`,
    `/communities/${street.id}/rounds/2026-01/ciphertexts/..%2f..%2fkey`,
    `/communities/${street.id}/rounds/2026-01/totals/0-0.bin%00`,
    `/communities/${'0'.repeat(64)}/manifest`,
    `/communities/${'0'.repeat(64)}/rounds`,
  ];
  for (const path of bad) {
    const response = await endpoint.fetch(new Request(`${base}${path}`));
    expect([path, response.status]).toEqual([path, 404]);
    expect(await codeOf(response)).toBe('not-found');
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE2']) {
    expect((await endpoint.fetch(new Request(`${base}/identity`, { method }))).status).toBe(404);
  }
});

/** A body that comes in pieces, and tells how many were taken. */
function inPieces(pieces: readonly Uint8Array[], waitMs = 0) {
  const taken = { pieces: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces[taken.pieces];
        if (piece === undefined) {
          controller.close();
          return;
        }
        if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
        taken.pieces++;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  return { taken, body };
}

test('A body that says it is too large is not read, and no other one is read further than it may go', async () => {
  const { endpoint, path } = await closedRound();
  const post = (body: ReadableStream<Uint8Array>, headers: Record<string, string>) =>
    endpoint.fetch(
      new Request(`${path}/contributions`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit),
    );
  const said = inPieces([new Uint8Array(10)]);
  const refused = await post(said.body, { ...cbor, 'content-length': '10000000' });
  expect([refused.status, await codeOf(refused), said.taken.pieces]).toEqual([413, 'too-large', 0]);
  const endless = inPieces(Array.from({ length: 1000 }, () => new Uint8Array(10_000)));
  const cut = await post(endless.body, cbor);
  expect([cut.status, await codeOf(cut)]).toEqual([413, 'too-large']);
  expect(endless.taken.pieces).toBeLessThan(15);
  const text = await post(inPieces([new Uint8Array(10)]).body, { 'content-type': 'text/plain' });
  expect([text.status, await codeOf(text)]).toEqual([415, 'wrong-type']);
});

test('A body that comes too slowly is given up', async () => {
  const endpoint = await exampleEndpoint({ store: new MemoryStore(), bodyMs: 50 });
  const slow = inPieces(
    Array.from({ length: 100 }, () => new Uint8Array(1)),
    20,
  );
  const init = { method: 'POST', body: slow.body, headers: cbor, duplex: 'half' } as RequestInit;
  const response = await endpoint.fetch(new Request(`${base}/communities`, init));
  expect([response.status, await codeOf(response)]).toEqual([408, 'too-slow']);
  expect(slow.taken.pieces).toBeLessThan(20);
});

const from = (remoteAddress: string): object => ({ incoming: { socket: { remoteAddress } } });

test('Who asks too much waits, and nobody else does; the wait that is told is enough', async () => {
  let nowMs = 0;
  const endpoint = await exampleEndpoint({
    store: new MemoryStore(),
    now: () => nowMs,
    rate: { burst: 30, perSecond: 2 },
  });
  const ask = (address: string, method = 'GET') =>
    endpoint.fetch(new Request(`${base}/identity`, { method }), from(address));
  for (let i = 0; i < 30; i++) expect((await ask('203.0.113.5')).status).toBe(200);
  const refused = await ask('203.0.113.5');
  expect([refused.status, await codeOf(refused)]).toEqual([429, 'too-fast']);
  expect((await ask('203.0.113.6')).status).toBe(200);
  nowMs += 1000 * Number(refused.headers.get('retry-after'));
  expect((await ask('203.0.113.5')).status).toBe(200);
  const post = await ask('203.0.113.5', 'POST');
  expect(Number(post.headers.get('retry-after'))).toBeGreaterThanOrEqual(4);
  nowMs -= 1_000_000;
  expect((await ask('203.0.113.5')).status).toBe(200);
  for (let i = 0; i < 100; i++) expect((await ask('::1')).status).toBe(200);
});

test('Behind a proxy the address that the proxy wrote counts, not what the client claims', async () => {
  const endpoint = await exampleEndpoint({
    store: new MemoryStore(),
    rate: { burst: 1, perSecond: 1 },
    behindProxy: true,
  });
  const ask = (forwarded: string) =>
    endpoint.fetch(new Request(`${base}/identity`, { headers: { 'x-forwarded-for': forwarded } }), from('127.0.0.1'));
  expect((await ask('1.1.1.1, 203.0.113.5')).status).toBe(200);
  expect((await ask('2.2.2.2, 203.0.113.5')).status).toBe(429);
  expect((await ask('2.2.2.2, 203.0.113.6')).status).toBe(200);
});

test('More at a time than it can take is put off with 429, and what was taken is done', async () => {
  const store = new MemoryStore();
  const endpoint = await exampleEndpoint({ store, mostAtATime: 5 });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  const bodies = await Promise.all(
    street.invites
      .slice(0, 20)
      .map(async (_, home) => encodeContribution(await street.contribution(announcement, home))),
  );
  const url = `${base}/communities/${street.id}/rounds/${month}/contributions`;
  const answers = await Promise.all(
    bodies.map((body) => endpoint.fetch(new Request(url, { method: 'POST', headers: cbor, body }))),
  );
  const busy = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200).length).toBe(5);
  expect(busy.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
  for (const body of bodies) await client.contribute(street.round(), body);
  expect((await client.rounds(street.community.id))[0]?.homes).toBe(20);
});

test('A full disk is 507, a failing one 503 and unhealthy, and neither tells the outside why', async () => {
  for (const [code, status, name] of [
    ['full', 507, 'storage-full'],
    ['failed', 503, 'storage-failed'],
    ['damaged', 500, 'damaged'],
  ] as const) {
    const lines: string[] = [];
    class Failing extends MemoryStore {
      override create(): Promise<boolean> {
        return Promise.reject(new StoreError(code, '/secret/path is broken'));
      }
    }
    const endpoint = await exampleEndpoint({ store: new Failing(), log: jsonLog('info', (line) => lines.push(line)) });
    await expect(clientOf(endpoint).registerCommunity((await TestCommunity.make()).manifest)).rejects.toMatchObject({
      code: name,
      status,
      message: expect.not.stringContaining('secret') as unknown,
    });
    expect(lines.join('\n')).toContain('/secret/path is broken');
  }
});

test('An error that nobody thought of is 500 without its text', async () => {
  class Broken extends MemoryStore {
    override list(): Promise<string[]> {
      return Promise.reject(new TypeError('secret of the code'));
    }
  }
  const endpoint = await exampleEndpoint({ store: new Broken() });
  const client = clientOf(endpoint);
  await expect(client.registerCommunity((await TestCommunity.make()).manifest)).rejects.toMatchObject({
    code: 'internal',
    status: 500,
    message: expect.not.stringContaining('secret') as unknown,
  });
});

test('Health and metrics say how it goes, and log lines and metrics name nobody', async () => {
  const lines: string[] = [];
  const endpoint = await exampleEndpoint({
    store: new MemoryStore(),
    log: jsonLog('debug', (line) => lines.push(line)),
  });
  const client = clientOf(endpoint);
  const street = await TestCommunity.make();
  const announcement = await street.announce(client);
  const contribution = await street.contribution(announcement, 0);
  await client.contribute(street.round(), contribution);
  await client.close(street.round(), await street.close(announcement));
  await client.opening(street.round(), 0, street.steward(0), 0).catch(() => undefined);
  const health = await endpoint.fetch(new Request(`${base}/health`), from('203.0.113.77'));
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  const metrics = await (await endpoint.fetch(new Request(`${base}/metrics`))).text();
  expect(metrics).toContain('endpoint_contributions_total 1\n');
  expect(metrics).toMatch(
    /endpoint_requests_total\{method="POST",route="\/communities\/:id\/rounds\/:month\/contributions",status="200"\} 1/,
  );
  const log = lines.join('\n');
  expect(log).toContain('"event":"refused"');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ event: expect.any(String) as unknown });
  expect(log).toContain('203.0.113.0/24');
  for (const secret of [
    street.id,
    'Steward ',
    '203.0.113.77',
    ...[contribution.signed.signatures[0]?.signer ?? fromHex('00'), street.invites[0]?.publicKey].map((key) =>
      toHex(key ?? new Uint8Array(1)),
    ),
  ]) {
    expect(log).not.toContain(secret);
    expect(metrics).not.toContain(secret);
  }
});

test('Addresses are shortened', () => {
  expect(shortAddress('203.0.113.77')).toBe('203.0.113.0/24');
  expect(shortAddress('::ffff:203.0.113.77')).toBe('203.0.113.0/24');
  expect(shortAddress('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::/48');
  expect(shortAddress('2001:db8::1')).toBe('2001:db8::/48');
  expect(shortAddress('fe80::1%eth0')).toBe('fe80::/48');
  expect(shortAddress('someone\n{"fake":1}')).toBe('unknown');
});
