// The simulated clock moves when it is told to, forward only.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { simulatedClock } from '../../adapters/simulated-clock.ts'
import { instantOf } from '../../domain/time.ts'

const start = '2015-08-24T12:30:00.000Z'
const { signal } = new AbortController()

test('it stands still until it is moved', async () => {
  const clock = simulatedClock(start)
  await new Promise(resolve => setTimeout(resolve, 5))
  expect(clock.now()).toBe(start)
  clock.jumpTo('2015-08-24T13:00:00.000Z')
  expect(clock.now()).toBe('2015-08-24T13:00:00.000Z')
})

test('sleep jumps instead of waiting', async () => {
  const clock = simulatedClock(start)
  await clock.sleep(86_400_000, signal)
  expect(clock.now()).toBe('2015-08-25T12:30:00.000Z')
})

test('an aborted sleep does not jump', async () => {
  const clock = simulatedClock(start)
  const stop = new AbortController()
  const asleep = clock.sleep(1000, stop.signal)
  stop.abort()
  await asleep
  await clock.sleep(1000, AbortSignal.abort())
  expect(clock.now()).toBe(start)
})

test('a loop that only sleeps can still be stopped by something else', async () => {
  const clock = simulatedClock(start)
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 5)
  while (!stop.signal.aborted) await clock.sleep(1, stop.signal)
  expect(clock.now() > start).toBe(true)
})

test('whatever it is told, it never goes backwards', async () => {
  const step = fc.oneof(
    fc.record({ jump: fc.integer({ min: -1e12, max: 4e12 }) }),
    fc.record({ sleep: fc.integer({ min: -1000, max: 1e9 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
      const clock = simulatedClock(start)
      for (const each of steps) {
        const before = clock.now()
        if ('jump' in each) clock.jumpTo(instantOf(each.jump))
        else await clock.sleep(each.sleep, signal)
        expect(clock.now() >= before).toBe(true)
      }
    }),
  )
})

test('text that is no instant is refused', () => {
  expect(() => simulatedClock('today')).toThrow("'today' is no instant")
  expect(() => simulatedClock(start).jumpTo('later')).toThrow("'later' is no instant")
})
