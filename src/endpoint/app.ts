/** The endpoint over HTTP (docs/protocol.md, "HTTP"): web-standard requests in, responses out. */
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { matchedRoutes } from 'hono/route';
import type { Bytes } from '../protocol/bytes.ts';
import { encodeCbor } from '../protocol/cbor.ts';
import { ciphertextBytes } from '../protocol/ciphertext.ts';
import { keyPieceBytes, mostRequestBytes } from '../protocol/comparison.ts';
import { monthPattern } from '../protocol/fields.ts';
import { mostTermsBytes } from '../protocol/founding.ts';
import { decodeSigned, encodeSigned, mostSignedBytes, type SignedMessage } from '../protocol/signed.ts';
import { amendment, amendmentsFile, proposalsFile, withdrawal } from './amendments.ts';
import { readBody } from './body.ts';
import type { Comparisons } from './comparisons.ts';
import { takeContribution } from './contributions.ts';
import type { Core, KeptCommunity, Round } from './core.ts';
import { fileAnswer, type Caching } from './files.ts';
import { addTerms, entry, foundingFile, signature, type FoundingHere } from './foundings.ts';
import { leave, usedInvitesFile } from './homes.ts';
import { reasonOf, shortAddress } from './log.ts';
import { Metrics } from './metrics.ts';
import { Problem, problemDetails, undefinedFor } from './problem.ts';
import { Buckets, type Rate } from './rate.ts';
import { deletionsFile } from './retention.ts';
import * as rounds from './rounds.ts';
import { addPiece, announceKey, findUpload } from './server-keys.ts';
import { StoreError } from './store.ts';
import * as words from './words.ts';

/** The server gives the connection along with a request, if there is one. */
type Env = { Bindings: Partial<HttpBindings> };
type Ctx = Context<Env>;

export interface AppOptions {
  /** Origins of the app, such as `https://app.example`; `*` for any. */
  readonly origins: readonly string[];
  /** What each address may ask; a write takes as much as ten reads. Loopback addresses may ask what they like. */
  readonly rate?: Rate;
  /** Most writes that are worked on at a time. */
  readonly mostAtATime?: number;
  /** Whether requests come through a proxy that says the address in X-Forwarded-For. */
  readonly behindProxy?: boolean;
  /** How long a request’s body may take. */
  readonly bodyMs?: number;
}
const defaults = { rate: { burst: 3000, perSecond: 50 }, mostAtATime: 64, behindProxy: false, bodyMs: 60_000 };

/** Signed words, by the last part of their address: how long each may be, and what takes it. */
type Words<Of> = Readonly<Record<string, Word<Of>>>;
type Word<Of> = readonly [mostBytes: number, take: (of: Of, message: SignedMessage) => Promise<void>];

const communityWords: Words<KeptCommunity> = {
  amendments: [mostSignedBytes, amendment],
  withdrawals: [1 << 16, withdrawal],
  'round-keys': [1 << 17, words.roundKey],
  leave: [1 << 16, leave],
};

const roundWords: Words<Round> = {
  close: [1 << 16, words.close],
  culprits: [1 << 16, words.culprits],
  seals: [1 << 16, words.seal],
  openings: [1 << 17, words.opening],
  norms: [1 << 16, words.norms],
};

// What a part of an address may be; all else is nowhere.
const hash = '[0-9a-f]{64}';
const steward = '[0-9]';
const community = `/communities/:id{${hash}}`;
const round = `${community}/rounds/:month{${monthPattern.source.slice(1, -1)}}`;

/**
 * Files, got by the rest of their address, of which the last part may be a name. What is not there (yet) is undefined.
 */
type Files<Of> = Readonly<Record<string, readonly [Caching, FileOf<Of>]>>;
type FileOf<Of> = (of: Of, name: string, context: Ctx) => Promise<Bytes | undefined>;

/** What an address names. */
type AboutOf<Of> = (context: Ctx) => Of | Promise<Of>;

const communityFiles: Files<KeptCommunity> = {
  manifest: ['immutable', ({ ledger }) => ledger.read('manifest')],
  amendments: ['revalidate', amendmentsFile],
  proposals: ['never', proposalsFile],
  'head/:name{[0-9]{1,10}}': ['never', (kept, since) => kept.core.history.answer(kept, Number(since))],
  'used-invites': ['never', usedInvitesFile],
  deletions: ['revalidate', deletionsFile],
  rounds: ['revalidate', rounds.roundsFile],
};

