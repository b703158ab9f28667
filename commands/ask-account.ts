// One round of questions to a venue about the whole account.

import type { AccountBooks } from '../domain/account-books.ts'
import { type Evidence, tradeKey } from '../domain/evidence.ts'
import { isLive, type Order } from '../domain/order.ts'
import type { Instant } from '../domain/time.ts'
import { lacksNumber, mayBeOfUnseen } from '../domain/unclaimed-trade.ts'
import type { Account, AccountTrade, Observed, Venue, VenueOrder } from '../domain/venue.ts'

/**
 * Orders first, then trades, then holdings: each answer is at least as new as what it has to
 * explain. `keep` gives the SHA-256 of the raw answers. `earlier`: the trades that the rounds before were told of; what one
 * answer has shown has happened, also when the next one lacks it. Throws VenueUnavailable.
 */
export const askAccount = async (
  books: AccountBooks,
  venue: Venue,
  account: Account,
  observed: Instant,
  keep: (raw: string) => Promise<string>,
  earlier: TradesAnswer[] = [],
): Promise<Evidence> => {
  const found = new Map<string, VenueOrder>()
  const from = books.tradesFrom(observed)
  // A trade that will be told may be of any order that had not ended by then, however long ago it was sent.
  const mayHaveTraded = ({ endedAt, sentAt }: Order) => (endedAt ?? sentAt) >= from
  for (const { order } of books.orders.values())
    if (isLive(order) || (lacksNumber(order) && (order.isByWord || mayHaveTraded(order))))
      found.set(order.request.orderId, await venue.find(order.request.orderId, order.request.symbol))
  const resting = await account.restingOrders()
  for (const { orderId, symbol } of resting.value) {
    if (orderId === undefined || found.has(orderId) || !books.orders.has(orderId)) continue
    found.set(orderId, await venue.find(orderId, symbol)) // over in the ledger, open at the venue
  }
  const trades = await account.tradesSince(from)
  const { others, raws: whose } = await ownersOf(books, account, trades.value, found)
  const told = new Set(trades.value.map(tradeKey))
  const lacking = earlier.filter(({ value }) => value.some(trade => !told.has(tradeKey(trade))))
  earlier.push(trades)
  const holdings = await account.holdings()
  const raw = {
    found: Object.fromEntries(found),
    resting: resting.raw,
    trades: trades.raw,
    ...(whose.length === 0 ? {} : { whose }),
    holdings: holdings.raw,
    ...(lacking.length === 0 ? {} : { earlierTrades: lacking.map(each => each.raw) }),
  }
  return {
    observed,
    found,
    resting: resting.value,
    trades: [...lacking.flatMap(({ value }) => value), ...trades.value],
    others,
    holdings: holdings.value,
    evidence: await keep(JSON.stringify(raw)),
  }
}

/**
 * Trades name an order by the venue's number. Where a lookup of ours proves nothing, the number of a trade that may be of it is what leads to
 * it: what has traded and is not said to be over counts as open, and is asked about by its number from then on. Adds to `found`; gives the
 * numbers of orders that are nobody's of ours, and the raw answers.
 */
const ownersOf = async (
  books: AccountBooks,
  { whose }: Account,
  trades: readonly AccountTrade[],
  found: Map<string, VenueOrder>,
) => {
  const others = new Set<string>()
  const raws: string[] = []
  if (whose === undefined) return { others, raws }
  const asked = new Set<string>()
  for (const trade of trades) {
    const { venueOrderId, symbol } = trade
    if (asked.has(venueOrderId) || !mayBeOfUnseen(books, found, trade)) continue
    asked.add(venueOrderId)
    const { value: owner, raw } = await whose(venueOrderId, symbol)
    raws.push(raw)
    if (owner.kind === 'not-ours') others.add(venueOrderId)
    if (owner.kind === 'ours' && found.get(owner.orderId)?.kind === 'not-known')
      found.set(owner.orderId, { kind: 'open', venueOrderId })
  }
  return { others, raws }
}

export type TradesAnswer = Observed<readonly AccountTrade[]>
