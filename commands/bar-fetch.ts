// Fetching daily bars into the book's own store: only what is missing, validated bar by bar, in batches that are each
// in the ledger when the next one begins. A source that fails half way leaves what was got, and says so.

import {
  type BarStore,
  BarsStored,
  isShelved,
  type ShelfReason,
  type Shelved,
  shelfDays,
  TickerShelved,
} from '../domain/bars.ts'
import { type Calendar, sessionOn } from '../domain/calendar.ts'
import { type Candle, candleObjection } from '../domain/candle.ts'
import type { DailyColumns } from '../domain/daily-columns.ts'
import { compare } from '../domain/decimal.ts'
import { becauseOf, outside, propose } from '../domain/event.ts'
import { type MarketData, SymbolUnknown } from '../domain/market-data.ts'
import { barsStream } from '../domain/stream.ts'
import { addDays, type CalendarDate, dateIn, daysBetween, type Instant } from '../domain/time.ts'
import { VenueUnavailable } from '../domain/venue.ts'
import type { Bookkeeper } from './bookkeeper.ts'
import type { Engine } from './engine.ts'
import { exit, Stop } from './exit.ts'
import { sessions } from './sessions.ts'

/** So many tickers are one write group, and at most so many are asked for again after a crash. */
const batchSize = 100
/** So many unanswered questions in a row are an outage: the others are not asked. */
const silenceMax = 3
/** A ticker whose last bar is older than this many days is not traded any more. */
const quietDaysMax = 14

export interface Fetched {
  readonly stored: BarsStored['data']
  readonly shelved: readonly Shelved[]
  /** Whether the store had everything already: nothing was written. */
  readonly already: boolean
}

type Answer =
  | { readonly kind: 'bars'; readonly candles: readonly Candle[]; readonly anew: boolean }
  | { readonly kind: 'shelve'; readonly reason: ShelfReason; readonly detail: string }
  | { readonly kind: 'silence'; readonly detail: string }

/**
 * Brings the store up to `lastBar`. `store` is the fold of the ledger's 'bars' stream, as it is at each call of it;
 * `again` asks for shelved tickers too.
 */
export const fetchBars = async (
  engine: Engine,
  keeper: Bookkeeper,
  store: () => BarStore,
  lastBar: CalendarDate,
  again: boolean,
): Promise<Fetched> => {
  const { config, screen, signal, clock } = engine
  const listed = engine.universe.tickers()
  if (listed === undefined)
    throw new Stop(exit.refused, 'no list of tickers is configured; name its file in universe.lists')
  const { index } = config.warnings
  const tickers = index === '' || listed.includes(index) ? listed : [...listed, index].sort()
  const market = await engine.market()
  const now = clock.now()
  const today = dateIn(zoneOf(engine), now)
  let dataset = store().latest?.dataset
  const had = dataset === undefined ? new Map<string, DailyColumns>() : await engine.recorded.daily(dataset)
  const current = new Set(tickers.filter(ticker => had.get(ticker)?.dates.at(-1) === lastBar))
  const asked = tickers.filter(
    ticker => !current.has(ticker) && (again || !isShelved(store(), ticker, today)),
  )
  const shelved: Shelved[] = []
  let silence = 0
  let interrupted: string | undefined
  let written: BarsStored['data'] | undefined
  const progress = screen.progress('fetching bars, tickers', asked.length)

  for (let from = 0; from < asked.length && interrupted === undefined; from += batchSize) {
    const bars = new Map<string, readonly Candle[]>()
    const anew: string[] = []
    const shelf: Shelved[] = []
    for (const [place, ticker] of asked.slice(from, from + batchSize).entries()) {
      if (signal.aborted) interrupted = 'stopped by a signal'
      if (interrupted !== undefined) break
      const answer = await ask(engine, market, ticker, had.get(ticker), now)
      progress.at(from + place + 1)
      silence = answer.kind === 'silence' ? silence + 1 : 0
      if (answer.kind === 'silence' && silence >= silenceMax)
        interrupted = `${market.name} does not answer, last asked for ${ticker}: ${answer.detail}`
      if (answer.kind === 'shelve') {
        const { reason, detail } = answer
        shelf.push({ ticker, reason, detail, until: addDays(today, shelfDays[reason]) })
      }
      if (answer.kind !== 'bars' || answer.candles.length === 0) continue
      bars.set(ticker, answer.candles)
      if (answer.anew) anew.push(ticker)
      if (dateIn(zoneOf(engine), (answer.candles.at(-1) as Candle).openTime) === lastBar) current.add(ticker)
    }
    const isLast = from + batchSize >= asked.length
    if (bars.size > 0) dataset = await engine.universe.addBars(dataset, bars, anew)
    shelved.push(...shelf)
    if (dataset === undefined) continue
    const stored = BarsStored({
      dataset,
      source: market.name,
      lastBar,
      clock: now,
      wanted: tickers.length,
      current: current.size,
      added: [...bars.values()].reduce((sum, candles) => sum + candles.length, 0),
      restated: anew.filter(ticker => had.has(ticker)),
      ...(interrupted !== undefined
        ? { interrupted }
        : isLast
          ? {}
          : { interrupted: `${from + batchSize} of ${asked.length} tickers asked for so far` }),
    })
    // A question that is asked again in vain has been answered: the same state is not written twice.
    if (bars.size === 0 && shelf.length === 0 && sameState(stored.data, store().latest)) {
      written ??= store().latest
      continue
    }
    const first = propose(outside(`${barsStream} ${store().latest?.dataset ?? ''} ${now} ${from}`), stored)
    await keeper.append([
      {
        stream: barsStream,
        events: [first, ...shelf.map(each => propose(becauseOf(first, 0), TickerShelved(each), each.ticker))],
      },
    ])
    written = stored.data
  }
  progress.stop()
  const stored = written ?? store().latest
  if (stored === undefined)
    throw interrupted === undefined
      ? new Stop(exit.badData, `${market.name} has no daily bars of any of ${tickers.length} tickers`)
      : new Stop(exit.venueUnavailable, `no bars were stored: ${interrupted}. Try again later`)
  return { stored, shelved, already: written === undefined }
}

