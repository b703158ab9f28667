// Candles by polling: closed ones only, each once and in order, with as few requests as can be.

import { beforeEach, describe, expect, test } from 'vitest'
import type { CcxtExchange } from '../../adapters/ccxt-exchange.ts'
import { ccxtMarket } from '../../adapters/ccxt-market.ts'
import type { MarketData } from '../../domain/market-data.ts'
import { instantOf } from '../../domain/time.ts'
import { VenueUnavailable } from '../../domain/venue.ts'

type Row = [number, string, string, string, string, string]

const minute = 60_000
const midnight = Date.parse('2026-11-25T00:00:00.000Z')
/** The instant so many minutes (and seconds) after midnight. */
const at = (minutes: number, seconds = 0) => instantOf(midnight + minutes * minute + seconds * 1000)
const row = (minutes: number): Row => [midnight + minutes * minute, '10', '12', '9', '11', '1.50']

/** What the exchange has; `date` is its clock as its answers tell it. */
let rows: Row[] = []
let date: number | undefined
let asked: number[] = []
let market: MarketData

beforeEach(() => {
  rows = []
  date = undefined
  asked = []
  const exchange = {
    name: 'kraken',
    ask: async (_what: string, question: (api: unknown) => Promise<unknown>) => {
      const heard = [{ status: 200, body: '[]', date, retryAfterMs: undefined }]
      return { value: await question(api), raw: '[]', heard }
    },
  }
  const api = {
    fetchOHLCV: async (_symbol: string, _timeframe: string, since: number, limit: number) => {
      asked.push(since)
      return rows.filter(([time]) => time >= since).slice(0, limit)
    },
  }
  market = ccxtMarket(exchange as unknown as CcxtExchange)
})

const opens = async (after: string, now: string) =>
  (await market.closedCandles('BTC/USD', '1m', after, now)).map(({ openTime }) => openTime)

describe('a forming candle is not given', () => {
  test('by our clock', async () => {
    rows = [row(0), row(1)]
    expect(await opens(at(0), at(1, 30))).toEqual([at(0)])
  })

  test("by the exchange's clock, when ours is fast", async () => {
    rows = [row(0), row(1)]
    date = midnight + minute + 30_000
    expect(await opens(at(0), at(2, 30))).toEqual([at(0)])
  })

  test('before a later one has begun or a while has passed', async () => {
    rows = [row(0)]
    expect(await opens(at(0), at(1, 2))).toEqual([])
    expect(await opens(at(0), at(1, 6))).toEqual([at(0)])
  })
})

test('a candle has its close time and the exact figures of the exchange', async () => {
  rows = [row(0), row(1)]
  expect(await market.closedCandles('BTC/USD', '1m', at(0), at(1))).toEqual([
    {
      symbol: 'BTC/USD',
      timeframe: '1m',
      openTime: at(0),
      closeTime: at(1),
      open: '10',
      high: '12',
      low: '9',
      close: '11',
      volume: '1.5',
    },
  ])
})

test('nothing is asked while no candle can have closed, and once when one can', async () => {
  rows = [row(0), row(1)]
  await opens(at(0), at(1))
  for (const second of [10, 20, 30, 40, 50]) await opens(at(1), at(1, second))
  expect(asked).toHaveLength(1)
  rows.push(row(2))
  expect(await opens(at(1), at(2))).toEqual([at(1)])
  expect(await opens(at(1), at(2))).toEqual([at(1)]) // the paper venue asks for the same candles
  expect(await opens(at(0), at(2))).toEqual([at(0), at(1)])
  expect(asked).toHaveLength(2)
})

test('after an outage every candle is fetched, page after page, in order', async () => {
  rows = Array.from({ length: 2000 }, (_, index) => row(index))
  const found = await opens(at(0), at(1999))
  expect(found).toEqual(rows.slice(0, 1999).map(([time]) => instantOf(time)))
  expect(asked.length).toBeLessThanOrEqual(4)
})

test('rows that repeat or come in another order are each one candle, oldest first', async () => {
  rows = [row(2), row(0), row(1), row(1), row(3)]
  expect(await opens(at(0), at(3))).toEqual([at(0), at(1), at(2)])
})

describe('a candle that is missing in between', () => {
  test('may be late: what is behind it waits', async () => {
    rows = [row(0), row(2), row(3)]
    expect(await opens(at(0), at(3))).toEqual([at(0)])
    rows = [row(0), row(1), row(2), row(3)]
    expect(await opens(at(1), at(3, 10))).toEqual([at(1), at(2)])
  })

  test('is believed to be missing after a minute and a half, when the exchange has said so twice', async () => {
    rows = [row(0), row(2), row(3), row(4)]
    expect(await opens(at(0), at(4))).toEqual([at(0), at(2), at(3)])
    expect(asked).toHaveLength(2)
  })

  test('is missing from the first row on, when an outage was longer than the exchange remembers', async () => {
    rows = [row(10), row(11), row(12)]
    expect(await opens(at(0), at(12))).toEqual([at(10), at(11)])
  })
})

describe('an answer that cannot be is no answer', () => {
  test.each<readonly [string, readonly unknown[]]>([
    ['a time that is none', [Number.POSITIVE_INFINITY, '10', '12', '9', '11', '1']],
    ['no close', [midnight, '10', '12', '9', undefined, '1']],
    ['a high below its low', [midnight, '10', '8', '9', '11', '1']],
    ['a price of nothing', [midnight, '0', '12', '0', '11', '1']],
  ])('a row with %s', async (_, bad) => {
    rows = [bad as Row, row(1), row(2)]
    await expect(opens(at(0), at(2))).rejects.toThrow(VenueUnavailable)
  })

  test('an empty list, when a candle is known to be there', async () => {
    rows = [row(0), row(1)]
    await opens(at(0), at(1))
    rows = []
    await expect(opens(at(1), at(2))).rejects.toThrow('not even the last known one')
  })

  test('an empty list of a market without trades is empty', async () => {
    expect(await opens(at(0), at(2))).toEqual([])
  })
})

test('history is what closed before, the newest at the end', async () => {
  rows = Array.from({ length: 100 }, (_, index) => row(index))
  const found = await market.history('BTC/USD', '1m', 5, at(50))
  expect(found.map(({ openTime }) => openTime)).toEqual([45, 46, 47, 48, 49].map(minutes => at(minutes)))
})
