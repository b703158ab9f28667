// Where a ticker's buyers stand: the days that are remembered, and the anchored VWAP from each to the last bar.
//
//   swing-low, swing-high   lowest low and highest high of the last `swingDays` bars, the latest one of equals
//   highest-volume          the day of those bars with the most shares traded, the latest one of equals
//   year-start              the first bar of the year of the last bar
//   earnings                the first bar that trades on the last report, where the dates are known
//   gap                     the opening gap up of those bars that is largest in ATRs, when it has `gapMinAtr` of them
//
// A day younger than `anchorAgeMin` bars is no anchor yet: the AVWAP of one bar is little more than its close.

import type { DailyColumns } from './daily-columns.ts'
import { type EarningsDate, earningsBar } from './earnings.ts'
import { anchoredVwapOf } from './indicators/anchored-vwap.ts'
import type { Anchor } from './scan.ts'
import type { CalendarDate } from './time.ts'

export interface AnchorRules {
  readonly swingDays: number
  readonly gapMinAtr: number
  readonly anchorAgeMin: number
}

export interface Support {
  readonly anchor: Anchor
  /** Index of the anchor's bar. */
  readonly at: number
  readonly avwap: number
}

/** AVWAP of the first `count` bars from each anchor; none where nothing was traded since. */
export const supports = (
  bars: DailyColumns,
  count: number,
  ranges: Float64Array,
  rules: AnchorRules,
  reports: readonly EarningsDate[] = [],
): readonly Support[] => {
  const found: Support[] = []
  for (const [anchor, at] of anchors(bars, count, ranges, rules, reports)) {
    if (count - 1 - at < rules.anchorAgeMin) continue
    const avwap = anchoredVwapOf(bars, at, count)
    if (avwap !== undefined) found.push({ anchor, at, avwap })
  }
  return found
}

/**
 * ATR after each bar; NaN where there is none yet. It is `atr` of domain/indicators over columns, the same sums in the
 * same order, without an object for each bar: this is most of the work of a scan.
 */
export const averageRanges = (
  { high, low, close }: DailyColumns,
  count: number,
  days: number,
): Float64Array => {
  const ranges = new Float64Array(count)
  let average = 0
  let previous = low[0] as number // the first true range is high - low
  for (let at = 0; at < count; at += 1) {
    const top = high[at] as number
    const bottom = low[at] as number
    const range = Math.max(previous, top) - Math.min(previous, bottom)
    previous = close[at] as number
    if (at < days) average += range
    if (at === days - 1) average /= days
    else if (at >= days) average += (range - average) / days
    ranges[at] = at < days - 1 ? Number.NaN : average
  }
  return ranges
}

/** The days that are remembered, by index. */
const anchors = (
  bars: DailyColumns,
  count: number,
  ranges: Float64Array,
  { swingDays, gapMinAtr }: AnchorRules,
  reports: readonly EarningsDate[],
): readonly (readonly [Anchor, number])[] => {
  const { open: opens, high: highs, low: lows, close: closes, volume: volumes } = bars
  const last = count - 1
  const from = Math.max(0, count - swingDays)
  let low = from
  let high = from
  let volume = from
  let gap: number | undefined
  let gapAtrMax = 0
  for (let at = from; at <= last; at += 1) {
    if ((lows[at] as number) <= (lows[low] as number)) low = at
    if ((highs[at] as number) >= (highs[high] as number)) high = at
    if ((volumes[at] as number) >= (volumes[volume] as number)) volume = at
    // Measured in the ATR of the day before: the gap itself would widen its own yardstick. NaN is no gap.
    const before = at === 0 ? Number.NaN : (ranges[at - 1] as number)
    const gapAtr = ((opens[at] as number) - (closes[at - 1] as number)) / before
    if (gapAtr >= gapMinAtr && gapAtr > gapAtrMax) {
      gap = at
      gapAtrMax = gapAtr
    }
  }
  const year = (bars.dates[last] as CalendarDate).slice(0, 4)
  const yearStart = countUpTo(bars.dates, last, year) // dates of the year come behind its bare number

  const found: [Anchor, number][] = [
    ['swing-low', low],
    ['swing-high', high],
    ['highest-volume', volume],
    ['year-start', yearStart],
  ]
  if (gap !== undefined) found.push(['gap', gap])
  const earnings = earningsBar(reports, bars.dates, count)
  if (earnings !== undefined) found.push(['earnings', earnings])
  return found
}

/** How many of the first `count` sorted dates are not after `date`. */
export const countUpTo = (dates: readonly CalendarDate[], count: number, date: string): number => {
  let from = 0
  let to = count
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((dates[middle] as CalendarDate) <= date) from = middle + 1
    else to = middle
  }
  return from
}
