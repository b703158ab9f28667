// Evidence: what a venue said of the account in one round of questions, for a reconciliation to judge.

import type { Decimal } from './decimal.ts'
import type { Instant } from './time.ts'
import type { AccountTrade, RestingOrder, VenueOrder } from './venue.ts'

/** The answers of one round, asked in this order: the orders, then the trades, then the holdings. */
export interface Evidence {
  /** The book's clock when the asking began. */
  readonly observed: Instant
  /** What the venue says of each order of the book that is live or without a number there, by our id. */
  readonly found: ReadonlyMap<string, VenueOrder>
  readonly resting: readonly RestingOrder[]
  readonly trades: readonly AccountTrade[]
  /** The venue's numbers of orders in the trades that it shows, and that are nobody's of ours. */
  readonly others: ReadonlySet<string>
  readonly holdings: Readonly<Record<string, Decimal>>
  /** SHA-256 under which the raw answers are kept. */
  readonly evidence: string
}

/** Trade numbers are unique per market at most venues, not per account. */
export const tradeKey = ({ symbol, tradeId }: Pick<AccountTrade, 'symbol' | 'tradeId'>): string =>
  `${symbol} ${tradeId}`
