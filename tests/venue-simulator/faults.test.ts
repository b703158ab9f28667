import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Exchange } from 'ccxt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import { ccxtClient } from './ccxt-client.ts'
import { seeded } from './chance.ts'
import { type FaultRuleScript, fault, faultRule, faults } from './faults.ts'
import { type VenueName, venueNames } from './script.ts'
import { traders } from './traders.ts'
import { startVenue, type Venue } from './venue.ts'

const start = '2026-03-02T15:00:30.000Z'

/** What ccxt makes of an order: `an id`, `no id` (it resolved all the same), or the class of the error. */
const submitted = async (sent: Promise<{ id?: unknown }>): Promise<string> =>
  sent.then(
    ({ id }) => (id === undefined ? 'no id' : 'an id'),
    // Whether a reset shows as ECONNRESET or as undici's own error is a matter of microseconds; ccxt passes both on as they are.
    (error: Error & { code?: string }) =>
      error.code === 'ECONNRESET' || error.code === 'UND_ERR_SOCKET'
        ? 'broken, and no ccxt error'
        : error.constructor.name,
  )

type Seen = string | Readonly<Partial<Record<VenueName, string>> & { others: string }>

/** What the venue does, what the client of each venue sees, and how many orders the venue has then. */
const table: readonly (readonly [fault: FaultRuleScript['fault'], seen: Seen, orders: 0 | 1])[] = [
  [{ kind: 'request-lost' }, 'NetworkError', 0],
  [{ kind: 'answer-lost' }, 'NetworkError', 1],
  [{ kind: 'delayed', ms: 1500 }, 'RequestTimeout', 1],
  [{ kind: 'delayed', ms: 1500, where: 'answer' }, 'RequestTimeout', 1],
  // The second of two equal requests is refused: by the nonce, or by the client order id.
  [
    { kind: 'duplicated' },
    { binance: 'InvalidOrder', kucoin: 'BadRequest', alpaca: 'BadRequest', others: 'InvalidNonce' },
    1,
  ],
  [
    { kind: 'rate-limited' },
    {
      alpaca: 'RateLimitExceeded',
      bitfinex: 'ExchangeError',
      kucoin: 'ExchangeError',
      others: 'DDoSProtection',
    },
    0,
  ],
  [
    { kind: 'server-error', status: 500, landed: true },
    { bitfinex: 'ExchangeError', others: 'ExchangeNotAvailable' },
    1,
  ],
  [{ kind: 'server-error', status: 502 }, 'ExchangeNotAvailable', 0],
  [{ kind: 'server-error', status: 503, landed: true }, 'ExchangeNotAvailable', 1],
  [{ kind: 'server-error', status: 504, landed: true }, 'RequestTimeout', 1],
  [{ kind: 'html' }, { binance: 'TypeError', bitfinex: 'ExchangeError', others: 'no id' }, 1],
  [{ kind: 'html', status: 403, landed: false }, 'ExchangeNotAvailable', 0],
  [
    { kind: 'bad-body', body: 'garbage' },
    { binance: 'TypeError', bitfinex: 'ExchangeError', others: 'no id' },
    1,
  ],
  [
    { kind: 'bad-body', body: 'truncated' },
    { binance: 'TypeError', bitfinex: 'ExchangeError', others: 'no id' },
    1,
  ],
  [
    { kind: 'bad-body', body: 'empty' },
    { binance: 'TypeError', bitfinex: 'ExchangeError', others: 'no id' },
    1,
  ],
  [
    { kind: 'bad-body', body: 'empty-object' },
    { bitfinex: 'ExchangeError', kucoin: 'ExchangeError', others: 'no id' },
    1,
  ],
  [
    { kind: 'bad-body', body: 'empty-object', landed: false },
    { bitfinex: 'ExchangeError', kucoin: 'ExchangeError', others: 'no id' },
    0,
  ],
  [{ kind: 'stall', where: 'headers', ms: 1500 }, 'RequestTimeout', 1],
  // ccxt's timeout ends with the headers: only the venue's reset ends this wait.
  [{ kind: 'stall', where: 'body', ms: 15000 }, 'broken, and no ccxt error', 1],
  [{ kind: 'cut-in-body' }, 'broken, and no ccxt error', 1],
  [{ kind: 'cut-in-body', how: 'closed' }, 'broken, and no ccxt error', 1],
  [{ kind: 'redirect' }, 'NetworkError', 0],
  [
    { kind: 'maintenance' },
    {
      binance: 'OperationFailed',
      bitfinex: 'OnMaintenance',
      kucoin: 'ExchangeError',
      others: 'ExchangeNotAvailable',
    },
    0,
  ],
]

