/** The endpoint over HTTP (docs/protocol.md, "HTTP"): web-standard requests in, responses out. */
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { matchedRoutes } from 'hono/route';
import { fromHex, type Bytes } from '../protocol/bytes.ts';
import { encodeCbor } from '../protocol/cbor.ts';
import { ciphertextBytes } from '../protocol/ciphertext.ts';
import { monthPattern } from '../protocol/fields.ts';
import { mostTermsBytes } from '../protocol/founding.ts';
import { decodeSigned, encodeSigned, mostSignedBytes, type SignedMessage } from '../protocol/signed.ts';
import { readBody } from './body.ts';
import { closedRound, type ClosedRound } from './closing.ts';
import { addComparisonRoutes } from './comparison-routes.ts';
import type { Comparisons } from './comparisons.ts';
import { Contributions } from './contributions.ts';
import type { Core, Round } from './core.ts';
import { fileAnswer, type Caching } from './files.ts';
import { addEntry, addManifestSignature, addTerms, foundingFile } from './foundings.ts';
import { addLeave } from './leaving.ts';
import { reasonOf, shortAddress } from './log.ts';
import { Metrics } from './metrics.ts';
import {
  addCulprits,
  addNorms,
  addOpening,
  addSeal,
  correctedList,
  publishedNorms,
  readOpening,
  sealsFile,
} from './opening.ts';
import { Problem, problemDetails } from './problem.ts';
import { Buckets, type Rate } from './rate.ts';
import { addRoundKey } from './round-keys.ts';
import { roundsFile } from './summary.ts';
import { addClose, usedInvitesFile, wordsFile } from './words.ts';

/** What the server gives along with a request, if there is one. */
interface Bindings {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } };
}
type Env = { Bindings: Bindings };
type Ctx = Context<Env>;

export interface AppOptions {
  readonly core: Core;
  /** Origins whose pages may ask; `*` for all. */
  readonly origins: readonly string[];
  readonly rate: Rate;
  readonly mostAtATime: number;
  readonly behindProxy: boolean;
  readonly bodyMs: number;
  /** Without it, no comparisons are made here. */
  readonly comparisons?: Comparisons | undefined;
}

/** No answer is a page; a browser that opens one as such runs nothing of it. */
const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

const roundPath = '/communities/:id/rounds/:month';
/** A close, culprits, seal or norms: a few signatures and hashes, or at most six groups of norms. */
const mostWordBytes = 1 << 16;
/** A contribution: a ciphertext and a fingerprint for each steward, and what is signed. */
const mostContributionBytesOf = (stewards: number): number => stewards * (ciphertextBytes + 64) + 16_384;
/** A founding's entry, or signatures under the manifest of one. */
const mostManifestBytes = 1 << 19;
/** An opening or a round key. */
const mostFileBytes = 1 << 17;

