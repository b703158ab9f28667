import { describe, expect, test } from 'vitest'
import type { BookEvent } from '../../domain/catalogue.ts'
import {
  OrderAccepted,
  OrderCancelled,
  OrderExpired,
  OrderRejected,
  type OrderRequest,
} from '../../domain/order.ts'
import { none, some } from '../../domain/result.ts'
import { bpsOf, costsBy, executionCosts, executionFigures } from '../../projections/execution-costs.ts'
import {
  type ExecutedOrder,
  executionQuality,
  shortfallOf,
  slippageOf,
} from '../../projections/execution-quality.ts'
import { fold } from '../../projections/projection.ts'
import { buy, candle, intent, later, ledgerOf, requested, sell, withheld } from './ledger-of.ts'

const qualityOf = (...events: BookEvent[]) => fold(executionQuality, ledgerOf(events))
const orderId = 'k3x9p2q-2'
const orderOf = (...events: BookEvent[]): ExecutedOrder =>
  qualityOf(...events).orders.get(orderId) as ExecutedOrder

/** An intent at seq 2, behind a candle; the order that answers it. */
const asked = (close: `${number}`, decision: `${number}`, terms: Partial<OrderRequest> = {}): BookEvent[] => [
  candle('BTC/USDT', close),
  intent({ referencePrice: decision, side: terms.side ?? 'buy' }),
  requested(2, terms),
]
const cancelled = OrderCancelled({ orderId, reason: 'an operator wished it' })

// By hand, as docs/projections.md shows it: decided at 50, sent at 50.10, 60 filled at 50.20 and 20 at 50.40 for a fee of
// 4, the rest cancelled; the next candle closes at 51.
//
//   slippage   60 × 50.20 + 20 × 50.40 - 80 × 50.10            = 4020 - 4008 = 12
//   shortfall  (4020 - 80 × 50) + 4 + 20 × (51 - 50)           = 20 + 4 + 20 = 44
describe('the order that was computed by hand', () => {
  const example = [
    ...asked('50.10', '50', { quantity: '100' }),
    buy('60', '50.20', { orderId, fee: '3' }),
    buy('20', '50.40', { orderId, tradeId: 't-2', fee: '1' }),
    cancelled,
    candle('BTC/USDT', '51', later(5)),
    candle('BTC/USDT', '70', later(10)),
  ]

  test('cost 12 against the arrival price and 44 against the decision price', () => {
    const order = orderOf(...example)
    expect(slippageOf(order)).toEqual(some({ cost: '12', of: '4008' }))
    expect(shortfallOf(order)).toEqual(some({ cost: '44', of: '5000' }))
    expect(bpsOf({ cost: '44', of: '5000' })).toEqual(some(88))
  })

  test('gained as much when it was a sale', () => {
    const sold = example.map(event =>
      'side' in event.data ? ({ ...event, data: { ...event.data, side: 'sell' } } as BookEvent) : event,
    )
    expect(slippageOf(orderOf(...sold))).toEqual(some({ cost: '-12', of: '4008' }))
    expect(shortfallOf(orderOf(...sold))).toEqual(some({ cost: '-36', of: '5000' })) // fees are paid either way
  })

  test('stands in the figures of the report', () => {
    expect(executionFigures(executionCosts(qualityOf(...example).orders.values()))).toEqual([
      { name: 'slippage_arrival', value: some('12'), unit: 'money', sample: 1, of: 'filled orders' },
      { name: 'slippage_arrival_bps', value: some(29.94012), unit: 'bps', sample: 1, of: 'filled orders' },
      {
        name: 'implementation_shortfall',
        value: some('44'),
        unit: 'money',
        sample: 1,
        of: 'orders that ended',
      },
      {
        name: 'implementation_shortfall_bps',
        value: some(88),
        unit: 'bps',
        sample: 1,
        of: 'orders that ended',
      },
    ])
  })
})

test('an order without a candle of its symbol has no arrival price, and no slippage', () => {
  const order = orderOf(
    intent(),
    intent({ referencePrice: '99' }),
    requested(2),
    buy('1', '100', { orderId }),
  )
  expect(slippageOf(order)).toEqual(none)
  expect(shortfallOf(order)).toEqual(some({ cost: '1', of: '99' }))
})

test('the arrival price is of the candle that closed last, of its own symbol', () => {
  const order = orderOf(
    candle('BTC/USDT', '100', later(5)),
    intent(),
    candle('BTC/USDT', '90'), // an older one, of another timeframe
    candle('ETH/USDT', '5', later(10)),
    requested(2),
    buy('1', '101', { orderId }),
  )
  expect(slippageOf(order)).toEqual(some({ cost: '1', of: '100' }))
})

test('the shortfall is known when the order is over and a candle has come after it', () => {
  const live = [...asked('100', '100', { quantity: '3' }), buy('1', '100', { orderId })]
  expect(shortfallOf(orderOf(...live))).toEqual(none)
  const over = [...live, OrderExpired({ orderId, venueTime: later(5) })]
  expect(shortfallOf(orderOf(...over))).toEqual(none)
  expect(shortfallOf(orderOf(...over, candle('ETH/USDT', '9', later(5))))).toEqual(none)
  const priced = [...over, candle('BTC/USDT', '90', later(5))]
  expect(shortfallOf(orderOf(...priced))).toEqual(some({ cost: '-20', of: '300' }))
})

