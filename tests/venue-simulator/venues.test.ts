import type { Exchange } from 'ccxt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { ccxtClient } from './ccxt-client.ts'
import { venueNames } from './script.ts'
import { traders } from './traders.ts'
import { startVenue, type Venue } from './venue.ts'

/** A Monday, 10:00:30 in New York. */
const start = '2026-03-02T15:00:30.000Z'
const minute = 60_000

/** The name of the error, or `nothing` when there was none. */
const refusal = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'nothing',
    (error: Error) => error.constructor.name,
  )

/** Amounts by currency: what is in orders, and all of it. */
const balances = async (exchange: Exchange) => {
  const { used, total } = await exchange.fetchBalance()
  return { used, total } as unknown as Record<'used' | 'total', Record<string, number>>
}

describe.each(venueNames)('%s, traded by the unmodified ccxt', name => {
  const trader = traders[name]
  const { symbol, base, quote } = trader
  let venue: Venue
  let exchange: Exchange
  let price: number
  let orders = 0
  const nextId = () => trader.clientId(++orders)
  const low = () => Math.round(price * 0.9)

  beforeAll(async () => {
    venue = await startVenue(name, {
      folder: temporaryFolder(),
      script: { clock: { mode: 'fixed', at: start } },
    })
    exchange = await ccxtClient(venue)
    await exchange.loadMarkets()
    price = Number(await venue.price(symbol))
  })
  afterAll(async () => {
    await venue.stop()
  })

  test('tells its market with precision, minimum and fees', () => {
    const market = exchange.market(symbol)
    expect(market).toMatchObject({ symbol, base, quote, spot: true, active: true })
    expect(market.precision.amount).toBeGreaterThan(0)
    expect(market.precision.price).toBeGreaterThan(0)
    expect(market.limits.amount?.min).toBeGreaterThan(0)
    expect(Number(market.taker)).toBeGreaterThan(0)
  })

  test('gives candles, the last of which is still forming', async () => {
    const candles = await exchange.fetchOHLCV(symbol, '1m', Date.parse(start) - 10.5 * minute, 20)
    const times = candles.map(([openTime]) => openTime)
    expect(times).toEqual(
      Array.from({ length: times.length }, (_, index) => Number(times[0]) + index * minute),
    )
    expect(times.length).toBeGreaterThanOrEqual(10)
    expect(times.at(-1)).toBe(Date.parse('2026-03-02T15:00:00.000Z'))
    for (const [, open, high, lowest, close, volume] of candles) {
      expect(Math.min(Number(open), Number(close))).toBeGreaterThanOrEqual(Number(lowest))
      expect(Math.max(Number(open), Number(close))).toBeLessThanOrEqual(Number(high))
      expect(Number(volume)).toBeGreaterThan(0)
    }
    expect(candles.at(-1)?.[4]).toBe(price)

    // An hour of them is one candle of an hour: both come from the same prices.
    const hours = await exchange.fetchOHLCV(symbol, '1h', Date.parse('2026-03-02T13:00:00Z'), 2)
    const minutes = (await exchange.fetchOHLCV(symbol, '1m', Date.parse('2026-03-02T13:00:00Z'), 60)).slice(
      0,
      60,
    )
    expect(hours[0]?.slice(0, 5)).toEqual([
      Date.parse('2026-03-02T13:00:00Z'),
      minutes[0]?.[1],
      Math.max(...minutes.map(row => Number(row[2]))),
      Math.min(...minutes.map(row => Number(row[3]))),
      minutes.at(-1)?.[4],
    ])
  })

  test('rests a limit order, shows it under both ids and in the list, and cancels it', async () => {
    const clientId = nextId()
    const placed = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, low(), {
      clientOrderId: clientId,
    })
    const id = String(placed.id)
    expect(id).not.toBe('undefined')

    const found = await trader.find(exchange, clientId, new Date(start))
    expect(found).toMatchObject({ id, clientOrderId: String(clientId), status: 'open', side: 'buy' })
    expect(found).toMatchObject({ amount: 0.01, filled: 0, price: low() })
    expect(await exchange.fetchOrder(id, symbol)).toMatchObject({ id, status: 'open' })
    expect((await exchange.fetchOpenOrders(symbol)).map(order => order.id)).toContain(id)
    const { used, total } = await balances(exchange)
    expect(used[quote]).toBeGreaterThanOrEqual(0.01 * low())
    expect(total[quote]).toBe(10_000)

    await exchange.cancelOrder(id, symbol)
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({ id, status: 'canceled' })
    expect(await exchange.fetchOpenOrders(symbol)).toEqual([])
    expect((await balances(exchange)).used[quote]).toBe(0)
    expect(await refusal(exchange.cancelOrder(id, symbol))).not.toBe('nothing')
  })

  test('fills a market order at once, for money and a fee that the books agree on', async () => {
    const before = await balances(exchange)
    const clientId = nextId()
    await exchange.createOrder(symbol, 'market', 'buy', 0.01, undefined, { clientOrderId: clientId })
    const order = await trader.find(exchange, clientId, new Date(start))
    expect(order).toMatchObject({ status: 'closed', filled: 0.01 })
    const trades = (await exchange.fetchMyTrades(symbol)).filter(trade => trade.order === order?.id)
    expect(trades).toHaveLength(1)
    expect(trades[0]).toMatchObject({
      side: 'buy',
      amount: 0.01,
      price: order?.average,
      takerOrMaker: 'taker',
    })
    const after = await balances(exchange)
    const [booked] = (await venue.books()).trades.slice(-1)
    const fee = Number(booked?.fee)
    expect(fee).toBeGreaterThan(0)
    const [feeBase, feeQuote] = booked?.feeCurrency === base ? [fee, 0] : [0, fee]
    expect(Number(after.total[base])).toBeCloseTo(Number(before.total[base]) + 0.01 - feeBase, 9)
    expect(Number(after.total[quote])).toBeCloseTo(
      Number(before.total[quote]) - 0.01 * Number(order?.average) - feeQuote,
      4,
    )
  })

  test('wakes a stop order when the price comes to it', async () => {
    const placed = await trader.stop(exchange, 0.01, Math.round(price * 0.95))
    expect((await venue.books()).orders.find(({ id }) => id === placed.id)).toMatchObject({
      status: 'open',
      triggered: false,
    })
    await venue.setPrice(symbol, `${Math.round(price * 0.94)}`)
    expect((await venue.books()).orders.find(({ id }) => id === placed.id)).toMatchObject({
      status: 'filled',
      triggered: true,
    })
    await venue.setPrice(symbol, `${price}` as `${number}`)
  })

  test('fills a resting order when the price comes to it, as the maker', async () => {
    const clientId = nextId()
    const { id } = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, low(), {
      clientOrderId: clientId,
    })
    await venue.setPrice(symbol, `${low() - 10}`)
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({
      status: 'closed',
      filled: 0.01,
    })
    expect((await venue.books()).trades.at(-1)).toMatchObject({
      orderId: id,
      price: `${low()}`,
      liquidity: 'maker',
    })
    await venue.setPrice(symbol, `${price}` as `${number}`)
  })

  test('shows a partial fill as it stands', async () => {
    const clientId = nextId()
    await exchange.createOrder(symbol, 'limit', 'sell', 0.01, Math.round(price * 1.1), {
      clientOrderId: clientId,
    })
    await venue.fill({ clientId: String(clientId), quantity: '0.004' })
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({
      status: 'open',
      filled: 0.004,
      remaining: 0.006,
    })
    await venue.fill({ clientId: String(clientId) })
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({
      status: 'closed',
      filled: 0.01,
    })
  })

  test('lists orders and trades of all markets together, or asks for one', async () => {
    const { id } = await exchange.createOrder(symbol, 'limit', 'buy', 0.01, low())
    if (name === 'binance' || name === 'kucoin') {
      await expect(exchange.fetchMyTrades()).rejects.toThrow(/requires a symbol/)
    } else {
      expect((await exchange.fetchOpenOrders()).map(order => order.id)).toEqual([id])
      expect((await exchange.fetchMyTrades()).length).toBeGreaterThan(2)
    }
    await exchange.cancelOrder(String(id), symbol)
  })

  test('takes a client order id again, or not, by its own rule', async () => {
    const clientId = nextId()
    const send = () => exchange.createOrder(symbol, 'limit', 'buy', 0.01, low(), { clientOrderId: clientId })
    await send()
    expect(await refusal(send())).toBe(trader.duplicate ?? 'nothing')
    for (const { id } of await exchange.fetchOpenOrders(symbol))
      await exchange.cancelOrder(String(id), symbol)
    const isUniqueForEver = name === 'kucoin' || name === 'alpaca'
    expect((await refusal(send())) === 'nothing').toBe(!isUniqueForEver)
    for (const { id } of await exchange.fetchOpenOrders(symbol))
      await exchange.cancelOrder(String(id), symbol)
    const { byClientId } = await venue.books()
    expect(byClientId[String(clientId)]?.orders).toHaveLength(
      name === 'bitfinex' ? 3 : isUniqueForEver ? 1 : 2,
    )
  })

  test('refuses in its own words what cannot be: no money, too small, unknown, wrong key, wrong secret', async () => {
    expect(await refusal(exchange.createOrder(symbol, 'limit', 'buy', 10, low()))).toBe('InsufficientFunds')
    expect(await trader.find(exchange, trader.clientId(999_999), new Date(start))).toBeUndefined()
    expect(await refusal(exchange.fetchOrder('424242', symbol))).toBe(trader.unknownOrder)
    const careless = await ccxtClient(venue)
    await careless.loadMarkets()
    // ccxt itself would round the quantity away before the venue could say anything about it.
    const { precision, limits } = careless.market(symbol)
    const tooSmall = Number(limits.amount?.min) / 2
    if (name !== 'bitfinex') Object.assign(precision, { amount: 1e-12 })
    expect(await refusal(careless.createOrder(symbol, 'limit', 'buy', tooSmall, low()))).toBe(
      trader.belowMinimum,
    )

    const stranger = await ccxtClient(venue, { apiKey: 'a stranger' })
    stranger.setMarkets(exchange.markets)
    expect(await refusal(stranger.createOrder(symbol, 'limit', 'buy', 0.01, low()))).toBe(trader.wrongKey)
    const forger = await ccxtClient(venue, { secret: Buffer.from('a wrong secret').toString('base64') })
    forger.setMarkets(exchange.markets)
    const forged = await refusal(forger.createOrder(symbol, 'limit', 'buy', 0.01, low()))
    expect(forged).not.toBe('nothing')
    expect((await venue.books()).orders.filter(({ status }) => status === 'open')).toEqual([])
  })

  test('refuses an order that was changed on its way, where the venue has signatures', async () => {
    const intercepted = await ccxtClient(venue)
    intercepted.fetchImplementation = (url: string, { body, ...options }: RequestInit & { body?: string }) =>
      fetch(url, { ...options, ...(body === undefined ? {} : { body: body.replace('0.0123', '0.0321') }) })
    await intercepted.loadMarkets()
    const seen = await refusal(intercepted.createOrder(symbol, 'limit', 'buy', 0.0123, low()))
    const { orders: all } = await venue.books()
    // Alpaca's requests carry the key and the secret themselves, and no signature.
    expect([seen === 'nothing', all.some(({ quantity }) => quantity === '0.0321')]).toEqual(
      name === 'alpaca' ? [true, true] : [false, false],
    )
    expect(all.some(({ quantity }) => quantity === '0.0123')).toBe(false)
  })

  test('tells its time and its state where it has them', async () => {
    if (exchange.has.fetchTime && name !== 'alpaca')
      expect(Math.abs(Number(await exchange.fetchTime()) - Date.now())).toBeLessThan(2000)
    if (name === 'alpaca') expect(await exchange.fetchTime()).toBe(Date.parse(start))
    if (exchange.has.fetchStatus) {
      expect((await exchange.fetchStatus()).status).toBe('ok')
      await venue.faults.add({ on: 'status', fault: { kind: 'maintenance' } })
      expect((await exchange.fetchStatus()).status).toBe('maintenance')
    }
  })
})

test.each(venueNames)('%s gives trades in pages, and a full page is not the end', async name => {
  const trader = traders[name]
  const venue = await startVenue(name, {
    folder: temporaryFolder(),
    script: { clock: { mode: 'fixed', at: start }, tradesPerPage: 3 },
  })
  const exchange = await ccxtClient(venue)
  await exchange.loadMarkets()
  for (let sold = 0; sold < 7; sold++) {
    await exchange.createOrder(trader.symbol, 'market', 'sell', 0.01)
    await venue.clock.advance(1000)
  }
  const first = await exchange.fetchMyTrades(trader.symbol, Date.parse(start) - minute)
  expect(first).toHaveLength(3)
  const seen = [...first]
  for (let pages = 1; pages < 5; pages++) {
    seen.push(...(await exchange.fetchMyTrades(trader.symbol, undefined, undefined, trader.nextPage(seen))))
  }
  const { trades } = await venue.books()
  expect(trades).toHaveLength(7)
  // Every order was filled by one trade, so the order names the trade also where a venue numbers it differently.
  expect(seen.map(({ order }) => order).sort()).toEqual(trades.map(({ orderId }) => orderId).sort())
  await venue.stop()
})
