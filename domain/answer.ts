// The one answer to an intent: denied, expired, withheld (dry run), or an order is requested.
// A function of the book, the configuration and the clock reading at that moment, and of nothing else.

import { type Book, equityOf, liveOrders, positionOf, valueHeld, valueInOrders } from './book.ts'
import { add, compare, type Decimal, divide, isPositive, subtract } from './decimal.ts'
import type { Recorded } from './event.ts'
import { hasExpired, IntentDenied, IntentExpired, type IntentRaised, isProtective } from './intent.ts'
import { type OrderRequest, OrderRequested, OrderWithheld, remaining } from './order.ts'
import { orderIdOf } from './order-id.ts'
import { type Exposure, type Limits, riskObjection } from './risk.ts'
import { tradingOf } from './safety.ts'
import { dateIn, type Instant, millisecondsOf } from './time.ts'
import type { MarketRules } from './venue.ts'

/** What an answer depends on besides the book and the intent. */
export interface Circumstances {
  readonly now: Instant
  readonly limits: Limits
  readonly rules: (symbol: string) => MarketRules
  /** Whether the book trades a watchlist only, and which session is on now. */
  readonly watchlist: { readonly session: string | undefined } | undefined
  /** Whether the calendar knows the day: always so in a market that never closes. */
  readonly marketClockKnown: boolean
  readonly dryRun: boolean
  readonly prefix: string
}

export type Answer =
  | ReturnType<typeof OrderRequested>
  | ReturnType<typeof OrderWithheld>
  | ReturnType<typeof IntentDenied>
  | ReturnType<typeof IntentExpired>

/** What of a holding is not yet in a live order that reduces it. */
export const freeToReduce = (book: Book, by: string, symbol: string): Decimal =>
  notIn(book, by, symbol, () => true)

/** As above, but a protective stop holds nothing back: an exit takes it away before it sells. */
export const freeToExit = (book: Book, by: string, symbol: string): Decimal =>
  notIn(book, by, symbol, request => !isProtective(request))

const notIn = (
  book: Book,
  by: string,
  symbol: string,
  counts: (request: OrderRequest) => boolean,
): Decimal => {
  let free = positionOf(book, by, symbol).quantity
  for (const { order } of liveOrders(book)) {
    const { request } = order
    if (request.by === by && request.symbol === symbol && request.reduceOnly && counts(request))
      free = subtract(free, remaining(order))
  }
  return isPositive(free) ? free : '0'
}

export const exposureOf = (
  book: Book,
  { by, symbol }: IntentRaised['data'],
  { now, rules, watchlist, marketClockKnown }: Circumstances,
): Exposure => {
  const live = liveOrders(book).map(({ order }) => order)
  const held = positionOf(book, by, symbol).quantity
  const equity = equityOf(book)
  const peak = compare(equity, book.peakEquity) > 0 ? equity : book.peakEquity
  const today = dateIn(book.opened?.zone ?? 'UTC', now)
  const dayStart = book.dayStart?.date === today ? book.dayStart.equity : equity
  let lastClose = 0
  for (const candle of book.lastCandles.values())
    if (candle.symbol === symbol) lastClose = Math.max(lastClose, millisecondsOf(candle.closeTime))
  return {
    trading: book.haltsDue.size > 0 ? 'halted' : tradingOf(book.halts),
    marketClockKnown,
    ...(watchlist === undefined
      ? {}
      : {
          watchlist: {
            fresh: watchlist.session !== undefined && book.watchlist?.session === watchlist.session,
            symbols: new Set(book.watchlist?.tickers),
          },
        }),
    candleAgeMs: millisecondsOf(now) - lastClose,
    rules: rules(symbol),
    held,
    heldInOrders: subtract(held, freeToReduce(book, by, symbol)),
    entryOpen: live.some(
      ({ request }) => request.by === by && request.symbol === symbol && !request.reduceOnly,
    ),
    openOrders: live.length,
    unknownOutcomes: live.filter(({ status }) => status === 'unknown').length,
    ordersToday: book.ordersByDate.get(today) ?? 0,
    symbolExposure: add(valueHeld(book, symbol), valueInOrders(book, symbol)),
    grossExposure: add(valueHeld(book), valueInOrders(book)),
    lossToday: subtract(dayStart, equity),
    drawdown: isPositive(peak) ? divide(subtract(peak, equity), peak) : '0',
    freeCash: subtract(book.cash, valueInOrders(book)),
  }
}

/** Decides. The same book, intent and circumstances give the same answer, byte for byte. */
export const answerTo = (
  book: Book,
  intent: Recorded<IntentRaised>,
  circumstances: Circumstances,
): Answer => {
  const { now, limits, dryRun, prefix } = circumstances
  const { data } = intent.event
  if (hasExpired(data, now))
    return IntentExpired({ intent: intent.seq, expiresAt: data.expiresAt, decided: now })
  const objection = riskObjection(data, exposureOf(book, data, circumstances), limits)
  if (objection !== undefined) return IntentDenied({ intent: intent.seq, ...objection, decided: now })
  const { by, symbol, side, type, quantity, limitPrice, stopPrice, timeInForce, reduceOnly, restsUntil } =
    data
  const request = {
    orderId: orderIdOf(prefix, intent.seq),
    intent: intent.seq,
    by,
    symbol,
    side,
    type,
    quantity,
    ...(limitPrice === undefined ? {} : { limitPrice }),
    ...(stopPrice === undefined ? {} : { stopPrice }),
    timeInForce,
    reduceOnly,
    ...(restsUntil === undefined ? {} : { expiresAt: restsUntil }),
    decided: now,
  }
  return dryRun ? OrderWithheld(request) : OrderRequested(request)
}
