// Orders at an exchange of ccxt, exactly once: our id in the exchange's own form, one send, and on any doubt `find`.
//
//   place ──▶ an id            accepted
//         ──▶ a listed refusal rejected
//         ──▶ anything else    unknown: the order may be there
//
// The exchange is asked for each live order; its end is told only when every fill up to it is.

import type { Exchange, Order as VendorOrder } from 'ccxt'
import { compare, type Decimal, sum } from '../domain/decimal.ts'
import { fillFrom } from '../domain/fill.ts'
import { isLive, type Order, type OrderRequest } from '../domain/order.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import {
  type Account,
  type CancelAnswer,
  type MarketRules,
  type PlaceAnswer,
  type Venue,
  type VenueOrder,
  type VenueReport,
  VenueUnavailable,
} from '../domain/venue.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { dialectOf } from './ccxt-dialects.ts'
import { isNotFound, isRejection, messageOf } from './ccxt-error.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { ccxtRules } from './ccxt-rules.ts'
import { accountTradeOf, shareCurrency } from './ccxt-trade.ts'
import { exactDecimal } from './exact-decimal.ts'
import type { Heard } from './whole-answer.ts'

export interface CcxtVenueSettings {
  readonly exchange: CcxtExchange
  /** undefined: the exchange's own. */
  readonly dialect?: Dialect
  readonly rules?: (symbol: string) => MarketRules
  readonly account: Account
  /** The orders of the book, every one. */
  readonly orders: () => Iterable<Order>
  /** The wall clock. */
  readonly now: () => Instant
  /** The exchange is asked about its orders at most once in so long. */
  readonly pollMs: number
}

/** Clocks may differ by so much when an exchange is asked for what happened since. */
const skewMs = 5 * 60_000
/** An order that has ended is watched for so long: exchanges report fills of before its end. */
const watchMs = 10 * 60_000

