// The book as the executor and the replay see it: the fold of the whole ledger that decisions are made from.
//
// It is one big state for one owner, so `evolveBook` changes it in place. Everything in it comes from events; no
// clock, no file and no venue is ever asked.

import type { BookOpened } from './account.ts'
import type { Candle } from './candle.ts'
import type { BookEvent } from './catalogue.ts'
import {
  absolute,
  add,
  compare,
  type Decimal,
  isPositive,
  larger,
  multiply,
  subtract,
  toNumber,
} from './decimal.ts'
import { isDust } from './dust.ts'
import type { Link, Recorded, Revision, Seq, StreamName } from './event.ts'
import { settled } from './fill.ts'
import { type IntentRaised, isProtective } from './intent.ts'
import { evolveAt, isLive, isOverfilled, type Order, type OrderEvent, remaining } from './order.ts'
import { entryPrice, evolvePosition, flat, type Position } from './position.ts'
import { evolveHalts, type HaltDue, type Halts, haltOfOverfill, haltOfReturn } from './safety.ts'
import { countSince, quiet, type SinceCycle } from './since-cycle.ts'
import type { Holding } from './strategy.ts'
import { type CalendarDate, dateIn, type Instant } from './time.ts'
import type { Timeframe } from './timeframe.ts'
import type { MarketRules } from './venue.ts'

/** An order with the links that later events point back to. */
export interface BookOrder {
  readonly order: Order
  /** The event that requested (or withheld) it. */
  readonly link: Link
}

export interface Book {
  asOf: Seq
  opened: BookOpened['data'] | undefined
  cash: Decimal
  halts: Halts
  /** By champion or operator, then by symbol: `${by} ${symbol}`. */
  readonly holdings: Map<string, Position>
  /** Last known price by symbol. */
  readonly marks: Map<string, Decimal>
  /** The last fill of each holding, by the same key: what a protective stop is caused by. */
  readonly lastFills: Map<string, Link>
  /** Holdings whose protective stop was refused since the last candle or fill, by the same key. */
  readonly refusedStops: Set<string>
  /** Last recorded candle by series. */
  readonly lastCandles: Map<string, Candle>
  readonly orders: Map<string, BookOrder>
  readonly liveOrders: Set<string>
  /** Orders that the venue filled beyond what was asked, or sold beyond what their holder had. Each halts once. */
  readonly overfilled: Set<string>
  /** Halts that the venue's facts ask for and that are not recorded yet, by their event's id: nothing is sent then. */
  readonly haltsDue: Map<string, HaltDue>
  /** Intents without an answer, by seq. */
  readonly openIntents: Map<Seq, Recorded<IntentRaised>>
  /** Cancels that operators wished for and that were not asked for yet, by order id. */
  readonly cancelWishes: Map<string, Link>
  watchlist: { readonly session: CalendarDate; readonly tickers: readonly string[] } | undefined
  /** The last session for which a scan found the ticker. */
  readonly candidates: Map<string, CalendarDate>
  /** Orders requested by date of the book's zone. */
  readonly ordersByDate: Map<CalendarDate, number>
  /** Equity at the first cycle of a date, and the highest at any cycle. */
  dayStart: { readonly date: CalendarDate; readonly equity: Decimal } | undefined
  peakEquity: Decimal
  drawdownBreached: boolean
  /** Subjects that an alarm was raised about: each is raised once. */
  readonly alerts: Set<string>
  cycles: number
  lastCycle: Instant | undefined
  /** What happened since the last heartbeat: the next one reports it, whichever process lives to do so. */
  sinceCycle: SinceCycle
  /** Symbols whose orders ended since then: they are still traded in that cycle, also by whoever finishes it after a crash. */
  readonly endedSinceCycle: Set<string>
  readonly revisions: Map<StreamName, Revision>
}

export const emptyBook = (): Book => ({
  asOf: 0,
  opened: undefined,
  cash: '0',
  halts: [],
  holdings: new Map(),
  marks: new Map(),
  lastFills: new Map(),
  refusedStops: new Set(),
  lastCandles: new Map(),
  orders: new Map(),
  liveOrders: new Set(),
  overfilled: new Set(),
  haltsDue: new Map(),
  openIntents: new Map(),
  cancelWishes: new Map(),
  watchlist: undefined,
  candidates: new Map(),
  ordersByDate: new Map(),
  dayStart: undefined,
  peakEquity: '0',
  drawdownBreached: false,
  alerts: new Set(),
  cycles: 0,
  lastCycle: undefined,
  sinceCycle: quiet(),
  endedSinceCycle: new Set(),
  revisions: new Map(),
})

