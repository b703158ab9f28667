// The candles of one market in columns: measurements to compute with, and the exact text of each on demand.

import type { Candle } from './candle.ts'
import type { Timeframe } from './timeframe.ts'

/** Oldest first; times in epoch milliseconds, strictly increasing and not overlapping. */
export interface CandleColumns {
  readonly symbol: string
  readonly timeframe: Timeframe
  readonly length: number
  readonly openTime: Float64Array
  readonly closeTime: Float64Array
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  /** The candle with its decimals as they were written. */
  candle(index: number): Candle
}
