// The daily bars of one ticker, in columns.

import type { Decimal } from './decimal.ts'
import type { CalendarDate } from './time.ts'

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
  /** A close as it was written in the source. */
  readonly exactClose: (index: number) => Decimal
}