test.concurrent.each(venueNames)('%s breaks as it is told, and its client sees it', async name => {
  const trader = traders[name]
  const venue = await startVenue(name, {
    folder: temporaryFolder(),
    script: { clock: { mode: 'fixed', at: start } },
  })
  const exchange = await ccxtClient(venue, { timeout: 10_000 })
  await exchange.loadMarkets()
  const low = Math.round(Number(await venue.price(trader.symbol)) * 0.9)

  const happened: unknown[] = []
  for (const [index, [fault]] of table.entries()) {
    const clientId = trader.clientId(index + 1)
    await venue.faults.add({ on: 'place', containing: String(clientId), fault })
    const isBodyStalled = fault.kind === 'stall' && fault.where === 'body'
    exchange.timeout = isBodyStalled
      ? 2000
      : fault.kind === 'delayed' || fault.kind === 'stall'
        ? 150
        : 30_000
    const started = performance.now()
    const seen = await submitted(
      exchange.createOrder(trader.symbol, 'limit', 'buy', 0.0005, low, { clientOrderId: clientId }),
    )
    // ccxt's own timeout ends with the headers.
    if (isBodyStalled) expect(performance.now() - started).toBeGreaterThan(3500)
    exchange.timeout = 30_000
    const landed = async () => (await venue.books()).byClientId[String(clientId)]?.orders ?? []
    // A request that is late lands when nobody waits for it any more.
    for (let waited = 0; fault.kind === 'delayed' && waited < 100 && (await landed()).length === 0; waited++)
      await sleep(50)
    const orders = await landed()
    const isFound = (await trader.find(exchange, clientId, new Date(start))) !== undefined
    happened.push([fault, seen, orders.length, isFound])
  }
  expect(happened).toEqual(
    table.map(([fault, seen, orders]) => [
      fault,
      typeof seen === 'string' ? seen : (seen[name] ?? seen.others),
      orders,
      orders === 1,
    ]),
  )
  expect((await venue.faults.fired()).map(({ kind }) => kind)).toEqual(table.map(([{ kind }]) => kind))
  await venue.stop()
})

describe.each(venueNames)('%s breaks on purpose', name => {
  const trader = traders[name]
  let venue: Venue
  let exchange: Exchange
  let low: number
  let orders = 0

  beforeAll(async () => {
    venue = await startVenue(name, {
      folder: temporaryFolder(),
      script: { clock: { mode: 'fixed', at: start } },
    })
    exchange = await ccxtClient(venue, { timeout: 10_000 })
    await exchange.loadMarkets()
    low = Math.round(Number(await venue.price(trader.symbol)) * 0.9)
  })
  afterAll(async () => {
    await venue.stop()
  })
  const send = (clientId: string | number) =>
    exchange.createOrder(trader.symbol, 'limit', 'buy', 0.0005, low, { clientOrderId: clientId })

  test('says when to come back: Retry-After', async () => {
    await venue.faults.add({ on: 'balance', fault: { kind: 'rate-limited', retryAfterS: 7 } })
    await expect(exchange.fetchBalance()).rejects.toThrow()
    expect((exchange.last_response_headers as Record<string, string>)['Retry-After']).toBe('7')
  })

  test('fills an order just before the cancel that came for it', async () => {
    const clientId = trader.clientId(++orders)
    const { id } = await send(clientId)
    await venue.faults.add({ on: 'cancel', fault: { kind: 'filled-first' } })
    await expect(exchange.cancelOrder(String(id), trader.symbol)).rejects.toThrow()
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({
      status: 'closed',
      filled: 0.0005,
    })
  })

  test('acknowledges a cancel, and reports a fill afterwards', async () => {
    const clientId = trader.clientId(++orders)
    const { id } = await send(clientId)
    await venue.faults.add({ on: 'cancel', fault: { kind: 'filled-after', share: '0.4', ms: 5000 } })
    await exchange.cancelOrder(String(id), trader.symbol)
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({
      status: 'canceled',
      filled: 0,
    })
    await venue.clock.advance(5000)
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({ filled: 0.0002 })
    expect((await exchange.fetchMyTrades(trader.symbol)).filter(({ order }) => order === id)).toHaveLength(1)
  })

  test('does not know yet what it has taken, when a read comes from a copy that lags', async () => {
    const clientId = trader.clientId(++orders)
    await send(clientId)
    await venue.faults.add({
      on: ['order', 'open-orders', 'closed-orders'],
      times: 2,
      fault: { kind: 'unseen' },
    })
    expect(await trader.find(exchange, clientId, new Date(start))).toBeUndefined()
    await venue.faults.clear()
    expect(await trader.find(exchange, clientId, new Date(start))).toMatchObject({ status: 'open' })
  })

  test('has surprises in the account: a deposit, a trade by hand, an order by hand', async () => {
    const before = (await exchange.fetchBalance()).total as unknown as Record<string, number>
    await venue.pay({ currency: trader.quote, amount: '250.5' })
    const { orderId } = await venue.ownerOrder({ symbol: trader.symbol, side: 'sell', quantity: '0.01' })
    const resting = await venue.ownerOrder({
      symbol: trader.symbol,
      side: 'buy',
      quantity: '0.001',
      limitPrice: `${low - 100}`,
    })
    const after = (await exchange.fetchBalance()).total as unknown as Record<string, number>
    expect(after[trader.base]).toBeCloseTo(Number(before[trader.base]) - 0.01, 9)
    expect(after[trader.quote]).toBeGreaterThan(Number(before[trader.quote]) + 250.5 + 0.009 * low)
    expect((await exchange.fetchMyTrades(trader.symbol)).map(({ order }) => order)).toContain(orderId)
    expect((await exchange.fetchOpenOrders(trader.symbol)).map(({ id }) => id)).toContain(resting.orderId)
    await venue.ownerCancel(resting.orderId)
    const { byClientId, orders: all } = await venue.books()
    expect(all.filter(({ by }) => by === 'owner')).toHaveLength(2)
    expect(Object.values(byClientId).flatMap(({ orders: own }) => own)).not.toContain(orderId)
  })
})

