import config from './playwright.config.ts';

/** Contact sheets of all screens (`npm run screenshots`). */
export default { ...config, testDir: 'tests/screenshots' };