const roundFiles: Files<Round> = {
  // A steward who is replaced before homes take part makes it anew.
  announcement: ['revalidate', ({ folder }) => folder.read('announcement')],
  'round-key-hashes': ['revalidate', rounds.keyHashesFile],
  words: ['never', rounds.wordsFile],
  list: ['immutable', (round) => rounds.closedFile(round, 'list')],
  'totals/:name': ['immutable', (round, name) => rounds.closedFile(round, `totals/${name}`)],
  'fingerprints/:name': ['immutable', (round, name) => rounds.closedFile(round, `fingerprints/${name}`)],
  'ciphertexts/:name': ['immutable', (round, name) => rounds.closedFile(round, `ciphertexts/${name}`)],
  'corrected-list': ['revalidate', rounds.correctedListFile],
  [`short-list/:name{${steward}}`]: ['revalidate', rounds.shortListFile],
  seals: ['revalidate', rounds.sealsFile],
  [`openings/:name{${steward}}`]: [
    'never',
    (round, name, { req }) => rounds.readOpening(round, name, req.header('authorization') ?? ''),
  ],
  norms: ['revalidate', rounds.publishedNorms],
};

/** @param comparisons - without it, none are made here */
export function makeApp(core: Core, given: AppOptions, comparisons?: Comparisons): Hono<Env> {
  const options = { ...defaults, ...given };
  const app = new Hono<Env>();
  const metrics = new Metrics();
  guard(app, core, options, metrics);

  const param = ({ req }: Ctx, name: string): string => req.param(name) ?? '';
  const communityOf = (context: Ctx): Promise<KeptCommunity> => core.community(param(context, 'id'));
  const roundOf = (context: Ctx): Promise<Round> => core.round(param(context, 'id'), param(context, 'month'));
  const bodyOf = ({ req }: Ctx, mostBytes: number, type?: string): Promise<Bytes> =>
    readBody(req.raw, mostBytes, options.bodyMs, type);

  /** A POST of a signed word about what the address names. */
  const post = <Of>(path: string, [mostBytes, take]: Word<Of>, aboutOf: AboutOf<Of>, status: 202 | 204 = 204): void => {
    app.post(path, async (context) => {
      const about = await aboutOf(context);
      await take(about, decodeSigned(await bodyOf(context, mostBytes)));
      return context.body(null, status);
    });
  };
  /** A GET that gives a file, or 404 while there is none. */
  const get = (path: string, caching: Caching, file: (context: Ctx) => Promise<Bytes | undefined>): void => {
    app.get(path, async (context) => {
      const bytes = await file(context).catch(undefinedFor('not-closed', 'not-announced'));
      if (bytes === undefined) throw new Problem('not-found', 'It is not there, or not yet.');
      return fileAnswer(context.req.raw, bytes, caching);
    });
  };
  /** All words and files about one kind of thing. */
  const all = <Of>(path: string, aboutOf: AboutOf<Of>, taken: Words<Of>, files: Files<Of>): void => {
    for (const [name, word] of Object.entries(taken)) post(`${path}/${name}`, word, aboutOf);
    for (const [rest, [caching, file]] of Object.entries(files)) {
      get(`${path}/${rest}`, caching, async (context) => file(await aboutOf(context), param(context, 'name'), context));
    }
  };

  get('/identity', 'revalidate', () => Promise.resolve(encodeCbor({ key: core.signer.publicKey })));
  app.get('/health', async (context) => {
    try {
      // Also when nobody has tried to keep anything lately, as on a disk that became read-only.
      await core.store.probe();
      return context.json({ status: 'ok' });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return context.json({ status: `storage-${error.code}`, reason: error.message }, 503);
    }
  });
  app.get('/metrics', (context) => context.text(metrics.text()));

  app.post('/foundings', async (context) => {
    await addTerms(core, await bodyOf(context, mostTermsBytes));
    return context.body(null, 204);
  });
  const founding = `/foundings/:id{${hash}}`;
  const foundingOf = (context: Ctx): FoundingHere => ({ core, id: param(context, 'id') });
  get(founding, 'never', (context) => foundingFile(foundingOf(context)));
  all(founding, foundingOf, { entries: [1 << 19, entry], signatures: [1 << 19, signature] }, {});
  post('/communities', [mostSignedBytes, words.registration], () => core);
  all(community, communityOf, communityWords, communityFiles);
  all(round, roundOf, roundWords, roundFiles);
  app.post(`${round}/contributions`, async (context) => {
    const about = await roundOf(context);
    // A ciphertext and a fingerprint for each steward, and what is signed.
    const mostBytes = about.community.manifest.stewards.length * (ciphertextBytes + 64) + 16_384;
    const receipt = await takeContribution(about, await bodyOf(context, mostBytes));
    metrics.count('endpoint_contributions_total', 'Contributions acknowledged.');
    return context.body(encodeSigned(receipt), 200, { 'Content-Type': 'application/cbor' });
  });
  if (comparisons === undefined) return app;

  // What follows must know which comparisons wait.
  app.use(async (_context, next) => {
    await comparisons.start();
    await next();
  });
  const keys = `${community}/comparison-keys`;
  post(keys, [mostRequestBytes, announceKey], communityOf);
  // Hono answers HEAD by its GET.
  app.get(`${keys}/:key{${hash}}`, async (context) => {
    const { offset, size } = await findUpload(await communityOf(context), param(context, 'key'));
    return context.body(null, 204, { 'Upload-Offset': String(offset), 'Upload-Length': String(size) });
  });
  app.patch(`${keys}/:key{${hash}}`, async (context) => {
    const offset = context.req.header('upload-offset') ?? '';
    if (!/^\d{1,9}$/.test(offset)) throw new Problem('wrong-offset', 'Say with Upload-Offset where the piece begins.');
    const piece = await bodyOf(context, keyPieceBytes, 'application/offset+octet-stream');
    const next = await addPiece(await communityOf(context), param(context, 'key'), Number(offset), piece);
    return context.body(null, 204, { 'Upload-Offset': String(next) });
  });
  post(`${round}/comparisons`, [mostRequestBytes, comparisons.take], roundOf, 202);
  app.get(`${round}/comparisons/:file{${hash}\\.bin}`, async (context) => {
    const result = await comparisons.result(await roundOf(context), param(context, 'file').slice(0, -4));
    return result === 'waiting' ? context.body(null, 204) : fileAnswer(context.req.raw, result, 'immutable');
  });
  return app;
}

