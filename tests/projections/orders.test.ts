import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  OrderAccepted,
  OrderCancelled,
  OrderCancelRequested,
  OrderOutcomeUnknown,
  OrderRejected,
} from '../../domain/order.ts'
import { isNone, some } from '../../domain/result.ts'
import {
  averagePrice,
  countByStatus,
  liveOrders,
  type OrderLine,
  orderFiles,
  orders,
  unknownOrders,
} from '../../projections/orders.ts'
import { fold } from '../../projections/projection.ts'
import { buy, ledgerOf, requested, withheld } from './ledger-of.ts'
import { ledgers } from './random-ledgers.ts'

const ordersOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(orders, ledgerOf(events))
const id = 'k3x9p2q-1'
const accepted = OrderAccepted({ orderId: id, venueOrderId: 'v-1' })
const lineOf = (state: ReturnType<typeof ordersOf>, orderId = id) => state.byId.get(orderId) as OrderLine

test('an order knows its intent, its fills and their average price', () => {
  const state = ordersOf(
    requested(1, { quantity: '3' }),
    accepted,
    buy('1', '100', { fee: '0.1' }),
    buy('1', '101', { tradeId: 't-2' }),
  )
  const { order } = lineOf(state)
  expect(order).toMatchObject({ status: 'open', filled: '2', request: { intent: 1 } })
  expect(averagePrice(order)).toEqual(some('100.5'))
  expect(liveOrders(state)).toHaveLength(1)
})

test('an order says beside its fees in money what was taken in a third currency', () => {
  const shownOf = (...fills: Parameters<typeof ledgerOf>[0]) => {
    const [file] = orderFiles(ordersOf(requested(1), ...fills))
    return JSON.parse(file?.text() ?? '').live[0]
  }
  const inBase = buy('0.5', '100', { fee: '0.002', feeCurrency: 'BTC' })
  const inBnb = buy('0.4', '100', { tradeId: 't-2', fee: '0.01', feeCurrency: 'BNB' })
  expect(shownOf(inBase)).toMatchObject({ fees: '0.2', filled: '0.5' })
  expect(shownOf(inBase)).not.toHaveProperty('otherFees')
  expect(shownOf(inBase, inBnb)).toMatchObject({ fees: '0.2', otherFees: { BNB: '0.01' }, filled: '0.9' })
})

test('an order without fills has no average price', () => {
  const { order } = lineOf(ordersOf(requested(1)))
  expect(isNone(averagePrice(order))).toBe(true)
})

test('a rejection keeps its reason', () => {
  const state = ordersOf(requested(1), OrderRejected({ orderId: id, reason: 'insufficient funds' }))
  expect(lineOf(state)).toMatchObject({ order: { status: 'rejected' }, reason: 'insufficient funds' })
  expect(liveOrders(state)).toEqual([])
})

test('an order whose answer was lost is unknown and live until the venue is asked', () => {
  const lost = OrderOutcomeUnknown({ orderId: id, detail: 'timeout after 10 s' })
  const state = ordersOf(requested(1), lost)
  expect(unknownOrders(state).map(({ reason }) => reason)).toEqual(['timeout after 10 s'])
  expect(unknownOrders(ordersOf(requested(1), lost, accepted))).toEqual([])
})

test('a withheld order is none that the venue may fill', () => {
  const state = ordersOf(withheld(1))
  expect(countByStatus(state)).toEqual({ withheld: 1 })
  expect(liveOrders(state)).toEqual([])
})

test('a fill after the end is folded, and the order fills up', () => {
  const cancelled = OrderCancelled({ orderId: id, reason: 'by request' })
  const state = ordersOf(
    requested(1, { quantity: '2' }),
    accepted,
    OrderCancelRequested({ orderId: id, reason: 'operator' }),
    cancelled,
    buy('2', '100'),
  )
  expect(lineOf(state).order).toMatchObject({ status: 'filled', filled: '2', cancelRequested: true })
})

test('reports of an order that was never asked for are kept by their place, not refused', () => {
  const state = ordersOf(buy('1', '100', { orderId: 'stranger' }), requested(1), accepted)
  expect([...state.strangers]).toEqual([['stranger', [1]]])
  expect(state.byId.size).toBe(1)
})

test('the view says n/a for an average that does not exist, and what remains while live', () => {
  const [file] = orderFiles(ordersOf(requested(1, { quantity: '2' }), accepted))
  expect(file?.path).toBe('orders.json')
  expect(JSON.parse(file?.text() ?? '')).toMatchObject({
    asOf: 2,
    total: 1,
    live: [{ orderId: id, status: 'open', remaining: '2', average: 'n/a', venueOrderId: 'v-1' }],
    recentlyEnded: [],
  })
})

test('an ended order has nothing remaining', () => {
  const cancelled = OrderCancelled({ orderId: id, reason: 'by request' })
  const [file] = orderFiles(ordersOf(requested(1), accepted, cancelled))
  expect(JSON.parse(file?.text() ?? '')).toMatchObject({
    recentlyEnded: [{ status: 'cancelled', remaining: '0', reason: 'by request' }],
  })
})

test('the live ones are always exactly those the venue may still fill', () => {
  fc.assert(
    fc.property(ledgers, ledger => {
      const state = fold(orders, ledger)
      const live = [...state.byId.values()].filter(({ order: { status } }) =>
        ['requested', 'unknown', 'open'].includes(status),
      )
      expect(liveOrders(state)).toEqual(live)
    }),
  )
})
