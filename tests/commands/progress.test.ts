// What the watchdog hears of an executor: one word for each completed turn, and none from a turn that hangs while the
// process lives on.

import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { closeOf, named, recorded, trade, world } from '../engine-in-memory.ts'

test('each completed turn is told, after its events are written', async () => {
  const book = world()
  const told: string[] = []
  const notifier = { progress: (status: string) => told.push(status), stopping: () => told.push('stopping') }
  await trade(book.engine({ notifier }), closeOf(5))
  const cycles = named(await book.events(), 'CycleCompleted').map(({ event }) => event.data.cycle)
  expect(cycles.length).toBeGreaterThan(4)
  expect(told.at(-1)).toBe('stopping')
  expect(told.slice(0, -1).map(status => Number(/^cycle (\d+), seq \d+$/.exec(status)?.[1]))).toEqual(cycles)
})

test('a venue or feed that never answers is silence, although the event loop runs', async () => {
  const book = world()
  const told: string[] = []
  const notifier = { progress: (status: string) => told.push(status), stopping: () => {} }
  let asked = 0
  const stalled = { ...recorded, closedCandles: () => new Promise<never>(() => asked++) }
  void trade(book.engine({ notifier, market: async () => stalled }), closeOf(5))
  await expect.poll(() => asked).toBeGreaterThan(0)
  await pause(300)
  expect(told).toEqual([])
})
