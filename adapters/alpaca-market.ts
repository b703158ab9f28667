// Bars of US equities from Alpaca: sessions of the exchange's own calendar, closed ones only.
//
// Daily bars come from the consolidated tape (SIP), which is free once it is a quarter of an hour old; intraday bars from
// IEX. API: https://docs.alpaca.markets/reference/stockbars

import { type Calendar, nextSession, sessionOn } from '../domain/calendar.ts'
import type { Candle } from '../domain/candle.ts'
import type { MarketData } from '../domain/market-data.ts'
import { addDays, dateIn, type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import { millisecondsIn, type Timeframe } from '../domain/timeframe.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { alpacaApi, alpacaRules } from './alpaca-equities.ts'
import { alpacaQuote } from './alpaca-quote.ts'
import { figuresOf } from './candle-figures.ts'
import type { CcxtExchange } from './ccxt-exchange.ts'
import { isObject } from './ccxt-questions.ts'
import { VenueMisconfigured } from './venue-misconfigured.ts'

/** How long after its close a bar is final: the closing auction is printed late, and the tape is free only then. */
const finalAfterMs = (timeframe: Timeframe): number => (timeframe === '1D' ? 20 * 60_000 : 5_000)

const names: Partial<Record<Timeframe, string>> = { '1m': '1Min', '5m': '5Min', '15m': '15Min', '1D': '1Day' }

export const alpacaMarket = (exchange: CcxtExchange, calendar: Calendar): MarketData => {
  const asked = new Map<
    string,
    { readonly after: Instant; readonly now: Instant; candles: readonly Candle[] }
  >()

  const bars = async (symbol: string, timeframe: Timeframe, from: Instant, to: Instant) => {
    const name = names[timeframe]
    if (name === undefined)
      throw new VenueMisconfigured(
        `candles of ${timeframe} do not fit the sessions of US equities; use 1m, 5m, 15m or 1D`,
      )
    const what = `bars of ${symbol}`
    const found: Candle[] = []
    for (let token: unknown; ; ) {
      const { value } = await exchange.ask(what, api =>
        alpacaApi(api).marketPrivateGetV2StocksBars({
          symbols: symbol,
          timeframe: name,
          start: from,
          end: to,
          limit: 10_000,
          adjustment: 'raw',
          feed: timeframe === '1D' ? 'sip' : 'iex',
          sort: 'asc',
          ...(token === undefined ? {} : { page_token: token }),
        }),
      )
      if (!isObject(value) || !('bars' in value))
        throw new VenueUnavailable(`alpaca gives no usable answer (${what}): there are no bars in it`)
      const rows = isObject(value.bars) ? value.bars[symbol] : undefined
      for (const row of Array.isArray(rows) ? rows : []) {
        const candle = candleOf(symbol, timeframe, row, calendar)
        if (candle !== undefined) found.push(candle)
      }
      token = value.next_page_token ?? undefined
      if (token === undefined) return found
    }
  }

  const closed = async (symbol: string, timeframe: Timeframe, after: Instant, now: Instant) => {
    const until = instantOf(millisecondsOf(now) - finalAfterMs(timeframe))
    if (until <= after) return []
    // A daily bar is stamped with the midnight before it.
    const from = instantOf(millisecondsOf(after) - millisecondsIn(timeframe))
    const found = await bars(symbol, timeframe, from, until)
    return found.filter(({ closeTime }) => closeTime > after && closeTime <= until)
  }

  return {
    name: 'alpaca',
    close: () => exchange.close(),
    closedCandles: async (symbol, timeframe, after, now) => {
      const key = `${symbol} ${timeframe}`
      const known = asked.get(key)
      const isKnown = known !== undefined && known.after <= after
      const next = nextClose(calendar, timeframe, known?.candles.at(-1)?.closeTime ?? after)
      const isEarly =
        next !== undefined && millisecondsOf(next) + finalAfterMs(timeframe) > millisecondsOf(now)
      if (!isKnown || (now > known.now && !isEarly))
        asked.set(key, { after, now, candles: await closed(symbol, timeframe, after, now) })
      const candles = asked.get(key)?.candles ?? []
      return candles.filter(({ closeTime }) => closeTime > after && closeTime <= now)
    },
    history: async (symbol, timeframe, count, upTo) => {
      if (count === 0) return []
      // Sessions are five days of seven, fewer with holidays, and a quarter of a day long.
      const days =
        timeframe === '1D' ? count * 1.5 + 10 : (count * millisecondsIn(timeframe)) / 14_400_000 + 7
      const after = instantOf(millisecondsOf(upTo) - Math.ceil(days) * 86_400_000)
      return (
        await closed(symbol, timeframe, after, instantOf(millisecondsOf(upTo) + finalAfterMs(timeframe)))
      ).slice(-count)
    },
    dataset: () => undefined,
    nextClose: (_symbol, timeframe, now) => nextClose(calendar, timeframe, now),
    rules: () => alpacaRules,
    quote: symbol => alpacaQuote(exchange, symbol),
  }
}

/** The first close after an instant; undefined where the calendar ends. */
const nextClose = (calendar: Calendar, timeframe: Timeframe, now: Instant): Instant | undefined => {
  const date = dateIn(calendar.zone, now)
  const today = sessionOn(calendar, date)
  const session =
    today !== 'closed' && today !== 'unknown' && now < today.close ? today : nextSession(calendar, date)
  if (session === 'unknown') return undefined
  if (timeframe === '1D') return session.close
  const length = millisecondsIn(timeframe)
  const passed = Math.max(0, millisecondsOf(now) - millisecondsOf(session.open))
  return instantOf(millisecondsOf(session.open) + (Math.floor(passed / length) + 1) * length)
}

/** A bar within a session; undefined for one of before the bell or after it. */
const candleOf = (
  symbol: string,
  timeframe: Timeframe,
  row: unknown,
  calendar: Calendar,
): Candle | undefined => {
  const bad = (why: string) =>
    new VenueUnavailable(`alpaca gives no usable answer (bars of ${symbol}): ${why}`)
  if (!isObject(row) || typeof row.t !== 'string' || Number.isNaN(Date.parse(row.t)))
    throw bad('a bar has no time')
  const at = instantOf(Date.parse(row.t))
  const told = figuresOf([row.o, row.h, row.l, row.c, row.v], at, bad)
  const session = sessionOn(calendar, dateIn(calendar.zone, at))
  if (session === 'unknown')
    throw bad(`the exchange calendar does not know the day of ${at}; update veritape`)
  if (session === 'closed') return undefined
  const closeTime = instantOf(Date.parse(row.t) + millisecondsIn(timeframe))
  const figures = { symbol, timeframe, ...told }
  if (timeframe === '1D') return { ...figures, openTime: session.open, closeTime: session.close }
  return at >= session.open && closeTime <= session.close
    ? { ...figures, openTime: at, closeTime }
    : undefined
}

/**
 * Compares Alpaca's clock and calendar with ours: whoever trades by another calendar than the exchange is not let in.
 * Throws VenueUnavailable when they differ or are not told.
 */
export const requireSameCalendar = async (
  exchange: CcxtExchange,
  calendar: Calendar,
  now: Instant,
): Promise<void> => {
  const [from, to] = [addDays(dateIn(calendar.zone, now), -7), addDays(dateIn(calendar.zone, now), 14)]
  const { value: clock } = await exchange.ask('its clock', api => alpacaApi(api).traderPrivateGetV2Clock())
  const theirs = Date.parse(String(clock?.timestamp))
  if (Number.isNaN(theirs)) throw new VenueUnavailable('alpaca gives no usable answer (its clock)')
  const skewMs = Math.abs(theirs - millisecondsOf(now))
  if (skewMs > 60_000)
    throw new VenueUnavailable(`the clock of this machine is ${skewMs} ms from alpaca's; set it, with chrony`)
  const { value } = await exchange.ask('its calendar', api =>
    alpacaApi(api).traderPrivateGetV2Calendar({ start: from, end: to }),
  )
  if (!Array.isArray(value) || value.length === 0)
    throw new VenueUnavailable('alpaca gives no usable answer (its calendar)')
  const told = new Set(value.map(({ date }) => String(date)))
  for (let date = from; date <= to; date = addDays(date, 1)) {
    const session = sessionOn(calendar, date)
    if (session === 'unknown')
      throw new VenueUnavailable(`the exchange calendar does not know ${date}; update veritape`)
    if ((session !== 'closed') !== told.has(date))
      throw new VenueUnavailable(
        `alpaca and the exchange calendar do not agree whether ${date} has a session; update veritape`,
      )
  }
}
