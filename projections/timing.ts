// How long something took, counted by what it stayed under: a histogram's buckets and their sum.

import { type Instant, microsecondsOf } from '../domain/time.ts'

/** Upper ends of the buckets, seconds. */
export const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

export interface Timing {
  /** By bucket; the last one is for what took longer than all bounds. */
  readonly counts: number[]
  /** Seconds. */
  sum: number
}

export const noTiming = (): Timing => ({ counts: new Array(bounds.length + 1).fill(0), sum: 0 })

/** `from` in microseconds since 1970 UTC; undefined when the beginning was not seen: then nothing is counted. */
export const take = (timing: Timing, from: number | undefined, to: Instant): void => {
  if (from === undefined) return
  const seconds = (microsecondsOf(to) - from) / 1e6
  const bucket = bounds.findIndex(bound => seconds <= bound)
  const index = bucket < 0 ? bounds.length : bucket
  timing.counts[index] = (timing.counts[index] ?? 0) + 1
  timing.sum += seconds
}