const holdingKey = (by: string, symbol: string): string => `${by} ${symbol}`
export const seriesKey = (symbol: string, timeframe: Timeframe): string => `${symbol} ${timeframe}`

export const positionOf = (book: Book, by: string, symbol: string): Position =>
  book.holdings.get(holdingKey(by, symbol)) ?? flat

/** What a strategy is told about its own position: with nothing but dust it is flat, and may enter again. */
export const holdingOf = (book: Book, by: string, symbol: string, rules: MarketRules): Holding => {
  const position = positionOf(book, by, symbol)
  if (isDust(position.quantity, rules)) return { quantity: 0, entryPrice: 0 }
  return { quantity: toNumber(position.quantity), entryPrice: toNumber(entryPrice(position)) }
}

/** Cash plus everything held at its last mark. */
export const equityOf = (book: Book): Decimal => {
  let equity = book.cash
  for (const [key, position] of book.holdings) {
    if (position.quantity === '0') continue
    const symbol = key.slice(key.lastIndexOf(' ') + 1)
    equity = add(equity, multiply(position.quantity, book.marks.get(symbol) ?? entryPrice(position)))
  }
  return equity
}

/** The price that an order speaks for: its own limit or stop, else the last mark. */
export const orderPrice = (book: Book, { request }: Order): Decimal =>
  request.limitPrice ?? request.stopPrice ?? book.marks.get(request.symbol) ?? '0'

/** Money that live entry orders have spoken for. Unknown outcomes count: the venue may still fill them. */
export const valueInOrders = (book: Book, symbol?: string): Decimal => {
  let value: Decimal = '0'
  for (const id of book.liveOrders) {
    const order = book.orders.get(id)?.order as Order
    if (order.request.reduceOnly || (symbol !== undefined && order.request.symbol !== symbol)) continue
    const left = remaining(order)
    if (isPositive(left)) value = add(value, multiply(left, orderPrice(book, order)))
  }
  return value
}

/** Value of all positions of one symbol, or of all. */
export const valueHeld = (book: Book, symbol?: string): Decimal => {
  let value: Decimal = '0'
  for (const [key, position] of book.holdings) {
    const held = key.slice(key.lastIndexOf(' ') + 1)
    if (position.quantity === '0' || (symbol !== undefined && held !== symbol)) continue
    value = add(value, absolute(multiply(position.quantity, book.marks.get(held) ?? entryPrice(position))))
  }
  return value
}

export const liveOrders = (book: Book): readonly BookOrder[] =>
  [...book.liveOrders].map(id => book.orders.get(id) as BookOrder)

const evolveOrder = (book: Book, id: string, recorded: Recorded<OrderEvent>): void => {
  const before = book.orders.get(id)
  const { type } = recorded.event
  // A report of an order that this book never asked for: reconciliation adopts it, decisions do not see it.
  if (before === undefined && type !== 'OrderRequested' && type !== 'OrderWithheld') return
  const order = evolveAt(before?.order, recorded.event, recorded.at)
  book.orders.set(id, { order, link: before?.link ?? recorded })
  if (isLive(order)) book.liveOrders.add(id)
  else {
    book.liveOrders.delete(id)
    book.endedSinceCycle.add(order.request.symbol)
  }
  if (type === 'OrderFilled' && isOverfilled(order)) overfill(book, id)
  if (before?.order.isByWord && !order.isByWord) mustHalt(book, haltOfReturn(id))
}

const mustHalt = ({ haltsDue }: Book, halt: HaltDue): void => {
  haltsDue.set(halt.id, halt)
}

const overfill = (book: Book, orderId: string): void => {
  if (book.overfilled.has(orderId)) return // its other parts are no news
  book.overfilled.add(orderId)
  mustHalt(book, haltOfOverfill(orderId))
}

const zoneOf = (book: Book): string => book.opened?.zone ?? 'UTC'