const sameState = (stored: BarsStored['data'], latest: BarsStored['data'] | undefined): boolean =>
  latest !== undefined &&
  stored.dataset === latest.dataset &&
  stored.lastBar === latest.lastBar &&
  stored.current === latest.current &&
  stored.interrupted === latest.interrupted

const zoneOf = (engine: Engine): string => sessions(engine)?.zone ?? 'UTC'

/** One question to the source: what is new, or everything when its past is not the stored one any more. */
const ask = async (
  engine: Engine,
  market: MarketData,
  ticker: string,
  had: DailyColumns | undefined,
  now: Instant,
): Promise<Answer> => {
  const { history } = engine.config.universe
  const count = had?.dates.length ?? 0
  try {
    let candles: readonly Candle[] = []
    let anew = true
    if (had !== undefined && count >= 2) {
      // One bar that is stored is asked for again: after a split, or a correction, it is another one.
      const [overlap, ...news] = await market.closedCandles(ticker, '1D', had.exact(count - 2).closeTime, now)
      anew = overlap === undefined || !isSameBar(overlap, had.exact(count - 1))
      candles = news
    }
    if (anew) candles = await market.history(ticker, '1D', history, now)
    const objection = barsObjection(ticker, candles, sessions(engine))
    if (objection !== undefined) return { kind: 'shelve', reason: 'bad-bars', detail: objection }
    const last = candles.at(-1)?.openTime ?? had?.exact(count - 1).openTime
    if (last === undefined)
      return { kind: 'shelve', reason: 'no-recent-bars', detail: `${market.name} has no daily bar of it` }
    const days = daysBetween(dateIn(zoneOf(engine), last), dateIn(zoneOf(engine), now))
    if (days > quietDaysMax)
      return {
        kind: 'shelve',
        reason: 'no-recent-bars',
        detail: `its last bar is of ${dateIn(zoneOf(engine), last)}, ${days} days ago`,
      }
    return { kind: 'bars', candles, anew: anew && had !== undefined }
  } catch (error) {
    if (error instanceof SymbolUnknown)
      return { kind: 'shelve', reason: 'unknown-at-source', detail: `${market.name} does not know ${ticker}` }
    if (error instanceof VenueUnavailable) return { kind: 'silence', detail: error.message }
    throw error
  }
}

/** Prices decide; sources go on counting the volume of a day for a while. */
const isSameBar = (a: Candle, b: Candle): boolean =>
  a.openTime.slice(0, 10) === b.openTime.slice(0, 10) &&
  (['open', 'high', 'low', 'close'] as const).every(name => compare(a[name], b[name]) === 0)

/** The first thing that is wrong with bars of a source, or undefined. */
export const barsObjection = (
  ticker: string,
  candles: readonly Candle[],
  calendar: Calendar | undefined,
): string | undefined => {
  let before = ''
  for (const candle of candles) {
    const date = dateIn(calendar?.zone ?? 'UTC', candle.openTime)
    if (candle.symbol !== ticker || candle.timeframe !== '1D')
      return `a bar of ${candle.symbol} ${candle.timeframe} came instead of ${ticker} 1D`
    const objection = candleObjection(candle)
    if (objection !== undefined) return `${objection.replaceAll('-', ' ')} in the bar of ${date}`
    if (date <= before) return `the bar of ${date} came behind that of ${before}`
    if (calendar !== undefined && typeof sessionOn(calendar, date) === 'string')
      return `a bar of ${date}, which is no session`
    before = date
  }
  return undefined
}
