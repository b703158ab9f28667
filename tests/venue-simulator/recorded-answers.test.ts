import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/files.ts'
import recorded from './recorded/answers.json' with { type: 'json' }
import type { CandleRow, VenueName, VenueScript } from './script.ts'
import { startVenue } from './venue.ts'

/** Asks a venue one public question, without a client in between. */
const asked = async (name: VenueName, script: VenueScript, path: string): Promise<unknown> => {
  const venue = await startVenue(name, { folder: temporaryFolder(), script })
  const { key, secret } = venue.keys
  const answer = await fetch(`${venue.url}${path}`, {
    headers: { 'apca-api-key-id': key, 'apca-api-secret-key': secret },
  })
  const body = await answer.json()
  await venue.stop()
  return body
}

const typeOf = (value: unknown): string =>
  Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value

/** Every field of the recorded answer, with its type: what the simulator's must have too. */
const shapeOf = (answer: object): Record<string, string> =>
  Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, typeOf(value)]))

const market = (symbol: string, more: object = {}) =>
  ({ symbol, tick: '0.01', lot: '0.00000001', minimumQuantity: '0.0001', around: '100', ...more }) as const

test('kraken’s pairs have every field, and the names, of recorded ones', async () => {
  const answer = (await asked('kraken', {}, '/0/public/AssetPairs')) as { result: Record<string, object> }
  for (const [id, pair] of Object.entries(recorded.kraken.AssetPairs)) {
    expect(shapeOf(answer.result[id] ?? {})).toMatchObject(shapeOf(pair))
    const { altname, wsname, base, quote, lot_decimals } = pair
    expect(answer.result[id]).toMatchObject({ altname, wsname, base, quote, lot_decimals })
  }
  expect(Object.keys(recorded.kraken.AssetPairs)).toEqual(['XXBTZUSD', 'XETHZUSD'])
})

test('binance’s symbols have every field of a recorded one, and its filters', async () => {
  const { symbols } = (await asked('binance', {}, '/api/v3/exchangeInfo')) as {
    symbols: { symbol: string; filters: { filterType: string }[] }[]
  }
  const was = recorded.binance.exchangeInfoSymbol
  const is = symbols.find(({ symbol }) => symbol === 'BTCUSDT')
  expect(shapeOf(is ?? {})).toMatchObject(shapeOf(was))
  expect(is).toMatchObject({
    baseAsset: 'BTC',
    quoteAsset: 'USDT',
    baseAssetPrecision: was.baseAssetPrecision,
    status: was.status,
  })
  for (const type of ['PRICE_FILTER', 'LOT_SIZE']) {
    const [filter, old] = [is?.filters, was.filters].map(filters =>
      filters?.find(({ filterType }) => filterType === type),
    )
    expect(shapeOf(filter ?? {})).toEqual(shapeOf(old ?? {}))
    expect(filter).toEqual(
      expect.objectContaining(type === 'LOT_SIZE' ? { stepSize: '0.00001000' } : { tickSize: '0.01000000' }),
    )
  }
})

test('bitfinex’s pairs are named as recorded ones, with a colon for long names', async () => {
  const script = {
    markets: ['AAVE/USD', 'BTC/USD', 'BTC/USDT', 'ETH/USD', 'LINK/USDT'].map(symbol => market(symbol)),
    balances: { USD: '1', USDT: '1' },
  } as const
  const [pairs, currencies] = (await asked(
    'bitfinex',
    script,
    '/v2/conf/pub:list:pair:exchange,pub:list:currency',
  )) as string[][]
  expect(pairs).toEqual(recorded.bitfinex.pairs)
  expect(currencies).toEqual(expect.arrayContaining(recorded.bitfinex.currencies))
})

test('bitfinex’s candle is the recorded one: open, close, high, low', async () => {
  const [at, open, close, high, low, volume] = recorded.bitfinex.candle as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const row = [at, `${open}`, `${high}`, `${low}`, `${close}`, `${volume}`] as unknown as CandleRow
  const script: VenueScript = {
    clock: { mode: 'fixed', at: new Date(at + 3_600_000).toISOString() },
    markets: [
      {
        symbol: 'BTC/USD',
        tick: '0.1',
        lot: '0.0001',
        minimumQuantity: '0.0001',
        candleMs: 3_600_000,
        candles: [row],
      },
    ],
  }
  expect(await asked('bitfinex', script, '/v2/candles/trade:1h:tBTCUSD/hist')).toEqual([
    recorded.bitfinex.candle,
  ])
})

test('alpaca’s clock tells what it told then', async () => {
  const { timestamp, ...sessions } = recorded.alpaca.clock
  const script: VenueScript = { clock: { mode: 'fixed', at: '2024-07-18T08:10:33.389Z' } }
  const answer = (await asked('alpaca', script, '/v2/clock')) as { timestamp: string }
  expect(answer).toMatchObject(sessions)
  // To the millisecond: the simulator's clock has no finer one.
  expect(answer.timestamp).toBe(timestamp.replace('389152169', '389000000'))
})

test('alpaca’s asset is the recorded one, but for its id and name', async () => {
  const { id, name, ...rest } = recorded.alpaca.asset
  const script = {
    markets: [
      market('AAVE/USD', {
        minimumQuantity: rest.min_order_size,
        lot: rest.min_trade_increment,
        tick: rest.price_increment,
      }),
    ],
  }
  const [asset] = (await asked('alpaca', script, '/v2/assets?asset_class=crypto')) as {
    id: string
    name: string
  }[]
  expect(asset).toMatchObject(rest)
  expect(shapeOf(asset ?? {})).toEqual(shapeOf(recorded.alpaca.asset))
  expect(asset?.id).toMatch(/^[0-9a-f-]{36}$/)
  expect([typeof id, typeof name]).toEqual(['string', 'string'])
})

test('alpaca’s bar of a day is the recorded one, and begins at midnight in Chicago', async () => {
  const { bar } = recorded.alpaca
  const at = Date.parse(bar.t)
  const row = [at, `${bar.o}`, `${bar.h}`, `${bar.l}`, `${bar.c}`, `${bar.v}`] as unknown as CandleRow
  const script: VenueScript = {
    clock: { mode: 'fixed', at: '2024-11-02T06:00:00.000Z' },
    markets: [
      {
        symbol: 'BTC/USD',
        tick: '0.01',
        lot: '0.000000001',
        minimumQuantity: '0.0001',
        candleMs: 86_400_000,
        candles: [row],
      },
    ],
  }
  const path = '/v1beta3/crypto/us/bars?symbols=BTC/USD&timeframe=1Day&start=2024-10-30T00:00:00Z'
  const answer = (await asked('alpaca', script, path)) as {
    bars: Record<string, object[]>
    next_page_token: unknown
  }
  const { n, vw, ...prices } = bar
  expect(answer).toMatchObject({ bars: { 'BTC/USD': [prices] }, next_page_token: null })
  expect(shapeOf(answer.bars['BTC/USD']?.[0] ?? {})).toEqual(shapeOf(bar))
  expect([typeof n, typeof vw]).toEqual(['number', 'number'])
})