/** What a request takes of what an address may ask: a server key has 218 pieces; a look at the health writes too. */
const costOf = ({ method, path }: Ctx['req']): number =>
  path === '/health' ? writeCost : (costs[method] ?? writeCost);
const writeCost = 10;
const costs: Readonly<Record<string, number>> = { GET: 1, HEAD: 1, OPTIONS: 1, PATCH: 3 };

/** No answer is a page; a browser that opens one as such runs nothing of it. */
const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/** What holds for every request: headers, counts and log lines, origins, limits, and the form of refusals. */
function guard(app: Hono<Env>, core: Core, options: Required<AppOptions>, metrics: Metrics): void {
  const { origins, rate, mostAtATime, behindProxy } = options;
  const buckets = new Buckets(rate, core.now);
  let writes = 0;
  app.use(async (context, next) => {
    const startMs = performance.now();
    await next();
    const { headers, status } = context.res;
    headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Content-Security-Policy', policy);
    headers.set('Referrer-Policy', 'no-referrer');
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
    const { method } = context.req;
    const route = routeOf(context);
    const labels = `method="${method}",route="${route}",status="${status}"`;
    metrics.count('endpoint_requests_total', 'Requests by method, route and status.', labels);
    const from = shortAddress(addressOf(context, behindProxy));
    core.log('debug', 'request', { method, route, status, ms: Math.round(performance.now() - startMs), from });
  });
  app.use(
    cors({
      origin: (origin) => (origins.includes('*') || origins.includes(origin) ? origin : null),
      allowMethods: ['GET', 'HEAD', 'POST', 'PATCH'],
      allowHeaders: ['Content-Type', 'Authorization', 'Range', 'If-None-Match', 'If-Range', 'Upload-Offset'],
      exposeHeaders: ['ETag', 'Content-Range', 'Accept-Ranges', 'Retry-After', 'Upload-Offset', 'Upload-Length'],
      maxAge: 86_400,
    }),
  );
  app.use(async (context, next) => {
    const isWrite = !['GET', 'HEAD', 'OPTIONS'].includes(context.req.method);
    const address = addressOf(context, behindProxy);
    const waitSeconds = isLoopback(address) ? 0 : buckets.take(address, costOf(context.req));
    if (waitSeconds > 0) throw new Problem('too-fast', 'This address has asked too much. Wait a little.', waitSeconds);
    if (!isWrite) return next();
    if (writes >= mostAtATime) throw new Problem('too-fast', 'The endpoint is busy. Try again in a moment.', 2);
    writes++;
    try {
      await next();
    } finally {
      writes--;
    }
  });
  app.onError((error, context) => {
    const { headers, ...details } = problemDetails(error);
    const { status, type } = details;
    const route = routeOf(context);
    if (status >= 500) core.log('error', 'request-failed', { route, type, reason: reasonOf(error) });
    // Who tries to pass for somebody else is worth a line, and its network.
    const from = shortAddress(addressOf(context, behindProxy));
    if ([401, 403].includes(status)) core.log('warn', 'refused', { route, type, from });
    return new Response(JSON.stringify(details), { status, headers });
  });
  app.notFound(() => {
    throw new Problem('not-found', 'There is no such address at this endpoint.');
  });
}

/** The route that answered, which names no community; without what its parts may be. */
const routeOf = (context: Ctx): string => {
  const paths = matchedRoutes(context).map(({ path }) => path.replace(/\{[^/]*/g, ''));
  return paths.filter((path) => path !== '/*').at(-1) ?? 'none';
};

/** The client's address; of several that proxies name, the last one, which our own proxy has written. */
const addressOf = ({ env, req }: Ctx, behindProxy: boolean): string =>
  (behindProxy ? req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : env.incoming?.socket.remoteAddress) ??
  loopback;

/** Also of requests that come from within this process. */
const loopback = '127.0.0.1';
const isLoopback = (address: string): boolean => /^(?:::ffff:)?127\.|^::1$/.test(address);
