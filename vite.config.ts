import { sveltekit } from '@sveltejs/kit/vite';
import { availableParallelism } from 'node:os';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { plainIcons } from './scripts/icons.js';
import { translations } from './scripts/translations.js';

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

/**
 * What starts the app is one file, what its first screen needs another, and what many others share a third: each file costs
 * a slow phone a way to the server and back. (Of plain HTTP/1.1, that is; over six connections.) The first screen is kept
 * apart from the start because its constants hold texts, and the start loads their catalog.
 */
const fewFiles = (): Plugin => ({
  name: 'few-files',
  apply: 'build',
  applyToEnvironment: ({ name }) => name === 'client',
  outputOptions: (options) => ({
    ...options,
    codeSplitting: {
      groups: [
        { name: 'start', test: /client\/entry\.js$|client-optimized\/app\.js$/ },
        { name: 'first', test: /src\/routes\/\+(layout|page)\.svelte$/ },
        { name: 'shared', minShareCount: 9 },
      ],
    },
  }),
});

/** Tests of modules read the source as it stands, in English. */
const texts = process.env.VITEST === undefined ? [translations()] : [];

export default defineConfig({
  plugins: [crossOriginIsolation(), plainIcons(), ...texts, fewFiles(), sveltekit()],
  worker: { format: 'es', plugins: () => texts },
  build: { target: 'es2022' },
  test: {
    // A slow machine is no fault; tests say what happens, not how fast.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // As many as there are cores; by itself Vitest leaves one of them idle.
    maxWorkers: availableParallelism(),
    globalSetup: ['tests/evaluator/setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'tests/real-files/**', 'tests/faults/load.test.ts'],
        },
      },
      // Says how fast it is, so nothing else may run beside it.
      { extends: true, test: { name: 'load', include: ['tests/faults/load.test.ts'] } },
      { extends: true, test: { name: 'real-files', include: ['tests/real-files/**/*.test.ts'] } },
    ],
  },
});
