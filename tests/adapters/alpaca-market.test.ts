// Bars of US equities as Alpaca gives them, and as it should not: pages, adjustment, forming bars, holes, scoldings, garbage.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { alpacaMarket, requireSameCalendar } from '../../adapters/alpaca-market.ts'
import { openCcxt } from '../../adapters/ccxt-exchange.ts'
import { nyseCalendar } from '../../adapters/nyse-calendar.ts'
import { VenueUnavailable } from '../../domain/venue.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

type Answer = object | string | ((response: ServerResponse) => void)

/** Alpaca's data host: `answer` gets the path and the question, every one of which is kept. */
const alpaca = async (answer: (asked: URLSearchParams, path: string, n: number) => Answer) => {
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const { searchParams, pathname } = new URL(request.url ?? '', 'http://x')
    asked.push(searchParams)
    const given = answer(searchParams, pathname, asked.length - 1)
    if (typeof given === 'function') given(response)
    else response.end(typeof given === 'string' ? given : JSON.stringify(given))
  }).listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  closing.push(() => server.close())
  closing.push(() => server.closeAllConnections())
  const exchange = await openCcxt({
    exchange: 'alpaca',
    keys: { apiKey: 'key-of-a-test', secret: 'secret-of-a-test' },
    sandbox: false,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    withMarkets: false,
    spaced: false,
    deadlineMs: 1000,
    wait: async () => {},
    jitter: () => 0,
  })
  return { asked, exchange, market: alpacaMarket(exchange, nyseCalendar) }
}

const bar = (t: string, more: object = {}) => ({ t, o: 100.5, h: 101.25, l: 99.75, c: 100, v: 1200, ...more })
const page = (rows: readonly object[], next: string | null = null) => ({
  bars: { AAPL: rows },
  next_page_token: next,
})
const times = (candles: readonly { openTime: string }[]) => candles.map(({ openTime }) => openTime)

// 2 March 2026 is a Monday; New York opens at 14:30Z and closes at 21:00Z, and so it did on the Friday before.
const friday = '2026-02-27T05:00:00Z'
const monday = '2026-03-02T05:00:00Z'

test('daily bars come raw, from the consolidated tape, in the hours of their sessions, with exact figures', async () => {
  const { asked, market } = await alpaca(() => page([bar(friday), bar(monday)]))
  const candles = await market.history('AAPL', '1D', 2, '2026-03-02T21:00:00.000Z')
  expect(candles).toEqual([
    {
      symbol: 'AAPL',
      timeframe: '1D',
      openTime: '2026-02-27T14:30:00.000Z',
      closeTime: '2026-02-27T21:00:00.000Z',
      open: '100.5',
      high: '101.25',
      low: '99.75',
      close: '100',
      volume: '1200',
    },
    expect.objectContaining({ openTime: '2026-03-02T14:30:00.000Z' }),
  ])
  // A split restates adjusted bars of years: what was recorded would not be what is fetched again.
  expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({
    symbols: 'AAPL',
    timeframe: '1Day',
    adjustment: 'raw',
    feed: 'sip',
    sort: 'asc',
  })
})

test('intraday bars come from IEX, and what is outside of the session is no candle', async () => {
  const { asked, market } = await alpaca(() =>
    page([
      bar('2026-03-02T14:25:00Z'),
      bar('2026-03-02T14:30:00Z'),
      bar('2026-03-02T20:55:00Z'),
      bar('2026-03-02T21:00:00Z'),
      bar('2026-03-07T15:00:00Z'),
    ]),
  )
  const candles = await market.closedCandles(
    'AAPL',
    '5m',
    '2026-03-02T14:00:00.000Z',
    '2026-03-08T00:00:00.000Z',
  )
  expect(times(candles)).toEqual(['2026-03-02T14:30:00.000Z', '2026-03-02T20:55:00.000Z'])
  expect(Object.fromEntries(asked[0] ?? [])).toMatchObject({ timeframe: '5Min', feed: 'iex' })
})

test('every page is read, by the token of the one before', async () => {
  const { asked, market } = await alpaca((_, __, n) =>
    n === 0
      ? page([bar('2026-02-26T05:00:00Z')], 'second')
      : n === 1
        ? page([bar(friday)], 'third')
        : page([bar(monday)]),
  )
  expect(times(await market.history('AAPL', '1D', 3, '2026-03-02T21:00:00.000Z'))).toHaveLength(3)
  expect(asked.map(each => each.get('page_token'))).toEqual([null, 'second', 'third'])
})

