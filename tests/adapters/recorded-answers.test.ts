// Answers that exchanges really gave, through our adapters and the unmodified ccxt: every figure is, digit for digit, the
// one in the answer. Whatever was not recorded is answered by the simulated venue behind.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requireSameCalendar } from '../../adapters/alpaca-market.ts'
import { figuresOf } from '../../adapters/candle-figures.ts'
import { ccxtAccount } from '../../adapters/ccxt-account.ts'
import { openCcxt } from '../../adapters/ccxt-exchange.ts'
import { ccxtMarket } from '../../adapters/ccxt-market.ts'
import { ccxtRules } from '../../adapters/ccxt-rules.ts'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import answers from '../recorded-answers/answers.json' with { type: 'json' }
import type { VenueName } from '../venue-simulator/script.ts'
import type { Venue } from '../venue-simulator/venue.ts'
import { connect, deskAt, prefix, simulated } from './ccxt-loopback.ts'

const stopping: (() => unknown)[] = []
afterAll(async () => {
  for (const stop of stopping) await stop()
})

const bad = (why: string) => new Error(why)

/** A venue that gives the recorded answer where the request's method and path begin like a key. */
const recordedAt = async (
  name: VenueName,
  given: Record<string, string>,
  symbols: readonly string[] = [],
) => {
  const markets = symbols.map(
    symbol => ({ symbol, tick: '0.01', lot: '0.00000001', minimumQuantity: '0.0001', around: '70' }) as const,
  )
  const venue = await simulated(name, markets.length === 0 ? {} : { markets, balances: { USDT: '1000' } })
  const heard: string[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const asked = `${request.method} ${request.url}`
    const recorded = Object.keys(given).find(key => asked.startsWith(key))
    if (recorded !== undefined) {
      heard.push(recorded)
      response.setHeader('content-type', 'application/json')
      return void response.end(given[recorded])
    }
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const answer = await fetch(`${venue.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
    })
    response.statusCode = answer.status
    response.end(Buffer.from(await answer.arrayBuffer()))
  }).listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  stopping.push(() => venue.stop())
  stopping.push(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { venue: { ...venue, url } as Venue, url, heard }
}

const accountAt = async (at: Awaited<ReturnType<typeof recordedAt>>, symbols: readonly string[]) => {
  const exchange = await connect(at.venue)
  return ccxtAccount({
    exchange,
    symbols: () => symbols,
    orders: () => [],
    prefix,
    now: () => new Date().toISOString(),
  })
}

test('kraken’s recorded pairs give their own ticks, lots and minimums', async () => {
  const { url } = await recordedAt('kraken', { 'GET /0/public/AssetPairs': answers['kraken AssetPairs'] })
  const { api } = await openCcxt({ exchange: 'kraken', sandbox: false, url, spaced: false })
  const pairs = Object.values(JSON.parse(answers['kraken AssetPairs']).result) as {
    wsname: string
    pair_decimals: number
    lot_decimals: number
    ordermin: string
  }[]
  expect(pairs.length).toBeGreaterThan(4)
  for (const { wsname, pair_decimals, lot_decimals, ordermin } of pairs) {
    const step = (decimals: number) => `0.${'0'.repeat(decimals - 1)}1`
    expect(ccxtRules(api, wsname.replace('XBT', 'BTC')), wsname).toMatchObject({
      tick: step(pair_decimals),
      lot: step(lot_decimals),
      minimumQuantity: ordermin,
    })
  }
})

test('binance’s recorded symbols give the steps of their filters', async () => {
  const { url } = await recordedAt('binance', {
    'GET /api/v3/exchangeInfo': answers['binance exchangeInfo'],
  })
  const { api } = await openCcxt({ exchange: 'binance', sandbox: false, url, spaced: false })
  const plain = (text: string | undefined) => text?.replace(/\.?0+$/, '')
  for (const each of JSON.parse(answers['binance exchangeInfo']).symbols) {
    const filter = (type: string) =>
      (each.filters as Record<string, string>[]).find(({ filterType }) => filterType === type) ?? {}
    const rules = ccxtRules(api, `${each.baseAsset}/${each.quoteAsset}`)
    expect(rules.tick).toBe(plain(filter('PRICE_FILTER').tickSize))
    expect(rules.lot).toBe(plain(filter('LOT_SIZE').stepSize))
    expect(rules.minimumQuantity).toBe(plain(filter('LOT_SIZE').minQty))
    expect(rules.minimumNotional).toBe(plain(filter('MIN_NOTIONAL').minNotional))
  }
})

describe('kucoin', () => {
  let at: Awaited<ReturnType<typeof recordedAt>>
  beforeAll(async () => {
    at = await recordedAt(
      'kucoin',
      {
        'GET /api/v1/market/candles': answers['kucoin candles'],
        'GET /api/v1/orders?': answers['kucoin orders active'],
        'GET /api/v1/hf/orders/active': answers['kucoin orders active'],
        'GET /api/v1/fills': answers['kucoin fills'],
        'GET /api/v1/hf/fills': answers['kucoin fills'],
      },
      ['BTC/USDT', 'LTC/USDT'],
    )
  })

  test('the recorded candles, newest first and close before high, are in order and exact', async () => {
    const market = ccxtMarket(
      await openCcxt({ exchange: 'kucoin', sandbox: false, url: at.url, spaced: false }),
    )
    const candles = await market.closedCandles(
      'BTC/USDT',
      '1h',
      '2024-01-30T16:00:00.000Z',
      '2024-01-30T19:00:05.000Z',
    )
    expect(at.heard).toContain('GET /api/v1/market/candles')
    expect(
      candles.map(({ openTime, open, close, high, low, volume }) => [
        String(Date.parse(openTime) / 1000),
        open,
        close,
        high,
        low,
        volume,
      ]),
    ).toEqual(
      (JSON.parse(answers['kucoin candles']).data as string[][])
        .map(row => row.slice(0, 6))
        .sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1)),
    )
  })

  test('no figure of an answer is a floating-point number on its way', async () => {
    const { ask } = await connect(at.venue)
    const { value: rows } = await ask('candles', api => api.fetchOHLCV('BTC/USDT', '1h'))
    expect(rows.length).toBe(3)
    for (const [, ...figures] of rows)
      expect(figures.map(each => typeof each)).toEqual(Array(5).fill('string'))
    const { value: trades } = await ask('trades', api => api.fetchMyTrades('LTC/USDT'))
    for (const { price, amount, fee } of trades)
      expect([price, amount, fee?.cost].map(each => typeof each)).toEqual(['string', 'string', 'string'])
  })

  test('the recorded open order rests with its exact figures, and is nobody’s of ours', async () => {
    const account = await accountAt(at, ['LTC/USDT'])
    const { value, raw } = await account.restingOrders()
    expect(value).toEqual([
      {
        orderId: undefined,
        venueOrderId: '6556088034d111000738f7b8',
        symbol: 'LTC/USDT',
        side: 'buy',
        quantity: '0.1',
        filled: '0',
      },
    ])
    expect(raw).toContain(answers['kucoin orders active'])
  })

  test('the recorded fill is exact in price, quantity and fee', async () => {
    const account = await accountAt(at, ['LTC/USDT'])
    const { value } = await account.tradesSince('2023-11-16T00:00:00.000Z')
    expect(value.find(({ tradeId }) => tradeId === '3607194733924353')).toEqual({
      tradeId: '3607194733924353',
      venueOrderId: '65560a018b40f60007d5fe93',
      orderId: undefined,
      symbol: 'LTC/USDT',
      side: 'buy',
      price: '72.8',
      quantity: '0.010055',
      fee: '0.000732004',
      feeCurrency: 'USDT',
      liquidity: 'taker',
      venueTime: '2023-11-16T12:24:33.000Z',
    })
  })
})

describe('kraken', () => {
  test('the recorded answer to an order is an acceptance with the venue’s id', async () => {
    const at = await recordedAt('kraken', { 'POST /0/private/AddOrder': answers['kraken AddOrder'] }, [
      'LTC/USDT',
    ])
    const desk = deskAt(await connect(at.venue), ['LTC/USDT'])
    expect(await desk.place(7, { symbol: 'LTC/USDT', quantity: '0.1' })).toMatchObject({
      kind: 'accepted',
      venueOrderId: 'OL7LNO-R4SAD-6UINEU',
    })
  })

  test('a recorded order that somebody else gave rests with its exact figures', async () => {
    const at = await recordedAt('kraken', { 'POST /0/private/OpenOrders': answers['kraken OpenOrders'] }, [
      'LTC/USDT',
    ])
    const account = await accountAt(at, ['LTC/USDT'])
    expect((await account.restingOrders()).value).toEqual([
      {
        orderId: undefined,
        venueOrderId: 'OXCZ7B-EMVZQ-MTJTQJ',
        symbol: 'LTC/USDT',
        side: 'sell',
        quantity: '0.1',
        filled: '0',
      },
    ])
  })

  test.each([
    ['kraken QueryOrders open', 'OR6EGN-KQSEG-AMI6CL', 'open', '0.1', '0', undefined],
    ['kraken QueryOrders closed', 'OGMZCL-KC6MC-ZRBGM6', 'closed', '0.1', '0.1', '71.05741'],
  ] as const)(
    '%s: state, quantity and price as they were told',
    async (recorded, id, status, amount, filled, average) => {
      const at = await recordedAt('kraken', { 'POST /0/private/QueryOrders': answers[recorded] }, [
        'LTC/USDT',
      ])
      const { ask } = await connect(at.venue)
      const { value } = await ask('an order', api => api.fetchOrder(id, 'LTC/USDT'))
      const text = (given: unknown) => (given === undefined ? undefined : String(given).replace(/\.?0+$/, ''))
      expect(value.status).toBe(status)
      expect(text(value.amount)).toBe(amount)
      expect(text(value.filled) || '0').toBe(filled)
      expect(text(value.average)).toBe(average)
    },
  )
})

test('binance’s recorded answer to an order is an acceptance, with the venue’s own time', async () => {
  const at = await recordedAt('binance', { 'POST /api/v3/order': answers['binance order'] }, ['SOL/USDT'])
  const desk = deskAt(await connect(at.venue), ['SOL/USDT'])
  expect(
    await desk.place(7, { symbol: 'SOL/USDT', quantity: '0.05', type: 'limit', limitPrice: '241' }),
  ).toEqual({
    kind: 'accepted',
    venueOrderId: '9780331417',
    venueTime: '2025-01-23T12:32:37.417Z',
  })
})

test('bitfinex’s recorded candle: open, close, high, low, as numbers without quotes', async () => {
  const at = await recordedAt('bitfinex', { 'GET /v2/candles/trade': answers['bitfinex candles'] })
  const market = ccxtMarket(
    await openCcxt({ exchange: 'bitfinex', sandbox: false, url: at.url, spaced: false }),
  )
  expect(
    await market.closedCandles('BTC/USD', '1h', '2019-03-11T10:00:00.000Z', '2019-03-11T11:00:05.000Z'),
  ).toMatchObject([
    {
      openTime: '2019-03-11T10:00:00.000Z',
      open: '3870.1',
      high: '3890',
      low: '3870.1',
      close: '3890',
      volume: '0.05',
    },
  ])
})

test('alpaca’s recorded clock, with nanoseconds and an offset, is read; another hour is a clock that is wrong', async () => {
  const at = await recordedAt('alpaca', { 'GET /v2/clock': answers['alpaca clock'] })
  const exchange = await connect(at.venue, { withMarkets: false })
  await requireSameCalendar(exchange, nyseCalendar, '2024-07-18T08:10:40.000Z')
  await expect(requireSameCalendar(exchange, nyseCalendar, '2024-07-18T09:10:40.000Z')).rejects.toThrow(
    'the clock of this machine is 3606611 ms from alpaca',
  )
})

describe('recorded streams: figures only, because no adapter reads a WebSocket', () => {
  test('binance’s klines are candles that the checks let in, and end at the price of the trade beside them', () => {
    const events = answers['binance stream'].map(line => JSON.parse(line).data)
    const klines = events.filter(({ e }) => e === 'kline').map(({ k, E }) => ({ ...k, E }))
    expect(klines.length).toBeGreaterThan(1)
    for (const { s, o, h, l, c, v, E } of klines) {
      const figures = figuresOf([o, h, l, c, v], String(E), bad)
      expect(Number(figures.close)).toBe(Number(c))
      expect(c).toMatch(new RegExp(`^${figures.close.replace('.', '\\.')}0*$`))
      const trade = events.find(each => each.e === 'aggTrade' && each.s === s && each.E === E)
      expect(trade?.p).toBe(c)
    }
  })

  test('kraken’s trades make minute candles that the checks let in; volumes add up exactly', () => {
    const trades = answers['kraken trades'].flatMap(line => {
      const [, rows, , pair] = JSON.parse(line) as [number, string[][], string, string]
      return rows.map(([price = '', quantity = '', time = '']) => ({ pair, price, quantity, time }))
    })
    expect(trades.length).toBeGreaterThan(8)
    for (const pair of new Set(trades.map(each => each.pair))) {
      const of = trades.filter(each => each.pair === pair)
      const prices = of.map(({ price }) => price).sort((a, b) => Number(a) - Number(b))
      const units = of.reduce((sum, { quantity }) => sum + BigInt(quantity.replace('.', '')), 0n)
      const volume = `${units / 10n ** 8n}.${String(units % 10n ** 8n).padStart(8, '0')}`
      const figures = figuresOf([of[0]?.price, prices.at(-1), prices[0], of.at(-1)?.price, volume], pair, bad)
      expect(volume.startsWith(figures.volume)).toBe(true)
      expect(() =>
        figuresOf([of[0]?.price, prices[0], prices.at(-1), of.at(-1)?.price, volume], pair, bad),
      ).toThrow()
    }
  })
})
