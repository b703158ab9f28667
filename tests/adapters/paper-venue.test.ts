// The paper venue over candles of BTC/USDT as they were recorded on 22 March 2023: it remembers nothing that the
// orders of the ledger do not say, so a new instance reports exactly what is missing.

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { type PaperVenue, paperVenue } from '../../adapters/paper-venue.ts'
import { recordedData } from '../../adapters/recorded-data.ts'
import type { Candle } from '../../domain/candle.ts'
import { compare, type Decimal, multiply, smaller, subtract, sum } from '../../domain/decimal.ts'
import type { PaperTerms } from '../../domain/matching.ts'
import {
  decide,
  evolve,
  type Fill,
  isLive,
  type MaybeOrder,
  type Order,
  type OrderCommand,
  type OrderRequest,
} from '../../domain/order.ts'
import { isLeft } from '../../domain/result.ts'
import type { Instant } from '../../domain/time.ts'
import type { VenueReport } from '../../domain/venue.ts'
import { orderRequested, symbol } from '../cast.ts'
import { files } from '../recorded-bars.ts'

const market = recordedData([files.btc], nyseCalendar)
const morning: Instant = '2023-03-22T11:40:00.000Z'
let candles: readonly Candle[] = []
const candle = (n: number): Candle => candles[n] as Candle

beforeAll(async () => {
  candles = await market.closedCandles(symbol, '5m', morning, '2023-03-22T23:00:00.000Z')
})

const terms: PaperTerms = {
  makerFee: '0.0005',
  takerFee: '0.001',
  slippage: '0.0002',
  participation: '0.001',
}
const rules = () => ({ tick: '0.01', lot: '0.00001', minimumQuantity: '0.0001' }) as const

/** The orders as the ledger has them, and the venue that looks at them. */
const desk = (given: Partial<PaperTerms> = {}) => {
  const orders = new Map<string, Order>()
  let now = morning
  const open = (): PaperVenue =>
    paperVenue({
      terms: { ...terms, ...given },
      rules,
      timeframe: '5m',
      market,
      orders: () => orders.values(),
      now: () => now,
    })
  let venue = open()
  /** Gives the number of events that were news. */
  const record = (orderId: string, command: OrderCommand): number => {
    const before: MaybeOrder = orders.get(orderId)
    const decided = decide(command, before)
    if (isLeft(decided)) throw new Error(decided.left)
    const after = decided.right.reduce<MaybeOrder>(evolve, before)
    if (after !== undefined) orders.set(orderId, after)
    return decided.right.length
  }
  const take = (report: VenueReport): number => {
    if (report.kind === 'filled')
      return record(report.fill.orderId, { type: 'ReportFill', data: report.fill })
    const { orderId, venueTime } = report
    if (report.kind === 'expired')
      return record(orderId, { type: 'ReportExpired', data: { orderId, venueTime } })
    return record(orderId, { type: 'ReportCancelled', data: { orderId, reason: report.reason, venueTime } })
  }
  return {
    orders,
    venue: () => venue,
    restart: () => {
      venue = open()
    },
    at: (instant: Instant) => {
      now = instant
    },
    request: (intent: number, given: Partial<OrderRequest> = {}) => {
      const { limitPrice: _, ...data } = orderRequested(intent).data
      const request: OrderRequest = { ...data, type: 'market', decided: now, ...given }
      record(request.orderId, { type: 'RequestOrder', data: request })
      return request
    },
    place: async (request: OrderRequest): Promise<Order> => {
      const { orderId } = request
      const answer = await venue.place(request)
      if (answer.kind !== 'accepted') throw new Error(answer.kind)
      const { venueOrderId, venueTime = now } = answer
      record(orderId, { type: 'ReportAcceptance', data: { orderId, venueOrderId, venueTime } })
      return orders.get(orderId) as Order
    },
    take,
    /** Everything that the venue reports up to this candle's close; gives the number of reports that were news. */
    until: async (closed: Candle): Promise<number> => {
      now = closed.closeTime
      return (await venue.reports(now)).map(take).reduce((news, each) => news + each, 0)
    },
    fills: (): readonly Fill[] => [...orders.values()].flatMap(order => order.fills),
  }
}