test('a page that cannot be had leaves nothing: half a history is none', async () => {
  const { market } = await alpaca((_, __, n) => (n === 0 ? page([bar(friday)], 'second') : '<html>'))
  await expect(market.history('AAPL', '1D', 3, '2026-03-02T21:00:00.000Z')).rejects.toThrow(VenueUnavailable)
})

describe('a forming bar is never a candle', () => {
  test.each([
    ['in the session', '2026-03-02T18:00:00.000Z', 1],
    ['at the close', '2026-03-02T21:00:00.000Z', 1],
    ['before the closing auction is on the tape', '2026-03-02T21:19:59.000Z', 1],
    ['when it is final', '2026-03-02T21:20:00.000Z', 2],
  ])('daily, %s', async (_, now, count) => {
    const { asked, market } = await alpaca(() => page([bar(friday), bar(monday)]))
    const candles = await market.closedCandles('AAPL', '1D', '2026-02-26T21:00:00.000Z', now)
    expect(times(candles)).toHaveLength(count)
    // The tape is free only when it is old enough: what is newer is not even asked for.
    expect(asked.every(each => Date.parse(each.get('end') ?? '') <= Date.parse(now) - 20 * 60_000)).toBe(true)
  })

  test('of five minutes, until five seconds after its close', async () => {
    const { market } = await alpaca(() => page([bar('2026-03-02T14:30:00Z')]))
    const at = (now: string) => market.closedCandles('AAPL', '5m', '2026-03-02T14:30:00.000Z', now)
    expect(await at('2026-03-02T14:35:04.000Z')).toEqual([])
    expect(await at('2026-03-02T14:35:05.000Z')).toHaveLength(1)
  })
})

test('a session without a bar is left out, not made up; and nothing is asked that cannot be news', async () => {
  const { asked, market } = await alpaca(() => page([bar('2026-02-25T05:00:00Z'), bar(friday)]))
  const candles = await market.closedCandles(
    'AAPL',
    '1D',
    '2026-02-24T21:00:00.000Z',
    '2026-02-28T12:00:00.000Z',
  )
  expect(times(candles)).toEqual(['2026-02-25T14:30:00.000Z', '2026-02-27T14:30:00.000Z'])
  const before = asked.length
  await market.closedCandles('AAPL', '1D', '2026-02-27T21:00:00.000Z', '2026-03-02T15:00:00.000Z')
  expect(asked).toHaveLength(before)
})

test('no bars at all are no candles, and a ticker without any is not an error', async () => {
  const { market } = await alpaca(() => ({ bars: {}, next_page_token: null }))
  expect(await market.history('AAPL', '1D', 5, '2026-03-02T21:00:00.000Z')).toEqual([])
})

test('429 is said, with how long it will be quiet, and nothing is asked meanwhile', async () => {
  const { asked, market } = await alpaca(() => response => {
    response.writeHead(429, { 'retry-after': '30' }).end('{"code":42910000,"message":"rate limit exceeded"}')
  })
  const once = () => market.history('AAPL', '1D', 2, '2026-03-02T21:00:00.000Z')
  await expect(once()).rejects.toThrow(
    /alpaca has asked for fewer requests \(bars of AAPL\); the next one in 30 s/,
  )
  await expect(once()).rejects.toThrow(/fewer requests/)
  expect(asked).toHaveLength(1)
})

describe('garbage with status 200 is no answer, and nothing of it is believed', () => {
  test.each<readonly [string, Answer]>([
    ['a page of a gateway', '<html>All is well</html>'],
    ['nothing', ''],
    ['half an answer', '{"bars":{"AAPL":[{"t":"2026-03-02'],
    ['another answer', { message: 'hello' }],
    ['a list', []],
    ['a bar without a time', page([bar('never')])],
    ['a bar without a close', page([bar(friday), bar(monday, { c: undefined })])],
    ['a figure that is none', page([bar(monday, { v: 'many' })])],
    ['a high below the low', page([bar(friday), bar(monday, { h: 90 })])],
    ['a price of nothing', page([bar(monday, { o: 0, l: 0 })])],
    ['a day beyond the calendar', page([bar('2031-03-03T05:00:00Z')])],
  ])('%s', async (_, answer) => {
    const { market } = await alpaca(() => answer)
    await expect(market.history('AAPL', '1D', 2, '2026-03-02T21:00:00.000Z')).rejects.toThrow(
      VenueUnavailable,
    )
  })
})

