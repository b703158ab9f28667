// What the venue says we hold, and where that differs from the ledger.

import * as z from 'zod'
import { SymbolName } from './candle.ts'
import { DecimalText } from './decimal.ts'
import { type EventOf, event } from './event.ts'
import { Side } from './intent.ts'
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
export type DriftFound = EventOf<typeof DriftFound>
export type HoldingsObserved = EventOf<typeof HoldingsObserved>
export const DriftResolved = event('DriftResolved', 1, { drift: z.int().positive(), how: z.string() })

/** A trade of the account that no order of the book asked for: its owner's own. Adopted, and no position of ours. */
export const ExternalTradeObserved = event('ExternalTradeObserved', 1, {
  tradeId: z.string(),
  venueOrderId: z.string(),
  symbol: SymbolName,
  side: Side,
  price: DecimalText,
  quantity: DecimalText,
  fee: DecimalText,
  feeCurrency: z.string(),
  venueTime: InstantText,
  ...evidence,
})
/** An order at the venue that carries no id of the book: its owner's own. Left alone. */
export const ExternalOrderObserved = event('ExternalOrderObserved', 1, {
  venueOrderId: z.string(),
  symbol: SymbolName,
  side: Side,
  quantity: DecimalText,
  filled: DecimalText,
  ...evidence,
})
/** The label of what was seen when the book was opened, and is not the book's own. */
export const thereBefore = 'there before the book'

/** Holdings that the book does not explain and that are from now on known as not its own. */
export const ExternalBalanceAdopted = event('ExternalBalanceAdopted', 1, {
  /** Asset, currency or symbol, as the venue names it. */
  name: z.string(),
  /** Negative when the venue holds less than the book explains. */
  quantity: DecimalText,
  /** Why it is known: 'there before the book', the trades that it is taken back for, or an operator's words. */
  label: z.string(),
  ...evidence,
})

/** What the market and the account looked like at a moment, as far as they could be asked. */
export const MarketSnapshotTaken = event('MarketSnapshotTaken', 2, {
  taken: InstantText,
  /** By symbol, what the source said of it. */
  tickers: z.record(
    z.string(),
    z.strictObject({
      /** Price of the last trade, or the close of the newest candle. */
      last: DecimalText.optional(),
      /** The top of the order book. */
      bid: DecimalText.optional(),
      bidQuantity: DecimalText.optional(),
      ask: DecimalText.optional(),
      askQuantity: DecimalText.optional(),
    }),
  ),
  /** Total quantity by asset or symbol, as the venue names it. */
  balances: z.record(z.string(), DecimalText),
  /** What could not be had, and why. */
  missing: z.array(z.strictObject({ what: z.string(), why: z.string() })).readonly(),
  ...evidence,
})
export type MarketSnapshotTaken = EventOf<typeof MarketSnapshotTaken>
