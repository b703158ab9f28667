// The clock on the wall.

import type { Clock } from '../domain/clock.ts'
import { instantOf } from '../domain/time.ts'

/** The longest time that a timer of Node can wait for, in milliseconds: 24.8 days. */
const timerMax = 2 ** 31 - 1

const waited = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
  })

export const systemClock: Clock = {
  now: () => instantOf(Date.now()),
  sleep: async (milliseconds, signal) => {
    for (let left = milliseconds; left > 0 && !signal.aborted; left -= timerMax)
      await waited(Math.min(left, timerMax), signal)
  },
}
