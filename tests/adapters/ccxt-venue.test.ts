// The same promises at every exchange that was tried, against simulated ones in processes of their own: what we say was
// there is there, what is not known was never there, and silence proves nothing.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CcxtExchange } from '../../adapters/ccxt-exchange.ts'
import { type Decimal, subtract } from '../../domain/decimal.ts'
import { numberOf } from '../../domain/order-id.ts'
import { VenueUnavailable } from '../../domain/venue.ts'
import type { FaultRuleScript } from '../venue-simulator/faults.ts'
import type { VenueName } from '../venue-simulator/script.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, type Desk, deskAt, inSession, simulated } from './ccxt-loopback.ts'

const tried: readonly (readonly [string, VenueName, string, 'spot' | 'equities'])[] = [
  ['binance', 'binance', 'BTC/USDT', 'spot'],
  ['kraken', 'kraken', 'BTC/USD', 'spot'],
  ['kucoin', 'kucoin', 'BTC/USDT', 'spot'],
  ['bitfinex', 'bitfinex', 'BTC/USD', 'spot'],
  ['alpaca crypto', 'alpaca', 'BTC/USD', 'spot'],
  ['alpaca equities', 'alpaca', 'AAPL', 'equities'],
]

/** Everything that can go wrong with an answer to a submit. Whether the order landed is told by the venue's own books. */
const faults: readonly FaultRuleScript['fault'][] = [
  { kind: 'request-lost' },
  { kind: 'answer-lost' },
  { kind: 'stall', where: 'headers' },
  { kind: 'stall', where: 'body' },
  { kind: 'cut-in-body' },
  { kind: 'html', status: 200 },
  { kind: 'html', status: 403 },
  { kind: 'bad-body', body: 'garbage' },
  { kind: 'bad-body', body: 'truncated' },
  { kind: 'bad-body', body: 'empty' },
  { kind: 'bad-body', body: 'empty-object' },
  { kind: 'server-error', status: 500 },
  { kind: 'server-error', status: 502, landed: true },
  { kind: 'server-error', status: 504, landed: true },
  { kind: 'redirect' },
  { kind: 'maintenance' },
]

