import { sveltekit } from '@sveltejs/kit/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** `tfhe` needs shared memory, which a page has only when it is cross-origin isolated. */
const crossOriginIsolation = (): Plugin => {
  const use: NonNullable<Plugin['configureServer']> = (server) => {
    server.middlewares.use((_request, response, next) => {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      next();
    });
  };
  return { name: 'cross-origin-isolation', configureServer: use };
};

export default defineConfig({
  plugins: [crossOriginIsolation(), sveltekit()],
  worker: { format: 'es' },
  build: { target: 'es2022' },
  test: {
    testTimeout: 60_000,
    globalSetup: ['tests/evaluator/setup.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['tests/**/*.test.ts'], exclude: ['tests/e2e/**', 'tests/real-files/**'] },
      },
      { extends: true, test: { name: 'real-files', include: ['tests/real-files/**/*.test.ts'] } },
    ],
  },
});
