import { expect, test } from 'vitest'
import { HealthChecked } from '../../domain/health.ts'
import { OrderOutcomeUnknown } from '../../domain/order.ts'
import { TradingHalted, TradingResumed, tradingOf } from '../../domain/safety.ts'
import { DriftFound, DriftResolved, ReconciliationCompleted } from '../../domain/truth.ts'
import { unknownOrders } from '../../projections/orders.ts'
import { positionIn } from '../../projections/portfolio.ts'
import { fold } from '../../projections/projection.ts'
import { status } from '../../projections/status.ts'
import { buy, candle, cycle, later, ledgerOf, noon, opened, requested, started } from './ledger-of.ts'
import { published } from './scan-events.ts'

const statusOf = (...events: Parameters<typeof ledgerOf>[0]) => fold(status, ledgerOf(events))

test('it knows run, position, unknown orders, last candle and last cycle', () => {
  const now = statusOf(
    opened(),
    started(),
    candle('BTC/USDT', '100'),
    requested(1),
    OrderOutcomeUnknown({ orderId: 'k3x9p2q-1', detail: 'timeout' }),
    buy('2', '100', { orderId: 'other' }),
    cycle({ cycle: 9 }),
  )
  expect(now.heartbeat).toMatchObject({ run: { started: { mode: 'paper' } }, lastCycle: { cycle: 9 } })
  expect(positionIn(now.portfolio, 'BTC/USDT').quantity).toBe('2')
  expect(unknownOrders(now.orders)).toHaveLength(1)
  expect(now.lastCandle).toMatchObject({ closeTime: noon })
  expect(now.asOf).toBe(7)
})

test('halts stand until a resume names them', () => {
  const halted = TradingHalted({ by: 'operator', reason: 'news', level: 'halted' })
  const resumed = TradingResumed({ by: 'operator', reason: 'calm', lifts: [1] })
  expect(tradingOf(statusOf(halted).halts)).toBe('halted')
  expect(tradingOf(statusOf(halted, resumed).halts)).toBe('active')
  expect(tradingOf(statusOf(halted, { ...halted }, resumed).halts)).toBe('halted')
})

test('drift stands until it is resolved, by its seq', () => {
  const drift = DriftFound({
    subject: 'position',
    name: 'BTC/USDT',
    ledger: '1',
    venue: '2',
    evidence: 'e71d',
  })
  const reconciled = ReconciliationCompleted({ verdict: 'drift', orders: 0, fills: 0, drifts: 2 })
  const now = statusOf(drift, drift, reconciled, DriftResolved({ drift: 1, how: 'the fill was late' }))
  expect([...now.drift.keys()]).toEqual([2])
  expect(now.lastReconciliation).toMatchObject({ seq: 3, data: { verdict: 'drift' } })
})

test('the last health verdict, the latest watchlist and the candle that closed last are kept', () => {
  const checked = (verdict: 'ok' | 'unhealthy') => HealthChecked({ verdict, checks: [] })
  const now = statusOf(
    checked('unhealthy'),
    checked('ok'),
    published('2015-08-25', 'AAPL'),
    published('2015-08-24', 'MSFT'),
    candle('BTC/USDT', '100', later(5)),
    candle('ETH/USDT', '50', noon),
  )
  expect(now.lastHealth).toMatchObject({ seq: 2, data: { verdict: 'ok' } })
  expect(now.watchlist?.session).toBe('2015-08-25')
  expect(now.lastCandle?.symbol).toBe('BTC/USDT')
})
