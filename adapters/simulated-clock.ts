// The clock of recorded data: it stands still until it is moved, and only ever moves forward.

import { setImmediate } from 'node:timers/promises'
import type { SimulatedClock } from '../domain/clock.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'

export const simulatedClock = (start: Instant): SimulatedClock => {
  let now = readMilliseconds(start)
  return {
    now: () => instantOf(now),
    jumpTo: instant => {
      now = Math.max(now, readMilliseconds(instant))
    },
    sleep: async (milliseconds, signal) => {
      const until = now + Math.max(0, milliseconds)
      // Signals and other work get their turn: a run that never waits could not be stopped.
      await setImmediate()
      if (!signal.aborted) now = Math.max(now, until)
    },
  }
}

const readMilliseconds = (instant: Instant): number => {
  const milliseconds = millisecondsOf(instant)
  if (Number.isNaN(milliseconds)) throw new Error(`'${instant}' is no instant`)
  return milliseconds
}
