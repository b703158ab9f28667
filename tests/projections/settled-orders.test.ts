import { expect, test } from 'vitest'
import type { BookEvent } from '../../domain/catalogue.ts'
import { OrderCancelled } from '../../domain/order.ts'
import { executionCosts } from '../../projections/execution-costs.ts'
import { executionQuality } from '../../projections/execution-quality.ts'
import { kpiReport } from '../../projections/key-figures.ts'
import { kpi } from '../../projections/kpi.ts'
import { fold } from '../../projections/projection.ts'
import { lateOrders } from '../../projections/settled-orders.ts'
import { trades } from '../../projections/trades.ts'
import { buy, candle, intent, later, ledgerOf, opened, requested, sell } from './ledger-of.ts'

/** Orders in turns: bought, sold, and cancelled after a part was filled; each followed by a candle. */
const manyOrders = (count: number): BookEvent[] => {
  const events: BookEvent[] = [opened({ cash: '100000000' })]
  for (let number = 0; number < count; number++) {
    const orderId = `order-${number}`
    const price = `${100 + (number % 17)}` as const
    events.push(intent({ referencePrice: price, reason: `reason ${number % 5}` }))
    events.push(requested(events.length, { orderId, quantity: '3' }))
    if (number === 7) continue // this one lives for ever
    if (number % 3 === 2)
      events.push(buy('1', price, { orderId }), OrderCancelled({ orderId, reason: 'old' }))
    else events.push((number % 3 === 0 ? buy : sell)('3', price, { orderId, fee: '0.01' }))
    events.push(candle('BTC/USDT', price, later(5 * number)))
  }
  return events
}

const many = ledgerOf(manyOrders(3 * lateOrders))
const everyOrder = fold(executionQuality, many)
const state = fold(kpi, many)

test('the costs are those of all orders, though few of them are kept', () => {
  expect(executionCosts(state.quality.orders.values(), state.settled.costs)).toEqual(
    executionCosts(everyOrder.orders.values()),
  )
  expect(everyOrder.orders.size).toBe(3 * lateOrders)
  expect(state.quality.orders.size).toBeLessThanOrEqual(2 * lateOrders + 1)
  expect(state.settled.costs.orders).toBeGreaterThan(lateOrders / 2)
})

test('an order that lives is kept, however old it is', () => {
  expect(state.quality.orders.has('order-7')).toBe(true)
  expect(state.quality.orders.has('order-6')).toBe(false)
})

test('round trips are counted and let go, with what was remembered of their orders', () => {
  const { closed } = fold(trades, many)
  expect(closed.length).toBeGreaterThan(0)
  expect(kpiReport(state).figures.find(({ name }) => name === 'trades')?.sample).toBe(closed.length)
  expect(state.trades.closed).toEqual([])
  expect(state.trades.orderReasons.size).toBe(state.quality.orders.size)
})

test('late fills of what was kept change its costs; of what was let go, the fees', () => {
  const late = (orderId: string) => [
    ...many,
    ...after(buy('1', '500', { orderId, fee: '7', tradeId: 'late' })),
  ]
  const costsOf = (ledger: typeof many) => {
    const { quality, settled } = fold(kpi, ledger)
    return executionCosts(quality.orders.values(), settled.costs)
  }
  const newest = `order-${3 * lateOrders - 1}`
  expect(costsOf(late(newest))).toEqual(executionCosts(fold(executionQuality, late(newest)).orders.values()))
  const { slippage, fees } = costsOf(late('order-0'))
  expect(slippage).toEqual(costsOf(many).slippage)
  expect(fees).toBe(executionCosts(fold(executionQuality, late('order-0')).orders.values()).fees)
})

const after = (event: BookEvent) =>
  ledgerOf([event]).map(recorded => ({ ...recorded, seq: many.length + recorded.seq }))
