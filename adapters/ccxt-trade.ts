// A trade as ccxt parses it, as an exact fact: nothing is rounded, nothing is guessed, and what does not fit is no answer.

import type { Trade } from 'ccxt'
import { quoteOf } from '../domain/fill.ts'
import { instantOf } from '../domain/time.ts'
import { type AccountTrade, VenueUnavailable } from '../domain/venue.ts'
import { exactDecimal } from './exact-decimal.ts'

/** Of prices whose symbol names no currency: shares are traded in dollars. */
export const shareCurrency = 'USD'

/** Throws VenueUnavailable for a trade that lacks what a ledger needs. */
export const accountTradeOf = (
  venue: string,
  trade: Trade,
  orderIdOf: (venueOrderId: string) => string | undefined,
): AccountTrade => {
  const lacks = (what: string) =>
    new VenueUnavailable(`${venue} gives no usable answer (trades): trade ${String(trade.id)} has no ${what}`)
  const { id, order, symbol, side, fee } = trade
  const price = exactDecimal(trade.price)
  const quantity = exactDecimal(trade.amount)
  const time = Number(trade.timestamp)
  if (id === undefined || id === '') throw lacks('number')
  if (order === undefined || order === '') throw lacks('order')
  if (symbol === undefined) throw lacks('market')
  if (side !== 'buy' && side !== 'sell') throw lacks('side')
  if (price === undefined) throw lacks('price')
  if (quantity === undefined) throw lacks('quantity')
  if (!Number.isSafeInteger(time) || time <= 0) throw lacks('time')
  return {
    tradeId: id,
    venueOrderId: order,
    orderId: orderIdOf(order),
    symbol,
    side,
    price,
    quantity,
    fee: exactDecimal(fee?.cost) ?? '0',
    feeCurrency: fee?.currency ?? quoteOf(symbol) ?? shareCurrency,
    // What is not called a maker's pays the higher fee: taker.
    liquidity: trade.takerOrMaker === 'maker' ? 'maker' : 'taker',
    venueTime: instantOf(time),
  }
}
