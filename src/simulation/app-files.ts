import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';

/** The policy that a built page carries in its own `<meta>`; it differs from page to page. */
const metaPolicy = /<meta http-equiv="content-security-policy" content="([^"]+)"/;

/** Headers on every answer: cross-origin isolation (for `tfhe`'s shared memory) and nothing given away. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
};

/**
 * Serves the built app from `folder` with the headers a host should send. A page's `Content-Security-Policy` header is
 * the same string as its `<meta>` has, with `frame-ancestors`, which only a header can say.
 */
export function appFiles(folder: string): Hono {
  const app = new Hono();
  app.use(compress());
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    const immutable = context.req.path.startsWith('/_app/immutable/');
    context.header('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  });
  app.get('*', async (context, next) => {
    const { path } = context.req;
    if (!path.endsWith('/') || path.includes('..')) return next();
    const html = await readFile(join(folder, path, 'index.html'), 'utf8').catch(() => undefined);
    if (html === undefined) return context.text('There is no such page.', 404);
    const policy = metaPolicy.exec(html)?.[1];
    if (policy === undefined) throw new Error(`${path}index.html carries no content security policy.`);
    // In an attribute, Kit writes quotes of a policy as they are; only & < > " could be escaped, and none occurs.
    return context.html(html, 200, { 'Content-Security-Policy': `${policy}; frame-ancestors 'none'` });
  });
  app.get('/_app/immutable/*', serveStatic({ root: folder, precompressed: true }));
  app.get('*', serveStatic({ root: folder }));
  return app;
}
