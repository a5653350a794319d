import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.e2e.ts',
  outputDir: 'test-results',
  workers: 1,
  forbidOnly: true,
  // A slow machine is no fault; tests say what happens, not how fast.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  use: {
    // The tests read English; screens.e2e.ts asks for the other languages itself.
    locale: 'en-US',
    actionTimeout: 60_000,
    viewport: { width: 390, height: 844 },
    launchOptions: {
      ...(process.env.CHROMIUM_PATH === undefined ? {} : { executablePath: process.env.CHROMIUM_PATH }),
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
