// What the venue says we hold, and where that differs from the ledger.

import { z } from 'zod'
import { SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { event } from './event.ts'
import { InstantText } from './time.ts'

const evidence = {
  /** SHA-256 of the raw answer, kept in the data folder. */
  evidence: z.string(),
}

export const HoldingsObserved = event('HoldingsObserved', 1, {
  observed: InstantText,
  /** Quantity by asset or symbol, as the venue says it. */
  holdings: z.record(z.string(), DecimalText),
  ...evidence,
})
export const ReconciliationCompleted = event('ReconciliationCompleted', 1, {
  verdict: z.enum(['agrees', 'drift']),
  orders: z.int().nonnegative(),
  fills: z.int().nonnegative(),
  drifts: z.int().nonnegative(),
})
export const DriftFound = event('DriftFound', 1, {
  subject: z.enum(['order', 'fill', 'position', 'balance']),
  name: z.string(),
  symbol: SymbolName.optional(),
  ledger: z.string(),
  venue: z.string(),
  ...evidence,
})
export const DriftResolved = event('DriftResolved', 1, { drift: z.int().positive(), how: z.string() })

export const MarketSnapshotTaken = event('MarketSnapshotTaken', 1, {
  taken: InstantText,
  tickers: z.record(z.string(), DecimalText),
  ...evidence,
})
