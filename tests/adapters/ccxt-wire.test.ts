// What goes over the wire for an order, word by word as each exchange heard it: what ccxt makes of a parameter that it does
// not know is not seen anywhere else.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decimal } from '../../domain/decimal.ts'
import type { VenueName } from '../venue-simulator/script.ts'
import type { Venue as Simulated } from '../venue-simulator/venue.ts'
import { connect, type Desk, deskAt, inSession, simulated } from './ccxt-loopback.ts'

/** Our id, and the prices of the limit and the stop. */
interface Terms {
  readonly id: string
  readonly low: Decimal
}

type Words = (terms: Terms) => Readonly<Record<string, unknown>>

interface Heard {
  readonly symbol: string
  readonly quantity?: Decimal
  readonly market: Words
  readonly limit: Words
  readonly immediate: Words
  /** Undefined where no stop order is sent. */
  readonly stop: Words | undefined
}

const binance = { symbol: 'BTCUSDT', side: 'BUY', quantity: '0.01', newOrderRespType: 'FULL' }
/** The fee in money, always: kraken's list of trades shows it there, wherever it was taken. */
const kraken = { pair: 'XXBTZUSD', type: 'buy', volume: '0.01', oflags: 'fciq' }
const kucoin = { symbol: 'BTC-USDT', side: 'buy', size: '0.01' }
const bitfinex = { symbol: 'tBTCUSD', amount: '0.01', cid: expect.any(Number) }
const coin = { symbol: 'BTC/USD', side: 'buy', qty: '0.01' }
const share = { symbol: 'AAPL', side: 'buy', qty: '2' }

const exchanges: readonly (readonly [string, VenueName, Heard])[] = [
  [
    'binance',
    'binance',
    {
      symbol: 'BTC/USDT',
      market: ({ id }) => ({ ...binance, newClientOrderId: id, type: 'MARKET' }),
      limit: ({ id, low }) => ({
        ...binance,
        newClientOrderId: id,
        type: 'LIMIT',
        price: low,
        timeInForce: 'GTC',
      }),
      immediate: ({ id, low }) => ({
        ...binance,
        newClientOrderId: id,
        type: 'LIMIT',
        price: low,
        timeInForce: 'IOC',
      }),
      stop: ({ id, low }) => ({
        ...binance,
        side: 'SELL',
        newClientOrderId: id,
        type: 'STOP_LOSS',
        stopPrice: low,
      }),
    },
  ],
  [
    'kraken',
    'kraken',
    {
      symbol: 'BTC/USD',
      market: ({ id }) => ({ ...kraken, cl_ord_id: id, ordertype: 'market' }),
      limit: ({ id, low }) => ({ ...kraken, cl_ord_id: id, ordertype: 'limit', price: low }),
      immediate: ({ id, low }) => ({
        ...kraken,
        cl_ord_id: id,
        ordertype: 'limit',
        price: low,
        timeinforce: 'IOC',
      }),
      stop: ({ id, low }) => ({ ...kraken, type: 'sell', cl_ord_id: id, ordertype: 'stop-loss', price: low }),
    },
  ],
  [
    'kucoin',
    'kucoin',
    {
      symbol: 'BTC/USDT',
      market: ({ id }) => ({ ...kucoin, clientOid: id, type: 'market' }),
      limit: ({ id, low }) => ({ ...kucoin, clientOid: id, type: 'limit', price: low }),
      immediate: ({ id, low }) => ({
        ...kucoin,
        clientOid: id,
        type: 'limit',
        price: low,
        timeInForce: 'IOC',
      }),
      stop: undefined,
    },
  ],
  [
    'bitfinex',
    'bitfinex',
    {
      symbol: 'BTC/USD',
      market: () => ({ ...bitfinex, type: 'EXCHANGE MARKET' }),
      limit: ({ low }) => ({ ...bitfinex, type: 'EXCHANGE LIMIT', price: low }),
      immediate: ({ low }) => ({ ...bitfinex, type: 'EXCHANGE IOC', price: low }),
      stop: ({ low }) => ({ ...bitfinex, amount: '-0.01', type: 'EXCHANGE STOP', price: low }),
    },
  ],
  [
    'alpaca crypto',
    'alpaca',
    {
      symbol: 'BTC/USD',
      market: ({ id }) => ({ ...coin, client_order_id: id, type: 'market', time_in_force: 'gtc' }),
      limit: ({ id, low }) => ({
        ...coin,
        client_order_id: id,
        type: 'limit',
        limit_price: low,
        time_in_force: 'gtc',
      }),
      immediate: ({ id, low }) => ({
        ...coin,
        client_order_id: id,
        type: 'limit',
        limit_price: low,
        time_in_force: 'ioc',
      }),
      stop: undefined,
    },
  ],
  [
    'alpaca equities',
    'alpaca',
    {
      symbol: 'AAPL',
      quantity: '2',
      market: ({ id }) => ({ ...share, client_order_id: id, type: 'market', time_in_force: 'day' }),
      limit: ({ id, low }) => ({
        ...share,
        client_order_id: id,
        type: 'limit',
        limit_price: low,
        time_in_force: 'gtc',
      }),
      immediate: ({ id, low }) => ({
        ...share,
        client_order_id: id,
        type: 'limit',
        limit_price: low,
        time_in_force: 'ioc',
      }),
      stop: ({ id, low }) => ({
        ...share,
        side: 'sell',
        client_order_id: id,
        type: 'stop',
        stop_price: low,
        time_in_force: 'gtc',
      }),
    },
  ],
]

