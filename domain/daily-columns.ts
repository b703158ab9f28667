// The daily bars of one ticker, in columns.

import type { Candle } from './candle.ts'
import type { CalendarDate } from './time.ts'

/** A ticker that has none. */
export const noBars: DailyColumns = {
  dates: [],
  open: new Float64Array(0),
  high: new Float64Array(0),
  low: new Float64Array(0),
  close: new Float64Array(0),
  volume: new Float64Array(0),
  exact: index => {
    throw new Error(`there is no bar ${index}`)
  },
}

/** All columns have the same length, oldest first, one bar a session. Prices and volumes are measurements. */
export interface DailyColumns {
  /** Sessions, strictly increasing. */
  readonly dates: readonly CalendarDate[]
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  /** Shares. */
  readonly volume: Float64Array
  /** A bar as it was written in the source. */
  readonly exact: (index: number) => Candle
}