test('a signature is held against the venue’s wall clock: skew makes it too old or too early', async () => {
  for (const [name, error] of [
    ['binance', 'InvalidNonce'],
    ['kucoin', 'InvalidNonce'],
  ] as const) {
    const venue = await startVenue(name, { folder: temporaryFolder() })
    const exchange = await ccxtClient(venue)
    await exchange.loadMarkets()
    await exchange.fetchBalance()
    for (const skewMs of [60_000, -60_000]) {
      await venue.clock.skew(skewMs)
      await expect(exchange.fetchBalance()).rejects.toMatchObject({ name: error })
      expect(Math.abs(Number(await exchange.fetchTime()) - Date.now() - skewMs)).toBeLessThan(3000)
    }
    await venue.clock.skew(0)
    await exchange.fetchBalance()
    await venue.stop()
  }
})

test('a list comes in another order than time’s, and still whole', async () => {
  const venue = await startVenue('kraken', { folder: temporaryFolder() })
  const exchange = await ccxtClient(venue)
  await exchange.loadMarkets()
  for (let sold = 0; sold < 6; sold++) await exchange.createOrder('BTC/USD', 'market', 'sell', 0.01)
  const raw = async () =>
    Object.keys((await exchange.request('TradesHistory', 'private', 'POST')).result.trades)
  const ordered = await raw()
  await venue.faults.add({ on: 'trades', fault: { kind: 'reordered' } })
  const shuffled = await raw()
  expect(shuffled).not.toEqual(ordered)
  expect([...shuffled].sort()).toEqual([...ordered].sort())
  await venue.stop()
})

test('the documentation has every fault and nothing else', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/venue-simulator.md'), 'utf8')
  const documented =
    (page.split('| fault | what happens |')[1] ?? '').split('\n\n')[0]?.matchAll(/^\| `([a-z-]+)` \|/gm) ?? []
  expect([...documented].map(([, kind]) => kind)).toEqual(fault.options.map(({ shape }) => shape.kind.value))
})

describe('a rule', () => {
  const rule = (given: FaultRuleScript) => faultRule.parse(given)
  const request = (number: number, text = '', operation: 'place' | 'cancel' = 'place') => ({
    number,
    operation,
    text,
  })
  const lost = { kind: 'answer-lost' } as const

  test('lets requests pass first, burns out, and minds what a request contains', () => {
    const all = faults(seeded(1), [rule({ on: 'place', containing: 'abc', after: 1, times: 2, fault: lost })])
    const fires = (number: number, text: string, operation?: 'place' | 'cancel') =>
      all.next(request(number, text, operation)) !== undefined
    expect([
      fires(1, 'x'),
      fires(2, 'abc', 'cancel'),
      fires(3, 'abc'),
      fires(4, 'abc'),
      fires(5, 'x'),
      fires(6, 'abc'),
      fires(7, 'abc'),
    ]).toEqual([false, false, false, true, false, true, false])
    expect(all.fired().map(({ request: number }) => number)).toEqual([4, 6])
  })

  test('fires by chance, the same under the same seed', () => {
    const pattern = (seed: number) => {
      const all = faults(seeded(seed), [rule({ times: 0, chance: 0.3, fault: lost })])
      return Array.from({ length: 200 }, (_, number) =>
        all.next(request(number)) === undefined ? '.' : 'x',
      ).join('')
    }
    expect(pattern(7)).toBe(pattern(7))
    expect(pattern(7)).not.toBe(pattern(8))
    expect([...pattern(7)].filter(mark => mark === 'x').length).toBeGreaterThan(35)
    expect([...pattern(7)].filter(mark => mark === 'x').length).toBeLessThan(85)
  })

  test('is refused when it says something that does not exist', () => {
    expect(() => rule({ on: 'place', fault: { kind: 'answer-lost', landed: true } as never })).toThrow()
    expect(() => rule({ on: 'plaice' as never, fault: lost })).toThrow()
  })
})
