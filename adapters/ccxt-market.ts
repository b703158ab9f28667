// Candles of a ccxt exchange, by polling: closed ones only, in order, none missed, and no request that cannot bring news.
//
//   asked ──▶ rows from one candle before the last known one on ──▶ checked ──▶ what is closed ──▶ what has no hole before it
//
// A candle is closed when a later one has begun, or when its close is a while ago by the venue's own clock: ours may be
// fast, and a forming candle must never be taken for a closed one.

import type { OHLCV } from 'ccxt'
import type { Candle } from '../domain/candle.ts'
import type { MarketData } from '../domain/market-data.ts'
import { type Instant, instantOf, millisecondsOf } from '../domain/time.ts'
import { millisecondsIn, type Timeframe } from '../domain/timeframe.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import { figuresOf } from './candle-figures.ts'
import type { Answered, CcxtExchange } from './ccxt-exchange.ts'
import { ccxtQuote } from './ccxt-quote.ts'
import { ccxtRules } from './ccxt-rules.ts'

/** After so long without a later one, the last candle is closed: nobody traded. */
const settleMs = 5_000
/** A candle that is missing in between may be late for so long; after that it does not exist. */
const lateMs = 90_000
/** Candles that are remembered of a series, so that a second reader does not ask again. */
const heldMax = 1_500

/** Candles that the exchange gives on one page; 100 where it is not known. */
const pageOf: Readonly<Record<string, number>> = {
  alpaca: 1000,
  binance: 1000,
  bitfinex: 5000,
  kraken: 720,
  kucoin: 1500,
}

interface Held {
  /** Every candle that closed after this instant and not after `until` is in `candles`. */
  from: Instant
  until: Instant
  candles: Candle[]
  /** Up to when has been asked. */
  asked: Instant
}

export const ccxtMarket = (exchange: CcxtExchange): MarketData => {
  const held = new Map<string, Held>()
  const page = pageOf[exchange.name] ?? 100

  const rows = async (
    symbol: string,
    timeframe: Timeframe,
    since: number,
  ): Promise<Answered<readonly Candle[]>> => {
    const name = timeframe === '1D' ? '1d' : timeframe
    const what = `candles of ${symbol}`
    const answer = await exchange.ask(what, api => api.fetchOHLCV(symbol, name, since, page))
    if (!Array.isArray(answer.value))
      throw new VenueUnavailable(`${exchange.name} gives no usable answer (${what})`)
    const candles = answer.value.map(row => candleOf(exchange.name, symbol, timeframe, row))
    const sorted = candles
      .sort((a, b) => (a.openTime < b.openTime ? -1 : 1))
      .filter(({ openTime }, index, all) => openTime !== all[index - 1]?.openTime)
    return { ...answer, value: sorted }
  }

  /** Closed candles that closed after `from` and not after `now`, page after page. */
  const closedRows = async (symbol: string, timeframe: Timeframe, from: number, now: number) => {
    const length = millisecondsIn(timeframe)
    const found: Candle[] = []
    // From the candle before: an answer without even that one is no answer.
    let since = from - length
    for (;;) {
      const { value, heard } = await rows(symbol, timeframe, since)
      const venueNow = Math.min(now, heard.at(-1)?.date ?? now)
      const closed = value.filter(({ closeTime }, index) => {
        const at = millisecondsOf(closeTime)
        return at <= venueNow && (index < value.length - 1 || at + settleMs <= venueNow)
      })
      const news = closed.filter(({ openTime }) => openTime > (found.at(-1)?.openTime ?? ''))
      found.push(...news)
      const last = found.at(-1)
      if (value.length < page || news.length === 0 || last === undefined)
        return { candles: found, isEmpty: value.length === 0 && found.length === 0 }
      since = millisecondsOf(last.openTime)
    }
  }

  /** Up to the first hole that may only be late; other holes are asked for once more, and then believed. */
  const withoutDoubt = async (
    symbol: string,
    timeframe: Timeframe,
    candles: readonly Candle[],
    from: number,
    now: number,
  ): Promise<readonly Candle[]> => {
    const hole = holeIn(candles, from, timeframe)
    if (hole === undefined) return candles
    if (millisecondsOf(hole.to) + lateMs > now)
      return candles.filter(({ closeTime }) => closeTime <= hole.from)
    const before = candles.filter(({ closeTime }) => closeTime <= hole.from)
    const again = await closedRows(symbol, timeframe, millisecondsOf(hole.from), now)
    return [...before, ...again.candles.filter(({ closeTime }) => closeTime > hole.from)]
  }

  const load = async (symbol: string, timeframe: Timeframe, after: Instant, now: Instant) => {
    const [from, to] = [millisecondsOf(after), millisecondsOf(now)]
    const { candles, isEmpty } = await closedRows(symbol, timeframe, from, to)
    const known = held.get(keyOf(symbol, timeframe))?.candles.at(-1)
    if (isEmpty && known?.closeTime === after)
      throw new VenueUnavailable(
        `${exchange.name} gives no usable answer (candles of ${symbol}): not even the last known one`,
      )
    const news = candles.filter(({ closeTime }) => closeTime > after)
    return withoutDoubt(symbol, timeframe, news, from, to)
  }

  return {
    name: exchange.name,
    close: () => exchange.close(),
    closedCandles: async (symbol, timeframe, after, now) => {
      const key = keyOf(symbol, timeframe)
      let series = held.get(key)
      if (series === undefined || after < series.from) {
        const candles = [...(await load(symbol, timeframe, after, now))]
        series = { from: after, until: candles.at(-1)?.closeTime ?? after, candles, asked: now }
        held.set(key, series)
      } else if (now > series.asked && mayHaveNews(series, timeframe, now)) {
        const news = await load(symbol, timeframe, series.until, now)
        series.candles.push(...news)
        series.until = news.at(-1)?.closeTime ?? series.until
        series.asked = now
        forget(series)
      }
      return series.candles.filter(({ closeTime }) => closeTime > after && closeTime <= now)
    },
    history: async (symbol, timeframe, count, upTo) => {
      if (count === 0) return []
      const from = millisecondsOf(upTo) - count * millisecondsIn(timeframe)
      const { candles } = await closedRows(symbol, timeframe, from, millisecondsOf(upTo))
      return candles.filter(({ closeTime }) => closeTime <= upTo).slice(-count)
    },
    dataset: () => undefined,
    nextClose: (_symbol, timeframe, now) => {
      const length = millisecondsIn(timeframe)
      return instantOf((Math.floor(millisecondsOf(now) / length) + 1) * length)
    },
    rules: symbol => ccxtRules(exchange.api, symbol),
    quote: symbol => ccxtQuote(exchange, symbol),
  }
}

