import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { build } from 'rolldown';
import { buildEvaluator } from '../../../scripts/build-evaluator.js';

/** A page with the evaluator and `tfhe`, on an origin of its own. */
export interface EvaluatorServer {
  readonly url: string;
  stop(): void;
}

const folder = resolve('tests', 'e2e', 'evaluator');
const tfhe = resolve('node_modules', 'tfhe');

async function bundle(name: string): Promise<string> {
  const { output } = await build({
    input: join(folder, `${name}.ts`),
    platform: 'browser',
    write: false,
    // Served as it is, since it starts itself again in workers of its own.
    external: ['tfhe'],
    output: { format: 'esm', codeSplitting: false, paths: { tfhe: '/tfhe/tfhe.js' } },
  });
  return output[0].code;
}

/** Serves the page with the headers that make it cross-origin isolated, or without them. */
export async function serveEvaluatorPage(isolated: boolean): Promise<EvaluatorServer> {
  const scripts = new Map<string, string>(
    await Promise.all(
      ['in-page', 'home-worker', 'pool-worker'].map(async (name) => [`/${name}.js`, await bundle(name)] as const),
    ),
  );
  const wasm = await readFile(await buildEvaluator());
  const page =
    '<!doctype html><title>evaluator</title><link rel="icon" href="data:,"><script type="module" src="/in-page.js"></script>';

  const answer = async (path: string): Promise<readonly [type: string, body: string | Uint8Array]> => {
    const script = scripts.get(path);
    if (script !== undefined) return ['text/javascript', script];
    if (path === '/') return ['text/html', page];
    if (path === '/evaluator.wasm') return ['application/wasm', wasm];
    const inTfhe = /^\/tfhe\/((?:snippets\/)?[\w./-]+\.(js|wasm))$/.exec(path);
    if (inTfhe?.[1] === undefined) throw new Error('not found');
    return [inTfhe[2] === 'js' ? 'text/javascript' : 'application/wasm', await readFile(join(tfhe, inTfhe[1]))];
  };
  const server = createServer((request, response) => {
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    void answer(new URL(request.url ?? '/', 'http://localhost').pathname).then(
      ([type, body]) => {
        response.setHeader('Content-Type', type);
        response.end(body);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://localhost:${address.port}/`, stop: () => server.close() };
}