describe.each(tried)('%s', (_name, venueName, symbol, kind) => {
  // Equities are traded by whole shares, crypto by hundredths of a coin; the clock stands in a session of New York.
  const quantity: Decimal = kind === 'equities' ? '2' : '0.01'
  let venue: Simulated
  let exchange: CcxtExchange
  let desk: Desk
  let low: Decimal

  beforeAll(async () => {
    venue = await simulated(
      venueName,
      kind === 'equities' ? { clock: { mode: 'fixed', at: inSession }, balances: { USD: '10000' } } : {},
    )
    exchange = await connect(venue, { withMarkets: kind === 'spot' })
    desk = deskAt(exchange, [symbol], kind)
    const price = await venue.price(kind === 'equities' ? 'AAPL/USD' : symbol)
    low = `${Math.floor(Number(price) * 0.9)}` as Decimal
  }, 120_000)
  afterAll(() => venue.stop())

  test('an order is accepted, found, filled and reported once in full', async () => {
    expect(await desk.place(101, { symbol, quantity })).toMatchObject({ kind: 'accepted' })
    expect(await desk.venue.find(desk.idOf(101), symbol)).toMatchObject({ kind: 'done', end: 'filled' })
    expect(await desk.hear()).toEqual([`filled ${quantity}`])
    expect(await desk.hear()).toEqual([]) // it is full: nothing is asked any more
    const fill = desk.orders.find(({ request }) => request.orderId === desk.idOf(101))?.fills[0]
    const { trades } = await venue.books()
    expect(trades.map(({ quantity: traded, price }) => [Number(traded), Number(price)])).toContainEqual([
      Number(fill?.quantity),
      Number(fill?.price),
    ])
  })

  test('whose order it is that has a number is ours to know, the owner’s, or not shown', async () => {
    const { venueOrderId = '' } = desk.orders.find(({ request }) => request.orderId === desk.idOf(101)) ?? {}
    const whose = async (number: string) => (await desk.venue.account?.whose?.(number, symbol))?.value
    // By the number alone: the ledger does not know it yet.
    const blank = deskAt(exchange, [symbol], kind)
    const ours = { kind: 'ours', orderId: desk.idOf(101) }
    expect((await blank.venue.account?.whose?.(venueOrderId, symbol))?.value).toEqual(ours)
    expect(await whose(venueOrderId)).toEqual(ours)
    const { orderId } = await venue.ownerOrder({
      symbol: kind === 'equities' ? 'AAPL/USD' : symbol,
      side: 'buy',
      quantity,
    })
    expect(await whose(orderId)).toEqual({ kind: 'not-ours' })
    expect(await whose(`${venueOrderId.slice(0, -2)}zz`)).toEqual({ kind: 'not-shown' })
    await venue.faults.add({ on: '*', times: 0, fault: { kind: 'bad-body', body: 'garbage' } })
    await expect(whose(venueOrderId)).rejects.toThrow(VenueUnavailable)
    await venue.faults.clear()
  })

  test('a resting order is open until it is cancelled, and too late to cancel after that', async () => {
    await desk.place(102, { symbol, quantity, type: 'limit', limitPrice: low })
    expect(await desk.venue.find(desk.idOf(102), symbol)).toMatchObject({ kind: 'open', filled: '0' })
    const { value } = (await desk.venue.account?.restingOrders()) ?? { value: [] }
    expect(value).toMatchObject([{ orderId: desk.idOf(102), symbol, side: 'buy', quantity, filled: '0' }])
    expect(await desk.venue.cancel(desk.idOf(102), symbol)).toMatchObject({ kind: 'cancelled' })
    expect(await desk.venue.cancel(desk.idOf(102), symbol)).toEqual({ kind: 'too-late' })
    expect(await desk.venue.find(desk.idOf(102), symbol)).toMatchObject({ kind: 'done', end: 'cancelled' })
    expect(await desk.hear()).toEqual(['cancelled'])
  })

  test('a good-till-date order is ended when its time has come', async () => {
    const past = '2026-11-24T15:29:00.000Z'
    await desk.place(103, {
      symbol,
      quantity,
      type: 'limit',
      limitPrice: low,
      timeInForce: 'GTD',
      expiresAt: past,
    })
    expect(await desk.hear()).toContain('expired')
    expect(await desk.venue.find(desk.idOf(103), symbol)).toMatchObject({ kind: 'done' })
  })

  test('what was never sent is not known', async () => {
    await venue.faults.add({ on: 'place', fault: { kind: 'request-lost' } })
    expect(await desk.place(104, { symbol, quantity })).toMatchObject({ kind: 'unknown' })
    expect(await desk.venue.find(desk.idOf(104), symbol)).toEqual({ kind: 'not-known' })
  })

  test('an order without the money for it is rejected', async () => {
    expect(
      await desk.place(105, { symbol, quantity: '1000000', type: 'limit', limitPrice: low }),
    ).toMatchObject({
      kind: 'rejected',
    })
  })

  test.each(faults.map((fault, index) => [JSON.stringify(fault), fault, index] as const))(
    'a submit with %s is never believed, sent once, and found out',
    async (_json, fault, index) => {
      const id = desk.idOf(200 + index)
      await venue.faults.add({ on: 'place', fault })
      const before = await placed()
      const answer = await desk.place(200 + index, { symbol, quantity, type: 'limit', limitPrice: low })
      expect(await placed()).toBe(before + 1)
      // Half an answer may hold the id, and a full refusal in the venue's own words may be one.
      expect(answer.kind).not.toBe('rejected')
      await venue.faults.clear()
      const there = ((await venue.books()).byClientId[clientIdOf(id)]?.orders ?? []).length > 0
      const found = await desk.venue.find(id, symbol)
      expect(found.kind).toBe(there ? 'open' : 'not-known')
      if (answer.kind === 'accepted') expect(there).toBe(true)
      if (there) await venue.ownerCancel((found as { venueOrderId: string }).venueOrderId)
    },
  )

  test.each(['garbage', 'truncated', 'empty', 'empty-object'] as const)(
    'a list that is %s proves nothing',
    async body => {
      const id = desk.idOf(104)
      await venue.faults.add({
        on: ['order', 'open-orders', 'closed-orders'],
        times: 0,
        fault: { kind: 'bad-body', body },
      })
      await expect(desk.venue.find(id, symbol)).rejects.toThrow(VenueUnavailable)
      await venue.faults.clear()
      expect(await desk.venue.find(id, symbol)).toEqual({ kind: 'not-known' })
    },
  )

  test.each(['empty', 'empty-object', 'garbage'] as const)(
    'an account that is %s is not an empty one',
    async body => {
      await venue.faults.add({
        on: ['balance', 'positions', 'open-orders', 'trades'],
        times: 0,
        fault: { kind: 'bad-body', body },
      })
      await expect(desk.venue.account?.holdings()).rejects.toThrow(VenueUnavailable)
      await expect(desk.venue.account?.restingOrders()).rejects.toThrow(VenueUnavailable)
      await expect(desk.venue.account?.tradesSince('2026-11-20T00:00:00.000Z')).rejects.toThrow(
        VenueUnavailable,
      )
      await venue.faults.clear()
    },
  )

  test('holdings and trades are those of the books, to the last digit', async () => {
    const { value: held } = (await desk.venue.account?.holdings()) ?? { value: {} }
    const { balances, trades } = await venue.books()
    expect(held).toEqual(balances)
    const { value: told } = (await desk.venue.account?.tradesSince('2026-11-20T00:00:00.000Z')) ?? {
      value: [],
    }
    expect(told).toHaveLength(trades.length)
  })

  test('a debt and a short are told as they are, and nothing but nothing is left out', async () => {
    const asset = symbol.split('/')[0] as string
    const { balances: before } = await venue.books()
    const money = kind === 'equities' ? 'USD' : (symbol.split('/')[1] as string)
    for (const [currency, sum] of [
      [money, '-500'],
      [asset, '-10'],
    ] as const)
      await venue.pay({ currency, amount: subtract(sum, before[currency] ?? '0') })
    const { value: short } = (await desk.venue.account?.holdings()) ?? { value: {} }
    expect(short).toMatchObject({ [money]: '-500', [asset]: '-10' })
    await venue.pay({ currency: asset, amount: '10' })
    const { value: flat } = (await desk.venue.account?.holdings()) ?? { value: {} }
    expect(flat).toMatchObject({ [money]: '-500' })
    expect(flat).not.toHaveProperty(asset)
  })

  const placed = async () => (await venue.requests()).filter(({ operation }) => operation === 'place').length
  const clientIdOf = (id: string) => (venueName === 'bitfinex' ? String(numberOf(id)) : id)
})