const share = (n: number, participation: Decimal = terms.participation): Decimal =>
  multiply(candle(n).volume, participation)

describe('fills', () => {
  test('come from the first candle that opens after the venue took the order', async () => {
    const { request, place, until, at, fills } = desk({ participation: '1' })
    at(candle(0).closeTime)
    await place(request(7))
    expect(await until(candle(0))).toBe(0)
    expect(await until(candle(1))).toBe(1)
    const [fill] = fills()
    expect(fill).toMatchObject({ venueTime: candle(1).openTime, quantity: '0.25', liquidity: 'taker' })
    expect(compare((fill as Fill).price, candle(1).open)).toBeGreaterThan(0)
    expect(compare((fill as Fill).price, candle(1).high)).toBeLessThanOrEqual(0)
  })

  test('do not come from a candle that was already open when the venue took the order', async () => {
    const { request, place, until, at, fills } = desk({ participation: '1' })
    at('2023-03-22T11:46:00.000Z') // in the middle of candle 1
    await place(request(7))
    expect(await until(candle(1))).toBe(0)
    expect(await until(candle(2))).toBe(1)
    expect(fills()[0]?.venueTime).toBe(candle(2).openTime)
  })

  test('do not come from a candle that has not closed', async () => {
    const { request, place, at, venue } = desk({ participation: '1' })
    at(candle(0).closeTime)
    await place(request(7))
    expect(await venue().reports('2023-03-22T11:49:59.999Z')).toEqual([])
    expect(await venue().reports('2023-03-22T11:50:00.000Z')).toHaveLength(1)
  })

  test('of a large order are spread over candles, each with its share of the volume', async () => {
    const { request, place, until, at, orders } = desk()
    at(candle(0).closeTime)
    const { orderId } = await place(request(7, { quantity: '3' })).then(order => order.request)
    await until(candle(40))
    const order = orders.get(orderId) as Order
    expect(order.status).toBe('filled')
    expect(order.fills.length).toBeGreaterThan(3)
    expect(sum(order.fills.map(({ quantity }) => quantity))).toBe('3')
    for (const fill of order.fills) {
      const n = candles.findIndex(({ openTime }) => openTime === fill.venueTime)
      expect(compare(fill.quantity, share(n))).toBeLessThanOrEqual(0)
    }
  })

  test('of a limit order wait for the market', async () => {
    const { request, place, until, at, fills } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const low = candles
      .slice(1, 30)
      .map(({ low }) => low)
      .reduce(smaller)
    const where = candles.findIndex(each => each.low === low)
    const limitPrice = `${Number(low) + 0.01}` as Decimal
    await place(request(7, { type: 'limit', limitPrice }))
    await until(candle(where - 1))
    expect(fills()).toEqual([])
    await until(candle(where))
    expect(fills()).toMatchObject([
      { price: limitPrice, liquidity: 'maker', venueTime: candle(where).openTime },
    ])
  })

  test('of another symbol come from its own candles', async () => {
    const both = recordedData([files.btc, files.eth], nyseCalendar)
    const [eth] = await both.closedCandles('ETH/USDT', '5m', candle(0).closeTime, candle(1).closeTime)
    const { limitPrice: _, ...data } = orderRequested(7).data
    const asked = evolve(undefined, {
      type: 'OrderRequested',
      version: 1,
      data: { ...data, type: 'market', symbol: 'ETH/USDT' },
    })
    const order = { ...asked, status: 'open' as const, venueOrderId: 'v', acceptedAt: candle(0).closeTime }
    const venue = paperVenue({
      terms: { ...terms, slippage: '0' },
      rules,
      timeframe: '5m',
      market: both,
      orders: () => [order],
      now: () => candle(1).closeTime,
    })
    expect(await venue.reports(candle(1).closeTime)).toMatchObject([
      { kind: 'filled', fill: { symbol: 'ETH/USDT', price: eth?.open } },
    ])
  })
})

