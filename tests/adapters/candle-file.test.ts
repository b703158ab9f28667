// Files of candles, good and bad.

import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { BadRow } from '../../adapters/bad-row.ts'
import { type Recording, readCandleFile } from '../../adapters/candle-file.ts'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { closeTimeOf, printCandle } from '../../domain/candle.ts'
import { sha256 } from '../../domain/hash.ts'
import { files, seriesOf } from '../recorded-bars.ts'

const folder = mkdtempSync(join(tmpdir(), 'veritape-candles-'))
afterAll(() => rmSync(folder, { recursive: true }))

let written = 0
const fileOf = (content: string | Uint8Array): string => {
  written += 1
  const file = join(folder, `${written}`)
  writeFileSync(file, content)
  return file
}
const read = (content: string | Uint8Array, given: Omit<Recording, 'file'>) =>
  readCandleFile({ file: fileOf(content), ...given }, nyseCalendar).series

const minutes = { timeframe: '5m', symbol: 'BTC/USDT' } as const
const daily = { timeframe: '1D', symbol: 'SPY' } as const
const many = { timeframe: '1D' } as const

const ts = 'ts,open,high,low,close,volume\n'
const date = 'date,open,high,low,close,volume\n'
const tickers = 'ticker,date,open,high,low,close,volume\n'
const first = '1679655600000,100,101.50,99,100.1,3\n'
const second = '1679655900000,100.1,102,100,101,0\n'

test('decimals stay as they were written, times come from the timeframe', () => {
  const series = read(ts + first + second, minutes).get('BTC/USDT')
  expect(series?.candle(0)).toEqual({
    symbol: 'BTC/USDT',
    timeframe: '5m',
    openTime: '2023-03-24T11:00:00.000Z',
    closeTime: '2023-03-24T11:05:00.000Z',
    open: '100',
    high: '101.50',
    low: '99',
    close: '100.1',
    volume: '3',
  })
  expect([...(series?.high ?? [])]).toEqual([101.5, 102])
})

test('gzip, carriage returns and a missing last line feed make no difference', () => {
  const text = (ts + first + second).trimEnd().replaceAll('\n', '\r\n')
  const series = read(gzipSync(text), minutes).get('BTC/USDT')
  expect(series?.length).toBe(2)
  expect(series?.candle(1).volume).toBe('0')
})

test('a daily bar lasts as long as its session in New York', () => {
  const rows = '2024-11-27,10,11,9,10,5\n2024-11-29,10,11,9,10,5\n2025-03-10,10,11,9,10,5\n'
  const series = read(date + rows, daily).get('SPY')
  const times = [0, 1, 2].map(at => {
    const { openTime, closeTime } = series?.candle(at) ?? {}
    return [openTime, closeTime]
  })
  expect(times).toEqual([
    ['2024-11-27T14:30:00.000Z', '2024-11-27T21:00:00.000Z'],
    ['2024-11-29T14:30:00.000Z', '2024-11-29T18:00:00.000Z'],
    ['2025-03-10T13:30:00.000Z', '2025-03-10T20:00:00.000Z'],
  ])
})

test('the tickers of a file may take turns', () => {
  const series = read(
    `${tickers}A,2015-01-02,1,2,1,2,5\nBRK.B,2015-01-02,3,4,3,4,6\nA,2015-01-05,2,3,2,3,7\n`,
    many,
  )
  expect([...series.keys()]).toEqual(['A', 'BRK.B'])
  expect(series.get('A')?.candle(1)).toMatchObject({ symbol: 'A', close: '3', volume: '7' })
})

test('jsonl is what a ledger exports, with the same checks', () => {
  const candle = (openTime: string, change = {}) =>
    `${JSON.stringify({
      symbol: 'BTC/USDT',
      timeframe: '5m',
      openTime,
      closeTime: closeTimeOf(openTime, '5m'),
      open: '100',
      high: '101.50',
      low: '99',
      close: '100.1',
      volume: '3',
      ...change,
    })}\n`
  const good = candle('2023-03-24T11:00:00.000Z')
  const series = read(good + candle('2023-03-24T11:05:00.000Z'), minutes).get('BTC/USDT')
  expect(series?.length).toBe(2)
  expect(`${JSON.stringify(series?.candle(0))}\n`).toBe(good)
  expect(() => read(good + good, minutes)).toThrow('line 2: 2023-03-24T11:00:00.000Z does not come after')
  expect(() => read(good + candle('2023-03-24T11:05:00.000Z', { open: 100 }), minutes)).toThrow(
    /line 2.*open/s,
  )
  expect(() => read(good + candle('2023-03-24T11:05:00.000Z', { high: '98' }), minutes)).toThrow(
    'high below low',
  )
  expect(() => read(good, { timeframe: '1h' })).toThrow('its timeframe is 5m')
  expect(() => read(`${good}{"symbol":\n`, minutes)).toThrow('line 2: it is no candle')
})