const keyOf = (symbol: string, timeframe: Timeframe): string => `${symbol} ${timeframe}`

/** Behind a known candle, nothing can have closed before its length has passed once more. */
const mayHaveNews = ({ candles, until }: Held, timeframe: Timeframe, now: Instant): boolean =>
  candles.length === 0 || millisecondsOf(now) >= millisecondsOf(until) + millisecondsIn(timeframe)

const forget = (series: Held): void => {
  const tooMany = series.candles.length - heldMax
  if (tooMany <= 0) return
  series.from = series.candles[tooMany - 1]?.closeTime ?? series.from
  series.candles.splice(0, tooMany)
}

/** The first stretch in which at least one candle is missing. */
const holeIn = (
  candles: readonly Candle[],
  from: number,
  timeframe: Timeframe,
): { readonly from: Instant; readonly to: Instant } | undefined => {
  let end = from
  for (const { openTime, closeTime } of candles) {
    if (millisecondsOf(openTime) - end >= millisecondsIn(timeframe))
      return { from: instantOf(end), to: openTime }
    end = millisecondsOf(closeTime)
  }
  return undefined
}

/** Throws VenueUnavailable for a row that cannot be: nothing of such an answer is believed. */
const candleOf = (exchange: string, symbol: string, timeframe: Timeframe, row: OHLCV): Candle => {
  const [time, ...figures] = row as readonly unknown[]
  const openTime = Number(time)
  const bad = (why: string) =>
    new VenueUnavailable(`${exchange} gives no usable answer (candles of ${symbol}): ${why}`)
  if (!Number.isSafeInteger(openTime) || openTime <= 0) throw bad(`a candle at ${String(time).slice(0, 40)}`)
  const at = instantOf(openTime)
  const closeTime = instantOf(openTime + millisecondsIn(timeframe))
  return { symbol, timeframe, openTime: at, closeTime, ...figuresOf(figures, at, bad) }
}
