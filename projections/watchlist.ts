// The watchlist of the latest session that published one, with the candidates behind it.
//
//   candidates of a scan ──WatchlistPublished──▶ shown, when its session is not older than the one shown

import type { Seq } from '../domain/event.ts'
import type { CandidateFound } from '../domain/scan.ts'
import type { CalendarDate } from '../domain/time.ts'
import type { Projection } from './projection.ts'
import type { ViewFile } from './view.ts'

export type Candidate = CandidateFound['data']

export interface PublishedWatchlist {
  readonly asOf: Seq
  readonly session: CalendarDate
  /** In order of rank. */
  readonly tickers: readonly string[]
  /** In order of rank. */
  readonly candidates: readonly Candidate[]
}

export interface Watchlist {
  latest: PublishedWatchlist | undefined
  /** Candidates of scans that have not published yet, by session and ticker. */
  readonly found: Map<CalendarDate, Map<string, Candidate>>
}

export const watchlist: Projection<Watchlist, 'ScanStarted' | 'CandidateFound' | 'WatchlistPublished'> = {
  name: 'watchlist',
  types: ['ScanStarted', 'CandidateFound', 'WatchlistPublished'],
  initial: () => ({ latest: undefined, found: new Map() }),
  apply: (state, { seq, event: { type, data } }) => {
    switch (type) {
      case 'ScanStarted':
        state.found.set(data.session, new Map()) // a scan that starts again finds its candidates again
        return state
      case 'CandidateFound': {
        const found = state.found.get(data.session) ?? new Map<string, Candidate>()
        state.found.set(data.session, found.set(data.ticker, data))
        return state
      }
      case 'WatchlistPublished': {
        const { session, tickers } = data
        const found = state.found.get(session)
        state.found.delete(session)
        if (state.latest !== undefined && session < state.latest.session) return state
        const candidates = [...(found?.values() ?? [])].sort((a, b) => a.rank - b.rank)
        state.latest = { asOf: seq, session, tickers, candidates }
        return state
      }
    }
  },
}

/**
 * TradingView's import format: one symbol on a line, and a line with '###' in front begins a section. A '/' would be
 * read there as a ratio of two symbols, so BTC/USDT is written BTCUSDT.
 */
export const watchlistFiles = function* ({ latest }: Watchlist): Generator<ViewFile> {
  if (latest === undefined) return
  const { asOf, session, tickers } = latest
  yield {
    path: 'tradingview_watchlist.txt',
    asOf,
    text: () => `${[`###${session}`, ...tickers.map(ticker => ticker.replaceAll('/', ''))].join('\n')}\n`,
  }
}
