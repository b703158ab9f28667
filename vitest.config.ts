// Each test file runs in a process of its own. tests/demo-ledger.ts makes the folder that the test run shares.

import { defineConfig } from 'vitest/config'

const systemd = 'tests/systemd/**/*.test.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    // Generous: a machine that does ten other things at once is slow, not wrong.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/bench/**', '**/node_modules/**', systemd],
          globalSetup: ['tests/demo-ledger.ts'],
          // Most of the time is waiting: for other processes and for the disk.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Behind the others: a box with a systemd of its own has watchdogs and start limits that run by the clock. Each has
        // its own processes, network, disk and time, and mostly waits.
        extends: true,
        test: {
          name: 'systemd',
          include: [systemd],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
