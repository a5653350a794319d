import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import adapterStatic from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const output = 'build/app';

/** Worker code and WebAssembly are fetched when first needed and live in a cache of their own. */
const isKeptApart = (/** @type {string} */ path) => path.startsWith('_app/immutable/workers/') || path.endsWith('.wasm');

/**
 * adapter-static, after which the service worker learns the list of files to keep for offline use.
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
      const files = (await readdir(output, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(output.length + 1))
        .filter((path) => path !== 'service-worker.js' && !isKeptApart(path) && !path.startsWith('screenshots/'))
        .sort();
      const manifest = await Promise.all(
        files.map(async (path) => ({
          url: path.replace(/(^|\/)index\.html$/, '$1'),
          revision: path.includes('/immutable/')
            ? null
            : createHash('sha256')
                .update(await readFile(join(output, path)))
                .digest('hex')
                .slice(0, 16),
        })),
      );
      const source = await readFile(worker, 'utf8');
      if (!source.includes('self.__WB_MANIFEST')) throw new Error('service-worker.js has no place for the file list');
      await writeFile(worker, source.replace('self.__WB_MANIFEST', JSON.stringify(manifest)));
    },
  };
}

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter(),
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
