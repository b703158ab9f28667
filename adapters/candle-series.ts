// Building the columns of a candle file row by row, and finding a place in them.

import type { Bar, Candle } from '../domain/candle.ts'
import type { CandleColumns } from '../domain/candle-columns.ts'
import type { Timeframe } from '../domain/timeframe.ts'

export type CandleSeries = CandleColumns

/** How many of a sorted column are not above `limit`: the index after them. */
export const countUpTo = (column: Float64Array, limit: number): number => {
  let from = 0
  let to = column.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((column[middle] as number) <= limit) from = middle + 1
    else to = middle
  }
  return from
}

/** Columns that grow row by row while a file is read. */
export interface SeriesBuilder {
  readonly length: number
  readonly lastClose: number
  add(bar: Bar): void
  build(candle: (index: number) => Candle): CandleSeries
}

export const seriesBuilder = (symbol: string, timeframe: Timeframe): SeriesBuilder => {
  const columns = {
    openTime: [] as number[],
    closeTime: [] as number[],
    open: [] as number[],
    high: [] as number[],
    low: [] as number[],
    close: [] as number[],
    volume: [] as number[],
  }
  return {
    get length() {
      return columns.openTime.length
    },
    get lastClose() {
      return columns.closeTime.at(-1) ?? Number.NEGATIVE_INFINITY
    },
    add: bar => {
      columns.openTime.push(bar.openTime)
      columns.closeTime.push(bar.closeTime)
      columns.open.push(bar.open)
      columns.high.push(bar.high)
      columns.low.push(bar.low)
      columns.close.push(bar.close)
      columns.volume.push(bar.volume)
    },
    build: candle => ({
      symbol,
      timeframe,
      length: columns.openTime.length,
      openTime: Float64Array.from(columns.openTime),
      closeTime: Float64Array.from(columns.closeTime),
      open: Float64Array.from(columns.open),
      high: Float64Array.from(columns.high),
      low: Float64Array.from(columns.low),
      close: Float64Array.from(columns.close),
      volume: Float64Array.from(columns.volume),
      candle,
    }),
  }
}
