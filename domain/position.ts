// A position: what all fills of one holder in one market add up to, at average cost.

import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  isZero,
  multiply,
  negate,
  subtract,
} from './decimal.ts'
import type { Settled } from './fill.ts'

export interface Position {
  /** Negative is short: possible only when the venue filled more than was asked or held. */
  readonly quantity: Decimal
  /** What the open quantity was paid for, without fees; negative for a short. */
  readonly cost: Decimal
  /** Proceeds minus average cost of everything closed, before fees. */
  readonly realizedPnl: Decimal
  /** In the money of the price: a fee in the base currency at its fill's price, one in a third currency not at all. */
  readonly fees: Decimal
}

export const flat: Position = { quantity: '0', cost: '0', realizedPnl: '0', fees: '0' }

type Trade = Pick<Settled, 'side' | 'price' | 'quantity' | 'fee' | 'feeCurrency'>

/**
 * Average-cost method: an increase adds its cost, a decrease takes the same share of cost as of quantity. The quantity is
 * what the account holds: `settled` (domain/fill.ts) took a fee in the base currency off it.
 */
export const evolvePosition = (position: Position, { side, price, quantity, fee }: Trade): Position => {
  const signed = side === 'buy' ? quantity : negate(quantity)
  const fees = add(position.fees, fee)
  const increases = isZero(position.quantity) || compare(position.quantity, '0') > 0 === (side === 'buy')
  if (increases)
    return {
      ...position,
      quantity: add(position.quantity, signed),
      cost: add(position.cost, multiply(signed, price)),
      fees,
    }
  const crosses = compare(quantity, absolute(position.quantity)) > 0
  const closing = crosses ? absolute(position.quantity) : quantity
  const share =
    crosses || compare(closing, absolute(position.quantity)) === 0
      ? position.cost
      : divide(multiply(position.cost, closing), absolute(position.quantity))
  const proceeds = multiply(side === 'sell' ? closing : negate(closing), price)
  const rest: Position = {
    quantity: add(position.quantity, side === 'sell' ? negate(closing) : closing),
    cost: subtract(position.cost, share),
    realizedPnl: add(position.realizedPnl, subtract(proceeds, share)),
    fees,
  }
  if (!crosses) return rest
  return evolvePosition(rest, { side, price, quantity: subtract(quantity, closing), fee: '0' })
}

/** Average price paid for the open quantity; '0' when flat. */
export const entryPrice = ({ quantity, cost }: Position): Decimal =>
  isZero(quantity) ? '0' : divide(cost, quantity)

/** Value of the open quantity at `mark`, minus its cost. */
export const unrealizedPnl = ({ quantity, cost }: Position, mark: Decimal): Decimal =>
  subtract(multiply(quantity, mark), cost)
