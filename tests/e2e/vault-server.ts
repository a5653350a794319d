import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import { build } from 'rolldown';

/** A page on an origin of its own that has the vault's modules and nothing else. */
export interface VaultServer {
  readonly url: string;
  readonly origin: string;
  stop(): void;
}

/** The vault's modules as one script that sets `window.vault`. */
export async function vaultScript(): Promise<string> {
  const { output } = await build({
    // From the repository's root, where tests and measurements are started.
    input: resolve('tests/e2e/vault-in-page.ts'),
    platform: 'browser',
    // The checkout's own options extend a file that only SvelteKit makes.
    tsconfig: false,
    write: false,
    output: { format: 'iife', codeSplitting: false },
  });
  return output[0].code;
}

export async function serveVault(): Promise<VaultServer> {
  const script = await vaultScript();
  const server: Server = createServer((request, response) => {
    const isScript = request.url === '/vault.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript
        ? script
        : '<!doctype html><title>vault</title><link rel="icon" href="data:,"><script src="/vault.js"></script>',
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const origin = `http://localhost:${address.port}`;
  return { origin, url: `${origin}/`, stop: () => server.close() };
}
