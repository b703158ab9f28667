// AVWAP from the start of the day, for markets around the clock.

import type { Bar } from '../candle.ts'
import { anchoredVwap } from './anchored-vwap.ts'

const dayMs = 86_400_000

/**
 * Anchored VWAP from the first bar of the UTC day. Undefined until a day's start was seen: a run that begins at noon
 * says nothing before midnight, rather than something else than a run that began earlier.
 */
export const dayVwap = (): ((bar: Bar) => number | undefined) => {
  let day: number | undefined
  let vwap: ReturnType<typeof anchoredVwap> | undefined
  return bar => {
    const today = Math.floor(bar.openTime / dayMs)
    const starts = day === undefined ? bar.openTime % dayMs === 0 : today !== day
    day = today
    if (starts) vwap = anchoredVwap()
    return vwap?.(bar)
  }
}
