// A whole scan as events: what it read, every candidate, every rejection, the watchlist. A pure function of the
// event that started it and of the bars it names, so that a replay can scan again and compare.

import { avwapScan, type DailyColumns, ScanRules } from './avwap-scan.ts'
import type { BookEvent } from './catalogue.ts'
import type { Earnings } from './earnings.ts'
import {
  CandidateFound,
  ScanCompleted,
  type ScanStarted,
  TickerRejected,
  WatchlistPublished,
} from './scan.ts'
import {
  coverageConcern,
  earningsConcern,
  type OpenCheck,
  regimeConcern,
  type Warning,
  WarningRaised,
} from './warning.ts'

/** What a scan reads, from the data that its first event names. */
export interface ScanData {
  /** The universe; a ticker without any bar has empty columns. */
  readonly tickers: ReadonlyMap<string, DailyColumns>
  /** Bars of the index, when one is named and there are any. */
  readonly index?: DailyColumns | undefined
  readonly earnings?: Earnings | undefined
}

export const recordScan = (
  started: ScanStarted['data'],
  data: ScanData,
  progress?: (judged: number) => void,
): readonly BookEvent[] => {
  const { session, lastBar, rules } = started
  const { tickers, earnings } = data
  const { candidates, rejections } = avwapScan({
    session,
    lastBar,
    tickers,
    rules: ScanRules.parse(rules),
    ...(earnings === undefined ? {} : { earnings }),
    ...(progress === undefined ? {} : { progress }),
  })
  return [
    ...candidates.map(candidate => CandidateFound(candidate)),
    ...rejections.map(rejection => TickerRejected(rejection)),
    ...warningsOf(
      started,
      data,
      candidates.map(({ ticker }) => ticker),
    ).map(warning => WarningRaised(warning)),
    ScanCompleted({
      session,
      scanned: tickers.size,
      candidates: candidates.length,
      rejected: rejections.length,
    }),
    WatchlistPublished({ session, tickers: candidates.map(({ ticker }) => ticker) }),
  ]
}

/** What the checks that fail open find. They look at the result; they have no part in it. */
const warningsOf = (
  { session, lastBar, warnings: rules, unchecked }: ScanStarted['data'],
  { tickers, index, earnings }: ScanData,
  candidates: readonly string[],
): readonly Warning[] => {
  if (rules === undefined) return []
  const found: Warning[] = (unchecked ?? []).map(each => ({ session, ...each }))
  const note = (check: OpenCheck, detail: string | undefined, symbol?: string) => {
    if (detail !== undefined)
      found.push({ check, session, ...(symbol === undefined ? {} : { symbol }), detail })
  }
  note('scan-coverage', coverageConcern(tickers, lastBar, rules))
  note('market-regime', regimeConcern(tickers, index, lastBar, rules))
  if (earnings !== undefined)
    for (const ticker of candidates)
      note('earnings-proximity', earningsConcern(earnings, ticker, session, rules), ticker)
  return found
}
