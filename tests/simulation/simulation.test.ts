// The first seeds of the whole simulation; npm run test:sim runs as many as one likes.

import { expect, test } from 'vitest'
import { seedsForKinds, unmet } from './coverage.ts'
import { isOnDisk, simulate } from './on-disk.ts'
import type { Run } from './one-run.ts'
import { objections } from './oracle.ts'

test('every seed ends with both books in agreement, and together they meet every kind of fault', async () => {
  const failed: Record<number, readonly string[]> = {}
  const hits: Record<string, number> = {}
  for (let seed = 1; seed <= seedsForKinds; seed++) {
    const run = await simulate(seed)
    for (const [cell, times] of run.hits) hits[cell] = (hits[cell] ?? 0) + times
    const found = objections(run)
    if (found.length > 0) failed[seed] = found.slice(0, 3)
  }
  expect(failed).toEqual({})
  expect(unmet(hits, seedsForKinds)).toEqual([])
})

test('a seed tells the same story each time, on a failing disk too', async () => {
  const story = ({ events, hits, exchange }: Run) => ({
    events: events.map(({ seq, at, event }) => [seq, at, event.type]),
    hits: [...hits],
    trades: exchange.trades.map(({ order: _, ...trade }) => trade),
  })
  for (const seed of [7, 20, 50]) expect(story(await simulate(seed))).toEqual(story(await simulate(seed)))
  expect([7, 20, 50].map(isOnDisk)).toEqual([false, true, true])
})
