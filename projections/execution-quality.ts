// Execution quality: what an order cost against the price at which it was decided, and against the price at which it
// was sent.
//
//   decision price ──▶ arrival price ──▶ prices of the fills ──▶ end price, once the order is over:
//   of the intent      when requested                              for what was not filled
//
// The sign says who pays: a cost is positive, a gain is negative, for buys and sells alike. Prices are those that the
// ledger knows: closes of candles. It has no quotes, so half the spread is part of what is called slippage here.

import { add, type Decimal, isPositive, isZero, larger, multiply, subtract } from '../domain/decimal.ts'
import type { Seq } from '../domain/event.ts'
import { countOtherFee, type FeesByCurrency, otherFee, quoteOf, settled } from '../domain/fill.ts'
import type { Fill, OrderRequest } from '../domain/order.ts'
import { none, type Option, some } from '../domain/result.ts'
import type { Instant } from '../domain/time.ts'
import type { Projection } from './projection.ts'

/** An order on its way or over. Prices may be missing: a book need not have seen a candle of the symbol. */
export interface ExecutedOrder {
  readonly orderId: string
  readonly by: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  /** Undefined for fills whose request is not in the ledger: they have fees and no yardstick. */
  readonly terms:
    | {
        readonly type: OrderRequest['type']
        readonly quantity: Decimal
        readonly decision: Decimal | undefined
        readonly arrival: Decimal | undefined
      }
    | undefined
  filled: Decimal
  /** Sum of price × quantity of the fills. */
  value: Decimal
  /** In the money of the price: those in the base currency at the price of their fill, others at the last close on record. */
  fees: Decimal
  /** Fees in a third currency of which the ledger had no price when they were taken. */
  readonly otherFees: FeesByCurrency
  /** How the order ended; one that was rejected comes back when the venue has it after all. */
  ended: 'rejected' | 'over' | undefined
  /** Close of the first candle that the book saw after that; undefined until then. */
  endPrice: Decimal | undefined
}

export interface ExecutionQuality {
  asOf: Seq
  /** By symbol: the candle that closed last, of all timeframes. */
  readonly closes: Map<string, { closeTime: Instant; close: Decimal }>
  /** Of intents without an answer. */
  readonly decisions: Map<Seq, Decimal>
  /** By symbol: orders that ended and have no price for it yet. */
  readonly unpriced: Map<string, ExecutedOrder[]>
  /** In the order they were requested. */
  readonly orders: Map<string, ExecutedOrder>
}

export const executionQuality: Projection<
  ExecutionQuality,
  | 'CandleClosed'
  | 'IntentRaised'
  | 'IntentDenied'
  | 'IntentExpired'
  | 'OrderRequested'
  | 'OrderWithheld'
  | 'OrderAccepted'
  | 'OrderFilled'
  | 'OrderRejected'
  | 'OrderCancelled'
  | 'OrderExpired'
> = {
  name: 'execution-quality',
  types: [
    'CandleClosed',
    'IntentRaised',
    'IntentDenied',
    'IntentExpired',
    'OrderRequested',
    'OrderWithheld',
    'OrderAccepted',
    'OrderFilled',
    'OrderRejected',
    'OrderCancelled',
    'OrderExpired',
  ],
  initial: () => ({
    asOf: 0,
    closes: new Map(),
    decisions: new Map(),
    unpriced: new Map(),
    orders: new Map(),
  }),
  apply: (state, { seq, event }) => {
    switch (event.type) {
      case 'CandleClosed': {
        const { symbol, closeTime, close } = event.data
        const known = state.closes.get(symbol)
        if (known === undefined) state.closes.set(symbol, { closeTime, close })
        else if (closeTime < known.closeTime) return state
        else {
          known.closeTime = closeTime
          known.close = close
        }
        if (priceEnds(state, symbol, close)) state.asOf = seq
        return state
      }
      case 'IntentRaised':
        state.decisions.set(seq, event.data.referencePrice)
        return state
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderWithheld':
        state.decisions.delete(event.data.intent)
        return state
      case 'OrderRequested':
        state.asOf = seq
        takeRequest(state, event.data)
        return state
      case 'OrderAccepted': {
        const order = state.orders.get(event.data.orderId)
        if (order?.ended !== 'rejected') return state
        state.asOf = seq
        revive(order)
        return state
      }
      case 'OrderFilled':
        state.asOf = seq
        takeFill(state, event.data)
        return state
      case 'OrderRejected':
      case 'OrderCancelled':
      case 'OrderExpired': {
        const order = state.orders.get(event.data.orderId)
        if (order === undefined || order.ended !== undefined) return state
        state.asOf = seq
        order.ended = event.type === 'OrderRejected' ? 'rejected' : 'over'
        state.unpriced.set(order.symbol, [...(state.unpriced.get(order.symbol) ?? []), order])
        return state
      }
    }
  },
}

