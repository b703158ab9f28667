// Alpaca's market data and calendar as the simulator speaks them: bars and last trades of crypto and shares, clock, calendar.
//
// Sources: docs.alpaca.markets (Historical bars, Market Clock, Market Calendar) and recorded answers (ccxt's static response
// fixtures: clock, asset, snapshot). A bar of a day begins at midnight in New York for shares and in Chicago for crypto.

import { add, type Decimal, divide, toPlaces } from '../../domain/decimal.ts'
import { currenciesOf } from './books.ts'
import type { Exchange } from './exchange.ts'
import type { Candle } from './prices.ts'
import type { Market } from './script.ts'
import { newYorkDate, newYorkText } from './sessions.ts'
import { type Answer, json, numeral, type Route, type Visit } from './skin.ts'

/** 'AAPL' for a share, 'BTC/USD' for a coin. */
export const alpacaSymbol = ({ symbol, class: kind }: Market): string =>
  kind === 'us_equity' ? (currenciesOf(symbol)[0] as string) : symbol

const minute = 60_000
const day = 1440 * minute
const lengths: Readonly<Record<string, number>> = {
  min: minute,
  t: minute,
  hour: 60 * minute,
  h: 60 * minute,
  day,
  d: day,
}
/** '1Min', '15T', '1hour', '1Day': upper and lower case are the same to the venue. */
const lengthOf = (timeframe: string): number | undefined => {
  const [, count, unit] = /^(\d+)(min|t|hour|h|day|d)$/.exec(timeframe.toLowerCase()) ?? []
  const length = lengths[unit ?? '']
  return length === undefined ? undefined : Number(count) * length
}

/** Midnight of the moment's date in New York, or an hour later for Chicago. */
const dayStart =
  (kind: Market['class']) =>
  (at: number): number => {
    const lag = kind === 'us_equity' ? 0 : 60 * minute
    const text = newYorkText(at - lag)
    return Date.parse(`${text.slice(0, 10)}T00:00:00${text.slice(19)}`) + lag
  }

/** '2026-11-25T09:30:00.654000000-05:00': the clock alone is this exact. */
const withNanoseconds = (at: number): string => {
  const text = newYorkText(at)
  return `${text.slice(0, 19)}.${String(at % 1000).padStart(3, '0')}000000${text.slice(19)}`
}

const rfc3339 = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
const read = (path: RegExp, operation: Route['operation'], answer: (visit: Visit) => Answer): Route => ({
  method: 'GET',
  path,
  operation,
  signed: true,
  answer,
})

