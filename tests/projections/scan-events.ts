// The events of a small scan, for tests of what it shows.

import { CandidateFound, ScanStarted, WatchlistPublished } from '../../domain/scan.ts'
import { noon } from './ledger-of.ts'

export const scanStarted = (session: string) =>
  ScanStarted({
    session,
    clock: noon,
    universe: 2,
    dataset: 'da7a',
    lastBar: '2015-08-21',
    rules: { priceMin: 5 },
  })

export const found = (session: string, ticker: string, rank: number) =>
  CandidateFound({
    session,
    ticker,
    rank,
    score: 0.75,
    close: '101.50',
    anchor: 'swing-low',
    anchorDate: '2015-07-08',
    avwap: 100.25,
    distance: 0.0125,
    atr: 1.5,
    trend: 0.02,
    turnover: 1234567.5,
    reasons: ['above its AVWAP', 'near, and rising'],
  })

export const published = (session: string, ...tickers: string[]) => WatchlistPublished({ session, tickers })
