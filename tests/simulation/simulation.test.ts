// Some hundreds of seeds of the whole simulation; npm run test:sim runs as many as one likes.

import { expect, test } from 'vitest'
import { oneRun } from './one-run.ts'
import { objections } from './oracle.ts'

const count = 150

test('every seed ends with both books in agreement', async () => {
  const failed: Record<number, readonly string[]> = {}
  for (let seed = 1; seed <= count; seed++) {
    const found = objections(await oneRun(seed))
    if (found.length > 0) failed[seed] = found.slice(0, 3)
  }
  expect(failed).toEqual({})
})
