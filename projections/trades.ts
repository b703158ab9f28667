// Trades: round trips of one champion or operator in one symbol, from flat to flat.
//
//   flat ──first fill──▶ open ──fills either way──▶ flat again: a trade
//
// A fill that goes through flat to the other side closes one trade and opens the next, with its fee split by quantity.
// What an exit of everything had to leave (dust) ends a trade too: it is handed on to the next one at what it was bought
// for. Quantities are what the account holds, net of fees in the base currency; fees in a third currency are not in them.

import {
  absolute,
  add,
  compare,
  type Decimal,
  divide,
  isPositive,
  isZero,
  multiply,
  smaller,
  subtract,
} from '../domain/decimal.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { type Settled, settled } from '../domain/fill.ts'
import type { OrderFilled } from '../domain/order.ts'
import type { Anchor } from '../domain/scan.ts'
import { type CalendarDate, type Instant, millisecondsOf } from '../domain/time.ts'
import type { Projection } from './projection.ts'

/** The scan row by which a symbol came onto the watchlist that an entry was made from. */
export interface Origin {
  readonly scan: CalendarDate
  readonly anchor: Anchor
}

/** A round trip on its way. */
export interface OpenTrade {
  readonly by: string
  readonly symbol: string
  readonly side: 'long' | 'short'
  /** Venue time of the first fill. */
  readonly entryTime: Instant
  /** Venue time of the last fill. */
  exitTime: Instant
  /** Quantity and value (price × quantity) of all fills that built the position, and of all that shrank it. */
  entered: Decimal
  entryValue: Decimal
  exited: Decimal
  exitValue: Decimal
  fees: Decimal
  /** What the intents behind the fills said, each once, in the order of the fills. */
  readonly entryReasons: string[]
  readonly exitReasons: string[]
  readonly orderIds: string[]
  /** Of the first entry; undefined when no scan stands behind it. */
  readonly origin: Origin | undefined
  /** Of the fills. */
  readonly seqs: Seq[]
}

export interface Trade extends Readonly<OpenTrade> {
  /** Before fees, exactly. */
  readonly grossPnl: Decimal
  /** grossPnl - fees, exactly. */
  readonly netPnl: Decimal
}

export interface Trades {
  asOf: Seq
  /** The last fill that ended a trade. */
  closedAsOf: Seq
  fills: number
  /** In the order they ended. Nothing is folded from them: whoever has used them may let them go. */
  readonly closed: Trade[]
  /** By `${by} ${symbol}`. */
  readonly open: Map<string, OpenTrade>
  /** By the same key: what the last exit of everything said that it leaves, and what ended trades did leave. */
  readonly dust: Map<string, Decimal>
  readonly left: Map<string, { readonly quantity: Decimal; readonly value: Decimal }>
  /** Why an intent without an answer was raised; once it has an order, why that order was. */
  readonly intentReasons: Map<Seq, string>
  readonly orderReasons: Map<string, string>
  /** By ticker: the row of the scan that found it last; and the session of the last watchlist. */
  readonly candidates: Map<string, Origin>
  watchlist: CalendarDate | undefined
  /** Where entry orders came from. */
  readonly orderOrigins: Map<string, Origin>
}

export const trades: Projection<
  Trades,
  | 'CandidateFound'
  | 'WatchlistPublished'
  | 'IntentRaised'
  | 'IntentDenied'
  | 'IntentExpired'
  | 'OrderRequested'
  | 'OrderWithheld'
  | 'OrderFilled'
> = {
  name: 'trades',
  types: [
    'CandidateFound',
    'WatchlistPublished',
    'IntentRaised',
    'IntentDenied',
    'IntentExpired',
    'OrderRequested',
    'OrderWithheld',
    'OrderFilled',
  ],
  initial: () => ({
    asOf: 0,
    closedAsOf: 0,
    fills: 0,
    closed: [],
    open: new Map(),
    dust: new Map(),
    left: new Map(),
    intentReasons: new Map(),
    orderReasons: new Map(),
    candidates: new Map(),
    watchlist: undefined,
    orderOrigins: new Map(),
  }),
  apply: (state, recorded) => {
    const { seq, event } = recorded
    switch (event.type) {
      case 'CandidateFound': {
        const { ticker, session, anchor } = event.data
        state.candidates.set(ticker, { scan: session, anchor })
        return state
      }
      case 'WatchlistPublished':
        state.watchlist = event.data.session
        return state
      case 'IntentRaised':
        state.intentReasons.set(seq, event.data.reason)
        if (event.data.dust !== undefined)
          state.dust.set(`${event.data.by} ${event.data.symbol}`, event.data.dust)
        return state
      case 'OrderRequested': {
        const reason = state.intentReasons.get(event.data.intent)
        if (reason !== undefined) state.orderReasons.set(event.data.orderId, reason)
        state.intentReasons.delete(event.data.intent)
        const { orderId, symbol, reduceOnly } = event.data
        const origin = state.candidates.get(symbol)
        if (!reduceOnly && origin !== undefined && origin.scan === state.watchlist)
          state.orderOrigins.set(orderId, origin)
        return state
      }
      case 'IntentDenied':
      case 'IntentExpired':
      case 'OrderWithheld':
        state.intentReasons.delete(event.data.intent)
        return state
      case 'OrderFilled':
        takeFill(state, recorded as Recorded<OrderFilled>)
        return state
    }
  },
}

