// The port to time. Only commands and adapters hold one; decisions get an instant.

import type { Instant } from './time.ts'

export interface Clock {
  /** The book's time: the wall clock, or the simulated one of recorded data. */
  now(): Instant
  /** Waits; a simulated clock jumps. Resolves early when `signal` aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** The clock of a recorded book: it stands still until it is moved, and never goes back. */
export interface SimulatedClock extends Clock {
  jumpTo(instant: Instant): void
}
