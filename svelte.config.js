import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import adapterStatic from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const output = 'build/app';

/** tfhe and other WebAssembly (megabytes) is fetched when first needed and lives in a cache of its own. */
const isKeptApart = (/** @type {string} */ path) =>
  path.endsWith('.wasm') ||
  (path.startsWith('_app/immutable/workers/') &&
    (path.includes('workerHelpers') || statSync(join(output, path)).size > 300_000));

/**
 * adapter-static, after which the service worker learns the list of files to keep for offline use, and all is compressed.
 * Kit's own list leaves out what a worker imports, so the finished folder is listed instead.
 * @returns {import('@sveltejs/kit').Adapter}
 */
function adapter() {
  const base = adapterStatic({ pages: output, assets: output, strict: true });
  return {
    ...base,
    async adapt(builder) {
      await base.adapt(builder);
      const worker = join(output, 'service-worker.js');
      const all = (await readdir(output, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(output.length + 1))
        .sort();
      const files = all.filter(
        (path) => path !== 'service-worker.js' && !/^(demo|screenshots)\//.test(path) && !isKeptApart(path),
      );
      const manifest = await Promise.all(
        files.map(async (path) => ({
          url: `/${path.replace(/(^|\/)index\.html$/, '$1')}`,
          revision: path.includes('/immutable/')
            ? null
            : createHash('sha256')
                .update(await readFile(join(output, path)))
                .digest('hex')
                .slice(0, 16),
        })),
      );
      const source = await readFile(worker, 'utf8');
      const lists = { 'self.__WB_MANIFEST': manifest, 'self.__KEPT_APART': all.filter(isKeptApart) };
      let filled = source;
      for (const [place, list] of Object.entries(lists)) {
        if (!filled.includes(place)) throw new Error(`service-worker.js has no place for ${place}`);
        filled = filled.replace(place, JSON.stringify(list));
      }
      await writeFile(worker, filled);
      // Last, for a host that sends what lies there compressed (our own, nginx); brotli is an eighth smaller than gzip.
      await builder.compress(output);
    },
  };
}

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter(),
    // A page that answers for an unknown path finds its files all the same.
    paths: { relative: false },
    serviceWorker: { register: false },
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['none'],
        'script-src': ['self', 'wasm-unsafe-eval'],
        'worker-src': ['self'],
        'style-src': ['self'],
        // Kit's route announcer carries its one style attribute inline.
        'style-src-attr': ['unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
        'img-src': ['self', 'data:', 'blob:'],
        'manifest-src': ['self'],
        'connect-src': ['self', 'https:', 'http://localhost:*', 'http://127.0.0.1:*'],
        'base-uri': ['none'],
        'form-action': ['self'],
        'require-trusted-types-for': ['script'],
        'trusted-types': ['svelte-trusted-html', 'sveltekit-trusted-url', 'default'],
      },
    },
  },
};