describe.each(exchanges)('%s hears', (_name, venueName, { symbol, quantity = '0.01', ...words }) => {
  const isShares = venueName === 'alpaca' && !symbol.includes('/')
  let venue: Simulated
  let desk: Desk
  let low: Decimal

  beforeAll(async () => {
    venue = await simulated(
      venueName,
      isShares ? { clock: { mode: 'fixed', at: inSession }, balances: { USD: '10000' } } : {},
    )
    desk = deskAt(await connect(venue, { withMarkets: !isShares }), [symbol], isShares ? 'equities' : 'spot')
    low = `${Math.floor(Number(await venue.price(isShares ? 'AAPL/USD' : symbol)) * 0.9)}` as Decimal
  }, 120_000)
  afterAll(() => venue.stop())

  const placed = async () => (await venue.requests()).filter(({ operation }) => operation === 'place')
  const last = async () => (await placed()).at(-1)?.params

  test('a market order', async () => {
    await desk.place(101, { symbol, quantity })
    expect(await last()).toEqual(words.market({ id: desk.idOf(101), low }))
  })

  test('a limit order', async () => {
    await desk.place(102, { symbol, quantity, type: 'limit', limitPrice: low })
    expect(await last()).toEqual(words.limit({ id: desk.idOf(102), low }))
  })

  test('a limit order that must not rest', async () => {
    await desk.place(103, { symbol, quantity, type: 'limit', limitPrice: low, timeInForce: 'IOC' })
    expect(await last()).toEqual(words.immediate({ id: desk.idOf(103), low }))
  })

  test('a stop order, which waits for its price, or nothing at all', async () => {
    await desk.place(104, { symbol, quantity }) // something to protect
    const before = await placed()
    const answer = await desk.place(105, { symbol, quantity, side: 'sell', type: 'stop', stopPrice: low })
    if (words.stop === undefined) {
      expect(answer).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/^not sent/) })
      expect(await placed()).toEqual(before)
      return
    }
    expect(await last()).toEqual(words.stop({ id: desk.idOf(105), low }))
    expect(answer).toMatchObject({ kind: 'accepted' })
    expect(await desk.venue.find(desk.idOf(105), symbol)).toMatchObject({ kind: 'open', filled: '0' })
  })
})
