// Trades of no known order. Venues name our id in no trade, only their own number of its order: as long as that of an order of ours is not
// known, a trade in its market and direction may be of it, and is nobody's.

import type { AccountBooks } from './account-books.ts'
import { type Evidence, tradeKey } from './evidence.ts'
import type { Order } from './order.ts'
import { millisecondsOf } from './time.ts'
import type { AccountTrade } from './venue.ts'

/**
 * Answers of one round may be of different ages: an order can arrive, or come to light, between the question for it and the one
 * for the trades. Its number at the venue is not known then. A trade that is older than this was there when the order was asked
 * for, and an answer that proves something would have shown the order: one that proves nothing would not, however old the trade is.
 */
const roundMs = 300_000

/**
 * Whether trades of an order could not be told from the owner's: they name it by its number at the venue, if at all. Of an order
 * that a report said to be filled or over, nobody may have asked for the number yet; one that the venue rejected needs none.
 */
export const lacksNumber = ({ venueOrderId, status, isPresumed }: Order): boolean =>
  venueOrderId === undefined && (status !== 'rejected' || isPresumed === true)

/** Ids of the orders in doubt that a trade of an unknown order may be of. */
export const mayBeOf = (books: AccountBooks, seen: Evidence, trade: AccountTrade): readonly string[] => {
  if (seen.others.has(trade.venueOrderId)) return []
  // An operator's word on an order says of old trades that they are not of it.
  return unclear(books, seen.found, trade)
    .filter(order => isOfRound(seen, trade) || (mayBeUnseen(order, seen.found, trade) && !order.isByWord))
    .map(({ request }) => request.orderId)
}

/** Whether a trade is so new that the next answer may say whose it is. */
export const isOfRound = ({ observed }: Evidence, { venueTime }: AccountTrade): boolean =>
  millisecondsOf(venueTime) >= millisecondsOf(observed) - roundMs

/** Whether a trade may be of an order of ours that lookups cannot see: then the venue is asked whose order has its number. */
export const mayBeOfUnseen = (
  books: AccountBooks,
  found: Evidence['found'],
  trade: AccountTrade,
): boolean => {
  const isExplained =
    trade.orderId !== undefined ||
    books.orderIdOfVenue.has(trade.venueOrderId) ||
    books.orderIdOfTrade.has(tradeKey(trade)) ||
    books.externalTrades.has(tradeKey(trade))
  return !isExplained && unclear(books, found, trade).some(order => mayBeUnseen(order, found, trade))
}

/** Orders in the market and direction of a trade whose number at the venue, if they are there, nobody has told. */
const unclear = (
  { orders }: AccountBooks,
  found: Evidence['found'],
  { symbol, side }: AccountTrade,
): readonly Order[] =>
  [...orders.values()]
    .map(({ order }) => order)
    .filter(order => {
      const { orderId, symbol: market, side: direction } = order.request
      if (market !== symbol || direction !== side || !lacksNumber(order)) return false
      return (found.get(orderId)?.kind ?? 'not-known') === 'not-known'
    })

/** An answer that proves nothing would not have shown the order, however old the trade is. */
const mayBeUnseen = ({ request }: Order, found: Evidence['found'], { venueTime }: AccountTrade): boolean => {
  const answer = found.get(request.orderId)
  const isUnproven = answer?.kind === 'not-known' && answer.unproven !== undefined
  return isUnproven && millisecondsOf(venueTime) >= millisecondsOf(request.decided) - roundMs
}
