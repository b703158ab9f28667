// What the exchange is believed of orders that are neither clearly there nor clearly over: cancels that are not done yet, fills
// behind an end, trades that are shown no more, and one order that nobody can say anything about among others.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alpacaEquities } from '../../adapters/alpaca-equities.ts'
import { bitfinex } from '../../adapters/ccxt-bitfinex.ts'
import type { CcxtExchange } from '../../adapters/ccxt-exchange.ts'
import type { Decimal } from '../../domain/decimal.ts'
import { OrderCancelled } from '../../domain/order.ts'
import { instantOf, millisecondsOf } from '../../domain/time.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, type Desk, deskAt, inSession, simulated } from './ccxt-loopback.ts'

describe('shares at alpaca', () => {
  const symbol = 'AAPL'
  let venue: Simulated
  let exchange: CcxtExchange
  let desk: Desk
  let low: Decimal

  beforeAll(async () => {
    const balances = { USD: '100000', AAPL: '100' } as const
    venue = await simulated('alpaca', { clock: { mode: 'fixed', at: inSession }, balances })
    exchange = await connect(venue, { withMarkets: false })
    desk = deskAt(exchange, [symbol], 'equities')
    low = `${Math.floor(Number(await venue.price('AAPL/USD')) * 0.9)}` as Decimal
  }, 120_000)
  afterAll(() => venue.stop())

  const resting = async (seq: number, more: object = {}) => {
    await desk.place(seq, { symbol, quantity: '2', type: 'limit', limitPrice: low, ...more })
    return desk.idOf(seq)
  }
  const cancelsLate = () => venue.faults.add({ on: 'cancel', fault: { kind: 'cancel-pending', ms: 30_000 } })
  const cancelled = async () =>
    (await venue.requests()).filter(({ operation }) => operation === 'cancel').length

  test('a cancel that is not done yet is no end: the order is open, and what it fills is a fill', async () => {
    const id = await resting(201)
    await cancelsLate()
    expect(await desk.venue.cancel(id, symbol)).toMatchObject({ kind: 'unknown' })
    expect(await desk.venue.find(id, symbol)).toMatchObject({ kind: 'open', filled: '0' })
    expect(await desk.hear()).toEqual([])
    const asked = await cancelled()
    expect(await desk.venue.cancel(id, symbol)).toMatchObject({ kind: 'unknown' })
    expect(await cancelled()).toBe(asked) // it has heard it
    await venue.fill({ clientId: id })
    expect(await desk.hear()).toEqual(['filled 2'])
    expect(desk.orders.at(-1)?.status).toBe('filled')
  })

  test('a stop whose cancel is pending fills in part, and is cancelled after that', async () => {
    const stop = { side: 'sell', type: 'stop', stopPrice: low, limitPrice: undefined } as const
    const id = await resting(202, stop)
    await cancelsLate()
    expect(await desk.venue.cancel(id, symbol)).toMatchObject({ kind: 'unknown' })
    await venue.fill({ clientId: id, quantity: '1' })
    expect(await desk.hear()).toEqual(['filled 1'])
    expect(await desk.venue.find(id, symbol)).toMatchObject({ kind: 'open', filled: '1' })
    await venue.clock.advance(30_000)
    expect(await desk.venue.find(id, symbol)).toMatchObject({ kind: 'done', end: 'cancelled' })
    expect(await desk.hear()).toEqual(['cancelled'])
  })

  test('a good-till-date order expires when its cancel is done, not when it is heard', async () => {
    const id = await resting(203, { timeInForce: 'GTD', expiresAt: inSession })
    await cancelsLate()
    expect(await desk.hear()).toEqual([])
    expect(await desk.hear()).toEqual([])
    await venue.clock.advance(30_000)
    expect(await desk.hear()).toEqual(['expired'])
    expect(await desk.venue.find(id, symbol)).toMatchObject({ kind: 'done' })
  })

  test('a fill that comes to light behind a cancel is heard, also by the next process, for ten minutes', async () => {
    const id = await resting(204)
    await venue.faults.add({ on: 'cancel', fault: { kind: 'filled-after', share: '0.5', ms: 5000 } })
    expect(await desk.venue.cancel(id, symbol)).toMatchObject({ kind: 'cancelled' })
    desk.record(OrderCancelled({ orderId: id, reason: 'an operator wished it' })) // as the order desk does
    expect(await desk.hear()).toEqual([])
    await venue.clock.advance(5000)
    const minutesLater = (minutes: number) => instantOf(millisecondsOf(inSession) + minutes * 60_000)
    const next = (minutes: number) =>
      deskAt(exchange, [symbol], 'equities', { orders: desk.orders, now: () => minutesLater(minutes) })
    expect(await next(10).hear()).toEqual([])
    expect(await next(9).hear()).toEqual(['filled 1'])
  })

  test('an order that is not shown any more holds up nobody else, and stays unheard until it is asked again', async () => {
    const [lost, heard, due] = [await resting(205), await resting(206), await resting(207)]
    const number = desk.orders.find(({ request }) => request.orderId === lost)?.venueOrderId
    let at = inSession
    const forgetful = deskAt(exchange, [symbol], 'equities', {
      orders: desk.orders,
      now: () => at,
      pollMs: 20_000,
      dialect: {
        ...alpacaEquities,
        byVenueId: async (api, id, of) =>
          id === number && at === inSession ? undefined : alpacaEquities.byVenueId(api, id, of),
      },
    })
    await venue.fill({ clientId: heard })
    await venue.ownerCancel(desk.orders.at(-1)?.venueOrderId as string)
    expect(due).toBe(desk.orders.at(-1)?.request.orderId)
    const sick = { kind: 'unheard', orderId: lost, why: expect.stringContaining('does not show it') }
    const reports = await forgetful.venue.reports(at)
    expect(reports.map(({ kind }) => kind).sort()).toEqual(['cancelled', 'filled', 'unheard'])
    expect(reports.at(-1)).toEqual(sick)
    expect(await forgetful.venue.reports(at)).toEqual([sick]) // too early to ask again
    at = instantOf(millisecondsOf(inSession) + 10_000)
    expect((await forgetful.venue.reports(at)).map(({ kind }) => kind)).not.toContain('unheard')
  })

  test('a venue that answers nothing is not heard at all', async () => {
    await venue.faults.add({ on: '*', times: 0, fault: { kind: 'server-error', status: 503 } })
    await expect(desk.venue.reports(inSession)).rejects.toThrow(VenueUnavailable)
    await venue.faults.clear()
  })
})