/** What is known of an order that is over; a fill that comes for it nevertheless has no reason and no origin. */
export const forgetOrder = ({ orderReasons, orderOrigins }: Trades, orderId: string): void => {
  orderReasons.delete(orderId)
  orderOrigins.delete(orderId)
}

const takeFill = (state: Trades, recorded: Recorded<OrderFilled>): void => {
  const { seq, event } = recorded
  const fill = settled(event.data)
  const key = `${fill.by} ${fill.symbol}`
  const trade = state.open.get(key)
  state.asOf = seq
  state.fills += 1

  if (trade === undefined) {
    if (isPositive(fill.quantity))
      state.open.set(key, withLeft(grown(started(fill, state), state, fill, seq), state, key))
    return
  }
  if (trade.side === sideOf(fill)) {
    grown(trade, state, fill, seq)
    return
  }
  const held = subtract(trade.entered, trade.exited)
  const closing = smaller(fill.quantity, held)
  const through = subtract(fill.quantity, closing)
  const fee = isZero(through) ? fill.fee : divide(multiply(fill.fee, closing), fill.quantity)
  shrunk(trade, state, { ...fill, quantity: closing, fee }, seq)
  const rest = subtract(held, closing)
  if (compare(rest, state.dust.get(key) ?? '0') > 0) return
  if (isPositive(rest)) leave(trade, state, key, rest)

  state.closed.push(ended(trade))
  state.closedAsOf = seq
  state.open.delete(key)
  if (isZero(through)) return
  const beyond = { ...fill, quantity: through, fee: subtract(fill.fee, fee) }
  state.open.set(key, grown(started(beyond, state), state, beyond, seq))
}

/** Takes what is left out of the trade that ends, at what it was bought for, and keeps it for the next one. */
const leave = (trade: OpenTrade, state: Trades, key: string, quantity: Decimal): void => {
  const value = divide(multiply(trade.entryValue, quantity), trade.entered)
  trade.entered = subtract(trade.entered, quantity)
  trade.entryValue = subtract(trade.entryValue, value)
  state.left.set(key, { quantity, value })
}

/** Dust of before is part of what is held from now on; a trade to the other side leaves it where it is. */
const withLeft = (trade: OpenTrade, state: Trades, key: string): OpenTrade => {
  const left = state.left.get(key)
  if (left === undefined || trade.side !== 'long') return trade
  state.left.delete(key)
  trade.entered = add(trade.entered, left.quantity)
  trade.entryValue = add(trade.entryValue, left.value)
  return trade
}

const sideOf = ({ side }: Settled): Trade['side'] => (side === 'buy' ? 'long' : 'short')

const started = (fill: Settled, { orderOrigins }: Trades): OpenTrade => ({
  by: fill.by,
  symbol: fill.symbol,
  side: sideOf(fill),
  entryTime: fill.venueTime,
  exitTime: fill.venueTime,
  entered: '0',
  entryValue: '0',
  exited: '0',
  exitValue: '0',
  fees: '0',
  entryReasons: [],
  exitReasons: [],
  orderIds: [],
  origin: orderOrigins.get(fill.orderId),
  seqs: [],
})

const grown = (trade: OpenTrade, state: Trades, fill: Settled, seq: Seq): OpenTrade => {
  trade.entered = add(trade.entered, fill.quantity)
  trade.entryValue = add(trade.entryValue, multiply(fill.price, fill.quantity))
  noted(trade, trade.entryReasons, state, fill, seq)
  return trade
}

const shrunk = (trade: OpenTrade, state: Trades, fill: Settled, seq: Seq): void => {
  trade.exited = add(trade.exited, fill.quantity)
  trade.exitValue = add(trade.exitValue, multiply(fill.price, fill.quantity))
  noted(trade, trade.exitReasons, state, fill, seq)
}

const noted = (trade: OpenTrade, reasons: string[], state: Trades, fill: Settled, seq: Seq): void => {
  trade.fees = add(trade.fees, fill.fee)
  trade.exitTime = fill.venueTime
  trade.seqs.push(seq)
  if (!trade.orderIds.includes(fill.orderId)) trade.orderIds.push(fill.orderId)
  const reason = state.orderReasons.get(fill.orderId)
  if (reason !== undefined && !reasons.includes(reason)) reasons.push(reason)
}

const ended = (trade: OpenTrade): Trade => {
  const { side, entryValue, exitValue, fees } = trade
  const grossPnl = side === 'long' ? subtract(exitValue, entryValue) : subtract(entryValue, exitValue)
  return {
    ...trade,
    grossPnl,
    netPnl: subtract(grossPnl, fees),
  }
}

/** Of all fills that built the position, or that shrank it, to 18 places; '0' without one. */
export const averagePrice = (value: Decimal, quantity: Decimal): Decimal =>
  isZero(quantity) ? '0' : divide(value, quantity)

export const holdingMs = ({ entryTime, exitTime }: Trade): number =>
  millisecondsOf(exitTime) - millisecondsOf(entryTime)

/** |entered - exited| of a trade on its way. */
export const openQuantity = ({ entered, exited }: OpenTrade): Decimal => absolute(subtract(entered, exited))