export function makeApp(options: AppOptions): Hono<Env> {
  const { core, origins, rate, mostAtATime, behindProxy, bodyMs, comparisons } = options;
  const app = new Hono<Env>();
  const metrics = new Metrics();
  const contributions = new Contributions(core);
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
    const route = routeOf(context);
    metrics.count(
      'endpoint_requests_total',
      'Requests by method, route and status.',
      `method="${context.req.method}",route="${route}",status="${status}"`,
    );
    core.log('debug', 'request', {
      method: context.req.method,
      route,
      status,
      ms: Math.round(performance.now() - startMs),
      from: shortAddress(addressOf(context, behindProxy)),
    });
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
    const waitSeconds = isLoopback(address) ? 0 : buckets.take(address, isWrite ? 10 : 1);
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
    const details = problemDetails(error);
    if (details.status >= 500) {
      core.log('error', 'request-failed', { route: routeOf(context), type: details.type, reason: reasonOf(error) });
    }
    // Who tries to pass for somebody else is worth a line, and its network.
    if ([401, 403].includes(details.status)) {
      const from = shortAddress(addressOf(context, behindProxy));
      core.log('warn', 'refused', { route: routeOf(context), type: details.type, from });
    }
    const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' };
    if (details.status === 401) headers['WWW-Authenticate'] = 'Steward';
    if (error instanceof Problem && error.retryAfterSeconds !== undefined) {
      headers['Retry-After'] = String(error.retryAfterSeconds);
    }
    return new Response(JSON.stringify(details), { status: details.status, headers });
  });
  app.notFound(() => {
    throw new Problem('not-found', 'There is no such address at this endpoint.');
  });

  const roundOf = ({ req }: Ctx): Promise<Round> => {
    const [id = '', month = ''] = [req.param('id'), req.param('month')];
    if (!isId(id) || !monthPattern.test(month)) throw new Problem('not-found', 'There is no such round.');
    return core.round(id, month);
  };
  const idOf = ({ req }: Ctx): string => {
    const id = req.param('id') ?? '';
    if (!isId(id)) throw new Problem('not-found', 'There is no such community at this endpoint.');
    return id;
  };

  /** A GET that gives a file, or 404 while there is none. */
  const get = (path: string, caching: Caching, file: (context: Ctx) => Promise<Bytes | undefined>): void => {
    app.get(path, async (context) => {
      const bytes = await file(context).catch((error: unknown) => {
        if (error instanceof Problem && ['not-closed', 'not-announced'].includes(error.code)) return undefined;
        throw error;
      });
      if (bytes === undefined) throw new Problem('not-found', 'It is not there, or not yet.');
      return fileAnswer(context.req.raw, bytes, caching);
    });
  };
  const getOfRound = (
    path: string,
    caching: Caching,
    file: (round: Round, context: Ctx) => Promise<Bytes | undefined>,
  ): void => get(`${roundPath}/${path}`, caching, async (context) => file(await roundOf(context), context));
  const blobOfClosed = (path: string, hashOf: (closed: ClosedRound, name: string) => Bytes | null | undefined): void =>
    getOfRound(path, 'immutable', async (round, { req }) => {
      const hash = hashOf(await closedRound(core, round), req.param('file') ?? '');
      return hash ? core.store.readBlob(round.bucket, hash) : undefined;
    });
  /** A POST of one signed message about a round. */
  const postWord = (
    path: string,
    mostBytes: number,
    take: (core: Core, round: Round, message: SignedMessage) => Promise<void>,
  ): void => {
    app.post(`${roundPath}/${path}`, async (context) => {
      const round = await roundOf(context);
      await take(core, round, decodeSigned(await readBody(context.req.raw, mostBytes, bodyMs)));
      return context.body(null, 204);
    });
  };

  get('/identity', 'revalidate', () => Promise.resolve(encodeCbor({ key: core.signer.publicKey })));
  app.get('/health', (context) => {
    const failed = core.store.failure !== undefined;
    return context.json({ status: failed ? 'storage-failed' : 'ok' }, failed ? 503 : 200);
  });
  app.get('/metrics', (context) => context.text(metrics.text()));

  app.post('/foundings', async (context) => {
    await addTerms(core, await readBody(context.req.raw, mostTermsBytes, bodyMs));
    return context.body(null, 204);
  });
  get('/foundings/:id', 'never', (context) => foundingFile(core, idOf(context)));
  for (const [path, add] of [
    ['entries', addEntry],
    ['signatures', addManifestSignature],
  ] as const) {
    app.post(`/foundings/:id/${path}`, async (context) => {
      const id = idOf(context);
      await add(core, id, decodeSigned(await readBody(context.req.raw, mostManifestBytes, bodyMs)));
      return context.body(null, 204);
    });
  }

  app.post('/communities', async (context) => {
    await core.register(decodeSigned(await readBody(context.req.raw, mostSignedBytes, bodyMs)));
    return context.body(null, 204);
  });
  get('/communities/:id/manifest', 'immutable', (context) => core.manifest(idOf(context)));
  get('/communities/:id/used-invites', 'never', (context) => usedInvitesFile(core, idOf(context)));
  get('/communities/:id/rounds', 'revalidate', (context) => roundsFile(core, idOf(context)));
  app.post('/communities/:id/round-keys', async (context) => {
    const community = await core.community(idOf(context));
    await addRoundKey(core, community, decodeSigned(await readBody(context.req.raw, mostFileBytes, bodyMs)));
    return context.body(null, 204);
  });

  app.post('/communities/:id/leave', async (context) => {
    const id = idOf(context);
    const message = decodeSigned(await readBody(context.req.raw, mostWordBytes, bodyMs));
    const invite = await addLeave(core, await core.community(id), message);
    await comparisons?.keys.removeAllOf(id, invite);
    return context.body(null, 204);
  });

  getOfRound('announcement', 'immutable', (round) => core.announcementBytes(round));
  app.post(`${roundPath}/contributions`, async (context) => {
    const round = await roundOf(context);
    const mostBytes = mostContributionBytesOf(round.community.manifest.stewards.length);
    const receipt = await contributions.take(round, await readBody(context.req.raw, mostBytes, bodyMs));
    metrics.count('endpoint_contributions_total', 'Contributions acknowledged.');
    return context.body(encodeSigned(receipt), 200, { 'Content-Type': 'application/cbor' });
  });
  postWord('close', mostWordBytes, addClose);
  getOfRound('words', 'never', (round) => wordsFile(core, round));
  blobOfClosed('list', ({ listFile }) => listFile);
  blobOfClosed('totals/:file', ({ totals }, name) => {
    const [, group, steward] = /^([0-9])-([0-9])\.bin$/.exec(name) ?? [];
    return totals[Number(group ?? NaN)]?.[Number(steward)];
  });
  blobOfClosed('fingerprints/:file', ({ fingerprints }, name) => {
    return fingerprints[Number(/^([0-9])\.bin$/.exec(name)?.[1] ?? NaN)];
  });
  blobOfClosed('ciphertexts/:file', ({ ciphertexts }, name) => {
    const hash = /^([0-9a-f]{64})\.bin$/.exec(name)?.[1] ?? '';
    return ciphertexts.has(hash) ? fromHex(hash) : undefined;
  });
  postWord('culprits', mostWordBytes, addCulprits);
  getOfRound('corrected-list', 'revalidate', async (round) => (await correctedList(core, round))?.file);
  postWord('seals', mostWordBytes, addSeal);
  getOfRound('seals', 'revalidate', (round) => sealsFile(core, round));
  postWord('openings', mostFileBytes, addOpening);
  getOfRound('openings/:steward', 'never', (round, { req }) =>
    readOpening(core, round, req.param('steward') ?? '', req.header('authorization') ?? ''),
  );
  postWord('norms', mostWordBytes, addNorms);
  getOfRound('norms', 'revalidate', (round) => publishedNorms(core, round));
  if (comparisons) addComparisonRoutes(app, { core, comparisons, bodyMs, idOf, roundOf });
  return app;
}

const isId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);

/** The pattern of the route that answered, which names no community. */
const routeOf = (context: Ctx): string => {
  const path = matchedRoutes(context)
    .map((route) => route.path)
    .filter((one) => one !== '/*')
    .at(-1);
  return path ?? 'none';
};

/** The client's address; of several that proxies name, the last one, which our own proxy has written. */
const addressOf = ({ env, req }: Ctx, behindProxy: boolean): string =>
  (behindProxy ? req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : env.incoming?.socket.remoteAddress) ??
  loopback;

/** Also of requests that come from within this process. */
const loopback = '127.0.0.1';
const isLoopback = (address: string): boolean => /^(?:::ffff:)?127\.|^::1$/.test(address);
