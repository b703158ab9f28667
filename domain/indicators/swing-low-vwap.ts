// AVWAP from the swing low: the anchor moves with the lowest low of the last bars.

import type { Bar } from '../candle.ts'
import { anchoredVwap } from './anchored-vwap.ts'
import { extreme } from './extreme.ts'

/**
 * Anchored VWAP from the bar with the lowest low of the last `length` bars, the latest one of equals; undefined until
 * there are that many. When the anchor leaves the window, the sum starts anew at the next one: what it says depends
 * on the last `length` bars alone, wherever a run began.
 */
export const swingLowVwap = (length: number): ((bar: Bar) => number | undefined) => {
  const window: Bar[] = []
  const lowest = extreme(length, 'lowest')
  let vwap = anchoredVwap()
  let seen = 0
  let anchoredAt = -1
  return bar => {
    window[seen % length] = bar
    seen += 1
    lowest.add(bar.low)
    const anchor = seen - 1 - lowest.age()
    if (anchor === anchoredAt) {
      const value = vwap(bar)
      return seen < length ? undefined : value
    }
    anchoredAt = anchor
    vwap = anchoredVwap()
    let value: number | undefined
    for (let place = anchor; place < seen; place += 1) value = vwap(window[place % length] as Bar)
    return seen < length ? undefined : value
  }
}