export const ccxtVenue = ({
  exchange,
  account,
  orders,
  now,
  pollMs,
  ...particular
}: CcxtVenueSettings): Venue => {
  const { name, api } = exchange
  const { dialect = dialectOf(name), rules = symbol => ccxtRules(api, symbol) } = particular
  const ended = new Map<string, number>()
  let askedAt = Number.NEGATIVE_INFINITY

  const orderById = (orderId: string): Order | undefined => {
    for (const order of orders()) if (order.request.orderId === orderId) return order
    return undefined
  }

  const created: NonNullable<Dialect['create']> = (given, request, clientId) => {
    const { symbol, side, type, quantity, limitPrice, stopPrice } = request
    const stop = stopPrice === undefined ? undefined : dialect.stop?.(stopPrice)
    return given.createOrder(
      symbol,
      type === 'limit' ? 'limit' : 'market',
      side,
      text(quantity),
      limitPrice && text(limitPrice),
      { ...dialect.placing(clientId), ...stop, ...timeInForceOf(request) },
    )
  }
  const cancelled = (given: Exchange, id: string, symbol: string): Promise<unknown> =>
    dialect.cancel === undefined ? given.cancelOrder(id, symbol) : dialect.cancel(given, id)

  const unusable = (what: string, why: string) =>
    new VenueUnavailable(`${name} gives no usable answer (${what}): ${why}`)

  const place = async (request: OrderRequest): Promise<PlaceAnswer> => {
    const { orderId, type } = request
    const clientId = dialect.clientIdOf(orderId)
    if (clientId === undefined)
      return { kind: 'rejected', reason: `not sent: ${orderId} has no form that ${name} takes` }
    if (type === 'stop' && dialect.stop === undefined)
      return { kind: 'rejected', reason: `not sent: ${name} gets no stop orders, only market and limit` }
    const quietMs = exchange.quietUntil() - millisecondsOf(now())
    if (quietMs > 0)
      return { kind: 'rejected', reason: `not sent: ${name} has asked for no requests for ${quietMs} ms` }
    const heard: Heard[] = []
    try {
      const placed = await exchange.act(given => (dialect.create ?? created)(given, request, clientId), heard)
      const { id } = placed
      if (typeof id !== 'string' || id === '' || id === 'undefined')
        return { kind: 'unknown', detail: exchange.clean(`an answer without an id: ${bodyOf(heard)}`) }
      const time = Number(placed.timestamp)
      return {
        kind: 'accepted',
        venueOrderId: id,
        ...(Number.isSafeInteger(time) && time > 0 ? { venueTime: instantOf(time) } : {}),
      }
    } catch (error) {
      const said = exchange.clean(messageOf(error))
      return isRejection(error, heard.at(-1)) || dialect.refuses?.(parsed(heard.at(-1)?.body))
        ? { kind: 'rejected', reason: said }
        : { kind: 'unknown', detail: said }
    }
  }

  /** The order by our id; undefined when the exchange provably does not know it. Throws VenueUnavailable. */
  const search = async (orderId: string, symbol: string): Promise<VendorOrder | undefined> => {
    const clientId = dialect.clientIdOf(orderId)
    if (clientId === undefined) return undefined // it was never sent: `place` refuses it
    const decided = orderById(orderId)?.request.decided
    const since = (decided === undefined ? millisecondsOf(now()) : millisecondsOf(decided)) - skewMs
    for (const lookup of dialect.lookups) {
      const what = `${lookup.name}, for ${orderId}`
      const { value, heard } = await exchange.ask(what, given =>
        lookup.look(given, { clientId, symbol, since }),
      )
      const found = value.find(order => order.id !== undefined && order.clientOrderId === clientId)
      if (found !== undefined) return found
      if (!lookup.answers(parsed(heard.at(-1)?.body)))
        throw unusable(what, `it is no answer: ${exchange.clean(bodyOf(heard))}`)
      const reached = value.some(({ timestamp }) => Number(timestamp) < since)
      if (lookup.page !== undefined && value.length >= lookup.page && !reached)
        throw unusable(what, `the page is full with ${value.length} orders, and there may be more`)
    }
    if (!dialect.proves)
      throw unusable(`order ${orderId}`, `that it is in no list does not prove that ${name} does not know it`)
    if (decided === undefined || millisecondsOf(now()) - millisecondsOf(decided) > dialect.windowMs)
      throw unusable(`order ${orderId}`, `its lists do not reach back to when it was asked for`)
    return undefined
  }

  const venueOrder = async (orderId: string, symbol: string): Promise<VendorOrder | undefined> => {
    const known = orderById(orderId)?.venueOrderId
    if (known === undefined) return search(orderId, symbol)
    const what = `order ${orderId}`
    const { value } = await exchange.ask(what, given => dialect.byVenueId(given, known, symbol))
    if (value === undefined || value.id !== known)
      throw unusable(what, `it said to have it as ${known}, and does not show it`)
    return value
  }

  const find = async (orderId: string, symbol: string): Promise<VenueOrder> => {
    const found = await search(orderId, symbol)
    if (found === undefined) return { kind: 'not-known' }
    const venueOrderId = String(found.id)
    const filled = exactDecimal(found.filled)
    const told = filled === undefined ? {} : { filled }
    if (isOpen(found)) return { kind: 'open', venueOrderId, ...told }
    const end = endOf(found)
    return { kind: 'done', venueOrderId, ...told, ...(end === undefined ? {} : { end }) }
  }

  const cancel = async (orderId: string, symbol: string): Promise<CancelAnswer> => {
    try {
      const before = await venueOrder(orderId, symbol)
      if (before === undefined || !isOpen(before)) return { kind: 'too-late' }
      const heard: Heard[] = []
      let said = ''
      try {
        await exchange.act(given => cancelled(given, String(before.id), symbol), heard)
      } catch (error) {
        said = exchange.clean(messageOf(error))
        if (!isNotFound(error)) return { kind: 'unknown', detail: said }
      }
      // Many answers to a cancel only say that it was heard: what became of the order is asked.
      const after = await venueOrder(orderId, symbol)
      if (after === undefined || isOpen(after))
        return { kind: 'unknown', detail: said || `${name} has heard it, and the order is still open` }
      const told = orderById(orderId)?.filled ?? '0'
      const isComplete = isCancelled(after) && compare(filledOf(name, after), told) === 0
      return isComplete ? { kind: 'cancelled', venueTime: timeOf(after, now()) } : { kind: 'too-late' }
    } catch (error) {
      if (!(error instanceof VenueUnavailable)) throw error
      return { kind: 'unknown', detail: error.message }
    }
  }

  const reportsOf = async (order: Order): Promise<VenueReport[]> => {
    const { orderId, symbol, quantity, decided, expiresAt } = order.request
    let stands = await venueOrder(orderId, symbol)
    if (stands === undefined) throw unusable(`order ${orderId}`, 'it is gone')
    let isExpired = false
    if (expiresAt !== undefined && expiresAt <= now() && isOpen(stands) && isLive(order)) {
      isExpired = true // most exchanges have no orders that end by themselves at a time: it is ended for them
      await cancel(orderId, symbol)
      stands = (await venueOrder(orderId, symbol)) ?? stands
    }
    const filled = filledOf(name, stands)
    const reports: VenueReport[] = []
    if (compare(filled, order.filled) > 0)
      for (const fill of await fillsOf(order, String(stands.id), filled, millisecondsOf(decided) - skewMs))
        reports.push({ kind: 'filled', fill })
    if (isOpen(stands) || compare(filled, quantity) >= 0) return reports
    const venueTime = timeOf(stands, now())
    ended.set(orderId, ended.get(orderId) ?? millisecondsOf(now()))
    if (!isLive(order)) return reports
    if (isExpired || stands.status === 'expired') reports.push({ kind: 'expired', orderId, venueTime })
    else {
      const reason = `${name} says ${String(stands.status)}`
      reports.push({ kind: 'cancelled', orderId, reason, venueTime })
    }
    return reports
  }

  /** All fills of an order: fewer than the order itself says were filled are a page too few. */
  const fillsOf = async (order: Order, id: string, filled: Decimal, since: number) => {
    const { orderId, symbol } = order.request
    const what = `trades of ${orderId}`
    const { value } = await exchange.ask(what, given => dialect.tradesOfOrder(given, id, symbol, since))
    const trades = value
      .filter(trade => trade.order === undefined || trade.order === id)
      .map(trade => accountTradeOf(name, { ...trade, order: id }, () => orderId))
    const unique = [...new Map(trades.map(trade => [trade.tradeId, trade])).values()]
    if (compare(sum(unique.map(({ quantity }) => quantity)), filled) < 0)
      throw unusable(what, `the order is filled with ${filled}, and its trades show less`)
    const fills = unique.sort((a, b) => (a.venueTime < b.venueTime ? -1 : 1))
    return fills.map(trade => fillFrom(trade, order.request, shareCurrency))
  }

  return {
    name,
    remote: true,
    close: () => exchange.close(),
    account,
    rules,
    status: async () => {
      if (api.has.fetchStatus !== true) return 'unknown'
      try {
        const { value } = await exchange.ask('its status', given => given.fetchStatus())
        const { status } = value as { readonly status?: unknown }
        return status === 'ok' ? 'ok' : status === undefined ? 'unknown' : 'maintenance'
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error
        return error.message.includes('closed for maintenance') ? 'maintenance' : 'unknown'
      }
    },
    place,
    cancel,
    find,
    ...(dialect.deadMansSwitch
      ? {
          cancelAllOrdersAfter: async (seconds: number) => {
            await exchange.ask("the dead man's switch", given => given.cancelAllOrdersAfter(seconds * 1000))
          },
        }
      : {}),
    reports: async () => {
      const at = millisecondsOf(now())
      if (at - askedAt < pollMs / 2) return []
      const found: VenueReport[] = []
      for (const order of orders()) {
        const { orderId } = order.request
        const end = ended.get(orderId)
        const isWatched = end !== undefined && at - end < watchMs
        if (order.venueOrderId === undefined || !(isLive(order) || isWatched)) continue
        found.push(...(await reportsOf(order)))
      }
      askedAt = at
      return found.sort((a, b) => (when(a) < when(b) ? -1 : when(a) > when(b) ? 1 : 0))
    },
  }
}

