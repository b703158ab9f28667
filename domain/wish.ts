// From what a strategy says to what it wishes: sizing, price and lifetime of an intent. A pure function, so that a
// replay can ask it again.

import type { Candle } from './candle.ts'
import { type Decimal, divide, isPositive, priceFrom, roundTo, subtract } from './decimal.ts'
import { sellable } from './dust.ts'
import { type Intent, IntentRaised } from './intent.ts'
import type { Evaluation } from './strategy.ts'
import type { Instant } from './time.ts'
import { type MarketRules, onTick } from './venue.ts'

export interface Wisher {
  /** The champion's id in this market. */
  readonly champion: string
  /** Money for one entry. */
  readonly orderValue: Decimal
}

/** How long a wish lives, and an order of it that rests at the venue. */
export interface Lifetime {
  readonly expiresAt: Instant
  readonly restsUntil: Instant
}

/**
 * The intent behind an evaluation, or undefined when it asks for nothing.
 * - buy: as many lots as `orderValue` buys at the limit price or at the candle's close, rounded down;
 * - sell: everything that is held and not yet in a reducing order, as far as the venue takes it; the wish names the dust.
 * A wish is good until the close of the next candle: it is answered by then or stale.
 */
export const intentFrom = (
  { champion, orderValue }: Wisher,
  candle: Candle,
  evaluation: Evaluation,
  free: Decimal,
  rules: MarketRules,
  { expiresAt, restsUntil }: Lifetime,
): IntentRaised | undefined => {
  const common = {
    source: 'strategy' as const,
    by: champion,
    symbol: candle.symbol,
    referencePrice: candle.close,
    expiresAt,
    reason: evaluation.reasons.join('; '),
  }
  if (evaluation.action === 'buy') {
    const limitPrice =
      evaluation.limitPrice === undefined
        ? undefined
        : onTick(priceFrom(evaluation.limitPrice, rules.tick, 'down'), rules)
    const price = limitPrice ?? candle.close
    const order: Pick<Intent, 'type' | 'timeInForce'> =
      limitPrice === undefined
        ? { type: 'market', timeInForce: 'GTC' }
        : { type: 'limit', timeInForce: 'GTD' }
    return IntentRaised({
      ...common,
      ...order,
      side: 'buy',
      quantity: isPositive(price) ? roundTo(divide(orderValue, price), rules.lot, 'down') : '0',
      ...(limitPrice === undefined ? {} : { limitPrice, restsUntil }),
      reduceOnly: false,
    })
  }
  const exit = exitOf(free, rules)
  if (evaluation.action === 'sell' && exit !== undefined)
    return IntentRaised({
      ...common,
      type: 'market',
      timeInForce: 'GTC',
      side: 'sell',
      ...exit,
      reduceOnly: true,
    })
  return undefined
}

/** The quantity of an exit of everything, and the dust that it leaves; undefined when there is nothing that it could sell. */
export const exitOf = (held: Decimal, rules: MarketRules): Pick<Intent, 'quantity' | 'dust'> | undefined => {
  const quantity = sellable(held, rules)
  if (!isPositive(quantity)) return undefined
  const dust = subtract(held, quantity)
  return { quantity, ...(isPositive(dust) ? { dust } : {}) }
}
