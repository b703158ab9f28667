// Each test file runs in a process of its own. tests/demo-ledger.ts makes the folder that the test run shares.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/bench/**', '**/node_modules/**'],
    globalSetup: ['tests/demo-ledger.ts'],
    pool: 'forks',
    // Most of the time is waiting: for other processes and for the disk.
    maxWorkers: 3,
    // Generous: a machine that does ten other things at once is slow, not wrong.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
