// The AVWAP scan: which tickers stand just above the price that buyers since some memorable day have paid.
//
// AVWAP is counted from each anchor (avwap-support.ts); the highest one that is not above the last close is the one
// that counts. A ladder of questions rejects a ticker with a named reason or makes it a candidate; candidates are
// ranked by
//
//   score = 0.5 × (1 - distance / distanceMaxAtr)            distance: (close - AVWAP) / ATR
//         + 0.3 × trend / (trend + 0.1)                      trend: close / its average over trendDays - 1
//         + 0.2 × turnover / (turnover + 10 × turnoverMin)   turnover: mean of close × volume over turnoverDays
//
// and by ticker where scores are equal. Each part is 0 … its weight. Only sums, products and quotients are used, so
// that every machine gives the same bits. Bars after the last session before the scan's are not looked at.

import * as z from 'zod'
import { averageRanges, countUpTo, supports } from './avwap-support.ts'
import type { DailyColumns } from './daily-columns.ts'
import type { Earnings, EarningsDate } from './earnings.ts'
import { figure } from './figure.ts'
import type { CandidateFound, TickerRejected, TickerRejection } from './scan.ts'
import type { CalendarDate } from './time.ts'

export const ScanRules = z.strictObject({
  /** Bars that a ticker must have. */
  minimumBars: z.int().min(2).max(5000).default(120),
  /** Of the last close. */
  priceMin: z.number().min(0).default(5),
  /** In the currency of the prices, a day. */
  turnoverMin: z.number().positive().default(20_000_000),
  turnoverDays: z.int().min(1).max(250).default(20),
  trendDays: z.int().min(2).max(500).default(50),
  atrDays: z.int().min(2).max(100).default(14),
  swingDays: z.int().min(5).max(500).default(60),
  /** An opening gap below this many ATRs is no anchor. */
  gapMinAtr: z.number().min(0.5).max(20).default(2),
  /** A day fewer bars ago than this is no anchor yet. */
  anchorAgeMin: z.int().min(0).max(250).default(5),
  /** Farther above its support a ticker is no candidate. */
  distanceMaxAtr: z.number().positive().max(20).default(2),
  candidatesMax: z.int().min(1).max(500).default(10),
})
export type ScanRules = z.infer<typeof ScanRules>

export type { DailyColumns } from './daily-columns.ts'

export interface ScanInput {
  /** The session that the scan is for. */
  readonly session: CalendarDate
  /** The session before it: the last one whose bars may be looked at. */
  readonly lastBar: CalendarDate
  readonly tickers: ReadonlyMap<string, DailyColumns>
  readonly rules: ScanRules
  /** Where known: another anchor. */
  readonly earnings?: Earnings
  /** Hears how many tickers have been judged. */
  readonly progress?: (judged: number) => void
}

export interface ScanResult {
  /** Best first: the data of one CandidateFound each. */
  readonly candidates: readonly CandidateFound['data'][]
  /** In order of ticker: the data of one TickerRejected each. */
  readonly rejections: readonly TickerRejected['data'][]
}

/** A ticker that is good enough; its row is written only when it comes onto the list. */
interface Found {
  readonly ticker: string
  readonly score: number
  readonly row: () => Omit<CandidateFound['data'], 'rank'>
}

