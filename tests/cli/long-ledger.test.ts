// A ledger so long that a second thread checks its lines: the program as it is shipped finds that thread.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeDays } from '../bench/bench-ledger.ts'
import { temporaryFolder } from './files.ts'
import { veritape } from './veritape.ts'

test('a report of 40 MB of lines', async () => {
  const cwd = temporaryFolder()
  const { bytes, events } = await writeDays(join(cwd, 'ledger/bench'), 1, 66_000)
  expect(bytes).toBeGreaterThan(33 * 2 ** 20) // adapters/ledger-checker.ts: from 32 MiB on
  const { code, stdout, stderr } = await veritape(['report', 'kpi', '--book', 'bench', '--json'], { cwd })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ asOf: expect.any(Number) })
  expect(JSON.parse(stdout).asOf).toBeLessThanOrEqual(events)
})
