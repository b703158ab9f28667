// The clock of recorded data: it stands still until it is moved, and only ever moves forward.

import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../domain/clock.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'

export interface SimulatedClock extends Clock {
  /** Moves to `instant`; an earlier one than now changes nothing. Throws for text that is no instant. */
  jumpTo(instant: Instant): void
}

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