export const marketDataRoutes = (exchange: Exchange): readonly Route[] => {
  const { script, clock } = exchange
  const badParameter = (name: string, why: string): Answer =>
    json({ message: `Invalid format for parameter ${name}: ${why}` }, 400)
  const marketsAsked = ({ param, named }: Visit, kind: Market['class']): readonly Market[] | undefined => {
    const names = (named.symbol ?? param('symbols') ?? '').split(',')
    const found = names.map(name =>
      script.markets.find(market => market.class === kind && alpacaSymbol(market) === name),
    )
    return found.includes(undefined) ? undefined : (found as Market[])
  }

  const barBody = ({ openTime, open, high, low, close, volume, trades }: Candle) => ({
    c: numeral(close),
    h: numeral(high),
    l: numeral(low),
    n: trades,
    o: numeral(open),
    t: rfc3339(openTime),
    v: numeral(volume),
    vw: numeral(middleOf(high, low)),
  })

  const barsOf = (market: Market, length: number, from: number, to: number): readonly Candle[] =>
    exchange
      .prices(market.symbol)
      .candles(length, from, to, clock.now(), length % day === 0 ? dayStart(market.class) : undefined)

  /** A page of at most `limit` bars over all symbols together; the token says where the next one begins. */
  const bars =
    (kind: Market['class']) =>
    (visit: Visit): Answer => {
      const { param } = visit
      const markets = marketsAsked(visit, kind)
      if (markets === undefined)
        return json(
          {
            message:
              kind === 'crypto'
                ? `Invalid symbol(s): ${param('symbols')} does not match ^[A-Z]+/[A-Z]+$`
                : 'invalid symbol',
          },
          400,
        )
      const length = lengthOf(param('timeframe') ?? '')
      if (length === undefined) return badParameter('timeframe', 'use 1Min, 5Min, 1Hour, 1Day')
      const today = dayStart(kind)(clock.now())
      const [start, end] = [
        Date.parse(param('start') ?? rfc3339(today)),
        Date.parse(param('end') ?? rfc3339(clock.now())),
      ]
      if (Number.isNaN(start)) return badParameter('start', 'error parsing as RFC3339 or 2006-01-02 time')
      if (Number.isNaN(end)) return badParameter('end', 'error parsing as RFC3339 or 2006-01-02 time')
      const all = markets.flatMap(market => {
        const found = barsOf(market, length, start, end + 1)
        const ordered = param('sort') === 'desc' ? [...found].reverse() : found
        return ordered.map(bar => ({ name: alpacaSymbol(market), bar }))
      })
      const limit = Math.min(Number(param('limit') ?? 1000), 10_000)
      const from = Number(Buffer.from(param('page_token') ?? '', 'base64').toString('utf8') || 0)
      const page: Record<string, unknown[]> = {}
      for (const { name, bar } of all.slice(from, from + limit)) {
        page[name] ??= []
        page[name].push(barBody(bar))
      }
      const token = from + limit < all.length ? Buffer.from(String(from + limit)).toString('base64') : null
      const single = visit.named.symbol
      return single === undefined
        ? json({ bars: page, next_page_token: token })
        : json({ bars: page[single] ?? [], next_page_token: token, symbol: single })
    }

  const latest =
    (kind: Market['class'], what: 'trades' | 'bars') =>
    (visit: Visit): Answer => {
      const markets = marketsAsked(visit, kind)
      if (markets === undefined) return json({ message: 'invalid symbol' }, 400)
      const bodies = markets.map(market => {
        const { at, price } = exchange.prices(market.symbol).last(clock.now())
        const bar = barsOf(market, minute, at - minute, at + 1).at(-1)
        return [
          alpacaSymbol(market),
          what === 'trades'
            ? { p: numeral(price), s: numeral(market.lot), t: rfc3339(at), i: 1, x: 'V', z: 'C' }
            : bar === undefined
              ? null
              : barBody(bar),
        ] as const
      })
      return json({ [what]: Object.fromEntries(bodies) })
    }

  const clockBody = (): Answer => {
    const now = clock.now()
    const next = exchange.sessions.endingAfter(now)
    const isOpen = now >= next.open
    const following = isOpen ? exchange.sessions.endingAfter(next.close) : next
    return json({
      timestamp: withNanoseconds(now),
      is_open: isOpen,
      next_open: newYorkText(following.open),
      next_close: newYorkText(next.close),
    })
  }

  const calendar = ({ param }: Visit): Answer => {
    const today = newYorkDate(clock.now())
    const days = exchange.sessions.between(
      param('start')?.slice(0, 10) ?? today,
      param('end')?.slice(0, 10) ?? today,
    )
    return json(
      days.map(({ date, open, close }) => ({
        date,
        open: newYorkText(open).slice(11, 16),
        close: newYorkText(close).slice(11, 16),
        session_open: '0400',
        session_close: '2000',
        settlement_date: date,
      })),
    )
  }

  return [
    read(/^\/v2\/clock$/, 'clock', clockBody),
    read(/^\/v2\/calendar$/, 'calendar', calendar),
    // Crypto data is public: a key is looked at only where there is one.
    { ...read(/^\/v1beta3\/crypto\/us\/bars$/, 'candles', bars('crypto')), signed: false },
    {
      ...read(/^\/v1beta3\/crypto\/us\/latest\/trades$/, 'ticker', latest('crypto', 'trades')),
      signed: false,
    },
    { ...read(/^\/v1beta3\/crypto\/us\/latest\/bars$/, 'ticker', latest('crypto', 'bars')), signed: false },
    read(/^\/v2\/stocks\/bars$/, 'candles', bars('us_equity')),
    read(/^\/v2\/stocks\/trades\/latest$/, 'ticker', latest('us_equity', 'trades')),
    read(/^\/v2\/stocks\/bars\/latest$/, 'ticker', latest('us_equity', 'bars')),
    read(/^\/v2\/stocks\/(?<symbol>[^/]+)\/bars$/, 'candles', bars('us_equity')),
  ]
}

const middleOf = (high: Decimal, low: Decimal): Decimal => toPlaces(divide(add(high, low), '2'), 6) as Decimal
