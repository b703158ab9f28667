// Recorded market data as a port.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { dailyBars, recordedData } from '../../adapters/recorded-data.ts'
import { gapBetween } from '../../domain/candle.ts'
import { SymbolUnknown } from '../../domain/market-data.ts'
import { instantOf } from '../../domain/time.ts'
import { files } from '../recorded-bars.ts'

const market = recordedData([files.btc, files.eth, files.spy], nyseCalendar)
const all = await market.closedCandles(
  'BTC/USDT',
  '5m',
  '2000-01-01T00:00:00.000Z',
  '2030-01-01T00:00:00.000Z',
)

test('a candle is given at the instant it closes, once', async () => {
  const at = (after: string, now: string) => market.closedCandles('BTC/USDT', '5m', after, now)
  const close = '2023-03-10T12:05:00.000Z'
  expect(await at('2023-03-10T12:00:00.000Z', '2023-03-10T12:04:59.999Z')).toEqual([])
  expect(await at('2023-03-10T12:00:00.000Z', close)).toMatchObject([{ closeTime: close }])
  expect(await at(close, close)).toEqual([])
})

test('any walk through the record sees every candle once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 40 * 86_400_000 }), { maxLength: 8 }),
      async steps => {
        const stops = [...steps].sort((a, b) => a - b).map(step => instantOf(Date.UTC(2023, 1, 27) + step))
        let after = '2023-02-27T00:00:00.000Z'
        const seen = []
        for (const now of [...stops, '2023-05-01T00:00:00.000Z']) {
          seen.push(...(await market.closedCandles('BTC/USDT', '5m', after, now)))
          after = now
        }
        expect(seen.map(({ openTime }) => openTime)).toEqual(all.map(({ openTime }) => openTime))
      },
    ),
    { numRuns: 20 },
  )
})

test('the halt of 2023-03-24 is the only gap and is not filled', () => {
  const gaps = all.flatMap((candle, at) => {
    const gap = at === 0 ? undefined : gapBetween(all[at - 1] as typeof candle, candle)
    return gap === undefined ? [] : [gap.data]
  })
  expect(gaps).toEqual([
    {
      symbol: 'BTC/USDT',
      timeframe: '5m',
      from: '2023-03-24T12:40:00.000Z',
      to: '2023-03-24T14:00:00.000Z',
      missing: 16,
    },
  ])
  expect(all.filter(({ volume }) => volume === '0')).toHaveLength(14)
})

test('over a gap the next close is that of the next candle', () => {
  expect(market.nextClose('BTC/USDT', '5m', '2023-03-24T12:39:59.000Z')).toBe('2023-03-24T12:40:00.000Z')
  expect(market.nextClose('BTC/USDT', '5m', '2023-03-24T12:40:00.000Z')).toBe('2023-03-24T14:05:00.000Z')
  expect(market.nextClose('BTC/USDT', '5m', '2023-04-01T00:00:00.000Z')).toBeUndefined()
})

test('history is what closed last, and never more than there is', async () => {
  const upTo = '2023-03-01T00:15:00.000Z'
  const two = await market.history('BTC/USDT', '5m', 2, upTo)
  expect(two.map(({ closeTime }) => closeTime)).toEqual(['2023-03-01T00:10:00.000Z', upTo])
  expect(await market.history('BTC/USDT', '5m', 100, upTo)).toHaveLength(3)
  expect(await market.history('BTC/USDT', '5m', 0, upTo)).toEqual([])
})

test('a dataset is the hash of the bytes of its file', () => {
  expect(market.dataset('ETH/USDT', '5m')).toBe(
    '572bdba7ebd65a2706762d456f726b10735e10d1d54a0b75dc9212a9bfaa7c8b',
  )
})

test('a daily candle closes with its session', async () => {
  const black = await market.history('SPY', '1D', 1, '2008-11-28T18:00:00.000Z')
  expect(black).toMatchObject([
    { openTime: '2008-11-28T14:30:00.000Z', closeTime: '2008-11-28T18:00:00.000Z' },
  ])
})

test('a symbol or timeframe without a recording is refused with what there is', async () => {
  await expect(market.history('DOGE/USDT', '5m', 1, '2023-03-01T00:15:00.000Z')).rejects.toThrow(
    SymbolUnknown,
  )
  expect(() => market.dataset('BTC/USDT', '1h')).toThrow(
    'no recorded candles of BTC/USDT 1h; there are BTC/USDT 5m, ETH/USDT 5m, SPY 1D',
  )
})

test('two recordings of one market are refused: which of them is true?', () => {
  expect(() => recordedData([files.btc, { ...files.eth, symbol: 'BTC/USDT' }], nyseCalendar)).toThrow(
    `${files.btc.file} has BTC/USDT 5m too`,
  )
})

test('daily columns have the sessions as dates and the closes as they were written', () => {
  const { tickers, dataset } = dailyBars(files.sp500, nyseCalendar)
  expect(dataset).toBe('c4c9be5c30b5e0b58f07d03b148791a2d712d05ca6625860dd9d2346fac01e90')
  const bars = tickers.get('A')
  expect(bars?.dates.slice(0, 2)).toEqual(['2013-02-08', '2013-02-11'])
  expect(bars?.dates.at(-1)).toBe('2015-12-31')
  expect(bars?.exact(1).close).toBe('44.6')
  expect(bars?.close[1]).toBe(44.6)
})
