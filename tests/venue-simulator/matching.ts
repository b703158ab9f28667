// How an order meets the market: it takes from the levels of the book, or rests until the price comes to it.
//
// - The book stands around the last price: levels on both sides, always full again for the next order. Taking a level is one trade.
// - A resting limit order is filled at its limit when a point of the price's path touches it; it is the maker.
// - A stop waits for a point at or beyond its price and then takes, up to its limit when it has one.

import { add, compare, type Decimal, isPositive, multiply, smaller, subtract } from '../../domain/decimal.ts'
import { type Order, restOf, type Side } from './books.ts'
import type { Market } from './script.ts'

export interface Match {
  readonly price: Decimal
  readonly quantity: Decimal
  readonly liquidity: 'maker' | 'taker'
}

/** What the book offers to this side, best first. */
export const levels = (
  market: Market,
  side: Side,
  last: Decimal,
): readonly { readonly price: Decimal; readonly quantity: Decimal }[] => {
  const { spreadTicks, gapTicks, levels: quantities } = market.book
  return quantities.flatMap((quantity, index) => {
    const away = multiply(market.tick, `${spreadTicks + index * gapTicks}`)
    const price = side === 'buy' ? add(last, away) : subtract(last, away)
    return isPositive(price) ? [{ price, quantity }] : []
  })
}

/** Whether a trade at `price` is as good as the limit or better. */
export const within = (side: Side, price: Decimal, limit: Decimal | undefined): boolean =>
  limit === undefined || (side === 'buy' ? compare(price, limit) <= 0 : compare(price, limit) >= 0)

/** What the order takes from the book now. `quantity` is its rest, or less when there is no money for all of it. */
export const taken = (
  market: Market,
  side: Side,
  last: Decimal,
  quantity: Decimal,
  limit: Decimal | undefined,
): readonly Match[] => {
  const matches: Match[] = []
  let rest = quantity
  for (const level of levels(market, side, last)) {
    if (!isPositive(rest) || !within(side, level.price, limit)) break
    const share = smaller(rest, level.quantity)
    matches.push({ price: level.price, quantity: share, liquidity: 'taker' })
    rest = subtract(rest, share)
  }
  return matches
}

/** Whether a stop that has not been triggered is triggered by this price. */
export const triggers = ({ side, stopPrice, triggered }: Order, price: Decimal): boolean =>
  stopPrice !== undefined &&
  !triggered &&
  (side === 'buy' ? compare(price, stopPrice) >= 0 : compare(price, stopPrice) <= 0)

/** Whether the order lies in the book, waiting for the price. */
export const rests = ({ stopPrice, triggered, limitPrice }: Order): boolean =>
  limitPrice !== undefined && (stopPrice === undefined || triggered)

/** What a point of the path fills of a resting order. */
export const touched = (market: Market, order: Order, price: Decimal): Match | undefined => {
  const { side, limitPrice } = order
  if (limitPrice === undefined || !rests(order) || !within(side, price, limitPrice)) return undefined
  const rest = restOf(order)
  const quantity = market.fillPerPoint === undefined ? rest : smaller(rest, market.fillPerPoint)
  return { price: limitPrice, quantity, liquidity: 'maker' }
}
