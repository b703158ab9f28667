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
import { anchoredVwap } from './indicators/anchored-vwap.ts'
import { atr } from './indicators/atr.ts'
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
    const vwap = anchoredVwap()
    let avwap: number | undefined
    for (let each = at; each < count; each += 1)
      avwap = vwap({
        high: bars.high[each] as number,
        low: bars.low[each] as number,
        close: bars.close[each] as number,
        volume: bars.volume[each] as number,
      })
    if (avwap !== undefined) found.push({ anchor, at, avwap })
  }
  return found
}

/** ATR after each bar; NaN where there is none yet. */
export const averageRanges = (
  { high, low, close }: DailyColumns,
  count: number,
  days: number,
): Float64Array => {
  const average = atr(days)
  const ranges = new Float64Array(count)
  for (let at = 0; at < count; at += 1)
    ranges[at] =
      average({ high: high[at] as number, low: low[at] as number, close: close[at] as number }) ?? Number.NaN
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
  const last = count - 1
  const from = Math.max(0, count - swingDays)
  let low = from
  let high = from
  let volume = from
  let gap: number | undefined
  let gapAtrMax = 0
  for (let at = from; at <= last; at += 1) {
    if ((bars.low[at] as number) <= (bars.low[low] as number)) low = at
    if ((bars.high[at] as number) >= (bars.high[high] as number)) high = at
    if ((bars.volume[at] as number) >= (bars.volume[volume] as number)) volume = at
    // Measured in the ATR of the day before: the gap itself would widen its own yardstick. NaN is no gap.
    const before = at === 0 ? Number.NaN : (ranges[at - 1] as number)
    const gapAtr = ((bars.open[at] as number) - (bars.close[at - 1] as number)) / before
    if (gapAtr >= gapMinAtr && gapAtr > gapAtrMax) {
      gap = at
      gapAtrMax = gapAtr
    }
  }
  const year = (bars.dates[last] as CalendarDate).slice(0, 4)
  let yearStart = last
  while (yearStart > 0 && (bars.dates[yearStart - 1] as CalendarDate).startsWith(year)) yearStart -= 1

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
