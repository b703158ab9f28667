// What became of the orders of a book at an exchange of ccxt. Each live order is asked about, and each that ended lately:
// exchanges report fills of before its end. Its end is told only when every fill up to it is.
//
// An order without a usable answer holds up nobody else's reports. Which orders are watched is read from the ledger.

import { compare, type Decimal, sum } from '../domain/decimal.ts'
import { fillFrom } from '../domain/fill.ts'
import { isLive, type Order } from '../domain/order.ts'
import { type Instant, millisecondsOf } from '../domain/time.ts'
import {
  type Account,
  type UnheardOrder,
  type Venue,
  type VenueReport,
  VenueUnavailable,
} from '../domain/venue.ts'
import type { Dialect } from './ccxt-dialect.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { type CcxtLookup, skewMs } from './ccxt-lookup.ts'
import { filledOf, isOpen, timeOf } from './ccxt-standing.ts'
import { accountTradeOf, shareCurrency } from './ccxt-trade.ts'

export interface CcxtReportsSettings {
  readonly exchange: CcxtExchange
  readonly dialect: Dialect
  readonly lookup: CcxtLookup
  readonly account: Account
  readonly cancel: Venue['cancel']
  /** The orders of the book, every one. */
  readonly orders: () => Iterable<Order>
  readonly now: () => Instant
  /** The exchange is asked about its orders at most once in so long. */
  readonly pollMs: number
}

/** An order that has ended is watched for so long. */
const watchMs = 10 * 60_000

export const ccxtReports = ({
  exchange,
  dialect,
  lookup,
  account,
  cancel,
  orders,
  now,
  pollMs,
}: CcxtReportsSettings): Venue['reports'] => {
  const { name } = exchange
  let askedAt = Number.NEGATIVE_INFINITY
  /** As long as it is not asked again, what was not heard is still not known. */
  let unheard: readonly UnheardOrder[] = []

  const reportsOf = async (order: Order): Promise<VenueReport[]> => {
    const { orderId, symbol, quantity, decided, expiresAt } = order.request
    const known = async () => {
      const standing = await lookup.standing(orderId, symbol)
      if (standing !== undefined) return standing
      throw new VenueUnavailable(`${name} gives no usable answer (order ${orderId}): it is gone`)
    }
    let stands = await known()
    if (expiresAt !== undefined && expiresAt <= now() && isOpen(stands) && isLive(order)) {
      await cancel(orderId, symbol) // most exchanges have no orders that end by themselves at a time: it is ended for them
      stands = await known()
    }
    const filled = filledOf(name, stands)
    const reports: VenueReport[] = []
    if (compare(filled, order.filled) > 0)
      for (const fill of await fillsOf(order, String(stands.id), filled, millisecondsOf(decided) - skewMs))
        reports.push({ kind: 'filled', fill })
    if (isOpen(stands) || compare(filled, quantity) >= 0 || !isLive(order)) return reports
    const venueTime = timeOf(stands, now())
    const reason = `${name} says ${String(stands.status)}`
    const isDue =
      !order.cancelRequested &&
      expiresAt !== undefined &&
      expiresAt <= now() &&
      millisecondsOf(venueTime) >= millisecondsOf(expiresAt) - skewMs
    if (stands.status === 'rejected') reports.push({ kind: 'rejected', orderId, reason, venueTime })
    else if (stands.status === 'expired' || isDue) reports.push({ kind: 'expired', orderId, venueTime })
    else reports.push({ kind: 'cancelled', orderId, reason, venueTime })
    return reports
  }

  /**
   * The fills of an order that its trades show, all of them: together with those of the ledger, which an exchange may have
   * stopped to show, they come to what the order says is filled, or the page lacks some.
   */
  const fillsOf = async (order: Order, id: string, filled: Decimal, since: number) => {
    const { orderId, symbol } = order.request
    const what = `trades of ${orderId}`
    const { value } = await exchange.ask(what, given => dialect.tradesOfOrder(given, id, symbol, since))
    const trades = value
      .filter(trade => trade.order === undefined || trade.order === id)
      .map(trade => accountTradeOf(name, { ...trade, order: id }, () => orderId))
    const known = new Map<string, Decimal>()
    for (const { tradeId, quantity } of [...order.fills, ...trades]) known.set(tradeId, quantity)
    if (compare(sum([...known.values()]), filled) < 0)
      throw new VenueUnavailable(
        `${name} gives no usable answer (${what}): the order is filled with ${filled}, and its trades show less`,
      )
    const unique = [...new Map(trades.map(trade => [trade.tradeId, trade])).values()]
    const fills = unique.sort((a, b) => (a.venueTime < b.venueTime ? -1 : 1))
    return fills.map(trade => fillFrom(trade, order.request, shareCurrency))
  }

  const isAskedAbout = (order: Order): boolean => {
    if (order.venueOrderId === undefined) return false
    if (isLive(order)) return true
    const { endedAt, status } = order
    return (
      endedAt !== undefined &&
      status !== 'filled' &&
      millisecondsOf(now()) - millisecondsOf(endedAt) < watchMs
    )
  }

  return async () => {
    const at = millisecondsOf(now())
    if (at - askedAt < pollMs / 2) return unheard
    const reports: VenueReport[] = []
    const silent: UnheardOrder[] = []
    for (const order of orders()) {
      if (!isAskedAbout(order)) continue
      try {
        reports.push(...(await reportsOf(order)))
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error
        await account.holdings() // throws when it is not this order alone: then nobody was heard
        silent.push({ kind: 'unheard', orderId: order.request.orderId, why: error.message })
      }
    }
    askedAt = at
    unheard = silent
    return [...reports.sort((a, b) => (when(a) < when(b) ? -1 : when(a) > when(b) ? 1 : 0)), ...silent]
  }
}

const when = (report: VenueReport): Instant =>
  report.kind === 'filled' ? report.fill.venueTime : report.venueTime
