// The wall clock tells UTC and sleeps no longer than it must.

import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../adapters/system-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('now is an instant in UTC with milliseconds', () => {
  vi.useFakeTimers({ now: Date.UTC(2023, 2, 24, 11, 40, 0, 5) })
  expect(systemClock.now()).toBe('2023-03-24T11:40:00.005Z')
})

const asleep = (milliseconds: number, signal: AbortSignal) => {
  let awake = false
  void systemClock.sleep(milliseconds, signal).then(() => {
    awake = true
  })
  return () => awake
}

test('sleep lasts as long as it is told', async () => {
  vi.useFakeTimers()
  const awake = asleep(1000, new AbortController().signal)
  await vi.advanceTimersByTimeAsync(999)
  expect(awake()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(awake()).toBe(true)
})

test('an abort wakes at once and leaves no timer', async () => {
  vi.useFakeTimers()
  const stop = new AbortController()
  const awake = asleep(1000, stop.signal)
  stop.abort()
  await vi.advanceTimersByTimeAsync(0)
  expect(awake()).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('with an aborted signal, or no time to wait, it does not sleep', async () => {
  vi.useFakeTimers()
  await systemClock.sleep(1000, AbortSignal.abort())
  await systemClock.sleep(0, new AbortController().signal)
  await systemClock.sleep(-5, new AbortController().signal)
  expect(vi.getTimerCount()).toBe(0)
})

test('a month is slept in full, although no timer lasts that long', async () => {
  vi.useFakeTimers()
  const month = 31 * 86_400_000
  const awake = asleep(month, new AbortController().signal)
  await vi.advanceTimersByTimeAsync(month - 1)
  expect(awake()).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  expect(awake()).toBe(true)
})
