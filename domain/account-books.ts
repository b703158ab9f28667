// The account as the ledger knows it: the fold that a reconciliation compares with the venue's answers.

import type { EventNamed, EventType } from './catalogue.ts'
import { add, type Decimal, isZero, multiply, negate } from './decimal.ts'
import type { Link, Recorded, Seq } from './event.ts'
import { baseOf, quoteOf } from './fill.ts'
import { evolveAt, type Fill, isLive, type Order, type OrderEvent } from './order.ts'
import { type Instant, instantOf, millisecondsOf } from './time.ts'
import { type DriftFound, type HoldingsObserved, thereBefore } from './truth.ts'

export const accountTypes = [
  'RunStarted',
  'BookOpened',
  'OrderRequested',
  'OrderAccepted',
  'OrderRejected',
  'OrderOutcomeUnknown',
  'OrderResendRequested',
  'OrderCancelRequested',
  'OrderCancelled',
  'OrderExpired',
  'OrderFilled',
  'HoldingsObserved',
  'ExternalTradeObserved',
  'ExternalOrderObserved',
  'ExternalBalanceAdopted',
  'DriftFound',
  'DriftResolved',
  'ReconciliationCompleted',
] as const satisfies readonly EventType[]

type Folded = (typeof accountTypes)[number]

export interface AccountBooks {
  currency: string
  /** When the first process of the book began: what was traded before is no business of the book. */
  begun: Instant | undefined
  opened: { readonly currency: string; readonly cash: Decimal } | undefined
  /** When the run began in which the book was opened. */
  openedAt: Instant | undefined
  readonly orders: Map<string, { readonly order: Order; readonly link: Link }>
  /** Our id by the venue's own. */
  readonly orderIdOfVenue: Map<string, string>
  /** Our id by market and number of a trade that the ledger has as a fill: venues do not name it in a trade. */
  readonly orderIdOfTrade: Map<string, string>
  readonly externalTrades: Set<string>
  readonly externalOrders: Set<string>
  /** Drift that nothing has resolved yet. */
  readonly drifts: Map<Seq, { readonly data: DriftFound['data']; readonly link: Link }>
  lastObserved: HoldingsObserved['data'] | undefined
  /** When everything last agreed: trades before it, less an overlap, need not be looked at again. */
  agreed: Instant | undefined
  /** When was seen what was adopted as there before the book. */
  adoptedAt: Instant | undefined
  take(recorded: Recorded<EventNamed<Folded>>): void
  /** What the venue should hold, by asset (crypto), symbol (equities) and currency. */
  expected(): ReadonlyMap<string, Decimal>
  /** Puts a trade on top of what is expected, with its fee in its own currency. */
  applyTrade(expected: Map<string, Decimal>, trade: Moved): void
  /** From when on trades have to be looked at so that none is missed. */
  tradesFrom(now: Instant): Instant
}

type Moved = Pick<Fill, 'symbol' | 'side' | 'price' | 'quantity' | 'fee' | 'feeCurrency'>

/** Venues show a trade some time after it happened; so much is looked at twice. */
const overlapMs = 3_600_000

export const accountBooks = (): AccountBooks => {
  /** What all fills, external trades and adoptions add up to, by name. */
  const holdings = new Map<string, Decimal>()

  const put = (to: Map<string, Decimal>, name: string, quantity: Decimal) => {
    const sum = add(to.get(name) ?? '0', quantity)
    if (isZero(sum)) to.delete(name)
    else to.set(name, sum)
  }

  const applyTrade = (
    to: Map<string, Decimal>,
    { symbol, side, price, quantity, fee, feeCurrency }: Moved,
  ) => {
    const quote = quoteOf(symbol) ?? books.currency
    const value = multiply(price, quantity)
    put(to, baseOf(symbol), side === 'buy' ? quantity : negate(quantity))
    put(to, quote, side === 'buy' ? negate(value) : value)
    put(to, feeCurrency ?? quote, negate(fee))
  }

  const takeOrder = (recorded: Recorded<OrderEvent>) => {
    const { orderId } = recorded.event.data
    const before = books.orders.get(orderId)
    if (before === undefined && recorded.event.type !== 'OrderRequested') return
    const order = evolveAt(before?.order, recorded.event, recorded.at)
    books.orders.set(orderId, { order, link: before?.link ?? recorded })
    if (order.venueOrderId !== undefined) books.orderIdOfVenue.set(order.venueOrderId, orderId)
  }

  let lastStarted: Instant | undefined

  const books: AccountBooks = {
    currency: '',
    begun: undefined,
    opened: undefined,
    openedAt: undefined,
    orders: new Map(),
    orderIdOfVenue: new Map(),
    orderIdOfTrade: new Map(),
    externalTrades: new Set(),
    externalOrders: new Set(),
    drifts: new Map(),
    lastObserved: undefined,
    agreed: undefined,
    adoptedAt: undefined,
    applyTrade,
    expected: () => holdings,
    take: recorded => {
      const { event } = recorded
      switch (event.type) {
        case 'RunStarted':
          books.begun ??= event.data.clock
          lastStarted = event.data.clock
          return
        case 'BookOpened':
          books.opened = event.data
          books.openedAt = lastStarted
          books.currency = event.data.currency
          put(holdings, event.data.currency, event.data.cash)
          return
        case 'OrderFilled':
          applyTrade(holdings, event.data)
          books.orderIdOfTrade.set(`${event.data.symbol} ${event.data.tradeId}`, event.data.orderId)
          takeOrder({ ...recorded, event })
          return
        case 'ExternalTradeObserved':
          books.externalTrades.add(`${event.data.symbol} ${event.data.tradeId}`)
          applyTrade(holdings, event.data)
          return
        case 'ExternalOrderObserved':
          books.externalOrders.add(event.data.venueOrderId)
          return
        case 'ExternalBalanceAdopted':
          put(holdings, event.data.name, event.data.quantity)
          if (event.data.label === thereBefore) books.adoptedAt = books.lastObserved?.observed
          return
        case 'HoldingsObserved':
          books.lastObserved = event.data
          return
        case 'DriftFound':
          books.drifts.set(recorded.seq, { data: event.data, link: recorded })
          return
        case 'DriftResolved':
          books.drifts.delete(event.data.drift)
          return
        case 'ReconciliationCompleted':
          if (event.data.verdict === 'agrees') books.agreed = books.lastObserved?.observed
          return
        default:
          takeOrder({ ...recorded, event })
      }
    },
    tradesFrom: now => {
      const begun = books.begun ?? now
      if (books.agreed === undefined) return begun
      let from = books.agreed
      for (const { order } of books.orders.values())
        if (isLive(order) && order.request.decided < from) from = order.request.decided
      const begins = Math.max(millisecondsOf(from) - overlapMs, millisecondsOf(begun))
      return instantOf(begins)
    },
  }
  return books
}
