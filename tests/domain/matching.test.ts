// How the paper venue fills: against us where nobody knows, never better than the market was.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candle, candleObjection } from '../../domain/candle.ts'
import { add, compare, type Decimal, isPositive, multiply, roundTo, subtract } from '../../domain/decimal.ts'
import { matchOrder, type PaperTerms, paperTradeId } from '../../domain/matching.ts'
import {
  evolve,
  type Fill,
  type Order,
  OrderAccepted,
  OrderFilled,
  OrderRequested,
  remaining,
} from '../../domain/order.ts'
import type { MarketRules, VenueReport } from '../../domain/venue.ts'
import { candleClosed, morning, orderRequested } from '../cast.ts'

type Request = Order['request']

const terms: PaperTerms = { makerFee: '0.0005', takerFee: '0.001', slippage: '0.001', participation: '0.1' }
const rules: MarketRules = { tick: '0.01', lot: '0.001', minimumQuantity: '0.001' }

const accepted = (given: Partial<Request> = {}): Order => {
  const { limitPrice: _, ...request } = orderRequested(7).data
  const data: Request = { ...request, type: 'market', ...given }
  const requested = evolve(undefined, OrderRequested(data))
  return evolve(requested, OrderAccepted({ orderId: data.orderId, venueOrderId: 'v-1', venueTime: morning }))
}
const market = accepted()
const sale = accepted({ side: 'sell' })
const limit = (limitPrice: Decimal, given: Partial<Request> = {}) =>
  accepted({ type: 'limit', limitPrice, ...given })
const stop = (stopPrice: Decimal, given: Partial<Request> = {}) =>
  accepted({ type: 'stop', stopPrice, ...given })

/** Opens at 100, trades between 90 and 110, closes at 105. */
const candle: Candle = {
  ...candleClosed(0).data,
  open: '100',
  high: '110',
  low: '90',
  close: '105',
  volume: '100',
}
const plenty: Decimal = '1000'

const match = (
  order: Order,
  at: Candle = candle,
  volume: Decimal = plenty,
  with_: Partial<PaperTerms> = {},
) => matchOrder(order, at, volume, { ...terms, ...with_ }, rules)
const fillOf = ({ reports }: { readonly reports: readonly VenueReport[] }): Fill | undefined =>
  reports.flatMap(report => (report.kind === 'filled' ? [report.fill] : []))[0]
const kinds = ({ reports }: { readonly reports: readonly VenueReport[] }) => reports.map(({ kind }) => kind)

describe('a market order', () => {
  test('fills at the open, worse by the slippage, and takes', () => {
    expect(fillOf(match(market))).toMatchObject({ price: '100.1', quantity: '0.25', liquidity: 'taker' })
    expect(fillOf(match(sale))).toMatchObject({ price: '99.9', quantity: '0.25', liquidity: 'taker' })
  })

  test('slips to the next tick against us', () => {
    const open = { ...candle, open: '100.01' } as const
    expect(fillOf(match(market, open))?.price).toBe('100.12')
    expect(fillOf(match(sale, open))?.price).toBe('99.9')
  })

  test("never slips beyond the candle's range", () => {
    const narrow = { ...candle, high: '100.05', low: '99.95', close: '100' } as const
    expect(fillOf(match(market, narrow))?.price).toBe('100.05')
    expect(fillOf(match(sale, narrow))?.price).toBe('99.95')
  })

  test('has the time and the number of its candle', () => {
    expect(fillOf(match(market))).toMatchObject({
      venueTime: candle.openTime,
      tradeId: paperTradeId(market.request.orderId, candle),
      orderId: market.request.orderId,
      by: market.request.by,
    })
  })
})

describe('a limit order', () => {
  test('that the market only touches does not fill: nobody knows the queue', () => {
    expect(match(limit('90')).reports).toEqual([])
    expect(match(limit('110', { side: 'sell' })).reports).toEqual([])
  })

  test('that the market trades through fills at its price, and makes', () => {
    expect(fillOf(match(limit('90.01')))).toMatchObject({ price: '90.01', liquidity: 'maker' })
    expect(fillOf(match(limit('109.99', { side: 'sell' })))).toMatchObject({
      price: '109.99',
      liquidity: 'maker',
    })
  })

  test('that the market never reaches does not fill', () => {
    expect(match(limit('89.99')).reports).toEqual([])
    expect(match(limit('110.01', { side: 'sell' })).reports).toEqual([])
  })

  test('that the open is already better than fills at the open, and takes', () => {
    expect(fillOf(match(limit('101')))).toMatchObject({ price: '100', liquidity: 'taker' })
    expect(fillOf(match(limit('100')))).toMatchObject({ price: '100', liquidity: 'taker' })
    expect(fillOf(match(limit('99', { side: 'sell' })))).toMatchObject({ price: '100', liquidity: 'taker' })
  })
})