const takeRequest = (state: ExecutionQuality, request: OrderRequest): void => {
  const { orderId, intent, by, symbol, side, type, quantity, stopPrice } = request
  // A stop is a decision to trade once its price is there: it waits by design and is measured from there.
  const isStop = type === 'stop'
  const decision = isStop ? stopPrice : state.decisions.get(intent)
  const arrival = isStop ? stopPrice : state.closes.get(symbol)?.close
  state.decisions.delete(intent)
  state.orders.set(orderId, started({ orderId, by, symbol, side }, { type, quantity, decision, arrival }))
}

const takeFill = (state: ExecutionQuality, fill: Fill): void => {
  const order = state.orders.get(fill.orderId) ?? started(fill, undefined)
  state.orders.set(fill.orderId, order)
  order.filled = add(order.filled, fill.quantity)
  order.value = add(order.value, multiply(fill.price, fill.quantity))
  takeFee(state, order, fill)
  if (order.ended === 'rejected') revive(order)
}

/** A third currency is worth the last close of its own market against the currency of the price; else it stays what it is. */
const takeFee = ({ closes }: ExecutionQuality, order: ExecutedOrder, fill: Fill): void => {
  const other = otherFee(fill)
  const price = other && closes.get(`${other.currency}/${quoteOf(fill.symbol)}`)?.close
  if (other !== undefined && price === undefined) countOtherFee(order.otherFees, fill)
  const cost = other === undefined || price === undefined ? settled(fill).fee : multiply(other.amount, price)
  order.fees = add(order.fees, cost)
}

/** The venue has it after all. */
const revive = (order: ExecutedOrder): void => {
  order.ended = undefined
  order.endPrice = undefined
}

/**
 * The candle that was there when an order ended may be as old as the decision, so that nothing was ever missed: what
 * counts is the next one. False when no order waited for it.
 */
const priceEnds = ({ unpriced }: ExecutionQuality, symbol: string, close: Decimal): boolean => {
  const orders = unpriced.get(symbol)
  if (orders === undefined) return false
  for (const order of orders) if (order.ended !== undefined) order.endPrice = close
  unpriced.delete(symbol)
  return true
}

const started = (
  { orderId, by, symbol, side }: Pick<Fill, 'orderId' | 'by' | 'symbol' | 'side'>,
  terms: ExecutedOrder['terms'],
): ExecutedOrder => ({
  orderId,
  by,
  symbol,
  side,
  terms,
  filled: '0',
  value: '0',
  fees: '0',
  otherFees: new Map(),
  ended: undefined,
  endPrice: undefined,
})

/** Nothing is expected of it any more that would change its figures; a late fill still could. */
export const isSettled = ({ terms, filled, ended, endPrice }: ExecutedOrder): boolean => {
  if (terms === undefined || !isPositive(subtract(terms.quantity, filled))) return true
  return ended !== undefined && endPrice !== undefined
}

// ── the figures of an order ─────────────────────────────────────────────────────────────────────────────────────

/** Money, exact, with the value that it is a part of. */
export interface Cost {
  readonly cost: Decimal
  readonly of: Decimal
}

/** A cost of `side` when `paid` was paid (or received) for what stood at `fair`. */
const against = (side: 'buy' | 'sell', paid: Decimal, fair: Decimal): Decimal =>
  side === 'buy' ? subtract(paid, fair) : subtract(fair, paid)

/**
 * What the fills cost more than the arrival price, before fees: ±(Σ price × quantity - arrival × filled), + for a buy,
 * of arrival × filled (Kissell 2006, "The Expanded Implementation Shortfall": trading cost). Missing without a fill,
 * or when the book had seen no candle of the symbol.
 */
export const slippageOf = ({ side, terms, filled, value }: ExecutedOrder): Option<Cost> => {
  if (terms?.arrival === undefined || !isPositive(filled)) return none
  const of = multiply(terms.arrival, filled)
  return some({ cost: against(side, value, of), of })
}

/**
 * Implementation shortfall (Perold 1988): what the order lost against a portfolio on paper that traded all of it at
 * the decision price, at once and for nothing.
 *
 *   execution cost    ±(Σ price × quantity - decision × filled)
 *   fees              of all fills, but those in a third currency without a price on record
 *   opportunity cost  ±(end - decision) × (quantity - filled)
 *
 * of decision × quantity. Missing while the order lives, and where the prices are not known. Of a stop only what was
 * filled counts: while its price is not there, the portfolio on paper does not trade either.
 */
export const shortfallOf = (order: ExecutedOrder): Option<Cost> => {
  const { side, terms, filled, value, fees, ended, endPrice } = order
  if (terms?.decision === undefined) return none
  const { type, decision } = terms
  const rest = larger('0', subtract(terms.quantity, filled))
  if (!isZero(rest) && ended === undefined) return none
  const execution = add(against(side, value, multiply(decision, filled)), fees)
  if (isZero(rest) || type === 'stop')
    return isPositive(filled) ? some({ cost: execution, of: multiply(decision, filled) }) : none
  if (endPrice === undefined) return none
  const opportunity = against(side, multiply(endPrice, rest), multiply(decision, rest))
  return some({ cost: add(execution, opportunity), of: multiply(decision, add(filled, rest)) })
}