describe('the same again', () => {
  test('a candle that was reported is not reported again by the same instance', async () => {
    const { request, place, until, at } = desk({ participation: '1' })
    at(candle(0).closeTime)
    await place(request(7))
    expect(await until(candle(1))).toBe(1)
    expect(await until(candle(1))).toBe(0)
  })

  test('reports that were lost are repeated by a new instance, with the same trade numbers', async () => {
    const { request, place, at, venue, restart, take } = desk()
    at(candle(0).closeTime)
    await place(request(7, { quantity: '1' }))
    const lost = await venue().reports(candle(6).closeTime)
    restart()
    const again = await venue().reports(candle(6).closeTime)
    expect(lost.length).toBeGreaterThan(2)
    expect(again).toEqual(lost)
    expect(again.map(take).every(news => news === 1)).toBe(true)
    expect(lost.map(take).every(news => news === 0)).toBe(true)
  })

  test('a new instance reports what the ledger lacks and nothing else, wherever it was cut', async () => {
    const whole = desk()
    whole.at(candle(0).closeTime)
    await whole.place(whole.request(7, { quantity: '2' }))
    const reports = await whole.venue().reports(candle(30).closeTime)
    expect(reports.length).toBeGreaterThan(4)
    for (let cut = 0; cut <= reports.length; cut++) {
      const half = desk()
      half.at(candle(0).closeTime)
      await half.place(half.request(7, { quantity: '2' }))
      for (const report of reports.slice(0, cut)) half.take(report)
      half.restart()
      expect(await half.venue().reports(candle(30).closeTime)).toEqual(reports.slice(cut))
    }
  })

  test('an immediate-or-cancel order whose fill was recorded, but not its end, is ended and not filled again', async () => {
    const { request, place, at, venue, restart, take, orders } = desk()
    at(candle(0).closeTime)
    const { orderId } = request(7, { quantity: '5', timeInForce: 'IOC' })
    await place((orders.get(orderId) as Order).request)
    const [fill, end] = await venue().reports(candle(1).closeTime)
    expect([fill?.kind, end?.kind]).toEqual(['filled', 'cancelled'])
    take(fill as VenueReport)
    restart()
    expect(await venue().reports(candle(3).closeTime)).toEqual([end])
  })

  test('an order that filled in part and expired in one candle is ended after a restart too', async () => {
    const { request, place, at, venue, restart, take, orders } = desk()
    at(candle(0).closeTime)
    const { orderId } = request(7, {
      type: 'limit',
      limitPrice: '99999',
      quantity: '5',
      timeInForce: 'GTD',
      expiresAt: candle(1).closeTime,
    })
    await place((orders.get(orderId) as Order).request)
    const [fill, end] = await venue().reports(candle(1).closeTime)
    expect([fill?.kind, end?.kind]).toEqual(['filled', 'expired'])
    take(fill as VenueReport)
    restart()
    expect(await venue().reports(candle(1).closeTime)).toEqual([end])
  })
})

