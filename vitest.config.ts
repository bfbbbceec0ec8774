import { defineConfig } from 'vitest/config';

// Forks, since the native parts of the Temporal SDK like a process of their own.
export default defineConfig({
  test: {
    pool: 'forks',
    // Longer than any wait inside a test, so that the wait says what did not come.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    env: { TZ: 'UTC' },
    // They wait for servers more than they compute; more than two at once would only wait longer.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/{architecture,domain}/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{architecture,domain}/**'],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
});