/** ccxt's types want numbers; its arithmetic keeps text as it is. */
const text = (decimal: Decimal): number => decimal as unknown as number

/** GTD and DAY are ended by us: see `reportsOf`. */
const timeInForceOf = ({ timeInForce, type }: OrderRequest): Record<string, unknown> =>
  type === 'limit' && (timeInForce === 'IOC' || timeInForce === 'FOK') ? { timeInForce } : {}

const isOpen = ({ status }: VendorOrder): boolean => status === 'open' || status === undefined
const isCancelled = ({ status }: VendorOrder): boolean => status === 'canceled' || status === 'closed'

/** 'closed' is filled, or closed by the exchange with a rest: the quantity tells. */
const endOf = ({ status, filled, amount }: VendorOrder) => {
  if (status === 'canceled') return 'cancelled'
  if (status === 'expired' || status === 'rejected') return status
  const [done, asked] = [exactDecimal(filled), exactDecimal(amount)]
  if (done === undefined || asked === undefined) return undefined
  return compare(done, asked) >= 0 ? 'filled' : 'cancelled'
}

const filledOf = (venue: string, order: VendorOrder): Decimal => {
  const filled = exactDecimal(order.filled)
  if (filled !== undefined) return filled
  throw new VenueUnavailable(
    `${venue} gives no usable answer (order ${order.id}): it does not say how much is filled`,
  )
}

const timeOf = ({ lastUpdateTimestamp }: VendorOrder, otherwise: Instant): Instant => {
  const time = Number(lastUpdateTimestamp)
  return Number.isSafeInteger(time) && time > 0 ? instantOf(time) : otherwise
}

const when = (report: VenueReport): Instant =>
  report.kind === 'filled' ? report.fill.venueTime : report.venueTime

const bodyOf = (heard: readonly Heard[]): string => heard.at(-1)?.body ?? 'nothing was heard'

const parsed = (body: string | undefined): unknown => {
  try {
    return JSON.parse(body ?? '')
  } catch {
    return undefined // no JSON is no answer, which is what the caller asks
  }
}
