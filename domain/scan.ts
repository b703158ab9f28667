// The events of a scan: which session it was for, which data it read, what it found, what it rejected and why.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { DateText, InstantText } from './time.ts'
import { OpenCheck, WarningRules } from './warning.ts'

export const ScanStarted = event('ScanStarted', 2, {
  /** The session that the scan is for: the bars end with the session before. */
  session: DateText,
  clock: InstantText,
  universe: z.int().nonnegative(),
  /** SHA-256 of the bars in the data folder: a recorded file, or a manifest of the bar store. */
  dataset: z.string(),
  /** Last session whose bars were read. */
  lastBar: DateText,
  rules: z.record(z.string(), z.union([z.number(), z.string()])),
  /** SHA-256 of the list of tickers in the data folder; absent: every ticker of the bars. */
  list: z.string().optional(),
  /** SHA-256 of the earnings dates in the data folder; absent: none are known. */
  earnings: z.string().optional(),
  /** What the checks that fail open were asked with; absent: they were not asked. */
  warnings: WarningRules.optional(),
  /** Checks that fail open and could not be made, each with the reason; absent: there were none. */
  unchecked: z
    .array(z.strictObject({ check: OpenCheck, detail: z.string() }))
    .readonly()
    .optional(),
})
export type ScanStarted = EventOf<typeof ScanStarted>

export const Anchor = z.enum(['swing-low', 'swing-high', 'gap', 'earnings', 'year-start', 'highest-volume'])
export type Anchor = z.infer<typeof Anchor>

export const CandidateFound = event('CandidateFound', 1, {
  session: DateText,
  ticker: SymbolName,
  /** 1 is the best. */
  rank: z.int().positive(),
  score: z.number(),
  close: DecimalText,
  anchor: Anchor,
  anchorDate: DateText,
  /** Measurements. */
  avwap: z.number(),
  /** (close - avwap) / avwap */
  distance: z.number(),
  atr: z.number(),
  /** close / its 50-day average - 1 */
  trend: z.number(),
  /** Mean of price × volume over 20 days. */
  turnover: z.number(),
  reasons: z.array(z.string()).readonly(),
})
export type CandidateFound = EventOf<typeof CandidateFound>

export const TickerRejection = z.enum([
  'too-few-bars',
  'no-bar-of-last-session',
  'price-too-low',
  'turnover-too-low',
  'below-trend',
  'no-anchor',
  'below-avwap',
  'too-far-above-avwap',
  'outranked',
])
export type TickerRejection = z.infer<typeof TickerRejection>

export const TickerRejected = event('TickerRejected', 1, {
  session: DateText,
  ticker: SymbolName,
  reason: TickerRejection,
  /** One sentence with the numbers. */
  detail: z.string(),
})
export type TickerRejected = EventOf<typeof TickerRejected>

export const ScanCompleted = event('ScanCompleted', 1, {
  session: DateText,
  scanned: z.int().nonnegative(),
  candidates: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
})
export type ScanCompleted = EventOf<typeof ScanCompleted>

export const WatchlistPublished = event('WatchlistPublished', 1, {
  session: DateText,
  /** In order of rank. */
  tickers: z.array(SymbolName).readonly(),
})
export type WatchlistPublished = EventOf<typeof WatchlistPublished>

/** Why there is no scan for a session, so that somebody who asks in the evening gets an answer. It may be tried again. */
export const ScanFailed = event('ScanFailed', 1, {
  session: DateText,
  clock: InstantText,
  detail: z.string(),
})
export type ScanFailed = EventOf<typeof ScanFailed>