export const avwapScan = ({
  session,
  lastBar,
  tickers,
  rules,
  earnings,
  progress,
}: ScanInput): ScanResult => {
  const found: Found[] = []
  const rejections: TickerRejected['data'][] = []
  let judged = 0
  for (const [ticker, bars] of tickers) {
    const verdict = judge(session, lastBar, ticker, bars, rules, earnings?.get(ticker) ?? [])
    judged += 1
    if (judged % 50 === 0) progress?.(judged)
    if ('reason' in verdict) rejections.push({ session, ticker, ...verdict })
    else found.push(verdict)
  }
  found.sort((a, b) => b.score - a.score || byText(a.ticker, b.ticker))
  const best = found.slice(0, rules.candidatesMax)
  const last = best.at(-1)
  for (const { ticker, score } of found.slice(rules.candidatesMax))
    rejections.push({
      session,
      ticker,
      reason: 'outranked',
      detail: `score ${figure(score)}; the last of ${rules.candidatesMax} candidates has ${figure(last?.score ?? 0)}`,
    })
  return {
    candidates: best.map(({ row }, index) => ({ ...row(), rank: index + 1 })),
    rejections: rejections.sort((a, b) => byText(a.ticker, b.ticker)),
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Rejection {
  readonly reason: TickerRejection
  readonly detail: string
}

/** A ladder: the first reason is the answer. */
const judge = (
  session: CalendarDate,
  lastBar: CalendarDate,
  ticker: string,
  bars: DailyColumns,
  rules: ScanRules,
  reports: readonly EarningsDate[],
): Rejection | Found => {
  const rejection = (reason: TickerRejection, detail: string): Rejection => ({ reason, detail })
  const count = countUpTo(bars.dates, bars.dates.length, lastBar)
  const last = count - 1
  const lastDate = bars.dates[last]
  if (lastDate !== lastBar)
    return rejection(
      'no-bar-of-last-session',
      `the last bar is of ${lastDate ?? 'no session'}, not ${lastBar}`,
    )
  const needed = Math.max(rules.minimumBars, rules.trendDays, rules.turnoverDays, rules.atrDays + 1)
  if (count < needed) return rejection('too-few-bars', `${count} bars, ${needed} needed`)
  const close = bars.close[last] as number
  if (close < rules.priceMin)
    return rejection('price-too-low', `close ${figure(close)} is below ${figure(rules.priceMin)}`)
  const turnover = meanOfLast(rules.turnoverDays, count, bars.close, bars.volume)
  if (turnover < rules.turnoverMin)
    return rejection(
      'turnover-too-low',
      `mean turnover ${Math.round(turnover)} over ${rules.turnoverDays} days is below ${rules.turnoverMin}`,
    )
  const average = meanOfLast(rules.trendDays, count, bars.close)
  const trend = close / average - 1
  if (trend < 0)
    return rejection(
      'below-trend',
      `close ${figure(close)} is below its ${rules.trendDays}-day average ${figure(average)}`,
    )

  const ranges = averageRanges(bars, count, rules.atrDays)
  const range = ranges[last] as number
  const all = supports(bars, count, ranges, rules, reports)
  if (all.length === 0)
    return rejection('no-anchor', `nothing to anchor at is ${rules.anchorAgeMin} bars old`)
  const [first, ...others] = all.filter(({ avwap }) => avwap <= close)
  if (first === undefined)
    return rejection(
      'below-avwap',
      `close ${figure(close)} is below ${all.map(({ anchor, avwap }) => `${anchor} ${figure(avwap)}`).join(', ')}`,
    )
  // The first of equals: the order of the anchors is fixed.
  const support = others.reduce((best, each) => (each.avwap > best.avwap ? each : best), first)
  const { anchor, at, avwap } = support
  const anchorDate = bars.dates[at] as CalendarDate
  const distanceAtr = range === 0 ? 0 : (close - avwap) / range
  const stands = () => `close ${figure(close)} is ${distanceAtr.toFixed(2)} ATR above AVWAP ${figure(avwap)}`
  const since = `anchored at the ${anchor} of ${anchorDate}`
  if (distanceAtr > rules.distanceMaxAtr)
    return rejection('too-far-above-avwap', `${stands()} ${since}; at most ${rules.distanceMaxAtr} wanted`)

  const nearness = 1 - distanceAtr / rules.distanceMaxAtr
  const score =
    0.5 * nearness + (0.3 * trend) / (trend + 0.1) + (0.2 * turnover) / (turnover + 10 * rules.turnoverMin)
  const row = () => ({
    session,
    ticker,
    score,
    close: bars.exact(last).close,
    anchor,
    anchorDate,
    avwap,
    distance: (close - avwap) / avwap,
    atr: range,
    trend,
    turnover,
    reasons: [
      `${stands()}, ${since}`,
      `${(trend * 100).toFixed(1)} % above its ${rules.trendDays}-day average ${figure(average)}`,
      `mean turnover ${Math.round(turnover)} over ${rules.turnoverDays} days`,
    ],
  })
  return { ticker, score, row }
}

/** The mean of the last `days` of `count` bars, which are there; times another column where one is given. */
const meanOfLast = (days: number, count: number, column: Float64Array, times?: Float64Array): number => {
  let sum = 0
  for (let at = count - days; at < count; at += 1)
    sum += times === undefined ? (column[at] as number) : (column[at] as number) * (times[at] as number)
  return sum / days
}
