// All orders of a book by id: how each stands, what it filled and at which average, and why it ended.

import { type Decimal, divide, isPositive, multiply, sum } from '../domain/decimal.ts'
import type { Recorded, Seq } from '../domain/event.ts'
import { otherFeesOf, settled } from '../domain/fill.ts'
import { evolve, isLive, type Order, type OrderEvent, type OrderStatus, remaining } from '../domain/order.ts'
import { none, type Option, some } from '../domain/result.ts'
import type { Projection } from './projection.ts'
import { shown } from './shown.ts'
import { jsonFile, otherFeesIn, type ViewFile } from './view.ts'

export interface OrderLine {
  readonly order: Order
  /** Where it was requested or withheld. */
  readonly seq: Seq
  /** The last event of the order. */
  readonly asOf: Seq
  /** Why it was rejected, cancelled, or its answer lost: the last such reason. */
  readonly reason?: string
}

export interface Orders {
  asOf: Seq
  /** Oldest first. */
  readonly byId: Map<string, OrderLine>
  /** Ids of orders that the venue may still fill. */
  readonly live: Set<string>
  /** Reports of orders that this book never asked for, by order id: reconciliation's business, but never hidden. */
  readonly strangers: Map<string, Seq[]>
}

export const orders: Projection<Orders, OrderEvent['type']> = {
  name: 'orders',
  types: [
    'OrderRequested',
    'OrderWithheld',
    'OrderAccepted',
    'OrderRejected',
    'OrderOutcomeUnknown',
    'OrderCancelRequested',
    'OrderCancelled',
    'OrderExpired',
    'OrderFilled',
  ],
  initial: () => ({ asOf: 0, byId: new Map(), live: new Set(), strangers: new Map() }),
  apply: (state, recorded) => {
    const { seq, event } = recorded
    const { orderId } = event.data
    state.asOf = seq
    const before = state.byId.get(orderId)
    const begins = event.type === 'OrderRequested' || event.type === 'OrderWithheld'
    if (before === undefined && !begins) {
      state.strangers.set(orderId, [...(state.strangers.get(orderId) ?? []), seq])
      return state
    }
    const after = afterEvent(before, recorded)
    state.byId.set(orderId, after)
    if (isLive(after.order)) state.live.add(orderId)
    else state.live.delete(orderId)
    return state
  },
}

const afterEvent = (before: OrderLine | undefined, { seq, event }: Recorded<OrderEvent>): OrderLine => {
  const line = { seq, ...before, order: evolve(before?.order, event), asOf: seq }
  const reason = reasonIn(event)
  return reason === undefined ? line : { ...line, reason }
}

const reasonIn = ({ type, data }: OrderEvent): string | undefined => {
  if (type === 'OrderRejected' || type === 'OrderCancelled') return data.reason
  return type === 'OrderOutcomeUnknown' ? data.detail : undefined
}

/** FIX AvgPx: mean price of the fills by quantity, to 18 places. */
export const averagePrice = ({ fills, filled }: Order): Option<Decimal> =>
  isPositive(filled)
    ? some(divide(sum(fills.map(({ price, quantity }) => multiply(price, quantity))), filled))
    : none

/** Orders that the venue may still fill, oldest first. */
export const liveOrders = ({ byId, live }: Orders): readonly OrderLine[] =>
  [...live].map(id => byId.get(id) as OrderLine).sort((a, b) => a.seq - b.seq)

/** Orders whose answer was lost, oldest first. */
export const unknownOrders = (state: Orders): readonly OrderLine[] =>
  liveOrders(state).filter(({ order }) => order.status === 'unknown')

/** How many orders stand in each status; statuses without orders are left out. */
export const countByStatus = ({ byId }: Orders): Partial<Record<OrderStatus, number>> => {
  const counts: Partial<Record<OrderStatus, number>> = {}
  for (const { order } of byId.values()) counts[order.status] = (counts[order.status] ?? 0) + 1
  return counts
}

/** How many ended orders the view lists; `veritape export` has all of them. */
const recentOrders = 100

export const orderFiles = function* (state: Orders): Generator<ViewFile> {
  if (state.asOf > 0) yield jsonFile('orders.json', state.asOf, () => printOrders(state))
}

const printOrders = (state: Orders): object => {
  const counts = countByStatus(state)
  const ended = [...state.byId.values()].filter(({ order }) => !isLive(order)).slice(-recentOrders)
  return {
    total: state.byId.size,
    byStatus: Object.fromEntries(statuses.map(status => [status, counts[status] ?? 0])),
    live: liveOrders(state).map(printOrder),
    recentlyEnded: ended.map(printOrder),
    strangers: Object.fromEntries(state.strangers),
  }
}

const statuses: readonly OrderStatus[] = [
  'requested',
  'unknown',
  'open',
  'filled',
  'cancelled',
  'expired',
  'rejected',
  'withheld',
]

const printOrder = (line: OrderLine): object => {
  const { order } = line
  const { orderId, intent, by, ...terms } = order.request
  return {
    orderId,
    status: order.status,
    intent,
    by,
    ...terms,
    filled: order.filled,
    remaining: isLive(order) ? remaining(order) : '0',
    average: shown(averagePrice(order)),
    fees: sum(order.fills.map(fill => settled(fill).fee)),
    ...otherFeesIn(otherFeesOf(order.fills)),
    ...(order.venueOrderId === undefined ? {} : { venueOrderId: order.venueOrderId }),
    ...(line.reason === undefined ? {} : { reason: line.reason }),
    cancelRequested: order.cancelRequested,
    tradeIds: order.fills.map(({ tradeId }) => tradeId),
    seq: line.seq,
    asOf: line.asOf,
  }
}
