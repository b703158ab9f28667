// How an embedded paper venue fills an order from candles, and only from candles that opened after the venue took it.
//
// - market: at the candle's open, moved against us by the slippage, never beyond the candle's range; taker.
// - limit: at the open when that is already better than the limit (taker), else at the limit once the candle
//   traded through it (maker). A touch is not enough: nobody knows the queue.
// - stop: triggered when the candle reaches it; filled at the worse of the stop and the open, with slippage; taker.
//   What then is left of it fills like a market order. A trigger without any fill is not remembered.
// - Each candle fills at most `participation` of its volume, shared by the orders in the order they were taken;
//   the rest waits for the next candle. IOC drops the rest after its first candle; FOK fills whole there or not at all.

import type { Candle } from './candle.ts'
import {
  add,
  compare,
  type Decimal,
  isPositive,
  larger,
  multiply,
  roundTo,
  smaller,
  subtract,
} from './decimal.ts'
import type { Fill, Order } from './order.ts'
import { remaining } from './order.ts'
import { millisecondsOf } from './time.ts'
import type { MarketRules, VenueReport } from './venue.ts'

export interface PaperTerms {
  /** Shares of the traded value: '0.001' is 0.1 %. */
  readonly makerFee: Decimal
  readonly takerFee: Decimal
  /** Share of the price by which market and stop orders fill worse than the open. */
  readonly slippage: Decimal
  /** Share of a candle's volume that the orders of one book may take. */
  readonly participation: Decimal
}

interface Price {
  readonly price: Decimal
  readonly liquidity: 'maker' | 'taker'
}

const slipped = (
  order: Order,
  from: Decimal,
  candle: Candle,
  { slippage }: PaperTerms,
  tick: Decimal,
): Price => {
  const worse = multiply(from, slippage)
  const price =
    order.request.side === 'buy'
      ? smaller(roundTo(add(from, worse), tick, 'up'), candle.high)
      : larger(roundTo(subtract(from, worse), tick, 'down'), candle.low)
  return { price, liquidity: 'taker' }
}

/** The price at which this candle fills the order; undefined when it does not. */
const fillPrice = (order: Order, candle: Candle, terms: PaperTerms, tick: Decimal): Price | undefined => {
  const { type, side, limitPrice, stopPrice } = order.request
  const buys = side === 'buy'
  if (type === 'market') return slipped(order, candle.open, candle, terms, tick)
  if (type === 'limit' && limitPrice !== undefined) {
    const betterAtOpen = buys ? compare(candle.open, limitPrice) <= 0 : compare(candle.open, limitPrice) >= 0
    if (betterAtOpen) return { price: candle.open, liquidity: 'taker' }
    const through = buys ? compare(candle.low, limitPrice) < 0 : compare(candle.high, limitPrice) > 0
    return through ? { price: limitPrice, liquidity: 'maker' } : undefined
  }
  if (type === 'stop' && stopPrice !== undefined) {
    if (order.filled !== '0') return slipped(order, candle.open, candle, terms, tick) // a market order by now
    const triggered = buys ? compare(candle.high, stopPrice) >= 0 : compare(candle.low, stopPrice) <= 0
    if (!triggered) return undefined
    const from = buys ? larger(stopPrice, candle.open) : smaller(stopPrice, candle.open)
    return slipped(order, from, candle, terms, tick)
  }
  return undefined
}

/** The trade of an order in a candle has one number, whenever and how often it is worked out. */
export const paperTradeId = (orderId: string, candle: Candle): string =>
  `${orderId}.${(millisecondsOf(candle.openTime) / 1000).toString(36)}`

/**
 * What the venue reports of an order for one candle, oldest first. `volumeLeft` is what earlier orders left of the
 * candle's share, and the answer says what is left after this one.
 */
export const matchOrder = (
  order: Order,
  candle: Candle,
  volumeLeft: Decimal,
  terms: PaperTerms,
  { tick, lot }: MarketRules,
): { readonly reports: readonly VenueReport[]; readonly volumeLeft: Decimal } => {
  const { orderId, by, symbol, side, timeInForce, expiresAt } = order.request
  const reports: VenueReport[] = []
  if (expiresAt !== undefined && expiresAt <= candle.openTime)
    return { reports: [{ kind: 'expired', orderId, venueTime: expiresAt }], volumeLeft }

  const open = remaining(order)
  const price = fillPrice(order, candle, terms, tick)
  const offered = roundTo(smaller(open, volumeLeft), lot, 'down')
  const quantity = timeInForce === 'FOK' && compare(offered, open) < 0 ? '0' : offered
  let left = volumeLeft
  let rest = open
  if (price !== undefined && isPositive(quantity)) {
    const fill: Fill = {
      orderId,
      by,
      tradeId: paperTradeId(orderId, candle),
      symbol,
      side,
      price: price.price,
      quantity,
      fee: multiply(
        multiply(price.price, quantity),
        price.liquidity === 'maker' ? terms.makerFee : terms.takerFee,
      ),
      liquidity: price.liquidity,
      venueTime: candle.openTime,
    }
    reports.push({ kind: 'filled', fill })
    left = subtract(volumeLeft, quantity)
    rest = subtract(open, quantity)
  }
  if (isPositive(rest)) {
    if (timeInForce === 'IOC' || timeInForce === 'FOK')
      reports.push({ kind: 'cancelled', orderId, reason: `${timeInForce} rest`, venueTime: candle.closeTime })
    else if (expiresAt !== undefined && expiresAt <= candle.closeTime)
      reports.push({ kind: 'expired', orderId, venueTime: expiresAt })
  }
  return { reports, volumeLeft: left }
}
