// The embedded paper venue: fills orders from the candles of a MarketData source (rules in domain/matching.ts).
//
// It keeps nothing that the ledger does not explain: which orders are open, when they were taken and what was filled
// are asked of the book each time. What it remembers between calls is only how far it has looked, to look less often.

import type { Candle } from '../domain/candle.ts'
import { add, compare, type Decimal, multiply, subtract } from '../domain/decimal.ts'
import type { MarketData } from '../domain/market-data.ts'
import { matchOrder, type PaperTerms } from '../domain/matching.ts'
import {
  evolve,
  isLive,
  type Order,
  OrderCancelled,
  OrderExpired,
  OrderFilled,
  OrderRejected,
} from '../domain/order.ts'
import type { Instant } from '../domain/time.ts'
import type { Timeframe } from '../domain/timeframe.ts'
import type { MarketRules, Venue, VenueOrder, VenueReport } from '../domain/venue.ts'
import { type Opening, paperAccount } from './paper-account.ts'

export interface PaperVenueSettings {
  readonly terms: PaperTerms
  readonly rules: (symbol: string) => MarketRules
  /** The candles that orders are matched against. */
  readonly timeframe: Timeframe
  readonly market: MarketData
  /** The orders of the book, every one, oldest request first: the venue's memory. */
  readonly orders: () => Iterable<Order>
  /** The book's clock. */
  readonly now: () => Instant
  /** What the book was opened with; without it the account cannot be asked about. */
  readonly opening?: () => Opening | undefined
}

/** It can say of every order what became of it. */
export interface PaperVenue extends Venue {
  reports(now: Instant): Promise<readonly VenueReport[]>
}

export const paperVenue = ({
  terms,
  rules,
  timeframe,
  market,
  orders,
  now,
  opening,
}: PaperVenueSettings): PaperVenue => {
  /** Close time of the last candle that an order was held against. Only saves work. */
  const lookedUntil = new Map<string, Instant>()

  const orderById = (orderId: string): Order | undefined => {
    for (const order of orders()) if (order.request.orderId === orderId) return order
    return undefined
  }

  /** What the fills in the ledger have already taken of this candle. */
  const takenOf = (candle: Candle, all: readonly Order[]): Decimal => {
    let taken: Decimal = '0'
    for (const { fills } of all)
      for (const { venueTime, quantity } of fills)
        if (venueTime >= candle.openTime && venueTime < candle.closeTime) taken = add(taken, quantity)
    return taken
  }

  const reportsOf = async (symbol: string, all: readonly Order[], until: Instant): Promise<VenueReport[]> => {
    const live = new Map(
      all
        .filter(order => isLive(order) && order.acceptedAt !== undefined)
        .map(order => [order.request.orderId, order]),
    )
    const from = [...live.values()].reduce<Instant | undefined>((earliest, order) => {
      const looked = lookedUntil.get(order.request.orderId) ?? (order.acceptedAt as Instant)
      return earliest === undefined || looked < earliest ? looked : earliest
    }, undefined)
    if (from === undefined) return []
    const found: VenueReport[] = []
    for (const candle of await market.closedCandles(symbol, timeframe, from, until)) {
      let volumeLeft = subtract(multiply(candle.volume, terms.participation), takenOf(candle, all))
      for (const [orderId, order] of live) {
        if (!isLive(order) || candle.openTime < (order.acceptedAt as Instant)) continue
        if (candle.closeTime <= (lookedUntil.get(orderId) ?? '')) continue
        // A fill in this candle is in the ledger already: the order has had its share of it, but perhaps not its end.
        const hadItsShare = order.fills.some(({ venueTime }) => venueTime === candle.openTime)
        const offered = hadItsShare || compare(volumeLeft, '0') < 0 ? '0' : volumeLeft
        const matched = matchOrder(order, candle, offered, terms, rules(symbol))
        if (!hadItsShare) volumeLeft = matched.volumeLeft
        lookedUntil.set(orderId, candle.closeTime)
        live.set(orderId, matched.reports.reduce(afterReport, order))
        found.push(...matched.reports)
      }
    }
    return found
  }

  return {
    name: 'paper',
    rules,
    ...(opening === undefined ? {} : { account: paperAccount(orders, opening) }),
    place: async request => ({
      kind: 'accepted',
      venueOrderId: `paper-${request.orderId}`,
      venueTime: now(),
    }),
    cancel: async orderId => {
      const order = orderById(orderId)
      return order !== undefined && isLive(order)
        ? { kind: 'cancelled', venueTime: now() }
        : { kind: 'too-late' }
    },
    find: async (orderId): Promise<VenueOrder> => {
      const order = orderById(orderId)
      if (order?.venueOrderId === undefined) return { kind: 'not-known' }
      return { kind: isLive(order) ? 'open' : 'done', venueOrderId: order.venueOrderId }
    },
    reports: async until => {
      const bySymbol = new Map<string, Order[]>()
      for (const order of orders()) {
        const all = bySymbol.get(order.request.symbol)
        if (all === undefined) bySymbol.set(order.request.symbol, [order])
        else all.push(order)
      }
      const found: VenueReport[] = []
      for (const [symbol, all] of bySymbol) found.push(...(await reportsOf(symbol, all, until)))
      return found
    },
  }
}

/** The order as it stands after its own report, so that the next candle sees the rest of it. */
const afterReport = (order: Order, report: VenueReport): Order => {
  switch (report.kind) {
    case 'filled':
      return evolve(order, OrderFilled(report.fill))
    case 'cancelled':
      return evolve(order, OrderCancelled({ orderId: report.orderId, reason: report.reason }))
    case 'expired':
      return evolve(order, OrderExpired({ orderId: report.orderId, venueTime: report.venueTime }))
    case 'rejected':
      return evolve(order, OrderRejected({ orderId: report.orderId, reason: report.reason }))
  }
}
