// The remembered days, and AVWAP from each.

import { expect, test } from 'vitest'
import { averageRanges, supports } from '../../domain/avwap-support.ts'
import type { DailyColumns } from '../../domain/daily-columns.ts'
import { candleClosed } from '../cast.ts'

/** Still days at one price each; volumes as given. */
const daysAt = (
  dates: readonly string[],
  prices: readonly number[],
  volumes: readonly number[],
): DailyColumns => {
  const price = Float64Array.from(prices)
  return {
    dates,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: Float64Array.from(volumes),
    exact: at => ({ ...candleClosed(0).data, close: `${prices[at] as number}` as const }),
  }
}
const dates = ['2014-12-30', '2014-12-31', '2015-01-02', '2015-01-05', '2015-01-06', '2015-01-07']
const rules = { swingDays: 5, gapMinAtr: 3, anchorAgeMin: 0 }
const anchorsOf = (bars: DailyColumns, given = rules) =>
  Object.fromEntries(
    supports(bars, bars.dates.length, averageRanges(bars, bars.dates.length, 2), given).map(
      ({ anchor, at, avwap }) => [anchor, [at, avwap]],
    ),
  )

test('of equal lows, highs and volumes the latest day is remembered, and only days of the window', () => {
  const bars = daysAt(dates, [1, 10, 20, 10, 20, 15], [9, 4, 2, 4, 2, 3])
  expect(anchorsOf(bars)).toEqual({
    'swing-low': [3, (40 + 40 + 45) / 9],
    'swing-high': [4, (40 + 45) / 5],
    'highest-volume': [3, (40 + 40 + 45) / 9],
    'year-start': [2, (40 + 40 + 40 + 45) / 11],
  })
})

test('a gap is measured by the ATR of the day before it', () => {
  // True ranges 0, 1, 1, then 4: an ATR of 0.75 before the gap, 2.375 with it.
  const bars = daysAt(dates, [10, 11, 10, 14, 14, 14], [1, 1, 1, 1, 1, 1])
  expect(averageRanges(bars, 4, 2)).toEqual(Float64Array.of(Number.NaN, 0.5, 0.75, 2.375))
  expect(anchorsOf(bars).gap).toEqual([3, 14])
  expect(anchorsOf(bars, { ...rules, gapMinAtr: 5.3 }).gap).toEqual([3, 14])
  expect(anchorsOf(bars, { ...rules, gapMinAtr: 5.4 }).gap).toBeUndefined()
})

test('days since which nothing was traded support nothing', () => {
  const bars = daysAt(dates, [1, 10, 20, 10, 20, 5], [9, 4, 2, 4, 0, 0])
  expect(Object.keys(anchorsOf(bars))).toEqual(['highest-volume', 'year-start'])
})
