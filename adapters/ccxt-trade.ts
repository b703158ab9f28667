// A trade as ccxt parses it, as an exact fact: nothing is rounded, nothing is guessed, and what does not fit is no answer.

import type { Trade } from 'ccxt'
import { type Decimal, multiply } from '../domain/decimal.ts'
import type { Fill, Order } from '../domain/order.ts'
import { instantOf } from '../domain/time.ts'
import { type AccountTrade, VenueUnavailable } from '../domain/venue.ts'
import { exactDecimal } from './exact-decimal.ts'

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
  const [, quote = 'USD'] = symbol.split('/') // a share's price is in dollars
  return {
    tradeId: id,
    venueOrderId: order,
    orderId: orderIdOf(order),
    symbol,
    side,
    price,
    quantity,
    fee: exactDecimal(fee?.cost) ?? '0',
    feeCurrency: fee?.currency ?? quote.replace(/:.*$/, ''),
    // What is not called a maker's pays the higher fee: taker.
    liquidity: trade.takerOrMaker === 'maker' ? 'maker' : 'taker',
    venueTime: instantOf(time),
  }
}

/**
 * The same trade as a fill of one of our orders, its fee in the currency of the price: a fee in the base currency at the
 * trade's own price, one in a third currency at `priceOf` it.
 */
export const fillOf = async (
  { request }: Order,
  trade: AccountTrade,
  priceOf: (feeCurrency: string, currency: string) => Promise<Decimal>,
): Promise<Fill> => {
  const [base = '', quote = 'USD'] = trade.symbol.split('/')
  const inCurrency =
    trade.fee === '0' || trade.feeCurrency === quote
      ? trade.fee
      : multiply(
          trade.fee,
          trade.feeCurrency === base ? trade.price : await priceOf(trade.feeCurrency, quote),
        )
  return {
    orderId: request.orderId,
    by: request.by,
    tradeId: trade.tradeId,
    symbol: trade.symbol,
    side: trade.side,
    price: trade.price,
    quantity: trade.quantity,
    fee: inCurrency,
    liquidity: trade.liquidity,
    venueTime: trade.venueTime,
  }
}
