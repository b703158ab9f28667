// More trades than a page holds, at every exchange that was tried: all of them are told, or none.

import { describe, expect, test } from 'vitest'
import type { Dialect } from '../../adapters/ccxt-dialect.ts'
import { dialectOf } from '../../adapters/ccxt-dialects.ts'
import { paged } from '../../adapters/ccxt-questions.ts'
import { sum } from '../../domain/decimal.ts'
import type { VenueName } from '../venue-simulator/script.ts'
import { connect, deskAt, simulated } from './ccxt-loopback.ts'

const before = '2026-11-20T00:00:00.000Z'

/** How many trades, more than a page holds, and of how many parts an order is. */
const tried: readonly (readonly [VenueName, string, number, number])[] = [
  ['binance', 'BTC/USDT', 1050, 250],
  ['kraken', 'BTC/USD', 120, 101],
  ['kucoin', 'BTC/USDT', 250, 101],
  ['bitfinex', 'BTC/USD', 1050, 250],
  ['alpaca', 'BTC/USD', 250, 101],
]

test.each(tried)(
  '%s: all trades in %s are told, more than a page holds, each once: %i',
  async (name, symbol, count) => {
    const venue = await simulated(name)
    await venue.pay({ currency: 'BTC', amount: '100' })
    const exchange = await connect(venue)
    for (let made = 0; made < count; made++)
      await venue.ownerOrder({ symbol, side: 'sell', quantity: '0.001' })
    const { trades } = await venue.books()
    expect(trades.length).toBeGreaterThanOrEqual(count)
    const { value: told } = (await deskAt(exchange, [symbol]).venue.account?.tradesSince(before)) ?? {
      value: [],
    }
    expect(told).toHaveLength(trades.length)
    // Not by the trades' numbers: a venue may number them differently in its books.
    expect(told.map(({ venueOrderId }) => venueOrderId).sort()).toEqual(
      trades.map(({ orderId }) => orderId).sort(),
    )
    await venue.stop()
  },
  120_000,
)

test.each(tried)(
  '%s: an order in %s that was filled in many parts is reported in full',
  async (name, symbol, _count, parts) => {
    const venue = await simulated(name)
    const exchange = await connect(venue)
    const desk = deskAt(exchange, [symbol])
    const price = await venue.price(symbol)
    const limitPrice = `${Math.floor(Number(price) * 0.9)}` as const
    await desk.place(1, { symbol, quantity: '0.05', type: 'limit', limitPrice: limitPrice as never })
    const orderId = desk.orders[0]?.venueOrderId as string
    for (let part = 0; part < parts; part++) await venue.fill({ orderId, quantity: '0.0001' })
    await desk.hear()
    const fills = desk.orders[0]?.fills ?? []
    expect(fills).toHaveLength(parts)
    expect(sum(fills.map(({ quantity }) => quantity))).toBe(`${parts / 10_000}`)
    await venue.stop()
  },
  120_000,
)

test('kucoin finds an order by our id behind more closed ones than a page holds', async () => {
  const symbol = 'BTC/USDT'
  const venue = await simulated('kucoin')
  await venue.pay({ currency: 'BTC', amount: '100' })
  const exchange = await connect(venue)
  const desk = deskAt(exchange, [symbol])
  const since = Date.now() - 60_000
  await desk.place(1, { symbol, quantity: '0.01', side: 'sell' })
  for (let made = 0; made < 150; made++) await venue.ownerOrder({ symbol, side: 'sell', quantity: '0.001' })
  const lookup = dialectOf('kucoin').lookups.find(({ name }) => name === 'closed orders')
  const { value, heard } = await exchange.ask('closed orders', async api =>
    lookup?.look(api, { clientId: desk.idOf(1), symbol, since }),
  )
  expect(value?.map(({ clientOrderId }) => clientOrderId)).toContain(desk.idOf(1))
  expect(value).toHaveLength(151)
  expect(lookup?.answers(JSON.parse(heard.at(-1)?.body ?? ''))).toBe(true)
  await venue.stop()
}, 120_000)

describe('pages that do not go on', () => {
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      id: `${from + index}`,
      info: { id: from + index },
      timestamp: 7,
    }))
  /** KuCoin as far as its lists: `answer` gives the rows and what it says about the next page. */
  const trades = (
    answer: (from: { lastId?: number; currentPage?: number }) => { readonly items: unknown[] },
  ) => {
    const api = {
      last_json_response: {},
      fetchOrderTrades: async (
        _id: string,
        _symbol: string,
        _since: undefined,
        _limit: undefined,
        from: object,
      ) => {
        const data = answer(from)
        api.last_json_response = { code: '200000', data }
        return data.items
      },
    }
    return dialectOf('kucoin').tradesOfOrder(
      api as unknown as Parameters<Dialect['tradesOfOrder']>[0],
      'x',
      'BTC/USDT',
      0,
    )
  }

  test('of kraken prove nothing when one is empty before as many were told as there are', async () => {
    const kraken = (count: number | undefined) => {
      const api = {
        last_json_response: { error: [], result: { count } },
        fetchMyTrades: async (...[, , , { ofs }]: readonly [unknown, unknown, unknown, { ofs: number }]) =>
          ofs < 50 ? rows(ofs, 50) : [],
      }
      return dialectOf('kraken').trades(api as unknown as Parameters<Dialect['trades']>[0], undefined, 0, 9)
    }
    expect(await kraken(50)).toHaveLength(50)
    await expect(kraken(120)).rejects.toThrow('50 of 120 trades')
    await expect(kraken(undefined)).rejects.toThrow('50 of undefined trades')
  })

  test('prove nothing when they are full', async () => {
    await expect(trades(() => ({ items: rows(0, 100), lastId: 100 }))).rejects.toThrow('does not go on')
    await expect(trades(() => ({ items: rows(0, 100) }))).rejects.toThrow('does not go on')
    const full = async () => rows(0, 100) as never
    await expect(paged(full, 0, 100)).rejects.toThrow('does not go on')
  })

  test('are all there is when there was room on them', async () => {
    expect(await trades(() => ({ items: rows(0, 3), lastId: 3 }))).toHaveLength(3)
    expect(await trades(() => ({ items: rows(0, 3) }))).toHaveLength(3)
    expect(await paged(async () => rows(0, 3) as never, 0, 100)).toHaveLength(3)
  })

  test('of an account that has numbered ones are asked for by number', async () => {
    const told = await trades(({ currentPage = 1 }) => ({
      items: rows((currentPage - 1) * 50, Math.min(currentPage * 50, 120)),
      currentPage,
      totalPage: 3,
    }))
    expect(told).toHaveLength(120)
  })
})
