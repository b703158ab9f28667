// Average true range: how far a market usually moves in one bar, in units of its price.

import type { Bar } from '../candle.ts'
import { wilder } from './wilder.ts'

/**
 * Wilder's average of max(high - low, |high - previous close|, |low - previous close|); the first true range is
 * high - low. Undefined until `length` bars were seen.
 * Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978).
 */
export const atr = (length: number): ((bar: Pick<Bar, 'high' | 'low' | 'close'>) => number | undefined) => {
  const average = wilder(length)
  let previousClose: number | undefined
  return ({ high, low, close }) => {
    const above = previousClose === undefined || high > previousClose ? high : previousClose
    const below = previousClose === undefined || low < previousClose ? low : previousClose
    previousClose = close
    return average(above - below)
  }
}