/** Folds one event into the book, in place. Every event is taken; none is refused. */
export const evolveBook = (book: Book, recorded: Recorded<BookEvent>): void => {
  book.asOf = recorded.seq
  book.revisions.set(recorded.stream, recorded.revision)
  const { event } = recorded
  countSince(book.sinceCycle, event)
  switch (event.type) {
    case 'BookOpened':
      book.opened = event.data
      book.cash = event.data.cash
      book.peakEquity = event.data.cash
      return
    case 'CandleClosed':
      book.marks.set(event.data.symbol, event.data.close)
      for (const key of book.refusedStops)
        if (key.endsWith(` ${event.data.symbol}`)) book.refusedStops.delete(key)
      book.lastCandles.set(seriesKey(event.data.symbol, event.data.timeframe), event.data)
      return
    case 'IntentRaised':
      book.openIntents.set(recorded.seq, recorded as Recorded<IntentRaised>)
      return
    case 'IntentDenied':
    case 'IntentExpired': {
      const intent = book.openIntents.get(event.data.intent)?.event.data
      if (intent !== undefined && isProtective(intent))
        book.refusedStops.add(holdingKey(intent.by, intent.symbol))
      book.openIntents.delete(event.data.intent)
      return
    }
    case 'CancelWished':
      book.cancelWishes.set(event.data.orderId, recorded)
      return
    case 'OrderRequested':
    case 'OrderWithheld': {
      book.openIntents.delete(event.data.intent)
      const date = dateIn(zoneOf(book), event.data.decided)
      book.ordersByDate.set(date, (book.ordersByDate.get(date) ?? 0) + 1)
      evolveOrder(book, event.data.orderId, recorded as Recorded<OrderEvent>)
      return
    }
    case 'OrderCancelRequested':
      book.cancelWishes.delete(event.data.orderId)
      evolveOrder(book, event.data.orderId, recorded as Recorded<OrderEvent>)
      return
    case 'OrderFilled': {
      const fill = settled(event.data)
      const { by, symbol, side, price, quantity, fee } = fill
      const key = holdingKey(by, symbol)
      const before = book.holdings.get(key) ?? flat
      // There are no shorts: what was sold beyond what is held was sold twice. A fee on top of it is no sale.
      if (side === 'sell' && compare(event.data.quantity, before.quantity) > 0)
        overfill(book, event.data.orderId)
      book.holdings.set(key, evolvePosition(before, fill))
      book.lastFills.set(key, recorded)
      book.refusedStops.delete(key)
      const value = multiply(price, quantity)
      book.cash = subtract(side === 'buy' ? subtract(book.cash, value) : add(book.cash, value), fee)
      if (!book.marks.has(symbol)) book.marks.set(symbol, price)
      evolveOrder(book, event.data.orderId, recorded as Recorded<OrderEvent>)
      return
    }
    case 'OrderRejected': {
      const request = book.orders.get(event.data.orderId)?.order.request
      if (request !== undefined && isProtective(request))
        book.refusedStops.add(holdingKey(request.by, request.symbol))
      evolveOrder(book, event.data.orderId, recorded as Recorded<OrderEvent>)
      return
    }
    case 'OrderAccepted':
    case 'OrderOutcomeUnknown':
    case 'OrderResendRequested':
    case 'OrderCancelled':
    case 'OrderExpired':
      evolveOrder(book, event.data.orderId, recorded as Recorded<OrderEvent>)
      return
    case 'TradingHalted':
    case 'TradingResumed':
      book.haltsDue.delete(recorded.id)
      book.halts = evolveHalts(book.halts, { ...recorded, event })
      return
    case 'DrawdownBreached':
      book.drawdownBreached = true
      return
    case 'CandidateFound':
      book.candidates.set(event.data.ticker, event.data.session)
      return
    case 'AlertRaised':
      book.alerts.add(event.data.subject)
      return
    case 'WatchlistPublished':
      book.watchlist = event.data
      return
    case 'CycleCompleted': {
      const equity = equityOf(book)
      const date = dateIn(zoneOf(book), event.data.clock)
      if (book.dayStart?.date !== date) book.dayStart = { date, equity }
      book.peakEquity = larger(book.peakEquity, equity)
      book.cycles = event.data.cycle
      book.lastCycle = event.data.clock
      book.sinceCycle = quiet()
      book.endedSinceCycle.clear()
      return
    }
  }
}
