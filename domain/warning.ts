// Checks that fail open: what they find is recorded as a warning, and trading goes on.
//
//   market-regime        the index is below its average, or too few tickers are above theirs
//   earnings-proximity   a candidate reports within days
//   scan-coverage        too many tickers of the universe have no bar of the last session
//   attribution          an entry has no scan row behind it
//
// A check that cannot be made (no bars of the index, a file that cannot be read) warns too: not knowing is told, and
// stops nothing. No decision reads a warning.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import type { DailyColumns } from './daily-columns.ts'
import { type Earnings, nextEarnings } from './earnings.ts'
import { type EventOf, event } from './event.ts'
import { figure } from './figure.ts'
import { sma } from './indicators/sma.ts'
import { type CalendarDate, DateText, daysBetween } from './time.ts'

export const OpenCheck = z.enum(['market-regime', 'earnings-proximity', 'scan-coverage', 'attribution'])
export type OpenCheck = z.infer<typeof OpenCheck>

export const WarningRaised = event('WarningRaised', 1, {
  check: OpenCheck,
  /** The session that it is about. */
  session: DateText,
  /** When it is about one market. */
  symbol: SymbolName.optional(),
  /** One sentence with the numbers. */
  detail: z.string(),
})
export type WarningRaised = EventOf<typeof WarningRaised>
export type Warning = WarningRaised['data']

export const WarningRules = z.strictObject({
  /** Ticker whose trend stands for the market, such as SPY; empty: the market regime is not asked for. */
  index: z.union([z.literal(''), SymbolName]).default(''),
  /** Days of the averages that the index and the tickers are held against. */
  regimeDays: z.int().min(2).max(500).default(50),
  /** Share of the tickers that shall be above their average. */
  breadthMin: z.number().min(0).max(1).default(0.4),
  /** Share of the universe that shall have a bar of the last session. */
  coverageMin: z.number().min(0).max(1).default(0.95),
  /** Earnings in fewer days than this are near. */
  earningsDays: z.int().min(0).max(60).default(3),
})
export type WarningRules = z.infer<typeof WarningRules>

type Bars = ReadonlyMap<string, DailyColumns>

/** Close of the last bar and its average over `days`; undefined when the last bar is not of `lastBar`, or too few are. */
const standing = (bars: DailyColumns | undefined, lastBar: CalendarDate, days: number) => {
  const last = bars?.dates.lastIndexOf(lastBar) ?? -1
  if (bars === undefined || last < days - 1) return undefined
  const mean = sma(days)
  let average: number | undefined
  for (let at = last - days + 1; at <= last; at += 1) average = mean(bars.close[at] as number)
  return { close: bars.close[last] as number, average: average as number }
}

/** What is wrong with the market as a whole, or undefined. Trend: close against its average. Breadth: how many are above. */
export const regimeConcern = (
  tickers: Bars,
  index: DailyColumns | undefined,
  lastBar: CalendarDate,
  { index: name, regimeDays, breadthMin }: WarningRules,
): string | undefined => {
  if (name === '') return undefined
  const trend = standing(index, lastBar, regimeDays)
  if (trend === undefined) return `not known: no ${regimeDays} bars of ${name} up to ${lastBar}`
  if (trend.close < trend.average)
    return `${name} closed at ${figure(trend.close)}, below its ${regimeDays}-day average ${figure(trend.average)}`
  let above = 0
  let counted = 0
  for (const bars of tickers.values()) {
    const each = standing(bars, lastBar, regimeDays)
    if (each === undefined) continue
    counted += 1
    if (each.close >= each.average) above += 1
  }
  if (above < breadthMin * counted)
    return `${above} of ${counted} tickers are above their ${regimeDays}-day average, ${figure(breadthMin * 100)} % wanted`
  return undefined
}

/** What is wrong with the bars as a whole, or undefined. */
export const coverageConcern = (
  tickers: Bars,
  lastBar: CalendarDate,
  { coverageMin }: WarningRules,
): string | undefined => {
  let missing = 0
  for (const { dates } of tickers.values()) if (!hasBarOf(dates, lastBar)) missing += 1
  if (tickers.size - missing >= coverageMin * tickers.size) return undefined
  return `${missing} of ${tickers.size} tickers have no bar of ${lastBar}: they were not judged`
}

/** The last bars are asked first: that is where it is, if it is there. */
export const hasBarOf = (dates: readonly CalendarDate[], date: CalendarDate): boolean => {
  for (let at = dates.length - 1; at >= 0 && (dates[at] as CalendarDate) >= date; at -= 1)
    if (dates[at] === date) return true
  return false
}

/** Why a position in the ticker may meet its earnings soon, or undefined. */
export const earningsConcern = (
  earnings: Earnings,
  ticker: string,
  session: CalendarDate,
  { earningsDays }: WarningRules,
): string | undefined => {
  const next = nextEarnings(earnings, ticker, session)
  if (next === undefined) return undefined
  const days = daysBetween(session, next.date)
  if (days >= earningsDays) return undefined
  const soon = days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`
  return `${ticker} reports ${soon}, ${next.date} ${next.when.replace('-', ' ')}`
}
