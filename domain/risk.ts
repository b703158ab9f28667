// The risk ladder: between an intent and an order stand these questions, cheapest first. The first objection is
// the answer, and its name is recorded. Everything here fails closed.

import { add, compare, type Decimal, isMultiple, isPositive, multiply, subtract } from './decimal.ts'
import type { Intent } from './intent.ts'
import type { RiskDenial } from './risk-denial.ts'
import { type MarketRules, tickAt } from './venue.ts'

/** An operator's limits, from the configuration. Money in the book's currency. */
export interface Limits {
  readonly orderValueMax: Decimal
  readonly symbolExposureMax: Decimal
  readonly grossExposureMax: Decimal
  readonly openOrdersMax: number
  readonly ordersPerDayMax: number
  readonly unknownOutcomesMax: number
  readonly lossPerDayMax: Decimal
  /** Share of the highest equity: '0.2' is 20 %. */
  readonly drawdownMax: Decimal
  /** Age of the last candle of the symbol, counted from its close. */
  readonly candleAgeMaxMs: number
}

/** What the book looks like at the moment of the question. Everything comes from the ledger and the clock. */
export interface Exposure {
  readonly trading: 'active' | 'reducing' | 'halted'
  /** Whether the calendar of the market covers the day. */
  readonly marketClockKnown: boolean
  /** undefined for a book without a watchlist. */
  readonly watchlist?: { readonly fresh: boolean; readonly symbols: ReadonlySet<string> }
  readonly candleAgeMs: number
  /** What the venue demands of orders in this market. */
  readonly rules: MarketRules
  /** What the wisher holds in this symbol. */
  readonly held: Decimal
  /** Reducing orders of the wisher that are not done: what of `held` is spoken for. */
  readonly heldInOrders: Decimal
  /** Whether the wisher has an entry order in this symbol that is not done. */
  readonly entryOpen: boolean
  readonly openOrders: number
  readonly unknownOutcomes: number
  readonly ordersToday: number
  /** Position and open entry orders of the symbol, at the reference price. */
  readonly symbolExposure: Decimal
  readonly grossExposure: Decimal
  /** Positive when the day is at a loss. */
  readonly lossToday: Decimal
  /** 0 … 1, from the highest equity so far. */
  readonly drawdown: Decimal
  /** Cash that no open order has spoken for. */
  readonly freeCash: Decimal
}

/** A market order is valued at the reference price, a limit or stop order at its own. */
export const intentPrice = (intent: Intent): Decimal =>
  intent.limitPrice ?? intent.stopPrice ?? intent.referencePrice

export const intentValue = (intent: Intent): Decimal => multiply(intent.quantity, intentPrice(intent))

export interface Objection {
  readonly reason: RiskDenial
  /** One sentence with the numbers. */
  readonly detail: string
}

/** The first objection to an intent, or undefined. */
export const riskObjection = (intent: Intent, now: Exposure, limits: Limits): Objection | undefined => {
  const reduces = intent.reduceOnly
  const value = intentValue(intent)
  const objection = (reason: RiskDenial, detail: string): Objection => ({ reason, detail })

  if (now.trading === 'halted')
    return objection('trading-halted', 'trading is halted; veritape resume lifts it')
  if (now.trading === 'reducing' && !reduces)
    return objection('only-reducing', 'only orders that shrink a position are allowed')
  if (!isPositive(intent.quantity))
    return objection('quantity-not-positive', `quantity ${intent.quantity} after rounding to the lot`)
  const { lot, minimumQuantity, minimumNotional } = now.rules
  if (compare(intent.quantity, minimumQuantity) < 0)
    return objection('below-minimum', `${intent.quantity} is below the venue's minimum ${minimumQuantity}`)
  if (!isMultiple(intent.quantity, lot))
    return objection('quantity-off-lot', `${intent.quantity} is no multiple of the venue's lot ${lot}`)
  if (intent.type === 'limit' && intent.limitPrice === undefined)
    return objection('price-missing', 'a limit order needs a limit price')
  if (intent.type === 'stop' && intent.stopPrice === undefined)
    return objection('price-missing', 'a stop order needs a stop price')
  for (const price of [intent.limitPrice, intent.stopPrice])
    if (price !== undefined && !isMultiple(price, tickAt(now.rules, price)))
      return objection(
        'price-off-tick',
        `${price} is no multiple of the venue's tick ${tickAt(now.rules, price)}`,
      )
  if (minimumNotional !== undefined && compare(value, minimumNotional) < 0)
    return objection(
      'below-minimum-notional',
      `worth ${value}, below the venue's minimum value ${minimumNotional}`,
    )
  const free = subtract(now.held, now.heldInOrders)
  if (reduces) {
    if (intent.side !== 'sell' || compare(intent.quantity, free) > 0)
      return objection('nothing-to-reduce', `${intent.quantity} asked, ${free} free to reduce`)
    return undefined // what shrinks a position is not held up by the limits below
  }

  if (!now.marketClockKnown)
    return objection('market-clock-unknown', 'the exchange calendar does not cover today; update veritape')
  if (now.watchlist !== undefined && !now.watchlist.fresh)
    return objection('watchlist-stale', "the watchlist is not of today's session")
  if (now.watchlist !== undefined && !now.watchlist.symbols.has(intent.symbol))
    return objection('not-on-watchlist', `${intent.symbol} is not on today's watchlist`)
  if (now.candleAgeMs > limits.candleAgeMaxMs)
    return objection('stale-candle', `the last candle closed ${now.candleAgeMs} ms ago`)
  if (now.entryOpen) return objection('entry-already-open', `an entry in ${intent.symbol} is still open`)
  if (now.unknownOutcomes > limits.unknownOutcomesMax)
    return objection('too-many-unknown-outcomes', `${now.unknownOutcomes} orders have an unknown outcome`)
  if (now.openOrders >= limits.openOrdersMax)
    return objection('too-many-open-orders', `${now.openOrders} open, ${limits.openOrdersMax} allowed`)
  if (now.ordersToday >= limits.ordersPerDayMax)
    return objection('too-many-orders-today', `${now.ordersToday} today, ${limits.ordersPerDayMax} allowed`)
  if (compare(value, limits.orderValueMax) > 0)
    return objection('order-value-too-large', `${value} asked, ${limits.orderValueMax} allowed`)
  if (compare(add(now.symbolExposure, value), limits.symbolExposureMax) > 0)
    return objection(
      'symbol-exposure-too-large',
      `${value} more on top of ${now.symbolExposure} of ${intent.symbol}, ${limits.symbolExposureMax} allowed`,
    )
  if (compare(add(now.grossExposure, value), limits.grossExposureMax) > 0)
    return objection(
      'gross-exposure-too-large',
      `${value} more on top of ${now.grossExposure} in all, ${limits.grossExposureMax} allowed`,
    )
  if (compare(now.lossToday, limits.lossPerDayMax) >= 0)
    return objection('loss-per-day-reached', `down ${now.lossToday} today, ${limits.lossPerDayMax} allowed`)
  if (compare(now.drawdown, limits.drawdownMax) >= 0)
    return objection('drawdown-reached', `drawdown ${now.drawdown}, ${limits.drawdownMax} allowed`)
  if (intent.side === 'buy' && compare(value, now.freeCash) > 0)
    return objection('not-enough-cash', `${value} asked, ${now.freeCash} free`)
  if (intent.side === 'sell' && compare(intent.quantity, free) > 0)
    return objection('nothing-to-reduce', `short ${subtract(intent.quantity, free)} asked`)
  return undefined
}
