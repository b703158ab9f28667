// The first seeds of the whole simulation; npm run test:sim runs as many as one likes.

import { expect, test } from 'vitest'
import { seedsForKinds, unmet } from './coverage.ts'
import { isOnDisk, simulate } from './on-disk.ts'
import type { Run } from './one-run.ts'
import { newsBehind, objections } from './oracle.ts'

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

test('doing it again may end behind midnight, where a segment follows another, and writes no other news', () => {
  const [evening, morning] = ['2024-03-05T23:53:44.109000Z', '2024-03-06T00:23:44.149000Z']
  const line = (type: string, at: string, data: object = {}) =>
    ({ at, event: { type, version: 1, data } }) as unknown as Run['events'][number]
  const stopped = (at: string) => line('RunStopped', at)
  const closed = (at: string) =>
    line('SegmentClosed', at, { segment: '2024-03-05.jsonl', nextSegment: '2024-03-06.jsonl', why: 'day' })
  const opened = (segment: string) => line('SegmentOpened', morning, { segment })
  const first = stopped(evening)
  const roll = [closed(morning), opened('2024-03-06.jsonl')]

  expect(newsBehind([first, line('CycleCompleted', evening), ...roll, stopped(morning)], 1)).toEqual([])
  expect(newsBehind([first, closed(morning), opened('2024-03-06.jsonl'), stopped(morning)], 2)).toEqual([])
  // Before midnight, once more, of another day, and what has nothing to do with midnight.
  expect(newsBehind([first, closed(evening)], 1)).toEqual(['SegmentClosed'])
  expect(newsBehind([first, ...roll, ...roll], 1)).toEqual(['SegmentClosed'])
  expect(newsBehind([first, closed(morning), opened('2024-03-07.jsonl')], 1)).toEqual(['SegmentOpened'])
  expect(newsBehind([first, opened('2024-03-06.jsonl')], 1)).toEqual(['SegmentOpened'])
  expect(newsBehind([first, ...roll, line('OrderAccepted', morning)], 1)).toEqual(['OrderAccepted'])
})

// Its executor is started once more at 23:53 and sleeps over midnight, with the ledger in files.
test('seed 20820, whose repetition ends on the next day', async () => {
  expect(objections(await simulate(20820))).toEqual([])
})
