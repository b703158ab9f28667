// A whole scan as events: what it read, every candidate, every rejection, the watchlist. A pure function of the
// event that started it and of the bars it names, so that a replay can scan again and compare.

import { avwapScan, type DailyColumns, ScanRules } from './avwap-scan.ts'
import type { BookEvent } from './catalogue.ts'
import {
  CandidateFound,
  ScanCompleted,
  type ScanStarted,
  TickerRejected,
  WatchlistPublished,
} from './scan.ts'

export const recordScan = (
  { session, lastBar, rules }: ScanStarted['data'],
  tickers: ReadonlyMap<string, DailyColumns>,
): readonly BookEvent[] => {
  const { candidates, rejections } = avwapScan({ session, lastBar, tickers, rules: ScanRules.parse(rules) })
  return [
    ...candidates.map(candidate => CandidateFound(candidate)),
    ...rejections.map(rejection => TickerRejected(rejection)),
    ScanCompleted({
      session,
      scanned: tickers.size,
      candidates: candidates.length,
      rejected: rejections.length,
    }),
    WatchlistPublished({ session, tickers: candidates.map(({ ticker }) => ticker) }),
  ]
}
