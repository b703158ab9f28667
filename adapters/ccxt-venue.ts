// Orders at an exchange of ccxt, exactly once: our id in the exchange's own form, one send, and on any doubt `find`.
//
//   place ──▶ an id            accepted
//         ──▶ a listed refusal rejected
//         ──▶ anything else    unknown: the order may be there
//
// Where an order is looked for: ccxt-lookup.ts. What became of it: ccxt-reports.ts.

import type { Exchange } from 'ccxt'
import { compare, type Decimal } from '../domain/decimal.ts'
import type { Order, OrderRequest } from '../domain/order.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import {
  type Account,
  type CancelAnswer,
  type MarketRules,
  type PlaceAnswer,
  type Venue,
  type VenueOrder,
  VenueUnavailable,
} from '../domain/venue.ts'
import type { Dialect } from './ccxt-dialect.ts'
import { dialectOf } from './ccxt-dialects.ts'
import { isNotFound, isRejection, messageOf } from './ccxt-error.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { ccxtLookup } from './ccxt-lookup.ts'
import { ccxtReports } from './ccxt-reports.ts'
import { ccxtRules } from './ccxt-rules.ts'
import { endOf, filledOf, isBeingCancelled, isCancelled, isOpen, timeOf } from './ccxt-standing.ts'
import { exactDecimal } from './exact-decimal.ts'
import { bodyOf, type Heard, parsedBody } from './whole-answer.ts'

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

  const orderById = (orderId: string): Order | undefined => {
    for (const order of orders()) if (order.request.orderId === orderId) return order
    return undefined
  }
  const lookup = ccxtLookup({ exchange, dialect, orderById, now })

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
      return isRejection(error, heard.at(-1)) || dialect.refuses?.(parsedBody(heard))
        ? { kind: 'rejected', reason: said }
        : { kind: 'unknown', detail: said }
    }
  }

  const find = async (orderId: string, symbol: string): Promise<VenueOrder> => {
    const sought = await lookup.search(orderId, symbol)
    if (sought.kind === 'unproven') return { kind: 'not-known', unproven: sought.why }
    if (sought.kind === 'not-known') return { kind: 'not-known' }
    const { order } = sought
    const venueOrderId = String(order.id)
    const filled = exactDecimal(order.filled)
    const told = filled === undefined ? {} : { filled }
    if (isOpen(order)) return { kind: 'open', venueOrderId, ...told }
    const end = endOf(order)
    return { kind: 'done', venueOrderId, ...told, ...(end === undefined ? {} : { end }) }
  }

  const cancel = async (orderId: string, symbol: string): Promise<CancelAnswer> => {
    try {
      const before = await lookup.standing(orderId, symbol)
      if (before === undefined || !isOpen(before)) return { kind: 'too-late' }
      const pending = `${name} has heard it, and the order is still open`
      if (isBeingCancelled(before)) return { kind: 'unknown', detail: pending }
      const heard: Heard[] = []
      let said = ''
      try {
        await exchange.act(given => cancelled(given, String(before.id), symbol), heard)
      } catch (error) {
        said = exchange.clean(messageOf(error))
        if (!isNotFound(error)) return { kind: 'unknown', detail: said }
      }
      // Many answers to a cancel only say that it was heard: what became of the order is asked.
      const after = await lookup.standing(orderId, symbol)
      if (after === undefined || isOpen(after)) return { kind: 'unknown', detail: said || pending }
      const told = orderById(orderId)?.filled ?? '0'
      const isComplete = isCancelled(after) && compare(filledOf(name, after), told) === 0
      return isComplete ? { kind: 'cancelled', venueTime: timeOf(after, now()) } : { kind: 'too-late' }
    } catch (error) {
      if (!(error instanceof VenueUnavailable)) throw error
      return { kind: 'unknown', detail: error.message }
    }
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
    reports: ccxtReports({ exchange, dialect, lookup, account, cancel, orders, now, pollMs }),
  }
}

/** ccxt's types want numbers; its arithmetic keeps text as it is. */
const text = (decimal: Decimal): number => decimal as unknown as number

/** GTD and DAY are ended by us: see ccxt-reports.ts. */
const timeInForceOf = ({ timeInForce, type }: OrderRequest): Record<string, unknown> =>
  type === 'limit' && (timeInForce === 'IOC' || timeInForce === 'FOK') ? { timeInForce } : {}