test('silence ends at the deadline, a closed connection at once; neither says a secret', async () => {
  for (const answer of [() => {}, (response: ServerResponse) => void response.destroy()]) {
    const { market } = await alpaca(() => answer)
    const error = await market.history('AAPL', '1D', 2, '2026-03-02T21:00:00.000Z').catch(thrown => thrown)
    expect(error).toBeInstanceOf(VenueUnavailable)
    expect(error.message).not.toMatch(/key-of-a-test|secret-of-a-test/)
  }
}, 20_000)

test('candles that do not divide a session are refused', async () => {
  const { market } = await alpaca(() => page([]))
  await expect(market.history('AAPL', '4h', 2, '2026-03-02T21:00:00.000Z')).rejects.toThrow(
    'candles of 4h do not fit the sessions of US equities',
  )
})

describe('the clock and the calendar of the exchange', () => {
  const now = '2026-03-02T15:00:00.000Z'
  const sessions = (without: string | undefined = undefined) =>
    Array.from({ length: 22 }, (_, at) =>
      new Date(Date.parse('2026-02-23T00:00:00Z') + at * 86_400_000).toISOString().slice(0, 10),
    )
      .filter(date => ![0, 6].includes(new Date(date).getUTCDay()) && date !== without)
      .map(date => ({ date, open: '09:30', close: '16:00' }))
  const told = (timestamp: string, calendar: unknown) =>
    alpaca((_, path) => (path.endsWith('/clock') ? { timestamp } : (calendar as object)))

  test('as ours are let in', async () => {
    const { exchange } = await told('2026-03-02T10:00:30.123456789-05:00', sessions())
    await requireSameCalendar(exchange, nyseCalendar, now)
  })

  test.each([
    ['a clock that is two minutes off', '2026-03-02T10:02:00-05:00', sessions(), '120000 ms from alpaca'],
    ['a clock that says nothing', 'soon', sessions(), 'no usable answer (its clock)'],
    ['a session that we do not know of', '2026-03-02T10:00:00-05:00', sessions('2026-03-04'), '2026-03-04'],
    ['an empty calendar', '2026-03-02T10:00:00-05:00', [], 'no usable answer (its calendar)'],
  ])('%s is refused', async (_, timestamp, calendar, says) => {
    const { exchange } = await told(timestamp, calendar)
    await expect(requireSameCalendar(exchange, nyseCalendar, now)).rejects.toThrow(says)
  })
})

describe('the quote of a share', () => {
  const snapshot = (more: object = {}) => ({
    symbol: 'AAPL',
    latestTrade: { p: 172.3, s: 40, t: '2026-03-02T15:00:00.1Z' },
    latestQuote: { ap: 172.32, as: 3, bp: 172.29, bs: 1, t: '2026-03-02T15:00:00.2Z' },
    ...more,
  })
  const quoteOf = async (answer: Answer) => {
    const { market, asked } = await alpaca(() => answer)
    return { asked, quote: await market.quote?.('AAPL') }
  }

  test('is its last trade and the best bid and ask at IEX, exact, with the answer beside them', async () => {
    const { asked, quote } = await quoteOf(snapshot())
    expect(quote?.value).toEqual({ last: '172.3', bid: '172.29', ask: '172.32' })
    expect(quote?.raw).toContain('"p":172.3')
    expect(asked.map(each => each.get('feed'))).toEqual(['iex'])
  })

  test('leaves out what is not told: a side without an order, a share without a trade', async () => {
    const bare = await quoteOf(snapshot({ latestTrade: null, latestQuote: { ap: 0, bp: 172.29 } }))
    expect(bare.quote?.value).toEqual({ bid: '172.29' })
  })

  test('of another share, or none at all, is no answer', async () => {
    await expect(quoteOf(snapshot({ symbol: 'MSFT' }))).rejects.toThrow(VenueUnavailable)
    await expect(quoteOf('<html>soon</html>')).rejects.toThrow(VenueUnavailable)
  })
})