describe('a stop order', () => {
  test('waits until the market reaches it', () => {
    expect(match(stop('110.01')).reports).toEqual([])
    expect(match(stop('89.99', { side: 'sell' })).reports).toEqual([])
  })

  test('that is reached fills at the stop, worse by the slippage, and takes', () => {
    expect(fillOf(match(stop('105')))).toMatchObject({ price: '105.11', liquidity: 'taker' })
    expect(fillOf(match(stop('95', { side: 'sell' })))).toMatchObject({ price: '94.9', liquidity: 'taker' })
  })

  test('that is reached at the very end of the range fills there', () => {
    expect(fillOf(match(stop('110')))?.price).toBe('110')
    expect(fillOf(match(stop('90', { side: 'sell' })))?.price).toBe('90')
  })

  test('that the market opens beyond fills at the open, which is worse', () => {
    expect(fillOf(match(stop('95')))?.price).toBe('100.1')
    expect(fillOf(match(stop('105', { side: 'sell' })))?.price).toBe('99.9')
  })

  test('that filled in part is triggered: the rest fills at the next open like a market order', () => {
    const order = stop('105')
    const part = fillOf(match(order, candle, '0.1')) as Fill
    expect(part.quantity).toBe('0.1')
    const lower: Candle = { ...candleClosed(1).data, open: '98', high: '99', low: '97', close: '98' }
    const rest = fillOf(match(evolve(order, OrderFilled(part)), lower))
    expect(rest).toMatchObject({ quantity: '0.15', price: '98.1', liquidity: 'taker' })
  })
})

describe('volume', () => {
  test('a candle fills no more than is left of its share, and says what is left after that', () => {
    expect(match(market, candle, '0.1')).toMatchObject({
      reports: [{ kind: 'filled', fill: { quantity: '0.1' } }],
      volumeLeft: '0',
    })
    expect(match(market, candle, '0.4')).toMatchObject({ volumeLeft: '0.15' })
  })

  test('orders share it in their order: the second gets what the first left', () => {
    const first = match(market, candle, '0.3')
    const second = match(accepted({ orderId: 'k3x9p2q-8' }), candle, first.volumeLeft)
    const third = match(accepted({ orderId: 'k3x9p2q-9' }), candle, second.volumeLeft)
    expect([first, second, third].map(each => fillOf(each)?.quantity)).toEqual(['0.25', '0.05', undefined])
  })

  test('is rounded down to the lot', () => {
    expect(fillOf(match(market, candle, '0.1239'))?.quantity).toBe('0.123')
    expect(match(market, candle, '0.0009').reports).toEqual([])
  })

  test('without volume nothing fills, and a good-till-cancelled order waits', () => {
    expect(match(market, candle, '0').reports).toEqual([])
  })
})

describe('fees', () => {
  test('are a share of the traded value, exact: less for the maker', () => {
    expect(fillOf(match(market))?.fee).toBe(multiply(multiply('100.1', '0.25'), '0.001'))
    expect(fillOf(match(limit('90.01')))?.fee).toBe(multiply(multiply('90.01', '0.25'), '0.0005'))
    expect(fillOf(match(market))?.fee).toBe('0.025025')
  })

  test('may be a rebate', () => {
    expect(fillOf(match(limit('90.01'), candle, plenty, { makerFee: '-0.0001' }))?.fee).toBe('-0.00225025')
  })
})

describe('how long it waits', () => {
  test('immediate-or-cancel takes what the first candle gives and drops the rest', () => {
    const order = accepted({ timeInForce: 'IOC' })
    expect(kinds(match(order, candle, '0.1'))).toEqual(['filled', 'cancelled'])
    expect(kinds(match(order, candle, '0'))).toEqual(['cancelled'])
    expect(kinds(match(order))).toEqual(['filled'])
    expect(match(order, candle, '0').reports[0]).toMatchObject({
      venueTime: candle.closeTime,
      reason: 'IOC rest',
    })
  })

  test('fill-or-kill fills whole or not at all', () => {
    const order = accepted({ timeInForce: 'FOK' })
    expect(kinds(match(order, candle, '0.249'))).toEqual(['cancelled'])
    expect(match(order, candle, '0.249').volumeLeft).toBe('0.249')
    expect(kinds(match(order, candle, '0.25'))).toEqual(['filled'])
    expect(kinds(match(limit('80', { timeInForce: 'FOK' })))).toEqual(['cancelled'])
  })

  test('good-till-date fills until its date and expires then, with what it has', () => {
    const until = (expiresAt: string, limitPrice: Decimal = '95') =>
      limit(limitPrice, { timeInForce: 'GTD', expiresAt })
    expect(kinds(match(until(candle.closeTime), candle, '0.1'))).toEqual(['filled', 'expired'])
    expect(kinds(match(until(candle.closeTime), candle))).toEqual(['filled'])
    expect(match(until(candle.closeTime, '80')).reports).toEqual([
      { kind: 'expired', orderId: market.request.orderId, venueTime: candle.closeTime },
    ])
    expect(kinds(match(until(candleClosed(1).data.closeTime, '80')))).toEqual([])
  })

  test('what expired before the candle opened does not fill in it', () => {
    const order = limit('95', { timeInForce: 'GTD', expiresAt: candle.openTime })
    expect(match(order).reports).toEqual([
      { kind: 'expired', orderId: order.request.orderId, venueTime: candle.openTime },
    ])
  })

  test('good-till-cancelled waits', () => {
    expect(match(limit('80')).reports).toEqual([])
    expect(kinds(match(market, candle, '0.1'))).toEqual(['filled'])
  })
})