describe('coins at bitfinex and kucoin', () => {
  test('trades that are shown no more are in the ledger: with the ones that are shown they make the whole', async () => {
    const symbol = 'BTC/USD'
    const venue = await simulated('bitfinex')
    const exchange = await connect(venue)
    const orders: Desk['orders'] = []
    const first = deskAt(exchange, [symbol], 'spot', { orders })
    const low = `${Math.floor(Number(await venue.price(symbol)) * 0.9)}` as Decimal
    await first.place(301, { symbol, quantity: '0.06', type: 'limit', limitPrice: low })
    const cid = bitfinex.clientIdOf(first.idOf(301)) as string
    await venue.fill({ clientId: cid, quantity: '0.04' })
    expect(await first.hear()).toEqual(['filled 0.04'])
    await venue.fill({ clientId: cid, quantity: '0.02' })
    const old = orders[0]?.fills[0]?.tradeId
    const showing = (hidden: (id: string | undefined) => boolean) =>
      deskAt(exchange, [symbol], 'spot', {
        orders,
        dialect: {
          ...bitfinex,
          tradesOfOrder: async (...given) =>
            (await bitfinex.tradesOfOrder(...given)).filter(({ id }) => !hidden(id)),
        },
      })
    expect(await showing(() => true).hear()).toEqual(['unheard']) // a page that lacks one is not believed
    expect(await showing(id => id === old).hear()).toEqual(['filled 0.02'])
    expect(orders[0]).toMatchObject({ status: 'filled', filled: '0.06' })
    await venue.stop()
  }, 120_000)

  test('an order of which the lists do not reach back is not proven never to have been there', async () => {
    const symbol = 'BTC/USDT'
    const venue = await simulated('kucoin')
    const desk = deskAt(await connect(venue), [symbol])
    const low = `${Math.floor(Number(await venue.price(symbol)) * 0.9)}` as Decimal
    const days = (count: number) => new Date(Date.now() - count * 86_400_000).toISOString()
    const terms = { symbol, quantity: '0.01', type: 'limit', limitPrice: low } as const
    for (const [seq, age] of [
      [401, 1],
      [402, 3],
    ] as const) {
      await venue.faults.add({ on: 'place', fault: { kind: 'request-lost' } })
      await desk.place(seq, { ...terms, decided: days(age) })
    }
    expect(await desk.venue.find(desk.idOf(401), symbol)).toEqual({ kind: 'not-known' })
    expect(await desk.venue.find(desk.idOf(402), symbol)).toEqual({
      kind: 'not-known',
      unproven: expect.stringContaining('do not reach back'),
    })
    expect(await desk.venue.cancel(desk.idOf(402), symbol)).toMatchObject({ kind: 'unknown' })
    await venue.faults.add({ on: '*', times: 0, fault: { kind: 'server-error', status: 503 } })
    await expect(desk.venue.find(desk.idOf(402), symbol)).rejects.toThrow(VenueUnavailable)
    await venue.faults.clear()
    await venue.stop()
  }, 120_000)
})
