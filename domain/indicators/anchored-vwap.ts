// Anchored VWAP: what the average share that changed hands since the anchor was paid for.

import type { Bar } from '../candle.ts'
import type { DailyColumns } from '../daily-columns.ts'

/** (high + low + close) / 3 */
export const typicalPrice = ({ high, low, close }: Pick<Bar, 'high' | 'low' | 'close'>): number =>
  (high + low + close) / 3

/**
 * Sum of typical price × volume over the sum of volume, from the first bar it is given: a new anchor is a new
 * instance. Undefined until there was any volume. Source: B. Shannon, Maximum Trading Gains with Anchored VWAP (2023).
 */
export const anchoredVwap = (): ((
  bar: Pick<Bar, 'high' | 'low' | 'close' | 'volume'>,
) => number | undefined) => {
  let value = 0
  let volume = 0
  return bar => {
    value += typicalPrice(bar) * bar.volume
    volume += bar.volume
    return volume === 0 ? undefined : value / volume
  }
}

/** The same over columns, from the bar at `from` up to, not including, `to`: the same sums in the same order. */
export const anchoredVwapOf = (
  { high, low, close, volume }: Pick<DailyColumns, 'high' | 'low' | 'close' | 'volume'>,
  from: number,
  to: number,
): number | undefined => {
  let value = 0
  let traded = 0
  for (let at = from; at < to; at += 1) {
    const typical = ((high[at] as number) + (low[at] as number) + (close[at] as number)) / 3
    value += typical * (volume[at] as number)
    traded += volume[at] as number
  }
  return traded === 0 ? undefined : value / traded
}