test('the trade of an order in a candle has one number, and another candle or order another', () => {
  expect(paperTradeId('k3x9p2q-7', candle)).toBe(paperTradeId('k3x9p2q-7', { ...candle, close: '1' }))
  expect(paperTradeId('k3x9p2q-7', candle)).not.toBe(paperTradeId('k3x9p2q-7', candleClosed(1).data))
  expect(paperTradeId('k3x9p2q-7', candle)).not.toBe(paperTradeId('k3x9p2q-8', candle))
})

// ── laws ────────────────────────────────────────────────────────────────────────────────────────────────────────

const cents = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((n): Decimal => `${n / 100}`)
const prices = cents(9_000, 11_000)
const candles: fc.Arbitrary<Candle> = fc.tuple(prices, prices, prices, prices).map(drawn => {
  const [low, open, close, high] = [...drawn].sort(compare) as [Decimal, Decimal, Decimal, Decimal]
  return { ...candle, open, high, low, close }
})
const orders: fc.Arbitrary<Order> = fc
  .record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    type: fc.constantFrom('market' as const, 'limit' as const, 'stop' as const),
    price: prices,
    timeInForce: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const),
    quantity: fc.integer({ min: 1, max: 5_000 }).map((n): Decimal => `${n / 1000}`),
    alreadyFilled: fc.boolean(),
  })
  .map(({ price, alreadyFilled, ...given }) => {
    const order = accepted({
      ...given,
      ...(given.type === 'limit' ? { limitPrice: price } : given.type === 'stop' ? { stopPrice: price } : {}),
    })
    if (!alreadyFilled || compare(given.quantity, '0.001') <= 0 || given.timeInForce !== 'GTC') return order
    const fill = { ...(fillOf(match(market)) as Fill), tradeId: 'earlier', quantity: '0.001' as const }
    return evolve(order, OrderFilled({ ...fill, side: given.side }))
  })
const volumes = fc.integer({ min: 0, max: 6_000 }).map((n): Decimal => `${n / 1000}`)
const slippages = fc.constantFrom<Decimal>('0', '0.0001', '0.01', '0.5')

test('no fill is at a price that the candle did not trade at', () => {
  fc.assert(
    fc.property(orders, candles, volumes, slippages, (order, at, volume, slippage) => {
      expect(candleObjection(at)).toBeUndefined()
      const fill = fillOf(match(order, at, volume, { slippage }))
      if (fill === undefined) return
      expect(compare(fill.price, at.low), `${fill.price} below ${at.low}`).toBeGreaterThanOrEqual(0)
      expect(compare(fill.price, at.high), `${fill.price} above ${at.high}`).toBeLessThanOrEqual(0)
    }),
    { numRuns: 2000 },
  )
})

test('no fill is better than the open, the limit or the stop allows', () => {
  fc.assert(
    fc.property(orders, candles, volumes, slippages, (order, at, volume, slippage) => {
      const fill = fillOf(match(order, at, volume, { slippage }))
      if (fill === undefined) return
      const { type, side, limitPrice = '0' } = order.request
      const worse = (a: Decimal, b: Decimal) => (side === 'buy' ? compare(a, b) : compare(b, a))
      if (type === 'limit') expect(worse(fill.price, limitPrice)).toBeLessThanOrEqual(0)
      else expect(worse(fill.price, at.open)).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: 2000 },
  )
})

test('more slippage is never a better price', () => {
  fc.assert(
    fc.property(orders, candles, (order, at) => {
      const [little, much] = (['0.0001', '0.01'] as const).map(slippage =>
        fillOf(match(order, at, plenty, { slippage })),
      )
      expect(much?.quantity).toBe(little?.quantity)
      if (little === undefined || much === undefined) return
      const better = compare(much.price, little.price)
      expect(order.request.side === 'buy' ? better : -better).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: 500 },
  )
})

test('what is filled and what is left is the volume there was; fills are whole lots, within order and share', () => {
  fc.assert(
    fc.property(orders, candles, volumes, (order, at, volume) => {
      const matched = match(order, at, volume)
      const fill = fillOf(matched)
      expect(add(matched.volumeLeft, fill?.quantity ?? '0')).toBe(add(volume, '0'))
      if (fill === undefined) return
      expect(isPositive(fill.quantity)).toBe(true)
      expect(roundTo(fill.quantity, rules.lot, 'down')).toBe(fill.quantity)
      expect(compare(fill.quantity, remaining(order))).toBeLessThanOrEqual(0)
      expect(isPositive(subtract(fill.quantity, volume))).toBe(false)
    }),
    { numRuns: 1000 },
  )
})