test('what a rejected order missed counts, unless the venue has it after all', () => {
  const rejected = [...asked('100', '100'), OrderRejected({ orderId, reason: 'too small' })]
  const missed = [...rejected, candle('BTC/USDT', '104', later(5))]
  expect(shortfallOf(orderOf(...missed))).toEqual(some({ cost: '4', of: '100' }))
  const accepted = OrderAccepted({ orderId, venueOrderId: 'v-1' })
  expect(shortfallOf(orderOf(...missed, accepted))).toEqual(none)
  const filled = [...missed, buy('0.5', '104', { orderId })]
  expect(shortfallOf(orderOf(...filled))).toEqual(none)
})

test('a fill behind the end is part of the order', () => {
  const order = orderOf(...asked('100', '100'), cancelled, buy('1', '103', { orderId }))
  expect(shortfallOf(order)).toEqual(some({ cost: '3', of: '100' }))
})

test('a stop is measured from its own price, and misses nothing while it waits', () => {
  const stop = { type: 'stop', side: 'sell', stopPrice: '90', quantity: '2', reduceOnly: true } as const
  const triggered = orderOf(...asked('100', '100', stop), sell('2', '89', { orderId }))
  expect(slippageOf(triggered)).toEqual(some({ cost: '2', of: '180' }))
  expect(shortfallOf(triggered)).toEqual(some({ cost: '2', of: '180' }))
  const waited = orderOf(...asked('100', '100', stop), cancelled, candle('BTC/USDT', '120', later(5)))
  expect(shortfallOf(waited)).toEqual(none)
})

test('fees are those of all fills; orders that were withheld cost nothing', () => {
  const quality = qualityOf(
    ...asked('100', '100'),
    buy('1', '101', { orderId, fee: '0.1' }),
    buy('1', '50', { orderId: 'not-in-the-ledger', tradeId: 't-9', by: 'op-1', fee: '0.2' }),
    intent(),
    withheld(6),
  )
  const costs = executionCosts(quality.orders.values())
  expect(costs).toMatchObject({ orders: 2, filledOrders: 2, value: '151', fees: '0.3' })
  expect(costs.slippage).toEqual({ cost: some('1'), bps: some(100), orders: 1 })
  expect(costsBy(quality, ({ by }) => by).map(([name, { fees }]) => [name, fees])).toEqual([
    ['ema-cross@BTC/USDT-5m', '0.1'],
    ['op-1', '0.2'],
  ])
  expect(quality.decisions.size).toBe(0)
})

describe('a fee that is not in the money of the price', () => {
  const filledWith = (feeCurrency: string, ...before: BookEvent[]) => {
    const events = [...before, ...asked('100', '100')]
    const fills = [
      buy('1', '100', { orderId: `k3x9p2q-${before.length + 2}`, fee: '0.002', feeCurrency }),
      buy('1', '100', { orderId: `k3x9p2q-${before.length + 2}`, tradeId: 't-2', fee: '0.003', feeCurrency }),
    ]
    return executionCosts(qualityOf(...events, ...fills).orders.values())
  }

  test('but in what was bought costs the price of its fill', () => {
    expect(filledWith('BTC')).toMatchObject({ fees: '0.5', otherFees: new Map(), value: '200' })
  })

  test('but in a third currency costs its last close against the money, where the ledger has one', () => {
    expect(filledWith('BNB', candle('BNB/USDT', '300'))).toMatchObject({ fees: '1.5', otherFees: new Map() })
    expect(filledWith('BNB', candle('BNB/BTC', '300'))).toMatchObject({ fees: '0' })
  })

  test('stays what it is where it has none, and adds up by its own name', () => {
    expect(filledWith('BNB')).toMatchObject({ fees: '0', otherFees: new Map([['BNB', '0.005']]) })
    const two = [buy('1', '100', { orderId: 'a', fee: '1', feeCurrency: 'BNB' })]
    two.push(buy('1', '100', { orderId: 'b', fee: '2', feeCurrency: 'BNB' }))
    two.push(buy('1', '100', { orderId: 'b', fee: '5', feeCurrency: 'KCS' }))
    const { otherFees } = executionCosts(qualityOf(...two).orders.values())
    expect([...otherFees]).toEqual([
      ['BNB', '3'],
      ['KCS', '5'],
    ])
  })
})

test('the bps of many orders weigh each by its value', () => {
  const quality = qualityOf(
    ...asked('100', '100', { quantity: '9' }),
    buy('9', '100', { orderId }),
    intent(),
    requested(5),
    buy('1', '110', { orderId: 'k3x9p2q-5', tradeId: 't-2' }),
  )
  expect(executionCosts(quality.orders.values()).slippage).toEqual({
    cost: some('10'),
    bps: some(100),
    orders: 2,
  })
})
