import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * Arrows of docs/architecture.md: what a room must not import. Each entry forbids `rooms` (folders under src)
 * to files below `room`.
 */
const arrows = [
  { room: 'protocol', forbidden: ['lib', 'evaluator', 'endpoint', 'simulation', 'cli', 'routes'] },
  { room: 'evaluator', forbidden: ['lib', 'protocol', 'endpoint', 'simulation', 'cli', 'routes'] },
  { room: 'endpoint', forbidden: ['lib', 'simulation', 'cli', 'routes'] },
  { room: 'simulation', forbidden: ['cli', 'routes'] },
  { room: 'lib', forbidden: ['endpoint', 'simulation', 'cli', 'routes', 'evaluator'] },
  {
    room: 'lib/series',
    forbidden: [
      'lib/meter',
      'lib/usage',
      'lib/advice',
      'lib/fhe',
      'lib/vault',
      'lib/community',
      'lib/charts',
      'lib/ui',
    ],
  },
  {
    room: 'lib/meter',
    forbidden: ['lib/usage', 'lib/advice', 'lib/fhe', 'lib/vault', 'lib/community', 'lib/charts', 'lib/ui'],
  },
  {
    room: 'lib/usage',
    forbidden: ['lib/meter', 'lib/advice', 'lib/fhe', 'lib/vault', 'lib/community', 'lib/charts', 'lib/ui'],
  },
  { room: 'lib/advice', forbidden: ['lib/meter', 'lib/fhe', 'lib/vault', 'lib/community', 'lib/charts', 'lib/ui'] },
  {
    room: 'lib/vault',
    forbidden: ['lib/meter', 'lib/usage', 'lib/advice', 'lib/fhe', 'lib/community', 'lib/charts', 'lib/ui'],
  },
  { room: 'lib/fhe', forbidden: ['lib/meter', 'lib/usage', 'lib/advice', 'lib/community', 'lib/charts', 'lib/ui'] },
  { room: 'lib/charts', forbidden: ['lib/fhe', 'lib/vault', 'lib/community', 'lib/meter'] },
  // Of the simulation the screens take the maker of the demo home, and nothing else.
  { room: 'routes', forbidden: ['endpoint', 'evaluator', 'cli', 'simulation(?!/homes\\.ts$)'] },
];

const pure = ['protocol', 'evaluator', 'lib/series', 'lib/meter', 'lib/usage', 'lib/advice'];
const hostGlobals = [
  'window',
  'document',
  'navigator',
  'localStorage',
  'indexedDB',
  'fetch',
  'process',
  'Buffer',
  '__dirname',
];
/** Packages that one room alone may import. */
const onlyIn = { idb: 'lib/vault', tfhe: 'lib/fhe', 'node-tfhe': 'lib/fhe' };

const patternOf = (/** @type {string} */ room) => ({
  regex: `^(\\$lib|(\\.\\./)+)(/)?${room.replace(/^lib\//, '(lib/)?')}(/|$)`,
  message: `docs/architecture.md: nothing here may import ${room}/.`,
});

export default defineConfig(
  {
    ignores: [
      'build/',
      '.svelte-kit/',
      'node_modules/',
      'src/evaluator/assembly/',
      'tests/bench/assembly/',
      '.data/',
      'src/locales/.wuchale/',
      'src/locales/data.js',
      'test-results/',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { projectService: true, extraFileExtensions: ['.svelte'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-console': 'error',
      'no-undef': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-assertions': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts', '**/*.svelte.js'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: { 'svelte/no-navigation-without-resolve': 'off' },
  },
  // Before the packages are there nothing can be typed any better than by JSDoc.
  { files: ['scripts/**/*.js', '*.js'], extends: [ts.configs.disableTypeChecked] },
  ...arrows.map(({ room, forbidden }) => ({
    files: [`src/${room}/**/*.{ts,svelte}`],
    rules: {
      'no-restricted-imports': /** @type {['error', object]} */ ([
        'error',
        {
          patterns: [
            ...forbidden.map(patternOf),
            ...arrows
              .filter((other) => room.startsWith(`${other.room}/`))
              .flatMap((other) => other.forbidden.map(patternOf)),
            ...(pure.includes(room) ? [{ regex: '^node:', message: 'This room runs anywhere: no Node API.' }] : []),
          ],
          paths: Object.entries(onlyIn)
            .filter(([, home]) => home !== room)
            .map(([name, home]) => ({ name, message: `Only ${home}/ imports ${name}.` })),
        },
      ]),
    },
  })),
  ...pure.map((room) => ({
    files: [`src/${room}/**/*.ts`],
    rules: { 'no-restricted-globals': /** @type {['error', ...string[]]} */ (['error', ...hostGlobals]) },
  })),
);