test.each<[string, string, Omit<Recording, 'file'>, number, string]>([
  ['too few fields', `${ts}${first}1679655900000,1,2\n`, minutes, 3, 'it has 3 fields, the header has 6'],
  ['a blank line', `${ts}\n${first}`, minutes, 2, 'it has 1 fields'],
  ['an exponent', `${ts}1679655600000,1e2,101,99,100,3\n`, minutes, 2, '"1e2" is no plain decimal'],
  ['an empty price', `${ts}1679655600000,,101,99,100,3\n`, minutes, 2, '"" is no plain decimal'],
  ['a price of nothing', `${ts}1679655600000,0,101,0,100,3\n`, minutes, 2, 'price not positive'],
  ['a high below the low', `${ts}1679655600000,100,98,99,100,3\n`, minutes, 2, 'high below low'],
  ['an open above the high', `${ts}1679655600000,102,101,99,100,3\n`, minutes, 2, 'open outside range'],
  ['a close below the low', `${ts}1679655600000,100,101,99,98,3\n`, minutes, 2, 'close outside range'],
  ['a negative volume', `${ts}1679655600000,100,101,99,100,-3\n`, minutes, 2, 'volume negative'],
  [
    'a close above the high by less than a double can show',
    `${ts}1679655600000,100,101,99,101.00000000000000000001,3\n`,
    minutes,
    2,
    'close outside range',
  ],
  ['a time twice', ts + first + first, minutes, 3, 'does not come after the candle before it'],
  ['a time before', ts + second + first, minutes, 3, 'does not come after the candle before it'],
  ['a time off the grid', `${ts}1679655601000,100,101,99,100,3\n`, minutes, 2, 'does not begin a 5m candle'],
  ['seconds', `${ts}1679655601,100,101,99,100,3\n`, minutes, 2, 'does not begin a 5m candle'],
  ['a Sunday', `${date}2015-01-04,1,2,1,2,5\n`, daily, 2, 'the exchange had no session on 2015-01-04'],
  ['a date out of the table', `${date}2031-01-06,1,2,1,2,5\n`, daily, 2, 'the calendar does not reach 2031'],
  ['an American date', `${date}01/05/2015,1,2,1,2,5\n`, daily, 2, '"01/05/2015" is no date'],
  ['a ticker in small letters', `${tickers}aapl,2015-01-02,1,2,1,2,5\n`, many, 2, '"aapl" is no symbol'],
  [
    'a session twice for one ticker',
    `${tickers}A,2015-01-02,1,2,1,2,5\nB,2015-01-02,1,2,1,2,5\nA,2015-01-02,1,2,1,2,5\n`,
    many,
    4,
    '2015-01-02 does not come after',
  ],
])('%s is named with its file and line', (_, content, given, line, sentence) => {
  const file = fileOf(content)
  const reading = () => readCandleFile({ file, ...given }, nyseCalendar)
  expect(reading).toThrow(BadRow)
  expect(reading).toThrow(`${file}, line ${line}: `)
  expect(reading).toThrow(sentence)
})

test.each<[string, string | Uint8Array, Omit<Recording, 'file'>, string]>([
  [
    'another header',
    'time,o,h,l,c,v\n',
    minutes,
    'its first line is "time,o,h,l,c,v"; it must be one of ts,',
  ],
  ['no row', ts, minutes, 'it has a header and no rows'],
  ['nothing at all', '', minutes, 'its first line is ""'],
  ['half a gzip', gzipSync(ts + first).subarray(0, 30), minutes, 'it is not a whole gzip file'],
  ['no symbol', ts + first, { timeframe: '5m' }, 'it does not name its symbol'],
  ['days said to be minutes', `${date}2015-01-02,1,2,1,2,5\n`, minutes, 'it has daily sessions, not 5m'],
  [
    'five minutes said to be one',
    ts + first + second,
    { ...minutes, timeframe: '1m' },
    'no two of its candles are 1m apart',
  ],
])('a file with %s is refused as a whole', (_, content, given, sentence) => {
  expect(() => read(content, given)).toThrow(sentence)
})

test('a missing file is named, with what to do', () => {
  expect(() => readCandleFile({ file: '/nowhere/btc.csv', ...minutes }, nyseCalendar)).toThrow(
    '/nowhere/btc.csv: there is no such file; check the path',
  )
})

test('a file is read once, and again when it has changed', () => {
  const file = fileOf(ts + first)
  const recording = { file, ...minutes }
  const once = readCandleFile(recording, nyseCalendar)
  expect(once.sha256).toBe(sha256(ts + first))
  expect(readCandleFile(recording, nyseCalendar)).toBe(once)
  writeFileSync(file, ts + second)
  utimesSync(file, 1, 1)
  const again = readCandleFile(recording, nyseCalendar)
  expect(again.sha256).toBe(sha256(ts + second))
  expect(again.series.get('BTC/USDT')?.candle(0).close).toBe('101')
})

test('every recorded candle reads back to its printed numbers, and 178,692 rows take moments', () => {
  const started = performance.now()
  const { series } = readCandleFile(files.sp500, nyseCalendar)
  expect(performance.now() - started).toBeLessThan(3000)
  let candles = 0
  for (const each of series.values()) {
    candles += each.length
    const last = each.length - 1
    const { open, high, low, close, volume } = each.candle(last)
    expect([open, high, low, close, volume].map(Number)).toEqual([
      each.open[last],
      each.high[last],
      each.low[last],
      each.close[last],
      each.volume[last],
    ])
  }
  expect([series.size, candles]).toEqual([248, 178_692])
})

test('the recorded March of Bitcoin is the one it always was', () => {
  const series = seriesOf('btc')
  const lines = Array.from({ length: series.length }, (_, at) => printCandle(series.candle(at)))
  expect(lines[0]).toBe(
    'BTC/USDT,5m,2023-03-01T00:00:00.000Z,2023-03-01T00:05:00.000Z,23141.57,23178.71,23130.25,23178.71,990.65778',
  )
  expect(lines).toHaveLength(8912)
})