describe('the volume of a candle', () => {
  test('is shared by the orders in the order of their requests', async () => {
    const { request, place, at, venue } = desk()
    at(candle(0).closeTime)
    const most = share(1)
    const first = `${Math.floor(Number(most) * 0.6 * 1e5) / 1e5}` as Decimal
    await place(request(7, { quantity: first }))
    await place(request(8, { quantity: '1' }))
    await place(request(9, { quantity: '1' }))
    const reports = await venue().reports(candle(1).closeTime)
    const filled = reports.flatMap(report => (report.kind === 'filled' ? [report.fill] : []))
    expect(filled.map(({ orderId }) => orderId.split('-')[1])).toEqual(['7', '8'])
    expect(compare(sum(filled.map(({ quantity }) => quantity)), most)).toBeLessThanOrEqual(0)
    expect(compare(subtract(most, sum(filled.map(({ quantity }) => quantity))), '0.00001')).toBeLessThan(0)
  })

  test('is shared across a restart: what the ledger has of it is gone', async () => {
    const { request, place, at, venue, restart, take } = desk()
    at(candle(0).closeTime)
    await place(request(7, { quantity: '1' }))
    await place(request(8, { quantity: '1' }))
    const reports = await venue().reports(candle(4).closeTime)
    take(reports[0] as VenueReport)
    restart()
    expect(await venue().reports(candle(4).closeTime)).toEqual(reports.slice(1))
  })

  test('is never taken twice, whatever is asked when and however often the venue is restarted', async () => {
    const plan = fc.record({
      orders: fc.array(
        fc.record({ at: fc.integer({ min: 0, max: 8 }), lots: fc.integer({ min: 1, max: 80_000 }) }),
        { minLength: 1, maxLength: 4 },
      ),
      /** Per turn: how many reports are recorded before the process dies; 99 is all. */
      turns: fc.array(fc.constantFrom(0, 1, 2, 99, 99), { minLength: 12, maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ orders: asked, turns }) => {
        const cut = desk()
        const whole = desk()
        for (let n = 0; n < 12; n++) {
          for (const [index, { at, lots }] of asked.entries())
            for (const each of at === n ? [cut, whole] : []) {
              each.at(candle(n).closeTime)
              await each.place(each.request(7 + index, { quantity: multiply(`${lots}`, '0.00001') }))
            }
          await whole.until(candle(n))
          cut.at(candle(n).closeTime)
          const recorded = turns[n] as number
          for (const report of (await cut.venue().reports(candle(n).closeTime)).slice(0, recorded))
            cut.take(report)
          if (recorded < 99) {
            cut.restart()
            await cut.until(candle(n))
          }
        }
        for (let n = 0; n < 12; n++) {
          const taken = cut.fills().filter(({ venueTime }) => venueTime === candle(n).openTime)
          expect(compare(sum(taken.map(({ quantity }) => quantity)), share(n))).toBeLessThanOrEqual(0)
        }
        expect([...cut.orders.values()]).toEqual([...whole.orders.values()])
      }),
      { numRuns: 40 },
    )
  })
})

describe('the end of an order', () => {
  test('a cancel ends a live order and comes too late for a done one', async () => {
    const { request, place, until, at, venue } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const { orderId } = (await place(request(7))).request
    expect(await venue().cancel(orderId, symbol)).toEqual({
      kind: 'cancelled',
      venueTime: candle(0).closeTime,
    })
    await until(candle(1))
    expect(await venue().cancel(orderId, symbol)).toEqual({ kind: 'too-late' })
    expect(await venue().cancel('nobody-1', symbol)).toEqual({ kind: 'too-late' })
  })

  test('a cancelled order does not fill any more', async () => {
    const { request, place, until, at, take, fills } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const { orderId } = (await place(request(7))).request
    take({ kind: 'cancelled', orderId, reason: 'lunch', venueTime: candle(0).closeTime })
    expect(await until(candle(5))).toBe(0)
    expect(fills()).toEqual([])
  })

  test('an order that rests until a date expires then', async () => {
    const { request, place, until, at, orders } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const expiresAt = candle(3).closeTime
    const { orderId } = (
      await place(request(7, { type: 'limit', limitPrice: '1', timeInForce: 'GTD', expiresAt }))
    ).request
    expect(await until(candle(2))).toBe(0)
    expect(await until(candle(3))).toBe(1)
    expect((orders.get(orderId) as Order).status).toBe('expired')
    expect(await until(candle(9))).toBe(0)
  })
})

describe('found by our id', () => {
  test('an order is known from its acceptance on, open until it is done', async () => {
    const { request, place, until, at, venue } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const asked = request(7)
    expect(await venue().find(asked.orderId, symbol)).toEqual({ kind: 'not-known' })
    await place(asked)
    expect(await venue().find(asked.orderId, symbol)).toMatchObject({ kind: 'open' })
    await until(candle(1))
    expect(await venue().find(asked.orderId, symbol)).toMatchObject({ kind: 'done' })
    expect(await venue().find('nobody-1', symbol)).toEqual({ kind: 'not-known' })
  })

  test('an order that was asked for but never taken does not fill', async () => {
    const { request, until, at, orders } = desk({ participation: '1' })
    at(candle(0).closeTime)
    const { orderId } = request(7)
    expect(await until(candle(5))).toBe(0)
    expect(isLive(orders.get(orderId) as Order)).toBe(true)
  })
})
